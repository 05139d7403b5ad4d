//! A kernel that goes wrong fails its context, and nothing else.

use crate::support::{Session, fails, launch, ok, read, write};
use softcuda_driver::*;
use std::ptr::null_mut;

/// Runs a faulty kernel and sees the code everywhere, then nowhere after the context is gone.
fn poisons(kernel: &str, args: impl FnOnce(&Session) -> Vec<u64>, code: CUresult) -> String {
    let other = Session::new();
    let kept = other.alloc(8);
    write(kept, 41);
    let session = Session::new();
    let room = session.alloc(8);
    let (stream, event) = (session.stream(), session.event());
    let args = args(&session);
    // The launch itself is fine.
    ok!(launch(session.kernel(kernel), stream, &args));
    let detail = fails!(cuStreamSynchronize(stream), code);
    fails!(cuCtxSynchronize(), code);
    fails!(cuStreamQuery(stream), code);
    fails!(cuEventRecord(event, stream), code);
    fails!(cuMemAlloc_v2(&mut 0, 8), code);
    fails!(cuMemcpyDtoH_v2([0_u64; 1].as_mut_ptr().cast(), room, 8), code);
    fails!(cuMemFree_v2(room), code);
    fails!(cuStreamCreate(&mut null_mut(), 0), code);
    // What knows no context goes on, and so does another one.
    let mut count = 0;
    ok!(cuDeviceGetCount(&mut count));
    assert_eq!(count, 2);
    other.current();
    assert_eq!(read(kept), 41);
    ok!(launch(other.kernel("add"), null_mut(), &[kept, 1]));
    assert_eq!(read(kept), 42);
    session.current();
    drop(session);
    // Memory that the failed context had is free.
    other.current();
    fails!(cuMemFree_v2(room), CUDA_ERROR_INVALID_VALUE);
    detail
}

#[test]
fn out_of_bounds() {
    let detail = poisons("load", |session| vec![session.alloc(8) + 8], CUDA_ERROR_ILLEGAL_ADDRESS);
    for part in [
        "cuStreamSynchronize",
        "CUDA_ERROR_ILLEGAL_ADDRESS (700)",
        "0 bytes past the end of allocation",
        "kernel load, block (0,0,0), thread (0,0,0)",
        "`ld.global.u32` at PTX line",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
}

#[test]
fn use_after_free() {
    let freed = |session: &Session| {
        let at = session.alloc(8);
        ok!(cuMemFree_v2(at));
        vec![at]
    };
    let detail = poisons("load", freed, CUDA_ERROR_ILLEGAL_ADDRESS);
    assert!(detail.contains("into freed allocation"), "{detail}");
}

#[test]
fn misaligned() {
    poisons("unaligned", |session| vec![session.alloc(16)], CUDA_ERROR_MISALIGNED_ADDRESS);
}

#[test]
fn traps() {
    poisons("trapped", |_| Vec::new(), CUDA_ERROR_LAUNCH_FAILED);
}

#[test]
fn assertions() {
    let detail = poisons("assertion", |_| Vec::new(), CUDA_ERROR_ASSERT);
    assert!(detail.contains("`x < n`"), "{detail}");
}

#[test]
fn work_after_a_fault_is_left_out() {
    let session = Session::new();
    let at = session.alloc(8);
    let gate = crate::support::Gate::new();
    let stream = session.stream();
    // All is issued before the fault.
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(launch(session.kernel("load"), stream, &[0]));
    ok!(launch(session.kernel("store"), stream, &[at, 5]));
    let event = session.event();
    ok!(cuEventRecord(event, stream));
    gate.open();
    fails!(cuEventSynchronize(event), CUDA_ERROR_ILLEGAL_ADDRESS);
    // The store was not done, as the memory's bytes show through another context.
    let other = Session::new();
    assert_eq!(read(at), 0);
    drop(other);
    session.current();
}

#[test]
fn a_primary_context_is_whole_again_after_a_reset() {
    crate::support::init();
    let mut context = null_mut();
    ok!(cuDevicePrimaryCtxRetain(&mut context, 1));
    ok!(cuCtxSetCurrent(context));
    let session = std::mem::ManuallyDrop::new(Session { context });
    ok!(launch(session.kernel("trapped"), null_mut(), &[]));
    fails!(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
    ok!(cuDevicePrimaryCtxReset_v2(1));
    ok!(cuCtxSynchronize());
    let at = session.alloc(8);
    ok!(launch(session.kernel("store"), null_mut(), &[at, 3]));
    assert_eq!(read(at), 3);
    ok!(cuDevicePrimaryCtxRelease_v2(1));
    fails!(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
}
