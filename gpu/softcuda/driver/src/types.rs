//! CUDA's own types, as `cuda.h` lays them out.

#![allow(non_camel_case_types, non_snake_case, reason = "the names of cuda.h")]

use std::ffi::{c_char, c_int, c_uint, c_void};

macro_rules! handles {
    ($($name:ident, $tag:ident: $what:literal;)*) => {$(
        #[doc = concat!("What [`", stringify!($name), "`] points to: never a real object.")]
        #[derive(Debug)]
        pub enum $tag {}
        #[doc = concat!("Handle of ", $what, ". On softcuda a number that no memory lies at; it is looked up, never followed.")]
        pub type $name = *mut $tag;
    )*};
}

handles! {
    CUcontext, CUctx_st: "a context";
    CUmodule, CUmod_st: "a module";
    CUfunction, CUfunc_st: "a kernel";
    CUstream, CUstream_st: "a stream; null, 1 and 2 are the default streams";
    CUevent, CUevent_st: "an event";
    CUarray, CUarray_st: "an array";
    CUmipmappedArray, CUmipmappedArray_st: "an array with mip levels";
    CUgraph, CUgraph_st: "a graph";
    CUgraphNode, CUgraphNode_st: "a node of a graph";
    CUgraphExec, CUgraphExec_st: "an instantiated graph";
    CUlinkState, CUlinkState_st: "a linker's state";
    CUexternalMemory, CUextMemory_st: "imported memory";
}

/// Ordinal of a device.
pub type CUdevice = c_int;
/// An address of device memory.
pub type CUdeviceptr = u64;
/// A texture.
pub type CUtexObject = u64;
/// A surface.
pub type CUsurfObject = u64;
/// Called by [`cuLaunchHostFunc`](crate::cuLaunchHostFunc).
pub type CUhostFn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;
/// Called by [`cuStreamAddCallback`](crate::cuStreamAddCallback).
pub type CUstreamCallback =
    Option<unsafe extern "C" fn(stream: CUstream, status: crate::CUresult, user_data: *mut c_void)>;
/// Dynamic shared memory for a size of block.
pub type CUoccupancyB2DSize = Option<unsafe extern "C" fn(block_size: c_int) -> usize>;

/// The legacy default stream, by name.
pub const CU_STREAM_LEGACY: CUstream = std::ptr::without_provenance_mut(1);
/// The calling thread's default stream.
pub const CU_STREAM_PER_THREAD: CUstream = std::ptr::without_provenance_mut(2);
/// Flag of a stream that does not wait for the legacy default stream.
pub const CU_STREAM_NON_BLOCKING: c_uint = 1;
/// Flag of an event that notes no time.
pub const CU_EVENT_DISABLE_TIMING: c_uint = 2;
/// Marks the next entry of `extra` as the address of the arguments.
pub const CU_LAUNCH_PARAM_BUFFER_POINTER: *mut c_void = std::ptr::without_provenance_mut(1);
/// Marks the next entry of `extra` as the address of the arguments' size.
pub const CU_LAUNCH_PARAM_BUFFER_SIZE: *mut c_void = std::ptr::without_provenance_mut(2);
/// Ends `extra`.
pub const CU_LAUNCH_PARAM_END: *mut c_void = std::ptr::null_mut();
/// Option of the JIT: buffer for messages.
pub const CU_JIT_INFO_LOG_BUFFER: c_uint = 3;
/// Option of the JIT: its size; afterwards the bytes filled.
pub const CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES: c_uint = 4;
/// Option of the JIT: buffer for errors.
pub const CU_JIT_ERROR_LOG_BUFFER: c_uint = 5;
/// Option of the JIT: its size; afterwards the bytes filled.
pub const CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES: c_uint = 6;
/// `CU_MEMORYTYPE_HOST`.
pub const CU_MEMORYTYPE_HOST: c_uint = 1;
/// `CU_MEMORYTYPE_DEVICE`.
pub const CU_MEMORYTYPE_DEVICE: c_uint = 2;
/// `CU_MEMORYTYPE_ARRAY`.
pub const CU_MEMORYTYPE_ARRAY: c_uint = 3;
/// `CU_MEMORYTYPE_UNIFIED`.
pub const CU_MEMORYTYPE_UNIFIED: c_uint = 4;

/// A copy of a rectangle.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CUDA_MEMCPY2D {
    /// Bytes to the left of the source.
    pub srcXInBytes: usize,
    /// Rows above the source.
    pub srcY: usize,
    /// `CU_MEMORYTYPE_…` of the source.
    pub srcMemoryType: c_uint,
    /// The source on the host.
    pub srcHost: *const c_void,
    /// The source on a device.
    pub srcDevice: CUdeviceptr,
    /// The source, an array.
    pub srcArray: CUarray,
    /// Bytes from row to row; unused with one row.
    pub srcPitch: usize,
    /// Bytes to the left of the target.
    pub dstXInBytes: usize,
    /// Rows above the target.
    pub dstY: usize,
    /// `CU_MEMORYTYPE_…` of the target.
    pub dstMemoryType: c_uint,
    /// The target on the host.
    pub dstHost: *mut c_void,
    /// The target on a device.
    pub dstDevice: CUdeviceptr,
    /// The target, an array.
    pub dstArray: CUarray,
    /// Bytes from row to row; unused with one row.
    pub dstPitch: usize,
    /// Bytes of a row.
    pub WidthInBytes: usize,
    /// Rows.
    pub Height: usize,
}

/// Identifies a device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CUuuid {
    /// The sixteen bytes.
    pub bytes: [c_char; 16],
}
