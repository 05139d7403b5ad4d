//! Memory of devices and of the host.

use crate::support::{Gate, Session, fails, launch, ok, read, write};
use softcuda_driver::*;
use std::ffi::c_void;
use std::ptr::null_mut;

#[test]
fn allocations_count() {
    // Device 1 is used by this test alone in so far as its free memory is looked at.
    let session = Session::on(1);
    let at = session.alloc(1 << 20);
    assert_eq!(at % 256, 0);
    let (mut base, mut size) = (0, 0);
    ok!(cuMemGetAddressRange_v2(&mut base, &mut size, at + 77));
    assert_eq!((base, size), (at, 1 << 20));
    fails!(cuMemGetAddressRange_v2(&mut base, &mut size, 77), CUDA_ERROR_NOT_FOUND);
    let detail = fails!(cuMemAlloc_v2(&mut 0, 1 << 30), CUDA_ERROR_OUT_OF_MEMORY);
    assert!(detail.contains("1073741824 bytes asked for"), "{detail}");
    fails!(cuMemAlloc_v2(&mut 0, usize::MAX), CUDA_ERROR_OUT_OF_MEMORY);
    // Out of memory is not sticky.
    ok!(cuMemFree_v2(at));
    fails!(cuMemFree_v2(at + 256), CUDA_ERROR_INVALID_VALUE);
    let part = session.alloc(1000);
    fails!(cuMemFree_v2(part + 1), CUDA_ERROR_INVALID_VALUE);
    ok!(cuMemFree_v2(part));
    let (mut free, mut total) = (0, 0);
    ok!(cuMemGetInfo_v2(&mut free, &mut total));
    assert!(free <= total && total == 256 << 20);
    let (mut pitched, mut pitch) = (0, 0);
    ok!(cuMemAllocPitch_v2(&mut pitched, &mut pitch, 1000, 3, 4));
    assert_eq!(pitch, 1024);
    ok!(cuMemGetAddressRange_v2(&mut base, &mut size, pitched));
    assert_eq!(size, 3072);
    let huge = usize::MAX / 2;
    fails!(cuMemAllocPitch_v2(&mut pitched, &mut pitch, huge, 3, 4), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemAllocPitch_v2(&mut pitched, &mut pitch, 8, 3, 3), CUDA_ERROR_INVALID_VALUE);
}

#[test]
fn freed_when_the_stream_comes_to_it() {
    let session = Session::new();
    let (stream, gate) = (session.stream(), Gate::new());
    let (mut at, kept) = (0, session.alloc(8));
    ok!(cuMemAllocAsync(&mut at, 8, stream));
    ok!(launch(session.kernel("wait"), stream, &[gate.address()]));
    ok!(launch(session.kernel("store"), stream, &[at, 3]));
    ok!(cuMemcpyDtoDAsync_v2(kept, at, 8, stream));
    ok!(cuMemFreeAsync(at, stream));
    fails!(cuMemFreeAsync(at, stream), CUDA_ERROR_INVALID_VALUE);
    gate.open();
    assert_eq!(read(kept), 3);
    fails!(cuMemcpyDtoH_v2([0_u64; 1].as_mut_ptr().cast(), at, 8), CUDA_ERROR_INVALID_VALUE);
    ok!(cuMemFreeAsync(0, stream));
}

#[test]
fn page_locked_memory_is_reached_by_kernels() {
    let session = Session::new();
    let mut at: *mut c_void = null_mut();
    ok!(cuMemHostAlloc(&mut at, 64, 2));
    let words = at.cast::<u64>();
    // SAFETY: allocated, and no work is under way.
    unsafe { words.write(20) };
    let mut device = 0;
    ok!(cuMemHostGetDevicePointer_v2(&mut device, at, 0));
    assert_eq!(device, at.addr() as u64);
    ok!(launch(session.kernel("add"), null_mut(), &[device, 2]));
    ok!(cuCtxSynchronize());
    // SAFETY: as above.
    assert_eq!(unsafe { words.read() }, 22);
    let mut flags = 0;
    ok!(cuMemHostGetFlags(&mut flags, at.wrapping_byte_add(63)));
    assert_eq!(flags, 2);
    fails!(cuMemHostGetFlags(&mut flags, at.wrapping_byte_add(64)), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemFreeHost(at.wrapping_byte_add(8)), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemFree_v2(device), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemHostAlloc(&mut at, 64, 8), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemHostAlloc(&mut at, usize::MAX, 0), CUDA_ERROR_OUT_OF_MEMORY);
    ok!(cuMemFreeHost(at));
    fails!(cuMemFreeHost(at), CUDA_ERROR_INVALID_VALUE);
    ok!(launch(session.kernel("load"), null_mut(), &[device]));
    fails!(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

#[test]
fn registered_memory_is_reached_by_kernels() {
    let session = Session::new();
    let mut words = vec![1_u64; 100];
    let at: *mut c_void = words.as_mut_ptr().cast();
    ok!(cuMemHostRegister_v2(at, 800, 0));
    let inside = at.wrapping_byte_add(8);
    fails!(cuMemHostRegister_v2(inside, 8, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
    fails!(cuMemHostRegister_v2(null_mut(), 8, 0), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemHostRegister_v2(inside, usize::MAX, 0), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemHostRegister_v2(at, 8, 64), CUDA_ERROR_INVALID_VALUE);
    ok!(launch(session.kernel("add"), null_mut(), &[inside.addr() as u64, 5]));
    ok!(cuCtxSynchronize());
    fails!(cuMemHostUnregister(inside), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    ok!(cuMemHostUnregister(at));
    fails!(cuMemHostUnregister(at), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    assert_eq!(words[..3], [1, 6, 1]);
}

#[test]
fn managed_memory_is_one_memory() {
    let session = Session::new();
    let mut at = 0;
    ok!(cuMemAllocManaged(&mut at, 16, 1));
    let words = std::ptr::with_exposed_provenance_mut::<u64>(at as usize);
    // SAFETY: allocated for the host too, and no work is under way.
    unsafe { words.write(30) };
    ok!(cuMemAdvise(at, 16, 1, 0));
    fails!(cuMemAdvise(at, 17, 1, 0), CUDA_ERROR_INVALID_VALUE);
    fails!(cuMemAdvise(at, 16, 9, 0), CUDA_ERROR_INVALID_VALUE);
    ok!(cuMemPrefetchAsync(at, 16, 0, null_mut()));
    ok!(cuMemPrefetchAsync(at, 16, -1, null_mut()));
    fails!(cuMemPrefetchAsync(at, 16, 7, null_mut()), CUDA_ERROR_INVALID_DEVICE);
    ok!(launch(session.kernel("double"), null_mut(), &[at]));
    ok!(cuCtxSynchronize());
    // SAFETY: as above.
    assert_eq!(unsafe { words.read() }, 60);
    assert_eq!(read(at), 60);
    write(at + 8, 1);
    ok!(cuMemsetD8_v2(at, 1, 1));
    // SAFETY: as above.
    assert_eq!(unsafe { (words.read(), words.add(1).read()) }, (1, 1));
    fails!(cuMemAllocManaged(&mut at, 16, 0), CUDA_ERROR_INVALID_VALUE);
    ok!(cuMemFree_v2(at));
    fails!(cuMemFree_v2(at), CUDA_ERROR_INVALID_VALUE);
}

#[test]
fn facts_of_an_address() {
    let session = Session::on(1);
    let device = session.alloc(100);
    let mut managed = 0;
    ok!(cuMemAllocManaged(&mut managed, 8, 1));
    let fact = |attribute, at| {
        let mut value = 0_u64;
        ok!(cuPointerGetAttribute((&raw mut value).cast(), attribute, at));
        value
    };
    assert_eq!(fact(1, device + 5), session.context.addr() as u64);
    assert_eq!((fact(2, device), fact(2, managed)), (2, 1));
    assert_eq!((fact(3, device + 1), fact(4, managed + 1)), (device + 1, managed + 1));
    assert_eq!((fact(8, device), fact(8, managed)), (0, 1));
    assert_eq!((fact(9, device), fact(11, device + 9), fact(12, device)), (1, device, 100));
    let mut value = 0_u64;
    let to = (&raw mut value).cast();
    fails!(cuPointerGetAttribute(to, 4, device), CUDA_ERROR_INVALID_VALUE);
    fails!(cuPointerGetAttribute(to, 2, 77), CUDA_ERROR_INVALID_VALUE);
    fails!(cuPointerGetAttribute(to, 5, device), CUDA_ERROR_NOT_SUPPORTED);
    ok!(cuMemFree_v2(managed));
}
