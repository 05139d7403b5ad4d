//! Copies. Those without a stream wait for all work of the current context first, as in the legacy default stream. Asynchronous copies
//! from or to memory of the host that is not page-locked wait for their stream and are done when the call returns.

use crate::export::{export, get, not_null};
use crate::memory::HostPtr;
use crate::result::{Answer, CUDA_ERROR_NOT_SUPPORTED, fail, invalid};
use crate::soft::{Soft, current};
use crate::stream::{Lane, lane};
use crate::types::{
    CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_HOST, CU_MEMORYTYPE_UNIFIED, CUDA_MEMCPY2D, CUdeviceptr,
    CUstream,
};
use std::ffi::{c_uint, c_void};
use std::ptr::with_exposed_provenance_mut;

/// The current context's default stream, all work done.
pub(crate) fn drained() -> Answer<&'static Soft> {
    let (soft, context) = current()?;
    context.queue.drain();
    context.check()?;
    Ok(soft)
}

export! {
    /// Copies from the host to a device.
    fn cuMemcpyHtoD_v2(dstDevice: CUdeviceptr, srcHost: *const c_void, ByteCount: usize) {
        let soft = drained()?;
        host_range(srcHost, ByteCount)?;
        soft.write(dstDevice, srcHost.cast(), ByteCount)
    }

    /// Copies from a device to the host.
    fn cuMemcpyDtoH_v2(dstHost: *mut c_void, srcDevice: CUdeviceptr, ByteCount: usize) {
        let soft = drained()?;
        host_range(dstHost, ByteCount)?;
        soft.read(dstHost.cast(), srcDevice, ByteCount)
    }

    /// Copies within device memory, also between devices.
    fn cuMemcpyDtoD_v2(dstDevice: CUdeviceptr, srcDevice: CUdeviceptr, ByteCount: usize) {
        drained()?.copy(dstDevice, srcDevice, ByteCount)
    }

    /// Copies between any two addresses, of the host or of devices.
    fn cuMemcpy(dst: CUdeviceptr, src: CUdeviceptr, ByteCount: usize) {
        any_to_any(drained()?, dst, src, ByteCount)
    }

    /// Copies from the host to a device.
    fn cuMemcpyHtoDAsync_v2(
        dstDevice: CUdeviceptr,
        srcHost: *const c_void,
        ByteCount: usize,
        hStream: CUstream,
    ) {
        let (soft, lane) = lane(hStream)?;
        host_range(srcHost, ByteCount)?;
        soft.check_range(dstDevice, ByteCount)?;
        from_host(soft, &lane, dstDevice, HostPtr(srcHost.cast_mut().cast()), ByteCount)
    }

    /// Copies from a device to the host.
    fn cuMemcpyDtoHAsync_v2(
        dstHost: *mut c_void,
        srcDevice: CUdeviceptr,
        ByteCount: usize,
        hStream: CUstream,
    ) {
        let (soft, lane) = lane(hStream)?;
        host_range(dstHost, ByteCount)?;
        soft.check_range(srcDevice, ByteCount)?;
        to_host(soft, &lane, HostPtr(dstHost.cast()), srcDevice, ByteCount)
    }

    /// Copies within device memory, also between devices.
    fn cuMemcpyDtoDAsync_v2(
        dstDevice: CUdeviceptr,
        srcDevice: CUdeviceptr,
        ByteCount: usize,
        hStream: CUstream,
    ) {
        let (soft, lane) = lane(hStream)?;
        device_copy(soft, &lane, dstDevice, srcDevice, ByteCount)
    }

    /// Copies between any two addresses, of the host or of devices.
    fn cuMemcpyAsync(dst: CUdeviceptr, src: CUdeviceptr, ByteCount: usize, hStream: CUstream) {
        let (soft, lane) = lane(hStream)?;
        match (soft.is_device(dst), soft.is_device(src)) {
            (true, true) => device_copy(soft, &lane, dst, src, ByteCount),
            (true, false) => {
                soft.check_range(dst, ByteCount)?;
                let from = HostPtr(with_exposed_provenance_mut(src as usize));
                host_range(from.0, ByteCount)?;
                from_host(soft, &lane, dst, from, ByteCount)
            }
            (false, true) => {
                soft.check_range(src, ByteCount)?;
                let to = HostPtr(with_exposed_provenance_mut(dst as usize));
                host_range(to.0, ByteCount)?;
                to_host(soft, &lane, to, src, ByteCount)
            }
            (false, false) => {
                lane.wait()?;
                any_to_any(soft, dst, src, ByteCount)
            }
        }
    }

    /// Copies a rectangle between memory of the host and of devices; arrays are not supported.
    fn cuMemcpy2D_v2(pCopy: *const CUDA_MEMCPY2D) {
        rectangle(drained()?, &get(pCopy, "pCopy")?)
    }

    /// As [`cuMemcpy2D_v2`].
    fn cuMemcpy2DUnaligned_v2(pCopy: *const CUDA_MEMCPY2D) {
        rectangle(drained()?, &get(pCopy, "pCopy")?)
    }

    /// As [`cuMemcpy2D_v2`], done when the call returns.
    fn cuMemcpy2DAsync_v2(pCopy: *const CUDA_MEMCPY2D, hStream: CUstream) {
        let (soft, lane) = lane(hStream)?;
        let copy = get(pCopy, "pCopy")?;
        lane.wait()?;
        rectangle(soft, &copy)
    }
}

/// Copies within device memory when the stream comes to it.
pub(crate) fn device_copy(
    soft: &'static Soft,
    lane: &Lane,
    to: u64,
    from: u64,
    len: usize,
) -> Answer {
    soft.check_range(to, len)?;
    soft.check_range(from, len)?;
    lane.issue(move || soft.copy(to, from, len))
}

/// Copies from the host.
///
/// # Safety
/// `from` is good for reads of `len` bytes, and where it is page-locked, until the stream is done.
unsafe fn from_host(
    soft: &'static Soft,
    lane: &Lane,
    to: u64,
    from: HostPtr,
    len: usize,
) -> Answer {
    if soft.host.holds(from.0.addr(), len) {
        return lane.issue(move || {
            let HostPtr(at) = { from };
            // SAFETY: the caller's promise.
            unsafe { soft.write(to, at, len) }
        });
    }
    lane.wait()?;
    // SAFETY: the caller's promise.
    unsafe { soft.write(to, from.0, len) }
}

/// Copies to the host.
///
/// # Safety
/// `to` is good for writes of `len` bytes, and where it is page-locked, until the stream is done.
unsafe fn to_host(soft: &'static Soft, lane: &Lane, to: HostPtr, from: u64, len: usize) -> Answer {
    if soft.host.holds(to.0.addr(), len) {
        return lane.issue(move || {
            let HostPtr(at) = { to };
            // SAFETY: the caller's promise.
            unsafe { soft.read(at, from, len) }
        });
    }
    lane.wait()?;
    // SAFETY: the caller's promise.
    unsafe { soft.read(to.0, from, len) }
}

/// Copies between any two addresses.
///
/// # Safety
/// Addresses that are none of devices are good for reads or writes of `len` bytes of the host.
unsafe fn any_to_any(soft: &'static Soft, to: u64, from: u64, len: usize) -> Answer {
    let host = |address: u64| with_exposed_provenance_mut::<u8>(address as usize);
    let (device_to, device_from) = (soft.is_device(to), soft.is_device(from));
    if !device_to {
        host_range(host(to), len)?;
    }
    if !device_from {
        host_range(host(from), len)?;
    }
    // SAFETY: the caller's promise.
    unsafe {
        match (device_to, device_from) {
            (true, true) => soft.copy(to, from, len),
            (true, false) => soft.write(to, host(from), len),
            (false, true) => soft.read(host(to), from, len),
            (false, false) => {
                host(from).copy_to(host(to), len);
                Ok(())
            }
        }
    }
}

/// Refuses memory of the host that cannot be.
fn host_range<T>(at: *const T, len: usize) -> Answer {
    if len == 0 {
        return Ok(());
    }
    not_null(at, "the address on the host")?;
    // What lies above is devices' or a handle.
    if len > isize::MAX as usize || at.addr().checked_add(len).is_none_or(|end| end > 1 << 48) {
        return Err(invalid(format!("{len} bytes at {at:p} are not of the host")));
    }
    Ok(())
}

/// One side of a rectangle's copy.
#[derive(Clone, Copy)]
struct Side {
    kind: c_uint,
    host: *mut u8,
    device: u64,
    x: usize,
    y: usize,
    pitch: usize,
}

impl Side {
    /// Address of the rectangle's first byte, how far its rows lie apart, and whether it is on a device.
    fn place(&self, soft: &Soft, width: usize, height: usize) -> Answer<(u64, usize, bool)> {
        let (base, device) = match self.kind {
            CU_MEMORYTYPE_HOST => (self.host.expose_provenance() as u64, false),
            CU_MEMORYTYPE_DEVICE => (self.device, true),
            CU_MEMORYTYPE_UNIFIED => (self.device, soft.is_device(self.device)),
            kind => {
                let detail = format!("memory of type {kind}: host, device and unified are");
                return Err(fail(CUDA_ERROR_NOT_SUPPORTED, detail));
            }
        };
        // With one row the pitch may be 0.
        let pitch = if height == 1 && self.pitch == 0 { width } else { self.pitch };
        let end = width.checked_add(self.x).filter(|&end| end <= pitch || height == 1);
        let last = self.y.checked_add(height - 1).and_then(|rows| rows.checked_mul(pitch));
        let len = end.zip(last).and_then(|(end, last)| end.checked_add(last));
        let Some(len) = len else {
            let detail = format!("{width} bytes from {} do not fit a pitch of {pitch}", self.x);
            return Err(invalid(detail));
        };
        if device {
            soft.check_range(base, len)?;
        } else {
            host_range(with_exposed_provenance_mut::<u8>(base as usize), len)?;
        }
        Ok((base + (self.y * pitch + self.x) as u64, pitch, device))
    }
}

/// Copies a rectangle.
///
/// # Safety
/// Memory of the host is good for what is read or written there.
unsafe fn rectangle(soft: &'static Soft, copy: &CUDA_MEMCPY2D) -> Answer {
    let (width, height) = (copy.WidthInBytes, copy.Height);
    if width == 0 || height == 0 {
        return Ok(());
    }
    let source = Side {
        kind: copy.srcMemoryType,
        host: copy.srcHost.cast_mut().cast(),
        device: copy.srcDevice,
        x: copy.srcXInBytes,
        y: copy.srcY,
        pitch: copy.srcPitch,
    };
    let target = Side {
        kind: copy.dstMemoryType,
        host: copy.dstHost.cast(),
        device: copy.dstDevice,
        x: copy.dstXInBytes,
        y: copy.dstY,
        pitch: copy.dstPitch,
    };
    let (from, from_pitch, from_device) = source.place(soft, width, height)?;
    let (to, to_pitch, to_device) = target.place(soft, width, height)?;
    for row in 0..height {
        let (to, from) = (to + (row * to_pitch) as u64, from + (row * from_pitch) as u64);
        let host = |address: u64| with_exposed_provenance_mut::<u8>(address as usize);
        // SAFETY: the caller's promise.
        unsafe {
            match (to_device, from_device) {
                (true, true) => soft.copy(to, from, width)?,
                (true, false) => soft.write(to, host(from), width)?,
                (false, true) => soft.read(host(to), from, width)?,
                (false, false) => host(from).copy_to(host(to), width),
            }
        }
    }
    Ok(())
}
