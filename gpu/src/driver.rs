//! The driver's functions, with results instead of codes. The only file that calls them.
//!
//! Handles are kept as integers, so that what holds them may go from thread to thread, as the driver allows.

use crate::error::{Error, Result};
use softcuda::Statistics;
use softcuda_driver as cu;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::sync::Arc;

/// A handle of the driver: context, module, function, stream or event.
pub(crate) type Handle = usize;

pub(crate) fn pointer<T>(handle: Handle) -> *mut T {
    std::ptr::with_exposed_provenance_mut(handle)
}

fn handle<T>(pointer: *mut T) -> Handle {
    pointer.expose_provenance()
}

/// `CUDA_ERROR_OUT_OF_MEMORY`.
pub(crate) const OUT_OF_MEMORY: u32 = 2;
/// `CUDA_ERROR_NOT_READY`.
const NOT_READY: u32 = 600;
/// Bytes of a compiler's log that are kept.
const LOG: usize = 16 << 10;

fn number(code: cu::CUresult) -> u32 {
    code.0 as u32
}

/// What a string function of the driver says of a code.
fn said(
    code: cu::CUresult,
    ask: unsafe extern "C" fn(cu::CUresult, *mut *const c_char) -> cu::CUresult,
) -> String {
    let mut text: *const c_char = std::ptr::null();
    // SAFETY: the pointer is to a place for one pointer.
    let found = unsafe { ask(code, &raw mut text) };
    if number(found) != 0 || text.is_null() {
        return "unknown".to_owned();
    }
    // SAFETY: on success the driver has written the address of a string that ends with a zero and is never freed.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

fn name(code: cu::CUresult) -> String {
    said(code, cu::cuGetErrorName)
}

fn check(call: &'static str, code: cu::CUresult) -> Result<()> {
    if number(code) == 0 {
        return Ok(());
    }
    let (name, text) = (name(code), said(code, cu::cuGetErrorString));
    let code = number(code);
    // What softcuda knows begins with what is said here already.
    let known = cu::last_error().unwrap_or_default();
    let detail = known.strip_prefix(&format!("{call}: {name} ({code}): {text}"));
    let detail = detail.unwrap_or_default().trim_start_matches(": ").to_owned();
    Err(Error::Driver { call, code, name, text, detail })
}

/// Calls a function of the driver and checks what it answers.
macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: pointers to memory of the host are to variables of the calling function, or to slices whose length goes along;
        // handles and addresses of the device are looked up by the driver.
        check(stringify!($function), unsafe { cu::$function($($argument),*) })
    };
}

/// Starts the driver; again and again if need be.
pub(crate) fn init() -> Result<()> {
    call!(cuInit(0))
}

/// Whether softcuda answers, and no real driver.
pub(crate) fn is_emulated() -> bool {
    cu::real_driver().is_none()
}

/// What the last launch of the calling thread counted, if softcuda ran it.
pub(crate) fn last_statistics() -> Option<Arc<Statistics>> {
    cu::last_statistics().map(Arc::new)
}

/// What checks found in the current context.
pub(crate) fn take_reports() -> Vec<softcuda::sanitize::Report> {
    cu::take_reports()
}

/// Begins or ends to profile launches of the calling thread's context, if softcuda runs them.
pub(crate) fn profile_launches(how: Option<cu::Profiling>) {
    cu::profile_launches(how);
}

/// The profile of the launch before, after waiting for it.
pub(crate) fn take_profile() -> Option<Arc<softcuda::profile::Profile>> {
    cu::take_profile()
}

pub(crate) fn device_count() -> Result<u32> {
    let mut count: c_int = 0;
    call!(cuDeviceGetCount(&raw mut count))?;
    Ok(count.max(0) as u32)
}

pub(crate) fn device(ordinal: u32) -> Result<i32> {
    let mut device = 0;
    call!(cuDeviceGet(&raw mut device, ordinal as c_int))?;
    Ok(device)
}

pub(crate) fn device_name(device: i32) -> Result<String> {
    let mut text: [c_char; 256] = [0; 256];
    call!(cuDeviceGetName(text.as_mut_ptr(), text.len() as c_int - 1, device))?;
    // SAFETY: the last byte is still zero, as the driver was told of one less.
    Ok(unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned())
}

pub(crate) fn device_memory(device: i32) -> Result<u64> {
    let mut bytes = 0;
    call!(cuDeviceTotalMem_v2(&raw mut bytes, device))?;
    Ok(bytes as u64)
}

/// `CUdevice_attribute`.
#[derive(Clone, Copy)]
pub(crate) enum Attribute {
    BlockThreads = 1,
    GridX = 5,
    GridY = 6,
    GridZ = 7,
    SharedPerBlock = 8,
    Multiprocessors = 16,
    Major = 75,
    Minor = 76,
}

pub(crate) fn attribute(device: i32, attribute: Attribute) -> Result<u32> {
    let mut value: c_int = 0;
    call!(cuDeviceGetAttribute(&raw mut value, attribute as _, device))?;
    Ok(value.max(0) as u32)
}

pub(crate) fn primary_retain(device: i32) -> Result<Handle> {
    let mut context = std::ptr::null_mut();
    call!(cuDevicePrimaryCtxRetain(&raw mut context, device))?;
    Ok(handle(context))
}

pub(crate) fn primary_release(device: i32) -> Result<()> {
    call!(cuDevicePrimaryCtxRelease_v2(device))
}

/// Makes a context without making it the thread's.
pub(crate) fn context_create(device: i32) -> Result<Handle> {
    let mut context = std::ptr::null_mut();
    call!(cuCtxCreate_v2(&raw mut context, 0, device))?;
    let mut popped = std::ptr::null_mut();
    call!(cuCtxPopCurrent_v2(&raw mut popped))?;
    Ok(handle(context))
}

pub(crate) fn context_destroy(context: Handle) -> Result<()> {
    call!(cuCtxDestroy_v2(pointer(context)))
}

pub(crate) fn context_set(context: Handle) -> Result<()> {
    call!(cuCtxSetCurrent(pointer(context)))
}

/// Lets the current context reach the memory of the other; whether it can.
pub(crate) fn enable_peer(other: Handle) -> Result<bool> {
    const UNSUPPORTED: u32 = 217;
    const ALREADY: u32 = 704;
    match call!(cuCtxEnablePeerAccess(pointer(other), 0)) {
        Err(Error::Driver { code: ALREADY, .. }) => Ok(true),
        Err(Error::Driver { code: UNSUPPORTED, .. }) => Ok(false),
        other => other.map(|()| true),
    }
}

pub(crate) fn can_reach(device: i32, peer: i32) -> Result<bool> {
    let mut can: c_int = 0;
    call!(cuDeviceCanAccessPeer(&raw mut can, device, peer))?;
    Ok(can != 0)
}

/// Bytes free and in all.
pub(crate) fn memory() -> Result<(u64, u64)> {
    let (mut free, mut total) = (0, 0);
    call!(cuMemGetInfo_v2(&raw mut free, &raw mut total))?;
    Ok((free as u64, total as u64))
}

pub(crate) fn alloc(bytes: u64) -> Result<u64> {
    let mut address = 0;
    call!(cuMemAlloc_v2(&raw mut address, bytes as usize))?;
    Ok(address)
}

pub(crate) fn free(address: u64) -> Result<()> {
    call!(cuMemFree_v2(address))
}

pub(crate) fn write(address: u64, from: &[u8]) -> Result<()> {
    if from.is_empty() {
        return Ok(());
    }
    call!(cuMemcpyHtoD_v2(address, from.as_ptr().cast(), from.len()))
}

pub(crate) fn read(address: u64, to: &mut [u8]) -> Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    call!(cuMemcpyDtoH_v2(to.as_mut_ptr().cast(), address, to.len()))
}

pub(crate) fn copy_async(to: u64, from: u64, bytes: u64, stream: Handle) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    call!(cuMemcpyDtoDAsync_v2(to, from, bytes as usize, pointer(stream)))
}

/// From one context's memory to another's.
pub(crate) fn copy_peer_async(
    (to, to_context): (u64, Handle),
    (from, from_context): (u64, Handle),
    bytes: u64,
    stream: Handle,
) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    let (target, source) = (pointer(to_context), pointer(from_context));
    call!(cuMemcpyPeerAsync(to, target, from, source, bytes as usize, pointer(stream)))
}

pub(crate) fn fill(address: u64, byte: u8, bytes: u64) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    call!(cuMemsetD8_v2(address, byte, bytes as usize))
}

pub(crate) fn fill_async(address: u64, byte: u8, bytes: u64, stream: Handle) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    call!(cuMemsetD8Async(address, byte, bytes as usize, pointer(stream)))
}

pub(crate) fn fill32_async(address: u64, word: u32, words: u64, stream: Handle) -> Result<()> {
    call!(cuMemsetD32Async(address, word, words as usize, pointer(stream)))
}

/// Compiles and loads PTX that ends with a zero byte.
pub(crate) fn load(file: &str, ptx: &str) -> Result<Handle> {
    debug_assert!(ptx.ends_with('\0'));
    let mut log = vec![0_u8; LOG];
    let mut options =
        [cu::CU_JIT_ERROR_LOG_BUFFER as _, cu::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES as _];
    // The second value is a number in a pointer's place.
    let mut values: [*mut c_void; 2] =
        [log.as_mut_ptr().cast(), std::ptr::without_provenance_mut(LOG)];
    let mut module = std::ptr::null_mut();
    let done = call!(cuModuleLoadDataEx(
        &raw mut module,
        ptx.as_ptr().cast(),
        options.len() as c_uint,
        options.as_mut_ptr(),
        values.as_mut_ptr(),
    ));
    match done {
        Ok(()) => Ok(handle(module)),
        Err(Error::Driver { name, .. }) => {
            let text = log.split(|&byte| byte == 0).next().unwrap_or_default();
            let log = String::from_utf8_lossy(text).into_owned();
            Err(Error::Module { file: file.to_owned(), name, log })
        }
        Err(other) => Err(other),
    }
}

pub(crate) fn unload(module: Handle) -> Result<()> {
    call!(cuModuleUnload(pointer(module)))
}

pub(crate) fn function(module: Handle, kernel: &str) -> Result<Handle> {
    let name = c_string(kernel);
    let mut function = std::ptr::null_mut();
    call!(cuModuleGetFunction(&raw mut function, pointer(module), name.as_ptr()))?;
    Ok(handle(function))
}

/// Address and bytes of a variable.
pub(crate) fn variable(module: Handle, variable: &str) -> Result<(u64, usize)> {
    let name = c_string(variable);
    let (mut address, mut bytes) = (0, 0);
    call!(cuModuleGetGlobal_v2(&raw mut address, &raw mut bytes, pointer(module), name.as_ptr()))?;
    Ok((address, bytes))
}

fn c_string(text: &str) -> CString {
    // Names of kernels have no zero in them; a name cut off there would not be found.
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

/// The most blocks that a multiprocessor holds at once.
pub(crate) fn most_blocks(function: Handle, block: u32, shared: usize) -> Result<u32> {
    let mut blocks: c_int = 0;
    call!(cuOccupancyMaxActiveBlocksPerMultiprocessor(
        &raw mut blocks,
        pointer(function),
        block as c_int,
        shared,
    ))?;
    Ok(blocks.max(0) as u32)
}

/// Puts a kernel into a stream. Each argument's bytes are the first of its eight.
pub(crate) fn launch(
    function: Handle,
    [gx, gy, gz]: [u32; 3],
    [bx, by, bz]: [u32; 3],
    shared: u32,
    stream: Handle,
    cooperative: bool,
    arguments: &mut [u64],
) -> Result<()> {
    let mut places: Vec<*mut c_void> =
        arguments.iter_mut().map(|value| std::ptr::from_mut(value).cast()).collect();
    let (function, stream) = (pointer(function), pointer(stream));
    let places = places.as_mut_ptr();
    if cooperative {
        return call!(cuLaunchCooperativeKernel(
            function, gx, gy, gz, bx, by, bz, shared, stream, places
        ));
    }
    let extra = std::ptr::null_mut();
    call!(cuLaunchKernel(function, gx, gy, gz, bx, by, bz, shared, stream, places, extra))
}

pub(crate) fn stream_create() -> Result<Handle> {
    let mut stream = std::ptr::null_mut();
    call!(cuStreamCreate(&raw mut stream, 0))?;
    Ok(handle(stream))
}

pub(crate) fn stream_destroy(stream: Handle) -> Result<()> {
    call!(cuStreamDestroy_v2(pointer(stream)))
}

pub(crate) fn stream_synchronize(stream: Handle) -> Result<()> {
    call!(cuStreamSynchronize(pointer(stream)))
}

pub(crate) fn stream_done(stream: Handle) -> Result<bool> {
    done(call!(cuStreamQuery(pointer(stream))))
}

pub(crate) fn stream_wait(stream: Handle, event: Handle) -> Result<()> {
    call!(cuStreamWaitEvent(pointer(stream), pointer(event), 0))
}

pub(crate) fn event_create() -> Result<Handle> {
    let mut event = std::ptr::null_mut();
    call!(cuEventCreate(&raw mut event, 0))?;
    Ok(handle(event))
}

pub(crate) fn event_destroy(event: Handle) -> Result<()> {
    call!(cuEventDestroy_v2(pointer(event)))
}

pub(crate) fn event_record(event: Handle, stream: Handle) -> Result<()> {
    call!(cuEventRecord(pointer(event), pointer(stream)))
}

pub(crate) fn event_synchronize(event: Handle) -> Result<()> {
    call!(cuEventSynchronize(pointer(event)))
}

pub(crate) fn event_elapsed(from: Handle, to: Handle) -> Result<f32> {
    let mut milliseconds = 0.0;
    call!(cuEventElapsedTime(&raw mut milliseconds, pointer(from), pointer(to)))?;
    Ok(milliseconds)
}

/// "Not yet" is an answer.
fn done(answer: Result<()>) -> Result<bool> {
    match answer {
        Ok(()) => Ok(true),
        Err(Error::Driver { code: NOT_READY, .. }) => Ok(false),
        Err(other) => Err(other),
    }
}
