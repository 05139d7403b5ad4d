//! Primary contexts: one a device, shared by all who retain it.

use crate::context::Context;
use crate::export::{export, not_null, put};
use crate::result::{CUDA_ERROR_INVALID_CONTEXT, fail, invalid};
use crate::soft::soft;
use crate::types::{CUcontext, CUdevice};
use std::ffi::{c_int, c_uint};
use std::ptr::without_provenance_mut;
use std::sync::{Arc, PoisonError};

/// Flags that contexts may have.
pub(crate) const FLAGS: c_uint = 0xff;

export! {
    /// Retains a device's primary context, made by the first who does.
    fn cuDevicePrimaryCtxRetain(pctx: *mut CUcontext, dev: CUdevice) {
        let soft = soft()?;
        let mut primary = soft.device(dev)?.primary();
        not_null(pctx, "pctx")?;
        if primary.count == 0 {
            primary.context = soft.contexts.reserve();
            let context = Context::new(primary.context, dev, primary.flags, true);
            soft.contexts.put(primary.context, Arc::new(context));
        }
        primary.count += 1;
        put(pctx, without_provenance_mut(primary.context as usize), "pctx")
    }

    /// Releases it; the last who does destroys it.
    fn cuDevicePrimaryCtxRelease_v2(dev: CUdevice) {
        release(dev)
    }

    /// As [`cuDevicePrimaryCtxRelease_v2`].
    fn cuDevicePrimaryCtxRelease(dev: CUdevice) {
        release(dev)
    }

    /// Frees all that was made in the primary context and takes its error from it. Who retained it goes on to.
    fn cuDevicePrimaryCtxReset_v2(dev: CUdevice) {
        reset(dev)
    }

    /// As [`cuDevicePrimaryCtxReset_v2`].
    fn cuDevicePrimaryCtxReset(dev: CUdevice) {
        reset(dev)
    }

    /// Sets the flags of the primary context. They say how the host waits, which is the same on softcuda.
    fn cuDevicePrimaryCtxSetFlags_v2(dev: CUdevice, flags: c_uint) {
        set_flags(dev, flags)
    }

    /// As [`cuDevicePrimaryCtxSetFlags_v2`].
    fn cuDevicePrimaryCtxSetFlags(dev: CUdevice, flags: c_uint) {
        set_flags(dev, flags)
    }

    /// Whether somebody retains the primary context, and its flags.
    fn cuDevicePrimaryCtxGetState(dev: CUdevice, flags: *mut c_uint, active: *mut c_int) {
        let primary = soft()?.device(dev)?.primary();
        put(flags, primary.flags, "flags")?;
        put(active, (primary.count > 0).into(), "active")
    }
}

fn release(dev: CUdevice) -> crate::result::Answer {
    let soft = soft()?;
    let mut primary = soft.device(dev)?.primary();
    if primary.count == 0 {
        let detail = format!("nobody retains the primary context of device {dev}");
        return Err(fail(CUDA_ERROR_INVALID_CONTEXT, detail));
    }
    primary.count -= 1;
    if primary.count == 0 {
        let context = soft.contexts.remove(primary.context)?;
        primary.context = 0;
        soft.destroy(&context);
    }
    Ok(())
}

fn reset(dev: CUdevice) -> crate::result::Answer {
    let soft = soft()?;
    let primary = soft.device(dev)?.primary();
    if primary.count > 0 {
        let old = soft.contexts.get(primary.context)?;
        soft.destroy(&old);
        let context = Context::new(primary.context, dev, primary.flags, true);
        soft.contexts.put(primary.context, Arc::new(context));
    }
    Ok(())
}

fn set_flags(dev: CUdevice, flags: c_uint) -> crate::result::Answer {
    let soft = soft()?;
    let mut primary = soft.device(dev)?.primary();
    if flags & !FLAGS != 0 {
        return Err(invalid(format!("unknown flags 0x{flags:x}")));
    }
    primary.flags = flags;
    if let Some(context) = soft.contexts.find(primary.context) {
        *context.flags.lock().unwrap_or_else(PoisonError::into_inner) = flags;
    }
    Ok(())
}
