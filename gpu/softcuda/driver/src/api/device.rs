//! Devices.

use crate::attribute::attribute;
use crate::export::{export, not_null, put};
use crate::result::invalid;
use crate::soft::soft;
use crate::types::{CUdevice, CUuuid};
use std::ffi::{c_char, c_int};

export! {
    /// The number of devices.
    fn cuDeviceGetCount(count: *mut c_int) {
        put(count, soft()?.devices.len() as c_int, "count")
    }

    /// The device of an ordinal: the same number.
    fn cuDeviceGet(device: *mut CUdevice, ordinal: c_int) {
        soft()?.device(ordinal)?;
        put(device, ordinal, "device")
    }

    /// A device's name: `softcuda (sm_80)`.
    fn cuDeviceGetName(name: *mut c_char, len: c_int, dev: CUdevice) {
        soft()?.device(dev)?;
        not_null(name, "name")?;
        let room = usize::try_from(len).ok().filter(|&len| len > 0);
        let room = room.ok_or_else(|| invalid(format!("len is {len}")))?;
        crate::export::put_text(name, room, "softcuda (sm_80)");
        Ok(())
    }

    /// Bytes of a device's memory.
    fn cuDeviceTotalMem_v2(bytes: *mut usize, dev: CUdevice) {
        let (_, total) = soft()?.device(dev)?.device.memory().free_and_total();
        put(bytes, total as usize, "bytes")
    }

    /// One of the figures of a device.
    fn cuDeviceGetAttribute(pi: *mut c_int, attrib: c_int, dev: CUdevice) {
        let value = attribute(soft()?.device(dev)?.device.limits(), attrib)
            .ok_or_else(|| invalid(format!("there is no device attribute {attrib}")))?;
        put(pi, value, "pi")
    }

    /// A device's compute capability: 8.0.
    fn cuDeviceComputeCapability(major: *mut c_int, minor: *mut c_int, dev: CUdevice) {
        soft()?.device(dev)?;
        put(major, 8, "major")?;
        put(minor, 0, "minor")
    }

    /// A number that identifies a device.
    fn cuDeviceGetUuid(uuid: *mut CUuuid, dev: CUdevice) {
        soft()?.device(dev)?;
        put(uuid, identity(dev), "uuid")
    }

    /// As [`cuDeviceGetUuid`].
    fn cuDeviceGetUuid_v2(uuid: *mut CUuuid, dev: CUdevice) {
        soft()?.device(dev)?;
        put(uuid, identity(dev), "uuid")
    }

    /// A device's place on the bus, as `domain:bus:device.function`.
    fn cuDeviceGetPCIBusId(pciBusId: *mut c_char, len: c_int, dev: CUdevice) {
        soft()?.device(dev)?;
        not_null(pciBusId, "pciBusId")?;
        let room = usize::try_from(len).ok().filter(|&len| len > 0);
        let room = room.ok_or_else(|| invalid(format!("len is {len}")))?;
        crate::export::put_text(pciBusId, room, &format!("0000:{:02x}:00.0", dev + 1));
        Ok(())
    }
}

fn identity(dev: CUdevice) -> CUuuid {
    let mut bytes = *b"softcuda device\0";
    bytes[15] = dev as u8;
    CUuuid { bytes: bytes.map(|byte| byte as c_char) }
}
