//! Launches noted one by one.

use softcuda::Statistics;
use softcuda::profile::Profile;
use softcuda_driver::Profiling;
use std::sync::{Arc, Mutex, PoisonError};

/// A launch that was done, as [`Gpu::record`](crate::Gpu::record) notes it.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The kernel's name.
    pub kernel: &'static str,
    /// The PTX file that it is in.
    pub file: &'static str,
    /// Blocks along x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block along x, y and z.
    pub block: [u32; 3],
    /// Bytes of dynamic shared memory.
    pub dynamic_shared: u32,
    /// What softcuda counted; `None` on a GPU.
    pub statistics: Option<Arc<Statistics>>,
    /// What softcuda says of it as a profiler; only of [`Gpu::profile`](crate::Gpu::profile).
    pub profile: Option<Arc<Profile>>,
    /// How long it took, by events before and after; `None` on softcuda, whose time says nothing about a GPU.
    pub milliseconds: Option<f32>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    /// How to profile, if so.
    pub profiling: Option<Profiling>,
    pub launches: Arc<Mutex<Vec<Launch>>>,
}

impl Recorder {
    pub(crate) fn push(&self, launch: Launch) {
        self.launches.lock().unwrap_or_else(PoisonError::into_inner).push(launch);
    }

    pub(crate) fn take(&self) -> Vec<Launch> {
        std::mem::take(&mut self.launches.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
