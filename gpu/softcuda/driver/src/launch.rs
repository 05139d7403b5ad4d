//! Launches: refused at once where they can be, else run by the context's thread.

use crate::context::Context;
use crate::module::Function;
use crate::queue::Queue;
use crate::result::{
    Answer, CUDA_ERROR_ASSERT, CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, CUDA_ERROR_ILLEGAL_ADDRESS,
    CUDA_ERROR_INVALID_HANDLE, CUDA_ERROR_INVALID_PC, CUDA_ERROR_INVALID_VALUE,
    CUDA_ERROR_LAUNCH_FAILED, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, CUDA_ERROR_LAUNCH_TIMEOUT,
    CUDA_ERROR_MISALIGNED_ADDRESS, CUDA_ERROR_OUT_OF_MEMORY, CUresult, Failure, fail, invalid,
};
use crate::soft::Soft;
use crate::stream::Lane;
use crate::types::{CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE};
use softcuda::machine::Fault;
use softcuda::profile;
use softcuda::{Arg, Device, Dim, LaunchError, LaunchOptions, Statistics, sanitize};
use std::ffi::c_void;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};

/// What is launched, and how.
pub(crate) struct Launch {
    pub function: Arc<Function>,
    pub grid: Dim,
    pub block: Dim,
    pub shared: u32,
    pub cooperative: bool,
    pub args: Vec<Arg>,
}

impl Launch {
    fn options(&self, soft: &Soft) -> LaunchOptions<'static> {
        LaunchOptions {
            shared: self.shared,
            cooperative: self.cooperative,
            step_limit: soft.step_limit,
            ..LaunchOptions::default()
        }
    }

    /// Checks everything that can be known before it runs, and issues it.
    pub(crate) fn issue(self, soft: &'static Soft, lane: &Lane, current: &Context) -> Answer {
        let function = &self.function;
        if function.context != current.handle || lane.context.handle != current.handle {
            return Err(fail(
                CUDA_ERROR_INVALID_HANDLE,
                "the kernel or the stream belongs to another context than the current one",
            ));
        }
        let most = function.max_dynamic_shared.load(Relaxed);
        if self.shared > most {
            return Err(invalid(format!(
                "kernel {}: {} bytes of dynamic shared memory, but only {most} without a larger \
                 CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES",
                function.kernel.name(),
                self.shared
            )));
        }
        let device = current.device(soft)?;
        let options = self.options(soft);
        function
            .kernel
            .check(device, self.grid, self.block, &self.args, &options)
            .map_err(|error| failure(&error))?;
        let queue = Arc::downgrade(&current.queue);
        lane.issue(move || {
            let statistics = self.run(soft, device, &queue).map_err(|error| failure(&error))?;
            if soft.profile {
                crate::profile::add(&statistics);
            }
            if let Some(queue) = queue.upgrade() {
                queue.launched(statistics);
            }
            Ok(())
        })
    }

    fn run(
        &self,
        soft: &Soft,
        device: &Device,
        queue: &Weak<Queue>,
    ) -> Result<Statistics, LaunchError> {
        let (kernel, options) = (&self.function.kernel, self.options(soft));
        let (grid, block, args) = (self.grid, self.block, &self.args);
        if let Some(queue) = queue.upgrade()
            && let Some(how) = queue.profiling()
        {
            let registers = |gpu: &profile::Gpu| (how.registers)(kernel.name(), gpu);
            let wanted = profile::Options {
                registers: &registers,
                caches: how.caches,
                ..profile::Options::default()
            };
            let done = profile::launch(kernel, device, grid, block, args, &options, &wanted)?;
            let statistics = done.statistics.clone();
            queue.profiled(done);
            return Ok(statistics);
        }
        if !soft.checks.any() {
            return kernel.launch_with(device, grid, block, args, &options);
        }
        let report = sanitize::launch(kernel, device, grid, block, args, &options, soft.checks);
        let outcome = report.outcome.clone();
        if !report.is_clean() {
            crate::findings::found(report, queue.upgrade().as_deref());
        }
        outcome
    }
}

/// Reads the arguments: of each as many bytes as its parameter has.
///
/// # Safety
/// `params` and `extra` are null or as `cuLaunchKernel` asks for.
pub(crate) unsafe fn read_args(
    function: &Function,
    params: *mut *mut c_void,
    extra: *mut *mut c_void,
) -> Answer<Vec<Arg>> {
    let kernel = &function.kernel;
    let parameters = kernel.parameters();
    if !extra.is_null() {
        if !params.is_null() {
            return Err(invalid("both kernelParams and extra are given"));
        }
        // SAFETY: the caller's promise.
        let buffer = unsafe { read_extra(extra)? };
        let arg = |p: &softcuda::lower::Parameter| {
            let (from, to) = (p.offset as usize, p.offset as usize + p.size as usize);
            let bytes = buffer.get(from..to).ok_or_else(|| {
                let (name, len) = (kernel.name(), buffer.len());
                invalid(format!("kernel {name}: parameter {} ends at byte {to} of {len}", p.name))
            });
            bytes.map(Arg::bytes)
        };
        return parameters.iter().map(arg).collect();
    }
    if params.is_null() && !parameters.is_empty() {
        let (name, count) = (kernel.name(), parameters.len());
        return Err(invalid(format!("kernel {name} has {count} parameters, kernelParams is null")));
    }
    let mut args = Vec::with_capacity(parameters.len());
    for (index, parameter) in parameters.iter().enumerate() {
        // SAFETY: there is an address for each parameter, by the caller's promise.
        let at = unsafe { params.add(index).read_unaligned() };
        if at.is_null() {
            let name = kernel.name();
            return Err(invalid(format!("kernel {name}: kernelParams[{index}] is null")));
        }
        let mut bytes = vec![0; parameter.size as usize];
        // SAFETY: there are as many bytes as the parameter has, by the caller's promise.
        unsafe { at.cast::<u8>().copy_to_nonoverlapping(bytes.as_mut_ptr(), bytes.len()) };
        args.push(Arg::bytes(bytes));
    }
    Ok(args)
}

/// The buffer that `extra` tells of.
///
/// # Safety
/// `extra` is as `cuLaunchKernel` asks for.
unsafe fn read_extra<'a>(extra: *mut *mut c_void) -> Answer<&'a [u8]> {
    let (mut buffer, mut size) = (std::ptr::null::<u8>(), None);
    for pair in 0..2 {
        // SAFETY: pairs go on until the end marker, by the caller's promise.
        let (key, value) = unsafe {
            let key = extra.add(2 * pair).read_unaligned();
            if key.is_null() {
                break;
            }
            (key, extra.add(2 * pair + 1).read_unaligned())
        };
        if value.is_null() {
            return Err(invalid("a value of extra is null"));
        }
        match key {
            CU_LAUNCH_PARAM_BUFFER_POINTER => buffer = value.cast_const().cast(),
            CU_LAUNCH_PARAM_BUFFER_SIZE => {
                // SAFETY: it points to the size, by the caller's promise.
                size = Some(unsafe { value.cast::<usize>().read_unaligned() })
            }
            _ => return Err(invalid(format!("extra has the unknown key {key:p}"))),
        }
    }
    match size {
        Some(size) if !buffer.is_null() && size <= isize::MAX as usize => {
            // SAFETY: so many bytes are there, by the caller's promise.
            Ok(unsafe { std::slice::from_raw_parts(buffer, size) })
        }
        _ => Err(invalid("extra lacks CU_LAUNCH_PARAM_BUFFER_POINTER or _SIZE")),
    }
}

fn failure(error: &LaunchError) -> Failure {
    fail(code(error), error.to_string())
}

/// The code of CUDA for what went wrong with a launch.
fn code(error: &LaunchError) -> CUresult {
    match error {
        LaunchError::Fault { fault, .. } => match fault {
            Fault::OutOfBounds { .. } | Fault::ReadOnly { .. } => CUDA_ERROR_ILLEGAL_ADDRESS,
            Fault::Misaligned { .. } => CUDA_ERROR_MISALIGNED_ADDRESS,
            Fault::Assertion { .. } => CUDA_ERROR_ASSERT,
            Fault::BranchIndex { .. } => CUDA_ERROR_INVALID_PC,
            Fault::Trap | Fault::NotMember { .. } | Fault::Barrier { .. } | Fault::Misuse(_) => {
                CUDA_ERROR_LAUNCH_FAILED
            }
        },
        LaunchError::StepLimit { .. } | LaunchError::Deadlock { .. } => CUDA_ERROR_LAUNCH_TIMEOUT,
        LaunchError::Compiled { .. } => CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES,
        LaunchError::Cooperative { .. } => CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE,
        LaunchError::Memory(_) => CUDA_ERROR_OUT_OF_MEMORY,
        LaunchError::Block { .. }
        | LaunchError::Grid { .. }
        | LaunchError::Shared { .. }
        | LaunchError::ArgumentCount { .. }
        | LaunchError::ArgumentSize { .. } => CUDA_ERROR_INVALID_VALUE,
    }
}
