//! Several devices: peer copies in a ring, memory that runs out, settings before the first call.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use softcuda_driver::*;
use std::ptr::null_mut;

macro_rules! ok {
    ($call:expr) => {{
        // SAFETY: the test's pointers are good.
        let code = unsafe { $call };
        assert_eq!(code, CUDA_SUCCESS, "{}: {:?}", stringify!($call), last_error());
    }};
}

const DEVICES: usize = 5;

#[test]
fn a_ring_of_devices() {
    let settings = Settings {
        mode: Some(Mode::Force),
        devices: Some(DEVICES as u32),
        memory: Some(1 << 16),
        workers: Some(1),
        ..Settings::default()
    };
    configure(settings.clone()).unwrap();
    // SAFETY: good pointers.
    assert_eq!(unsafe { cuDeviceGetCount(&mut 0) }, CUDA_ERROR_NOT_INITIALIZED);
    ok!(cuInit(0));
    assert_eq!(configure(settings), Err(AlreadyDecided));
    let mut contexts = [null_mut(); DEVICES];
    let mut memory = [0; DEVICES];
    let mut streams = [null_mut(); DEVICES];
    let mut events = [null_mut(); DEVICES];
    for device in 0..DEVICES {
        ok!(cuDevicePrimaryCtxRetain(&mut contexts[device], device as i32));
        ok!(cuCtxSetCurrent(contexts[device]));
        ok!(cuMemAlloc_v2(&mut memory[device], 4096));
        ok!(cuStreamCreate(&mut streams[device], CU_STREAM_NON_BLOCKING));
        ok!(cuEventCreate(&mut events[device], CU_EVENT_DISABLE_TIMING));
        ok!(cuMemsetD8_v2(memory[device], device as u8, 4096));
        // Each device has its own 64 KiB.
        // SAFETY: good pointers.
        let code = unsafe { cuMemAlloc_v2(&mut 0, 1 << 16) };
        assert_eq!(code, CUDA_ERROR_OUT_OF_MEMORY);
    }
    for device in 0..DEVICES {
        let next = (device + 1) % DEVICES;
        let mut can = -1;
        ok!(cuDeviceCanAccessPeer(&mut can, device as i32, next as i32));
        assert_eq!(can, 1);
        ok!(cuDeviceCanAccessPeer(&mut can, device as i32, device as i32));
        assert_eq!(can, 0);
        ok!(cuCtxSetCurrent(contexts[device]));
        ok!(cuCtxEnablePeerAccess(contexts[next], 0));
        // SAFETY: handles only.
        unsafe {
            let again = cuCtxEnablePeerAccess(contexts[next], 0);
            assert_eq!(again, CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED);
            let own = cuCtxEnablePeerAccess(contexts[device], 0);
            assert_eq!(own, CUDA_ERROR_INVALID_CONTEXT);
            let none = cuCtxDisablePeerAccess(contexts[device]);
            assert_eq!(none, CUDA_ERROR_PEER_ACCESS_NOT_ENABLED);
        }
    }
    // Device 0's bytes go once around; each copy waits for the one before it, on another device.
    for device in 0..DEVICES {
        let next = (device + 1) % DEVICES;
        if device > 0 {
            ok!(cuStreamWaitEvent(streams[device], events[device - 1], 0));
        }
        ok!(cuMemcpyPeerAsync(
            memory[next] + 1024,
            contexts[next],
            memory[device] + if device == 0 { 0 } else { 1024 },
            contexts[device],
            1024,
            streams[device],
        ));
        ok!(cuCtxSetCurrent(contexts[device]));
        ok!(cuEventRecord(events[device], streams[device]));
    }
    ok!(cuStreamSynchronize(streams[DEVICES - 1]));
    for (device, &at) in memory.iter().enumerate() {
        let mut out = [9_u8; 4096];
        ok!(cuMemcpyDtoH_v2(out.as_mut_ptr().cast(), at, 4096));
        let own = device as u8;
        assert!(out[..1024].iter().all(|&byte| byte == own));
        assert!(out[1024..2048].iter().all(|&byte| byte == 0));
        assert!(out[2048..].iter().all(|&byte| byte == own));
    }
    ok!(cuMemcpyPeer(memory[1], contexts[1], memory[4] + 2048, contexts[4], 8));
    let mut word = 0_u64;
    ok!(cuMemcpyDtoH_v2((&raw mut word).cast(), memory[1], 8));
    assert_eq!(word, 0x0404_0404_0404_0404);
    for device in 0..DEVICES {
        ok!(cuDevicePrimaryCtxRelease_v2(device as i32));
    }
}
