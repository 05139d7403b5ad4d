//! Everything that softcuda knows: devices, and tables of what the program made.

use crate::api::link::Link;
use crate::context::Context;
use crate::export::VERBOSE;
use crate::handle::Table;
use crate::host::HostBlocks;
use crate::module::{Function, LoadedModule};
use crate::result::{
    Answer, CUDA_ERROR_CONTEXT_IS_DESTROYED, CUDA_ERROR_INVALID_CONTEXT, CUDA_ERROR_INVALID_DEVICE,
    CUDA_ERROR_INVALID_HANDLE, CUDA_ERROR_NOT_INITIALIZED, fail,
};
use crate::settings::Settings;
use crate::stream::{Event, Stream};
use softcuda::Device;
use softcuda::memory::AddressSpace;
use softcuda::sanitize::{Checks, prepare};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A device and its primary context.
pub(crate) struct SoftDevice {
    pub device: Device,
    primary: Mutex<Primary>,
}

/// A device's primary context.
#[derive(Debug, Default)]
pub(crate) struct Primary {
    /// How often it is retained.
    pub count: u32,
    /// Its handle while it is.
    pub context: u64,
    pub flags: u32,
}

/// Softcuda's state.
pub(crate) struct Soft {
    pub initialised: AtomicBool,
    pub devices: Vec<SoftDevice>,
    pub space: AddressSpace,
    pub contexts: Table<Context>,
    pub streams: Table<Stream>,
    pub events: Table<Event>,
    pub modules: Table<LoadedModule>,
    pub functions: Table<Function>,
    pub links: Table<Link>,
    /// Device memory that the program asked for: the context of each address.
    allocations: Mutex<BTreeMap<u64, u64>>,
    pub host: HostBlocks,
    pub step_limit: Option<u64>,
    pub checks: Checks,
    pub profile: bool,
}

impl Soft {
    pub(crate) fn new(settings: &Settings) -> Self {
        let checks = settings.checks.unwrap_or_default();
        VERBOSE.store(settings.verbose.unwrap_or(checks.any()), Relaxed);
        if settings.profile == Some(true) {
            crate::profile::begin();
        }
        let space = AddressSpace::new();
        let device = |_| {
            let mut device = Device::in_space(&space, settings.memory.unwrap_or(4 << 30));
            if let Some(workers) = settings.workers.and_then(|n| NonZero::new(n as usize)) {
                device = device.with_workers(workers);
            }
            prepare(&device, checks);
            SoftDevice { device, primary: Mutex::default() }
        };
        Self {
            initialised: AtomicBool::new(false),
            devices: (0..settings.devices.unwrap_or(1)).map(device).collect(),
            contexts: Table::new(0x51, "context", CUDA_ERROR_INVALID_CONTEXT),
            streams: Table::new(0x52, "stream", CUDA_ERROR_INVALID_HANDLE),
            events: Table::new(0x53, "event", CUDA_ERROR_INVALID_HANDLE),
            modules: Table::new(0x54, "module", CUDA_ERROR_INVALID_HANDLE),
            functions: Table::new(0x55, "kernel", CUDA_ERROR_INVALID_HANDLE),
            links: Table::new(0x56, "linker", CUDA_ERROR_INVALID_HANDLE),
            allocations: Mutex::default(),
            host: HostBlocks::default(),
            step_limit: settings.step_limit,
            checks,
            profile: settings.profile == Some(true),
            space,
        }
    }

    /// The device of an ordinal.
    pub(crate) fn device(&self, ordinal: i32) -> Answer<&SoftDevice> {
        usize::try_from(ordinal).ok().and_then(|n| self.devices.get(n)).ok_or_else(|| {
            let count = self.devices.len();
            fail(CUDA_ERROR_INVALID_DEVICE, format!("device {ordinal} of {count}"))
        })
    }

    pub(crate) fn allocations(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.allocations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the work of all contexts.
    pub(crate) fn drain(&self) {
        for context in self.contexts.all() {
            context.queue.drain();
        }
    }

    /// Waits for the context's work and frees all that was made in it.
    pub(crate) fn destroy(&self, context: &Context) {
        context.queue.drain();
        let handle = context.handle;
        self.functions.remove_where(|it| it.context == handle);
        self.modules.remove_where(|it| it.context == handle);
        self.streams.remove_where(|it| it.context.handle == handle);
        self.events.remove_where(|it| it.context.handle == handle);
        let owned: Vec<_> = {
            let allocations = self.allocations();
            allocations
                .iter()
                .filter(|(_, context)| **context == handle)
                .map(|(&at, _)| at)
                .collect()
        };
        for address in owned {
            // What another thread has freed meanwhile is gone.
            let _ = self.free(address);
        }
        self.host.free_of(self, handle);
        context.queue.close();
    }
}

impl SoftDevice {
    pub(crate) fn primary(&self) -> MutexGuard<'_, Primary> {
        self.primary.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Softcuda, initialised.
pub(crate) fn soft() -> Answer<&'static Soft> {
    if !crate::handover::decided() {
        return Err(fail(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called"));
    }
    let soft = crate::handover::soft()?;
    if !soft.initialised.load(Relaxed) {
        return Err(fail(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called"));
    }
    Ok(soft)
}

/// The calling thread's context, whether it has failed or not.
pub(crate) fn current_any() -> Answer<(&'static Soft, Arc<Context>)> {
    let soft = soft()?;
    let handle = crate::context::current_handle();
    if handle == 0 {
        return Err(fail(CUDA_ERROR_INVALID_CONTEXT, "the calling thread has no context"));
    }
    match soft.contexts.find(handle) {
        Some(context) => Ok((soft, context)),
        None => {
            Err(fail(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the calling thread's context was destroyed"))
        }
    }
}

/// The calling thread's context; the error that it failed of, if it has.
pub(crate) fn current() -> Answer<(&'static Soft, Arc<Context>)> {
    let (soft, context) = current_any()?;
    context.check()?;
    Ok((soft, context))
}
