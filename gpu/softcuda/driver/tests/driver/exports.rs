//! Which functions there are.

use crate::support::{fails, init, ok};
use softcuda_driver::*;
use std::ffi::CString;
use std::ptr::null_mut;

#[test]
fn every_function_that_cust_names_is_there() {
    init();
    let names: Vec<&str> = include_str!("../cust_functions.txt").lines().collect();
    assert_eq!(names.len(), 105);
    let missing: Vec<_> = names.iter().filter(|name| address(name, 11_000).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn address(name: &str, version: i32) -> Option<usize> {
    let name = CString::new(name).unwrap();
    let mut found = null_mut();
    let mut status = 9;
    // SAFETY: good pointers.
    let code = unsafe { cuGetProcAddress_v2(name.as_ptr(), &mut found, version, 0, &mut status) };
    if code == CUDA_SUCCESS {
        assert_eq!(status, 0);
        return Some(found.addr());
    }
    assert_eq!((code, status, found), (CUDA_ERROR_NOT_FOUND, 1, null_mut()));
    None
}

#[test]
fn names_find_the_version_that_a_program_knows() {
    init();
    let at = |function: *const ()| Some(function.addr());
    assert_eq!(address("cuMemAlloc", 12_000), at(cuMemAlloc_v2 as *const ()));
    assert_eq!(address("cuLaunchKernel", 12_000), at(cuLaunchKernel as *const ()));
    assert_eq!(address("cuCtxCreate", 11_000), at(cuCtxCreate_v2 as *const ()));
    assert_eq!(address("cuCtxCreate", 12_000), at(cuCtxCreate_v3 as *const ()));
    assert_eq!(address("cuCtxCreate", 13_000), at(cuCtxCreate_v4 as *const ()));
    assert_eq!(address("cuMemAdvise", 13_000), None);
    assert_eq!(address("cuGetProcAddress", 11_030), at(cuGetProcAddress as *const ()));
    assert_eq!(address("cuGetProcAddress", 12_000), at(cuGetProcAddress_v2 as *const ()));
    assert_eq!(address("cuEventElapsedTime", 12_080), at(cuEventElapsedTime_v2 as *const ()));
    assert_eq!(address("cuNone", 12_000), None);
    let mut found = null_mut();
    fails!(cuGetProcAddress(c"cuInit".as_ptr(), &mut found, 11_000, 3), CUDA_ERROR_INVALID_VALUE);
    ok!(cuGetProcAddress(c"cuInit".as_ptr(), &mut found, 11_000, 2));
    fails!(cuGetProcAddress(c"cuNo".as_ptr(), &mut found, 11_000, 0), CUDA_ERROR_NOT_FOUND);
}

#[test]
fn what_is_lacking_says_so() {
    init();
    let lacks = CUDA_ERROR_NOT_SUPPORTED;
    let detail = fails!(cuGraphCreate(&mut null_mut(), 0), lacks);
    assert!(detail.ends_with("softcuda has no graphs"), "{detail}");
    fails!(cuArray3DCreate_v2(null_mut(), std::ptr::null()), lacks);
    fails!(
        cuTexObjectCreate(null_mut(), std::ptr::null(), std::ptr::null(), std::ptr::null()),
        lacks
    );
}
