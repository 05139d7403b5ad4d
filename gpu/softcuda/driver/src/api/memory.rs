//! Memory: allocated and freed, on devices and on the host.

use crate::export::{export, not_null, put, put_if};
use crate::result::{Answer, fail, invalid};
use crate::soft::{current, soft};
use crate::stream::lane;
use crate::types::{CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_HOST, CUdevice, CUdeviceptr, CUstream};
use softcuda::memory::Owner;
use std::ffi::{c_int, c_uint, c_void};
use std::ptr::{with_exposed_provenance_mut, without_provenance_mut};

/// `CU_MEM_ATTACH_GLOBAL`, `CU_MEM_ATTACH_HOST`.
const ATTACH: [c_uint; 2] = [1, 2];
/// `CU_MEMHOSTALLOC_PORTABLE`, `_DEVICEMAP`, `_WRITECOMBINED`.
const HOST_FLAGS: c_uint = 7;
/// `CU_MEMHOSTREGISTER_PORTABLE`, `_DEVICEMAP`, `_IOMEMORY`, `_READ_ONLY`.
const REGISTER_FLAGS: c_uint = 15;
/// Rows of pitched memory begin at multiples of this.
const PITCH: usize = 512;

export! {
    /// Free and all bytes of the current context's device.
    fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) {
        let (soft, context) = current()?;
        let (left, all) = context.device(soft)?.memory().free_and_total();
        put(free, left as usize, "free")?;
        put(total, all as usize, "total")
    }

    /// Allocates memory on the current context's device, at a multiple of 256. On softcuda it is zero; count on nothing.
    fn cuMemAlloc_v2(dptr: *mut CUdeviceptr, bytesize: usize) {
        let (soft, context) = current()?;
        not_null(dptr, "dptr")?;
        put(dptr, soft.alloc(&context, bytesize)?, "dptr")
    }

    /// Allocates rows that begin at multiples of 512 bytes; `pPitch` is how far they lie apart.
    fn cuMemAllocPitch_v2(
        dptr: *mut CUdeviceptr,
        pPitch: *mut usize,
        WidthInBytes: usize,
        Height: usize,
        ElementSizeBytes: c_uint,
    ) {
        let (soft, context) = current()?;
        not_null(dptr, "dptr")?;
        not_null(pPitch, "pPitch")?;
        if ![4, 8, 16].contains(&ElementSizeBytes) {
            return Err(invalid(format!("elements of {ElementSizeBytes} bytes")));
        }
        let pitch = WidthInBytes.checked_next_multiple_of(PITCH);
        let len = pitch.and_then(|pitch| pitch.checked_mul(Height));
        let (Some(pitch), Some(len)) = (pitch, len) else {
            return Err(invalid(format!("{Height} rows of {WidthInBytes} bytes")));
        };
        put(dptr, soft.alloc(&context, len)?, "dptr")?;
        put(pPitch, pitch, "pPitch")
    }

    /// Frees memory of `cuMemAlloc`, `cuMemAllocPitch`, `cuMemAllocManaged`, `cuMemAllocAsync`, when all work issued until now is
    /// done. Null is freed already.
    fn cuMemFree_v2(dptr: CUdeviceptr) {
        let (soft, _) = current()?;
        if dptr == 0 { Ok(()) } else { soft.free(dptr) }
    }

    /// Begin and length of the allocation that an address lies in.
    fn cuMemGetAddressRange_v2(pbase: *mut CUdeviceptr, psize: *mut usize, dptr: CUdeviceptr) {
        let (soft, _) = current()?;
        let regions = soft.space.regions();
        let region = regions.find(dptr).ok_or_else(|| {
            fail(crate::CUDA_ERROR_NOT_FOUND, format!("0x{dptr:x}: {}", regions.nearest(dptr)))
        })?;
        put_if(pbase, region.base());
        put_if(psize, region.len() as usize);
        Ok(())
    }

    /// Allocates page-locked memory of the host. All devices reach it at the host's address.
    fn cuMemAllocHost_v2(pp: *mut *mut c_void, bytesize: usize) {
        put(pp, host_alloc(pp, bytesize, 0)?, "pp")
    }

    /// As [`cuMemAllocHost_v2`], with flags.
    fn cuMemHostAlloc(pp: *mut *mut c_void, bytesize: usize, Flags: c_uint) {
        put(pp, host_alloc(pp, bytesize, Flags)?, "pp")
    }

    /// Frees page-locked memory when all work issued until now is done.
    fn cuMemFreeHost(p: *mut c_void) {
        let (soft, _) = current()?;
        if p.is_null() { Ok(()) } else { soft.host.free_pinned(soft, p.expose_provenance()) }
    }

    /// Lets devices reach memory of the program, at the host's address.
    fn cuMemHostRegister_v2(p: *mut c_void, bytesize: usize, Flags: c_uint) {
        let (soft, context) = current()?;
        if Flags & !REGISTER_FLAGS != 0 {
            return Err(invalid(format!("unknown flags 0x{Flags:x}")));
        }
        let memory = context.device(soft)?.memory();
        soft.host.register(memory, p.cast(), bytesize, context.handle, Flags)
    }

    /// Undoes [`cuMemHostRegister_v2`] when all work issued until now is done.
    fn cuMemHostUnregister(p: *mut c_void) {
        let (soft, _) = current()?;
        soft.host.unregister(soft, p.expose_provenance())
    }

    /// The address at which devices reach page-locked memory: the host's.
    fn cuMemHostGetDevicePointer_v2(pdptr: *mut CUdeviceptr, p: *mut c_void, Flags: c_uint) {
        let (soft, _) = current()?;
        if Flags != 0 {
            return Err(invalid(format!("flags must be 0, not {Flags}")));
        }
        soft.host.find(p.addr()).ok_or_else(|| invalid(format!("{p:p} is not page-locked")))?;
        put(pdptr, p.expose_provenance() as u64, "pdptr")
    }

    /// The flags that page-locked memory was allocated or registered with.
    fn cuMemHostGetFlags(pFlags: *mut c_uint, p: *mut c_void) {
        let (soft, _) = current()?;
        let found = soft.host.find(p.addr());
        let (_, _, flags) = found.ok_or_else(|| invalid(format!("{p:p} is not page-locked")))?;
        put(pFlags, flags, "pFlags")
    }

    /// Allocates memory that the host and all devices reach at one address. The host must keep away while work that uses it is under
    /// way.
    fn cuMemAllocManaged(dptr: *mut CUdeviceptr, bytesize: usize, flags: c_uint) {
        let (soft, context) = current()?;
        not_null(dptr, "dptr")?;
        if !ATTACH.contains(&flags) {
            return Err(invalid(format!("flags 0x{flags:x}: CU_MEM_ATTACH_GLOBAL or _HOST")));
        }
        let memory = context.device(soft)?.memory();
        let address = soft.host.alloc(memory, bytesize, context.handle, flags, true)?;
        put(dptr, address as u64, "dptr")
    }

    /// Takes advice on managed memory, which has no effect.
    fn cuMemAdvise(devPtr: CUdeviceptr, count: usize, advice: c_uint, device: CUdevice) {
        let (soft, _) = current()?;
        if !(1..=6).contains(&advice) {
            return Err(invalid(format!("there is no advice {advice}")));
        }
        // -1 is the host.
        if device != -1 {
            soft.device(device)?;
        }
        managed(devPtr, count)
    }

    /// Moves managed memory to a device, which has no effect: it is one memory.
    fn cuMemPrefetchAsync(
        devPtr: CUdeviceptr,
        count: usize,
        dstDevice: CUdevice,
        hStream: CUstream,
    ) {
        let (soft, _) = lane(hStream)?;
        if dstDevice != -1 {
            soft.device(dstDevice)?;
        }
        managed(devPtr, count)
    }

    /// Allocates memory that the stream may use from here on.
    fn cuMemAllocAsync(dptr: *mut CUdeviceptr, bytesize: usize, hStream: CUstream) {
        let (soft, lane) = lane(hStream)?;
        not_null(dptr, "dptr")?;
        let address = match soft.alloc(&lane.context, bytesize) {
            Err(failure) if failure.code == crate::CUDA_ERROR_OUT_OF_MEMORY => {
                // What is to be freed by work under way may make room.
                lane.context.queue.drain();
                soft.alloc(&lane.context, bytesize)?
            }
            other => other?,
        };
        put(dptr, address, "dptr")
    }

    /// Frees memory when the stream comes to it.
    fn cuMemFreeAsync(dptr: CUdeviceptr, hStream: CUstream) {
        let (soft, lane) = lane(hStream)?;
        if dptr == 0 {
            return Ok(());
        }
        let owner = soft.forget(dptr)?;
        let free = move || {
            soft.any_memory()?.free(dptr).map_err(|error| invalid(error.to_string()))
        };
        if owner == lane.context.handle {
            return lane.issue_always(Box::new(move |_| free()));
        }
        soft.drain();
        free()
    }

    /// One fact about an address: its context (1), kind of memory (2), device pointer (3), host pointer (4), whether managed (8), device
    /// ordinal (9), begin of its allocation (11), its length (12), whether mapped (13). Others are not supported.
    fn cuPointerGetAttribute(data: *mut c_void, attribute: c_int, ptr: CUdeviceptr) {
        let soft = soft()?;
        not_null(data, "data")?;
        let regions = soft.space.regions();
        let region = regions
            .find(ptr)
            .ok_or_else(|| invalid(format!("0x{ptr:x}: {}", regions.nearest(ptr))))?;
        let host = region.owner() == Owner::Mapped;
        match attribute {
            1 => {
                let context = soft.allocations().get(&region.base()).copied().unwrap_or(0);
                put(data.cast(), without_provenance_mut::<c_void>(context as usize), "data")
            }
            2 => {
                let kind = if host { CU_MEMORYTYPE_HOST } else { CU_MEMORYTYPE_DEVICE };
                put(data.cast(), kind, "data")
            }
            3 => put(data.cast(), ptr, "data"),
            4 if host => put(data.cast(), with_exposed_provenance_mut::<c_void>(ptr as usize), "data"),
            4 => Err(invalid(format!("the host does not reach 0x{ptr:x}"))),
            8 => {
                let managed = host && soft.host.is_managed(region.base() as usize);
                put(data.cast(), c_uint::from(managed), "data")
            }
            9 => put(data.cast(), region.device() as c_int, "data"),
            11 => put(data.cast(), region.base(), "data"),
            12 => put(data.cast(), region.len() as usize, "data"),
            13 => put(data.cast(), 1_u32, "data"),
            _ => Err(fail(crate::CUDA_ERROR_NOT_SUPPORTED, format!("attribute {attribute}"))),
        }
    }
}

fn host_alloc(pp: *mut *mut c_void, len: usize, flags: c_uint) -> Answer<*mut c_void> {
    let (soft, context) = current()?;
    not_null(pp, "pp")?;
    if flags & !HOST_FLAGS != 0 {
        return Err(invalid(format!("unknown flags 0x{flags:x}")));
    }
    let memory = context.device(soft)?.memory();
    let address = soft.host.alloc(memory, len, context.handle, flags, false)?;
    Ok(with_exposed_provenance_mut(address))
}

fn managed(address: u64, len: usize) -> Answer {
    let soft = soft()?;
    if len == 0 {
        return Err(invalid("0 bytes"));
    }
    if soft.host.holds(address as usize, len) {
        return Ok(());
    }
    Err(invalid(format!("{len} bytes at 0x{address:x} are not all managed")))
}
