//! A `libcuda.so.1` that is not softcuda: what the tests of the hand-over find. Built by them, with no crate beside it.
#![crate_type = "cdylib"]
#![allow(non_snake_case, missing_docs)]

use std::ffi::{c_int, c_uint, c_void};

fn number(name: &str, default: c_int) -> c_int {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuInit(_: c_uint) -> c_int {
    number("FAKE_INIT", 0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> c_int {
    unsafe { version.write(number("FAKE_VERSION", 12_040)) };
    0
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> c_int {
    unsafe { count.write(number("FAKE_DEVICES", 3)) };
    0
}

/// Has its own address in it, so that the test sees whose function was called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAlloc_v2(address: *mut u64, bytes: usize) -> c_int {
    unsafe { address.write(0xfa4e_0000 + bytes as u64) };
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn cuLaunchKernel(
    _: *mut c_void,
    gx: c_uint,
    gy: c_uint,
    gz: c_uint,
    bx: c_uint,
    by: c_uint,
    bz: c_uint,
    shared: c_uint,
    _: *mut c_void,
    _: *mut *mut c_void,
    _: *mut *mut c_void,
) -> c_int {
    (gx + 2 * gy + 4 * gz + 8 * bx + 16 * by + 32 * bz + 64 * shared) as c_int
}
