//! A device, and what its launches are asked for.

use gpu_kernels::{Gpu, Launch, Profiling};
use softcuda::profile::{Bound, Caches, GPUS, Prediction, Profile};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::counted;
use crate::manifest::registers;
use crate::tell::Tell;

/// How often a variant is run on a real device, besides once to warm up; the median counts.
const TIMES: usize = 11;

/// Where a lab works.
pub struct Bench {
    /// The device: a real one where there is one.
    pub gpu: Gpu,
    /// To whom it is told.
    pub tell: Tell,
    /// Where files go.
    pub out: PathBuf,
}

/// What launches did, together.
#[derive(Clone, Debug)]
pub struct Done {
    /// The launches.
    pub launches: Vec<Launch>,
    /// Milliseconds on a real device.
    pub milliseconds: Option<f64>,
    /// Whether blocks wait for others. How often they ask depends on who runs when, and the model has no notion of that: what is predicted is DRAM's
    /// bound alone, below which no time can be.
    pub waits: bool,
}

impl Bench {
    /// Opens the device, and says which.
    pub fn open(out: &Path, tell: Tell) -> Result<Self> {
        std::fs::create_dir_all(out)?;
        let gpu = Gpu::new(0)?;
        let properties = gpu.properties();
        tell.note(&match gpu.is_emulated() {
            true => format!(
                "no GPU here: kernels run on softcuda, times are predicted (model {})",
                softcuda::profile::MODEL
            ),
            false => format!(
                "device: {}, {} multiprocessors",
                properties.name, properties.multiprocessors
            ),
        })?;
        let tell = if gpu.is_emulated() { tell } else { tell.beside(counted::count(&tell)?) };
        Ok(Self { gpu, tell, out: out.to_owned() })
    }

    /// Does something on the device: counted and predicted on softcuda, timed on a GPU.
    pub fn run(
        &self,
        caches: Caches,
        mut work: impl FnMut(&Gpu) -> gpu_kernels::Result<()>,
    ) -> Result<Done> {
        if self.gpu.is_emulated() {
            let profiling = Profiling { registers, caches };
            let ((), launches) = self.gpu.profile(profiling, &mut work)?;
            return Ok(Done { launches, milliseconds: None, waits: false });
        }
        work(&self.gpu)?;
        let mut times = Vec::new();
        let mut last = Vec::new();
        for _ in 0..TIMES {
            let ((), launches) = self.gpu.record(&mut work)?;
            times.push(launches.iter().filter_map(|it| it.milliseconds).map(f64::from).sum());
            last = launches;
        }
        times.sort_by(f64::total_cmp);
        Ok(Done { launches: last, milliseconds: Some(times[TIMES / 2]), waits: false })
    }

    /// What only a GPU can tell.
    pub fn device_measure(&self, id: &str, value: Option<f64>, unit: &str) -> Result<()> {
        match value {
            Some(value) => self.tell.measure(id, value, unit),
            None => self.tell.not_measured(id, "no device"),
        }
    }

    /// Keeps a picture.
    pub fn keep(&self, name: &str, title: &str, text: &str) -> Result<()> {
        let path = self.out.join(name);
        std::fs::write(&path, text)?;
        self.tell.artefact(&path, title)
    }
}

impl Done {
    fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.launches.iter().filter_map(|it| it.profile.as_deref())
    }

    /// A sum over the launches; none on a real device.
    pub fn sum(&self, of: impl Fn(&Profile) -> u64) -> Option<u64> {
        let mut profiles = self.profiles().peekable();
        profiles.peek()?;
        Some(profiles.map(of).sum())
    }

    /// The launch that does the most.
    pub fn main(&self) -> Option<&Profile> {
        self.profiles().max_by_key(|it| it.statistics.totals().warp_instructions)
    }

    /// Predicted seconds of all launches on a GPU.
    pub fn predicted(&self, gpu: &str) -> Option<f64> {
        let mut profiles = self.profiles().peekable();
        profiles.peek()?;
        profiles.map(|it| Some(self.seconds(it.on(gpu)?.predicted.as_ref()?))).sum()
    }

    fn seconds(&self, predicted: &Prediction) -> f64 {
        if !self.waits {
            return predicted.seconds;
        }
        let dram = predicted.bounds.iter().find(|it| it.bound == Bound::Dram);
        predicted.seconds - predicted.kernel_seconds + dram.map_or(0.0, |it| it.seconds)
    }

    /// What limits the launch that does the most.
    pub fn bound(&self, gpu: &str) -> Option<Bound> {
        let bound = self.main()?.on(gpu)?.predicted.as_ref()?.bound;
        Some(if self.waits { Bound::Dram } else { bound })
    }

    /// Of how many of the GPUs that limits it.
    pub fn bound_by(&self, which: impl Fn(Bound) -> bool) -> usize {
        GPUS.iter().filter(|gpu| self.bound(gpu.name).is_some_and(&which)).count()
    }
}
