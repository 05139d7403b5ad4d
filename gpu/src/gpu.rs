//! Devices.

use crate::driver::{self, Attribute, Handle};
use crate::error::{Error, Result};
use crate::files::{self, PtxFile};
use crate::record::{Launch, Recorder};
use crate::stream::{Event, Stream, StreamState};
use softcuda_driver::Profiling;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A device with a context on it, and the stream that launches go to: its default stream, or what [`on`](Self::on) said.
///
/// Clones are cheap and share all of it, the loaded modules too. May be used by many threads at once.
#[derive(Clone, Debug)]
pub struct Gpu {
    context: Arc<Context>,
    stream: Stream,
    recorder: Option<Recorder>,
}

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Its name.
    pub name: String,
    /// Compute capability, such as (8, 0).
    pub compute_capability: (u32, u32),
    /// Multiprocessors.
    pub multiprocessors: u32,
    /// Bytes of its memory.
    pub memory: u64,
    /// The most threads of a block.
    pub block_threads: u32,
    /// Bytes of shared memory that a block may have without asking for more.
    pub shared_per_block: u32,
    /// The most blocks of a grid along x, y and z.
    pub grid: [u32; 3],
}

/// How the context came to be, and so how it is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Primary,
    Created,
}

/// A context and what was loaded into it.
#[derive(Debug)]
pub(crate) struct Context {
    raw: Handle,
    origin: Origin,
    device: i32,
    ordinal: u32,
    properties: Properties,
    modules: Mutex<Modules>,
    constants: Mutex<()>,
}

#[derive(Debug, Default)]
struct Modules {
    loaded: HashMap<usize, Handle>,
    functions: HashMap<&'static str, Handle>,
    replaced: HashMap<usize, String>,
}

impl Gpu {
    /// The number of devices: those of the machine, or softcuda's.
    ///
    /// # Errors
    /// When the driver cannot start.
    pub fn count() -> Result<u32> {
        driver::init()?;
        driver::device_count()
    }

    /// The device of this number, from 0 on, with its primary context: the one that CUDA's runtime and the crate `cust` use too.
    ///
    /// # Errors
    /// When there is no such device or the driver refuses.
    pub fn new(ordinal: u32) -> Result<Self> {
        Self::open(ordinal, Origin::Primary)
    }

    /// The same with a context of its own. A kernel that reads or writes where nothing is breaks its context for good: here, it breaks
    /// nobody else's.
    ///
    /// # Errors
    /// When there is no such device or the driver refuses.
    pub fn isolated(ordinal: u32) -> Result<Self> {
        Self::open(ordinal, Origin::Created)
    }

    fn open(ordinal: u32, origin: Origin) -> Result<Self> {
        let count = Self::count()?;
        if ordinal >= count {
            return Err(Error::NoDevice { ordinal, count });
        }
        let device = driver::device(ordinal)?;
        let properties = Properties::of(device)?;
        let raw = match origin {
            Origin::Primary => driver::primary_retain(device)?,
            Origin::Created => driver::context_create(device)?,
        };
        let context = Arc::new(Context {
            raw,
            origin,
            device,
            ordinal,
            properties,
            modules: Mutex::default(),
            constants: Mutex::default(),
        });
        Ok(Self { stream: Stream::default_of(context.clone()), context, recorder: None })
    }

    /// The same device and context with launches going to `stream`.
    ///
    /// # Errors
    /// When the stream is another context's.
    pub fn on(&self, stream: &Stream) -> Result<Self> {
        self.same_context("the stream", &stream.0.context)?;
        Ok(Self { stream: stream.clone(), ..self.clone() })
    }

    /// Waits until all that was asked of the stream is done.
    ///
    /// # Errors
    /// When some of it failed: launches report here what went wrong while they ran.
    pub fn synchronize(&self) -> Result<()> {
        self.stream.synchronize()
    }

    /// What is asked of the stream from now on begins after the event, which may be another device's.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn wait_for(&self, event: &Event) -> Result<()> {
        self.stream.wait_for(event)
    }

    /// The device's number.
    pub fn ordinal(&self) -> u32 {
        self.context.ordinal
    }

    /// What the device says of itself.
    pub fn properties(&self) -> &Properties {
        &self.context.properties
    }

    /// Whether the device is softcuda's: nothing measured in time says anything about a GPU then.
    pub fn is_emulated(&self) -> bool {
        driver::is_emulated()
    }

    /// Bytes free and bytes in all.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn memory(&self) -> Result<(u64, u64)> {
        self.context.enter()?;
        driver::memory()
    }

    /// Does what `work` says with a `Gpu` that notes every launch, and gives the result and the launches in their order.
    ///
    /// Each launch is waited for, and launches of other threads through this crate wait for it. On softcuda it comes with what it
    /// counted; on a GPU with how long it took.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn record<R>(&self, work: impl FnOnce(&Self) -> Result<R>) -> Result<(R, Vec<Launch>)> {
        self.recorded(Recorder::default(), work)
    }

    /// As [`record`](Self::record), and on softcuda each launch comes with its profile: occupancy, parallelism, rooflines and predicted times on named GPUs
    /// ([`softcuda::profile`]). Launches run on one core then, and are not checked.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn profile<R>(
        &self,
        how: Profiling,
        work: impl FnOnce(&Self) -> Result<R>,
    ) -> Result<(R, Vec<Launch>)> {
        self.recorded(Recorder { profiling: Some(how), ..Recorder::default() }, work)
    }

    fn recorded<R>(
        &self,
        recorder: Recorder,
        work: impl FnOnce(&Self) -> Result<R>,
    ) -> Result<(R, Vec<Launch>)> {
        let done = work(&Self { recorder: Some(recorder.clone()), ..self.clone() })?;
        Ok((done, recorder.take()))
    }

    /// What softcuda's checks found in launches of this context since the last call, after waiting for them: a report for each launch that
    /// was not clean. Checks are chosen by `SOFTCUDA_CHECK`, or [`SoftSettings::checks`](crate::SoftSettings::checks); none on a GPU.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn take_findings(&self) -> Result<Vec<softcuda::sanitize::Report>> {
        self.context.enter()?;
        Ok(driver::take_reports())
    }

    /// Takes `ptx` in place of the committed PTX of the file, such as `"matmul.ptx"`: changed kernels then run behind the same functions.
    /// They have to keep the kernels' names, signatures and launch rules.
    ///
    /// # Errors
    /// When there is no file of that name, or it has been loaded already: replace it before its first launch.
    pub fn replace(&self, file: &'static str, ptx: &str) -> Result<()> {
        let invalid = |needs| Error::Invalid {
            function: "replace",
            what: "file",
            found: file.to_owned(),
            needs,
        };
        let known = files::ALL.iter().find(|f| f.name == file);
        let index = known.ok_or_else(|| invalid("one of the files of gpu/kernels"))?.index;
        let mut modules = self.context.modules();
        if modules.loaded.contains_key(&index) {
            return Err(invalid("a file that has not been loaded yet in this context"));
        }
        modules.replaced.insert(index, format!("{ptx}\0"));
        Ok(())
    }

    /// Frees what the stream keeps as scratch for launches; it is allocated again when it is needed. Waits for the device.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn release_scratch(&self) -> Result<()> {
        self.context.enter()?;
        self.stream.0.scratch.free();
        Ok(())
    }

    /// Bytes that the stream keeps as scratch.
    pub fn scratch_bytes(&self) -> u64 {
        self.stream.0.scratch.bytes()
    }

    /// The driver's handle of the context, a `CUcontext`.
    pub fn as_raw(&self) -> *mut std::ffi::c_void {
        driver::pointer(self.context.raw)
    }

    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.context
    }

    pub(crate) fn stream(&self) -> &StreamState {
        &self.stream.0
    }

    /// Blocks of 256 threads that keep all multiprocessors busy: for kernels that run with any grid.
    pub(crate) fn busy_blocks(&self) -> u64 {
        8 * u64::from(self.context.properties.multiprocessors.max(1))
    }

    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Refuses what belongs to another context.
    pub(crate) fn same_context(&self, what: &'static str, found: &Context) -> Result<()> {
        self.context.check(what, found.raw)
    }
}

impl Properties {
    fn of(device: i32) -> Result<Self> {
        let get = |attribute| driver::attribute(device, attribute);
        Ok(Self {
            name: driver::device_name(device)?,
            compute_capability: (get(Attribute::Major)?, get(Attribute::Minor)?),
            multiprocessors: get(Attribute::Multiprocessors)?,
            memory: driver::device_memory(device)?,
            block_threads: get(Attribute::BlockThreads)?,
            shared_per_block: get(Attribute::SharedPerBlock)?,
            grid: [get(Attribute::GridX)?, get(Attribute::GridY)?, get(Attribute::GridZ)?],
        })
    }
}

impl Context {
    /// Makes it the calling thread's.
    pub(crate) fn enter(&self) -> Result<()> {
        driver::context_set(self.raw)
    }

    pub(crate) fn raw(&self) -> Handle {
        self.raw
    }

    pub(crate) fn device(&self) -> i32 {
        self.device
    }

    pub(crate) fn properties(&self) -> &Properties {
        &self.properties
    }

    pub(crate) fn check(&self, what: &'static str, found: Handle) -> Result<()> {
        if found == self.raw {
            return Ok(());
        }
        let hex = |raw| format!("0x{raw:x}");
        Err(Error::ForeignContext { what, found: hex(found), expected: hex(self.raw) })
    }

    /// Memory, or the error that says how much there is.
    pub(crate) fn alloc(&self, bytes: u64) -> Result<u64> {
        self.enter()?;
        driver::alloc(bytes).map_err(|error| match error {
            Error::Driver { code: driver::OUT_OF_MEMORY, .. } => {
                let (free, total) = driver::memory().unwrap_or((0, self.properties.memory));
                Error::OutOfMemory { bytes, free, total, device: self.properties.name.clone() }
            }
            other => other,
        })
    }

    fn modules(&self) -> MutexGuard<'_, Modules> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held from setting constant memory to launching what reads it: another thread may want other constants.
    pub(crate) fn constants(&self) -> MutexGuard<'_, ()> {
        self.constants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kernel; its file is loaded at the first of its kernels. The context must be current.
    pub(crate) fn function(&self, file: PtxFile, kernel: &'static str) -> Result<Handle> {
        let mut modules = self.modules();
        if let Some(&function) = modules.functions.get(kernel) {
            return Ok(function);
        }
        let module = modules.load(file)?;
        let function = driver::function(module, kernel)?;
        modules.functions.insert(kernel, function);
        Ok(function)
    }

    /// Address and bytes of a variable of a file. The context must be current.
    pub(crate) fn variable(&self, file: PtxFile, name: &str) -> Result<(u64, usize)> {
        let module = self.modules().load(file)?;
        driver::variable(module, name)
    }
}

impl Modules {
    fn load(&mut self, file: PtxFile) -> Result<Handle> {
        if let Some(&module) = self.loaded.get(&file.index) {
            return Ok(module);
        }
        let text = self.replaced.get(&file.index).map_or(file.text, String::as_str);
        let module = driver::load(file.name, text)?;
        self.loaded.insert(file.index, module);
        Ok(module)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // Nobody is left to be told.
        if self.origin == Origin::Created {
            let _ = driver::context_destroy(self.raw);
            return;
        }
        if self.enter().is_ok() {
            for module in self.modules().loaded.values() {
                let _ = driver::unload(*module);
            }
        }
        let _ = driver::primary_release(self.device);
    }
}
