//! Memory of other devices. All soft devices reach each other's memory, whether it was enabled or not: a kernel that forgot is not found.

use crate::context::Context;
use crate::export::{export, put};
use crate::result::{
    Answer, CUDA_ERROR_INVALID_CONTEXT, CUDA_ERROR_INVALID_DEVICE,
    CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, fail, invalid,
};
use crate::soft::{Soft, current, soft};
use crate::stream::lane;
use crate::types::{CUcontext, CUdevice, CUdeviceptr, CUstream};
use std::ffi::{c_int, c_uint};
use std::sync::{Arc, PoisonError};

export! {
    /// Whether a device can reach another's memory: all can, but none its own by this way.
    fn cuDeviceCanAccessPeer(canAccessPeer: *mut c_int, dev: CUdevice, peerDev: CUdevice) {
        let soft = soft()?;
        soft.device(dev)?;
        soft.device(peerDev)?;
        put(canAccessPeer, (dev != peerDev).into(), "canAccessPeer")
    }

    /// One of the figures of a pair of devices: its performance rank (1), whether access (2) and atomics (3) are supported, arrays (4).
    fn cuDeviceGetP2PAttribute(
        value: *mut c_int,
        attrib: c_int,
        srcDevice: CUdevice,
        dstDevice: CUdevice,
    ) {
        let soft = soft()?;
        soft.device(srcDevice)?;
        soft.device(dstDevice)?;
        if srcDevice == dstDevice {
            return Err(fail(CUDA_ERROR_INVALID_DEVICE, "a device is no peer of itself"));
        }
        match attrib {
            1 | 4 => put(value, 0, "value"),
            2 | 3 => put(value, 1, "value"),
            _ => Err(invalid(format!("there is no attribute {attrib}"))),
        }
    }

    /// Lets the current context reach another's memory.
    fn cuCtxEnablePeerAccess(peerContext: CUcontext, Flags: c_uint) {
        let (soft, context) = current()?;
        if Flags != 0 {
            return Err(invalid(format!("flags must be 0, not {Flags}")));
        }
        let peer = peer(soft, &context, peerContext)?;
        if !context.peers.lock().unwrap_or_else(PoisonError::into_inner).insert(peer.handle) {
            return Err(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED.into());
        }
        Ok(())
    }

    /// Ends what [`cuCtxEnablePeerAccess`] began.
    fn cuCtxDisablePeerAccess(peerContext: CUcontext) {
        let (soft, context) = current()?;
        let peer = soft.contexts.get(peerContext.addr() as u64)?;
        if !context.peers.lock().unwrap_or_else(PoisonError::into_inner).remove(&peer.handle) {
            return Err(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED.into());
        }
        Ok(())
    }

    /// Copies from the memory of one context to that of another, after all work of both.
    fn cuMemcpyPeer(
        dstDevice: CUdeviceptr,
        dstContext: CUcontext,
        srcDevice: CUdeviceptr,
        srcContext: CUcontext,
        ByteCount: usize,
    ) {
        let (soft, current) = current()?;
        for context in [pair(soft, dstContext)?, pair(soft, srcContext)?, current] {
            context.queue.drain();
            context.check()?;
        }
        soft.copy(dstDevice, srcDevice, ByteCount)
    }

    /// Copies from the memory of one context to that of another when the stream comes to it.
    fn cuMemcpyPeerAsync(
        dstDevice: CUdeviceptr,
        dstContext: CUcontext,
        srcDevice: CUdeviceptr,
        srcContext: CUcontext,
        ByteCount: usize,
        hStream: CUstream,
    ) {
        let (soft, lane) = lane(hStream)?;
        pair(soft, dstContext)?;
        pair(soft, srcContext)?;
        super::copy::device_copy(soft, &lane, dstDevice, srcDevice, ByteCount)
    }
}

/// A context of a copy.
fn pair(soft: &Soft, context: CUcontext) -> Answer<Arc<Context>> {
    soft.contexts.get(context.addr() as u64)
}

/// A context of another device.
fn peer(soft: &Soft, context: &Context, peer: CUcontext) -> Answer<Arc<Context>> {
    let peer = pair(soft, peer)?;
    if peer.device == context.device {
        let detail = format!("both contexts are of device {}", peer.device);
        return Err(fail(CUDA_ERROR_INVALID_CONTEXT, detail));
    }
    Ok(peer)
}
