//! Contexts: the stack of a thread, primary contexts, what is set and read again.

use crate::support::{Session, fails, init, ok};
use softcuda_driver::*;
use std::ptr::null_mut;

fn current() -> CUcontext {
    let mut context = null_mut();
    ok!(cuCtxGetCurrent(&mut context));
    context
}

#[test]
fn a_stack_of_contexts() {
    init();
    assert!(current().is_null());
    fails!(cuCtxSynchronize(), CUDA_ERROR_INVALID_CONTEXT);
    fails!(cuCtxPopCurrent_v2(&mut null_mut()), CUDA_ERROR_INVALID_CONTEXT);
    let (mut a, mut b) = (null_mut(), null_mut());
    ok!(cuCtxCreate_v2(&mut a, 0, 0));
    ok!(cuCtxCreate_v2(&mut b, 0, 1));
    assert_eq!(current(), b);
    let mut device = -1;
    ok!(cuCtxGetDevice(&mut device));
    assert_eq!(device, 1);
    let mut popped = null_mut();
    ok!(cuCtxPopCurrent_v2(&mut popped));
    assert_eq!((popped, current()), (b, a));
    ok!(cuCtxPushCurrent_v2(b));
    ok!(cuCtxSetCurrent(a));
    ok!(cuCtxPopCurrent_v2(null_mut()));
    assert_eq!(current(), a);
    ok!(cuCtxSetCurrent(null_mut()));
    assert!(current().is_null());
    // A context of no thread can be used by any, until it is destroyed.
    ok!(cuCtxSetCurrent(b));
    let address = b.addr();
    std::thread::spawn(move || {
        let context = std::ptr::without_provenance_mut(address);
        ok!(cuCtxSetCurrent(context));
        ok!(cuCtxSynchronize());
        ok!(cuCtxDestroy_v2(context));
        assert!(current().is_null());
    })
    .join()
    .unwrap();
    fails!(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    fails!(cuCtxDestroy_v2(b), CUDA_ERROR_INVALID_CONTEXT);
    ok!(cuCtxDestroy_v2(a));
}

#[test]
fn primary_contexts_are_shared_and_counted() {
    init();
    let (mut a, mut b) = (null_mut(), null_mut());
    let state = || {
        let (mut flags, mut active) = (0, 0);
        ok!(cuDevicePrimaryCtxGetState(0, &mut flags, &mut active));
        (flags, active)
    };
    assert_eq!(state(), (0, 0));
    fails!(cuDevicePrimaryCtxRelease_v2(0), CUDA_ERROR_INVALID_CONTEXT);
    ok!(cuDevicePrimaryCtxSetFlags_v2(0, 4));
    fails!(cuDevicePrimaryCtxSetFlags_v2(0, 1 << 20), CUDA_ERROR_INVALID_VALUE);
    ok!(cuDevicePrimaryCtxRetain(&mut a, 0));
    ok!(cuDevicePrimaryCtxRetain(&mut b, 0));
    assert_eq!((a, state()), (b, (4, 1)));
    fails!(cuCtxDestroy_v2(a), CUDA_ERROR_INVALID_CONTEXT);
    ok!(cuCtxSetCurrent(a));
    let mut flags = 0;
    ok!(cuCtxGetFlags(&mut flags));
    assert_eq!(flags, 4);
    ok!(cuDevicePrimaryCtxRelease_v2(0));
    ok!(cuCtxSynchronize());
    ok!(cuDevicePrimaryCtxRelease_v2(0));
    assert_eq!(state(), (4, 0));
    fails!(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    fails!(cuDevicePrimaryCtxRelease_v2(0), CUDA_ERROR_INVALID_CONTEXT);
    ok!(cuDevicePrimaryCtxSetFlags_v2(0, 0));
}

#[test]
fn what_is_set_is_read_again() {
    let session = Session::new();
    let mut value = 0;
    ok!(cuCtxGetLimit(&mut value, 0));
    assert_eq!(value, 1024);
    ok!(cuCtxSetLimit(0, 4096));
    ok!(cuCtxGetLimit(&mut value, 0));
    assert_eq!(value, 4096);
    fails!(cuCtxSetLimit(10, 1), CUDA_ERROR_INVALID_VALUE);
    let mut config = 9;
    ok!(cuCtxSetCacheConfig(2));
    ok!(cuCtxGetCacheConfig(&mut config));
    assert_eq!(config, 2);
    fails!(cuCtxSetCacheConfig(4), CUDA_ERROR_INVALID_VALUE);
    ok!(cuCtxSetSharedMemConfig(2));
    ok!(cuCtxGetSharedMemConfig(&mut config));
    assert_eq!(config, 1);
    let mut version = 0;
    ok!(cuCtxGetApiVersion(session.context, &mut version));
    assert_eq!(version, 3020);
    let (mut least, mut greatest) = (1, 1);
    ok!(cuCtxGetStreamPriorityRange(&mut least, &mut greatest));
    assert_eq!((least, greatest), (0, -5));
    fails!(cuCtxCreate_v2(&mut null_mut(), 1 << 30, 0), CUDA_ERROR_INVALID_VALUE);
}

#[test]
fn facts_of_a_device() {
    init();
    let mut version = 0;
    ok!(cuDriverGetVersion(&mut version));
    assert_eq!(version, 13_000);
    let mut total = 0;
    ok!(cuDeviceTotalMem_v2(&mut total, 1));
    assert_eq!(total, 256 << 20);
    let (mut major, mut minor) = (0, 9);
    ok!(cuDeviceComputeCapability(&mut major, &mut minor, 0));
    assert_eq!((major, minor), (8, 0));
    let mut uuids = [CUuuid { bytes: [0; 16] }; 2];
    for (device, uuid) in uuids.iter_mut().enumerate() {
        ok!(cuDeviceGetUuid(uuid, device as i32));
    }
    assert_ne!(uuids[0], uuids[1]);
}
