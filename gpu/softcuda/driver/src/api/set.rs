//! Memory filled with a value.

use super::copy::drained;
use crate::export::export;
use crate::result::{Answer, invalid};
use crate::stream::lane;
use crate::types::{CUdeviceptr, CUstream};
use std::ffi::{c_uchar, c_uint, c_ushort};

export! {
    /// Sets bytes.
    fn cuMemsetD8_v2(dstDevice: CUdeviceptr, uc: c_uchar, N: usize) {
        fill(dstDevice, &uc.to_le_bytes(), N)
    }

    /// Sets values of 16 bits; the address must be a multiple of 2.
    fn cuMemsetD16_v2(dstDevice: CUdeviceptr, us: c_ushort, N: usize) {
        fill(dstDevice, &us.to_le_bytes(), N)
    }

    /// Sets values of 32 bits; the address must be a multiple of 4.
    fn cuMemsetD32_v2(dstDevice: CUdeviceptr, ui: c_uint, N: usize) {
        fill(dstDevice, &ui.to_le_bytes(), N)
    }

    /// Sets bytes.
    fn cuMemsetD8Async(dstDevice: CUdeviceptr, uc: c_uchar, N: usize, hStream: CUstream) {
        fill_in(dstDevice, uc.to_le_bytes(), N, hStream)
    }

    /// Sets values of 16 bits; the address must be a multiple of 2.
    fn cuMemsetD16Async(dstDevice: CUdeviceptr, us: c_ushort, N: usize, hStream: CUstream) {
        fill_in(dstDevice, us.to_le_bytes(), N, hStream)
    }

    /// Sets values of 32 bits; the address must be a multiple of 4.
    fn cuMemsetD32Async(dstDevice: CUdeviceptr, ui: c_uint, N: usize, hStream: CUstream) {
        fill_in(dstDevice, ui.to_le_bytes(), N, hStream)
    }
}

fn fill(to: u64, pattern: &[u8], count: usize) -> Answer {
    let soft = drained()?;
    check(to, pattern.len(), count)?;
    soft.fill(to, pattern, count)
}

fn fill_in<const N: usize>(to: u64, pattern: [u8; N], count: usize, stream: CUstream) -> Answer {
    let (soft, lane) = lane(stream)?;
    let len = check(to, N, count)?;
    soft.check_range(to, len)?;
    lane.issue(move || soft.fill(to, &pattern, count))
}

fn check(to: u64, size: usize, count: usize) -> Answer<usize> {
    if !to.is_multiple_of(size as u64) {
        return Err(invalid(format!("0x{to:x} is no multiple of {size}")));
    }
    let wrong = || invalid(format!("{count} values of {size} bytes"));
    count.checked_mul(size).ok_or_else(wrong)
}
