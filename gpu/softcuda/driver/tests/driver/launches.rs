//! Launches that are refused, and how arguments are read.

use crate::support::{Session, fails, launch, launch_shape, ok, read};
use softcuda_driver::*;
use std::ffi::c_void;
use std::ptr::null_mut;

#[test]
fn shapes_beyond_the_limits() {
    let session = Session::new();
    let kernel = session.kernel("trapped");
    let shape = |grid, block, shared| launch_shape(kernel, grid, block, shared, null_mut(), &[]);
    for (grid, block) in [
        ([0, 1, 1], [1, 1, 1]),
        ([1, 0, 1], [1, 1, 1]),
        ([1, 1, 1], [1, 1, 0]),
        ([1 << 31, 1, 1], [1, 1, 1]),
        ([1, 65536, 1], [1, 1, 1]),
        ([1, 1, 65536], [1, 1, 1]),
        ([1, 1, 1], [1025, 1, 1]),
        ([1, 1, 1], [1, 1, 65]),
        ([1, 1, 1], [32, 32, 2]),
        ([u32::MAX; 3], [u32::MAX; 3]),
    ] {
        fails!(shape(grid, block, 0), CUDA_ERROR_INVALID_VALUE);
    }
    // Nothing of it ran.
    ok!(cuCtxSynchronize());
}

#[test]
fn shared_memory_needs_leave() {
    let session = Session::new();
    let kernel = session.kernel("sized");
    let with = |shared| launch_shape(kernel, [1; 3], [1; 3], shared, null_mut(), &[]);
    ok!(with(47 << 10));
    let detail = fails!(with((47 << 10) + 1), CUDA_ERROR_INVALID_VALUE);
    assert!(detail.contains("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"), "{detail}");
    fails!(cuFuncSetAttribute(kernel, 8, (162 << 10) + 1), CUDA_ERROR_INVALID_VALUE);
    fails!(cuFuncSetAttribute(kernel, 8, -1), CUDA_ERROR_INVALID_VALUE);
    fails!(cuFuncSetAttribute(kernel, 1, 1), CUDA_ERROR_INVALID_VALUE);
    ok!(cuFuncSetAttribute(kernel, 8, 162 << 10));
    ok!(with(162 << 10));
    fails!(with((162 << 10) + 1), CUDA_ERROR_INVALID_VALUE);
    ok!(cuCtxSynchronize());
}

#[test]
fn blocks_that_the_kernel_was_not_compiled_for() {
    let session = Session::new();
    let with = |name, threads| {
        launch_shape(session.kernel(name), [1; 3], [threads, 1, 1], 0, null_mut(), &[])
    };
    ok!(with("bounded", 64));
    fails!(with("bounded", 65), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
    ok!(with("exact", 32));
    fails!(with("exact", 31), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
}

#[test]
fn cooperative_launches_must_be_resident() {
    let session = Session::new();
    let kernel = session.kernel("bounded");
    let with = |blocks| {
        // SAFETY: the kernel has no parameters.
        unsafe {
            cuLaunchCooperativeKernel(kernel, blocks, 1, 1, 64, 1, 1, 0, null_mut(), null_mut())
        }
    };
    ok!(with(108 * 32));
    fails!(with(108 * 32 + 1), CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
    ok!(cuCtxSynchronize());
}

#[test]
fn arguments_that_are_not_there() {
    let session = Session::new();
    let kernel = session.kernel("store");
    let mut at = session.alloc(8);
    let with = |params: *mut *mut c_void, extra: *mut *mut c_void| {
        // SAFETY: what is not null is good.
        unsafe { cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, null_mut(), params, extra) }
    };
    fails!(with(null_mut(), null_mut()), CUDA_ERROR_INVALID_VALUE);
    let mut params: [*mut c_void; 2] = [(&raw mut at).cast(), null_mut()];
    let detail = fails!(with(params.as_mut_ptr(), null_mut()), CUDA_ERROR_INVALID_VALUE);
    assert!(detail.contains("kernelParams[1] is null"), "{detail}");

    let mut buffer = [at, 77];
    let mut size = 16_usize;
    let mut extra = [
        CU_LAUNCH_PARAM_BUFFER_POINTER,
        (&raw mut buffer).cast(),
        CU_LAUNCH_PARAM_BUFFER_SIZE,
        (&raw mut size).cast(),
        CU_LAUNCH_PARAM_END,
    ];
    fails!(with(params.as_mut_ptr(), extra.as_mut_ptr()), CUDA_ERROR_INVALID_VALUE);
    ok!(with(null_mut(), extra.as_mut_ptr()));
    assert_eq!(read(at), 77);
    let mut short = 15_usize;
    extra[3] = (&raw mut short).cast();
    let detail = fails!(with(null_mut(), extra.as_mut_ptr()), CUDA_ERROR_INVALID_VALUE);
    assert!(detail.contains("parameter value ends at byte 16 of 15"), "{detail}");
    extra[2] = CU_LAUNCH_PARAM_END;
    fails!(with(null_mut(), extra.as_mut_ptr()), CUDA_ERROR_INVALID_VALUE);
    extra[0] = std::ptr::without_provenance_mut(9);
    fails!(with(null_mut(), extra.as_mut_ptr()), CUDA_ERROR_INVALID_VALUE);
}

#[test]
fn structures_are_arguments_too() {
    let session = Session::new();
    let at = session.alloc(8);
    let (mut all, mut to) = ([1_u32, 2, 3], at);
    let mut params: [*mut c_void; 2] = [(&raw mut all).cast(), (&raw mut to).cast()];
    let kernel = session.kernel("bytes");
    let params = params.as_mut_ptr();
    ok!(cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, null_mut(), params, null_mut()));
    assert_eq!(read(at), 3);
}

#[test]
fn kernels_and_streams_of_other_contexts() {
    let other = Session::new();
    let (kernel, stream) = (other.kernel("trapped"), other.stream());
    let session = Session::new();
    fails!(launch(kernel, null_mut(), &[]), CUDA_ERROR_INVALID_HANDLE);
    fails!(launch(session.kernel("trapped"), stream, &[]), CUDA_ERROR_INVALID_HANDLE);
    ok!(cuCtxSynchronize());
    drop(session);
    other.current();
}

#[test]
fn statistics_are_kept_on_demand() {
    let session = Session::new();
    assert_eq!(last_statistics(), None);
    let at = session.alloc(8);
    record_statistics(true);
    ok!(launch(session.kernel("store"), null_mut(), &[at, 1]));
    ok!(launch(session.kernel("double"), null_mut(), &[at]));
    let names: Vec<String> = take_statistics().into_iter().map(|it| it.kernel).collect();
    assert_eq!(names, ["store", "double"]);
    ok!(launch(session.kernel("store"), null_mut(), &[at, 1]));
    assert_eq!(take_statistics().len(), 1);
    record_statistics(false);
    ok!(launch(session.kernel("double"), null_mut(), &[at]));
    assert!(take_statistics().is_empty());
    assert_eq!(last_statistics().unwrap().kernel, "double");
}
