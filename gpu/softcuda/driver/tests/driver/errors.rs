//! Codes: their names and texts, null pointers, and the last error.

use crate::support::{Session, fails, ok};
use softcuda_driver::*;
use std::ffi::CStr;
use std::ptr::{null, null_mut};

#[test]
fn names_and_texts() {
    crate::support::init();
    let mut text = null();
    ok!(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &mut text));
    // SAFETY: a C string of the driver.
    assert_eq!(unsafe { CStr::from_ptr(text) }, c"CUDA_ERROR_ILLEGAL_ADDRESS");
    ok!(cuGetErrorString(CUDA_SUCCESS, &mut text));
    // SAFETY: as above.
    assert_eq!(unsafe { CStr::from_ptr(text) }, c"no error");
    fails!(cuGetErrorString(CUresult(12345), &mut text), CUDA_ERROR_INVALID_VALUE);
    assert!(text.is_null());
    fails!(cuGetErrorName(CUDA_SUCCESS, null_mut()), CUDA_ERROR_INVALID_VALUE);
    assert_eq!(format!("{:?}", CUDA_ERROR_INVALID_PTX), "CUDA_ERROR_INVALID_PTX");
    assert_eq!(CUresult(12345).to_string(), "CUresult(12345) (12345): unknown code");
}

#[test]
fn null_pointers() {
    let session = Session::new();
    let kernel = session.kernel("trapped");
    let at = session.alloc(8);
    let value = CUDA_ERROR_INVALID_VALUE;
    fails!(cuInit(1), value);
    fails!(cuDriverGetVersion(null_mut()), value);
    fails!(cuDeviceGetCount(null_mut()), value);
    fails!(cuDeviceGet(null_mut(), 0), value);
    fails!(cuDeviceGetName(null_mut(), 10, 0), value);
    fails!(cuDeviceGetAttribute(null_mut(), 1, 0), value);
    fails!(cuDeviceTotalMem_v2(null_mut(), 0), value);
    fails!(cuDevicePrimaryCtxRetain(null_mut(), 0), value);
    fails!(cuCtxCreate_v2(null_mut(), 0, 0), value);
    fails!(cuCtxGetCurrent(null_mut()), value);
    fails!(cuMemAlloc_v2(null_mut(), 8), value);
    fails!(cuMemAlloc_v2(&mut 0, 0), value);
    fails!(cuMemAllocHost_v2(null_mut(), 8), value);
    fails!(cuMemAllocManaged(null_mut(), 8, 1), value);
    fails!(cuMemGetInfo_v2(null_mut(), &mut 0), value);
    fails!(cuMemcpyHtoD_v2(at, null(), 8), value);
    fails!(cuMemcpyDtoH_v2(null_mut(), at, 8), value);
    fails!(cuMemcpyHtoDAsync_v2(at, null(), 8, null_mut()), value);
    fails!(cuMemcpyDtoHAsync_v2(null_mut(), at, 8, null_mut()), value);
    fails!(cuMemcpy2D_v2(null()), value);
    fails!(cuModuleLoadData(null_mut(), c"".as_ptr().cast()), value);
    fails!(cuModuleLoadData(&mut null_mut(), null()), value);
    fails!(cuModuleLoad(&mut null_mut(), null()), value);
    let module = session.module(crate::support::KERNELS);
    fails!(cuModuleGetFunction(null_mut(), module, c"store".as_ptr()), value);
    fails!(cuModuleGetFunction(&mut null_mut(), module, null()), value);
    fails!(cuModuleGetGlobal_v2(null_mut(), null_mut(), module, c"counter".as_ptr()), value);
    fails!(cuFuncGetAttribute(null_mut(), 0, kernel), value);
    fails!(cuStreamCreate(null_mut(), 0), value);
    fails!(cuEventCreate(null_mut(), 0), value);
    fails!(cuLaunchHostFunc(null_mut(), None, null_mut()), value);
    fails!(cuLinkCreate_v2(0, null_mut(), null_mut(), null_mut()), value);
    fails!(cuGetProcAddress(null(), &mut null_mut(), 11_000, 0), value);
    fails!(cuPointerGetAttribute(null_mut(), 2, at), value);
}

#[test]
fn devices_that_are_not_there() {
    crate::support::init();
    for device in [-1, 2, i32::MAX, i32::MIN] {
        fails!(cuDeviceGet(&mut 0, device), CUDA_ERROR_INVALID_DEVICE);
        fails!(cuDeviceTotalMem_v2(&mut 0, device), CUDA_ERROR_INVALID_DEVICE);
        fails!(cuCtxCreate_v2(&mut null_mut(), 0, device), CUDA_ERROR_INVALID_DEVICE);
        fails!(cuDevicePrimaryCtxRetain(&mut null_mut(), device), CUDA_ERROR_INVALID_DEVICE);
    }
    fails!(cuDeviceGetAttribute(&mut 0, 0, 0), CUDA_ERROR_INVALID_VALUE);
    fails!(cuDeviceGetName([0; 4].as_mut_ptr(), 0, 0), CUDA_ERROR_INVALID_VALUE);
    let mut name = [1; 5];
    ok!(cuDeviceGetName(name.as_mut_ptr(), 5, 0));
    assert_eq!(name.map(|byte| byte as u8), *b"soft\0");
}

#[test]
fn the_last_error_is_the_threads_own() {
    let _session = Session::new();
    fails!(cuMemFree_v2(12), CUDA_ERROR_INVALID_VALUE);
    let text = last_error().unwrap();
    let head = "cuMemFree_v2: CUDA_ERROR_INVALID_VALUE (1): invalid argument: 0xc is not the ";
    assert!(text.starts_with(head), "{text}");
    let mut buffer = [1; 12];
    // SAFETY: the buffer has so many bytes.
    let len = unsafe { softcuda_last_error(buffer.as_mut_ptr(), buffer.len()) };
    assert_eq!(len, text.len());
    assert_eq!(buffer.map(|byte| byte as u8), *b"cuMemFree_v\0");
    // SAFETY: nothing is copied.
    assert_eq!(unsafe { softcuda_last_error(null_mut(), 0) }, text.len());
    assert_eq!(std::thread::spawn(last_error).join().unwrap(), None);
}
