//! Launches.

use crate::export::export;
use crate::launch::{Launch, read_args};
use crate::result::Answer;
use crate::soft::current;
use crate::stream::lane;
use crate::types::{CUfunction, CUstream};
use softcuda::Dim;
use std::ffi::{c_uint, c_void};

export! {
    /// Launches a kernel. `kernelParams` has the address of each argument, of which as many bytes are read as the parameter has.
    fn cuLaunchKernel(
        f: CUfunction,
        gridDimX: c_uint,
        gridDimY: c_uint,
        gridDimZ: c_uint,
        blockDimX: c_uint,
        blockDimY: c_uint,
        blockDimZ: c_uint,
        sharedMemBytes: c_uint,
        hStream: CUstream,
        kernelParams: *mut *mut c_void,
        extra: *mut *mut c_void,
    ) {
        let grid = Dim { x: gridDimX, y: gridDimY, z: gridDimZ };
        let block = Dim { x: blockDimX, y: blockDimY, z: blockDimZ };
        launch(f, grid, block, sharedMemBytes, hStream, kernelParams, extra, false)
    }

    /// Launches a kernel whose blocks may wait for each other: all are resident at once, or it is refused.
    fn cuLaunchCooperativeKernel(
        f: CUfunction,
        gridDimX: c_uint,
        gridDimY: c_uint,
        gridDimZ: c_uint,
        blockDimX: c_uint,
        blockDimY: c_uint,
        blockDimZ: c_uint,
        sharedMemBytes: c_uint,
        hStream: CUstream,
        kernelParams: *mut *mut c_void,
    ) {
        let grid = Dim { x: gridDimX, y: gridDimY, z: gridDimZ };
        let block = Dim { x: blockDimX, y: blockDimY, z: blockDimZ };
        let extra = std::ptr::null_mut();
        launch(f, grid, block, sharedMemBytes, hStream, kernelParams, extra, true)
    }
}

/// Launches a kernel.
///
/// # Safety
/// `params` and `extra` are as `cuLaunchKernel` asks for.
#[expect(clippy::too_many_arguments, reason = "as cuda.h has it")]
unsafe fn launch(
    f: CUfunction,
    grid: Dim,
    block: Dim,
    shared: u32,
    stream: CUstream,
    params: *mut *mut c_void,
    extra: *mut *mut c_void,
    cooperative: bool,
) -> Answer {
    let (soft, current) = current()?;
    let function = soft.functions.get(f.addr() as u64)?;
    let (_, lane) = lane(stream)?;
    // SAFETY: the caller's promise.
    let args = unsafe { read_args(&function, params, extra)? };
    Launch { function, grid, block, shared, cooperative, args }.issue(soft, &lane, &current)
}
