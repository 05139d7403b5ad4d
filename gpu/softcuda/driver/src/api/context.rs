//! Contexts.

use super::primary::FLAGS;
use crate::context::{Context, current_handle, pop, push, replace};
use crate::export::{export, not_null, put, put_if};
use crate::result::{Answer, CUDA_ERROR_INVALID_CONTEXT, CUDA_ERROR_NOT_SUPPORTED, fail, invalid};
use crate::soft::{current, current_any, soft};
use crate::types::{CUcontext, CUdevice};
use std::ffi::{c_int, c_uint, c_void};
use std::ptr::without_provenance_mut;
use std::sync::{Arc, PoisonError};

/// Number of `CUlimit`s.
const LIMITS: c_uint = 10;

export! {
    /// Makes a context and puts it onto the calling thread's stack.
    fn cuCtxCreate_v2(pctx: *mut CUcontext, flags: c_uint, dev: CUdevice) {
        put(pctx, create(pctx, flags, dev)?, "pctx")
    }

    /// As [`cuCtxCreate_v2`]; parameters are not supported.
    fn cuCtxCreate_v3(
        pctx: *mut CUcontext,
        paramsArray: *mut c_void,
        numParams: c_int,
        flags: c_uint,
        dev: CUdevice,
    ) {
        if numParams != 0 {
            return Err(fail(CUDA_ERROR_NOT_SUPPORTED, "parameters of a context"));
        }
        put(pctx, create(pctx, flags, dev)?, "pctx")
    }

    /// As [`cuCtxCreate_v2`]; parameters are not supported.
    fn cuCtxCreate_v4(pctx: *mut CUcontext, params: *mut c_void, flags: c_uint, dev: CUdevice) {
        if !params.is_null() {
            return Err(fail(CUDA_ERROR_NOT_SUPPORTED, "parameters of a context"));
        }
        put(pctx, create(pctx, flags, dev)?, "pctx")
    }

    /// Waits for the context's work, frees all that was made in it, and ends it.
    fn cuCtxDestroy_v2(ctx: CUcontext) {
        let soft = soft()?;
        let handle = ctx.addr() as u64;
        if soft.contexts.get(handle)?.primary {
            let detail = "a primary context is released, not destroyed";
            return Err(fail(CUDA_ERROR_INVALID_CONTEXT, detail));
        }
        let context = soft.contexts.remove(handle)?;
        soft.destroy(&context);
        if current_handle() == handle {
            pop()?;
        }
        Ok(())
    }

    /// Puts a context onto the calling thread's stack.
    fn cuCtxPushCurrent_v2(ctx: CUcontext) {
        soft()?.contexts.get(ctx.addr() as u64)?;
        push(ctx.addr() as u64);
        Ok(())
    }

    /// Takes the current context from the calling thread's stack.
    fn cuCtxPopCurrent_v2(pctx: *mut CUcontext) {
        soft()?;
        let handle = pop()?;
        put_if(pctx, without_provenance_mut(handle as usize));
        Ok(())
    }

    /// Takes the place of the calling thread's context; null takes it away.
    fn cuCtxSetCurrent(ctx: CUcontext) {
        let soft = soft()?;
        if !ctx.is_null() {
            soft.contexts.get(ctx.addr() as u64)?;
        }
        replace(ctx.addr() as u64);
        Ok(())
    }

    /// The calling thread's context; null if it has none.
    fn cuCtxGetCurrent(pctx: *mut CUcontext) {
        soft()?;
        put(pctx, without_provenance_mut(current_handle() as usize), "pctx")
    }

    /// The device of the current context.
    fn cuCtxGetDevice(device: *mut CUdevice) {
        put(device, current_any()?.1.device, "device")
    }

    /// The flags of the current context.
    fn cuCtxGetFlags(flags: *mut c_uint) {
        let (_, context) = current_any()?;
        let value = *context.flags.lock().unwrap_or_else(PoisonError::into_inner);
        put(flags, value, "flags")
    }

    /// Waits for all work of the current context.
    fn cuCtxSynchronize() {
        let (_, context) = current()?;
        context.queue.drain();
        context.check()
    }

    /// The version of the interface that made a context.
    fn cuCtxGetApiVersion(ctx: CUcontext, version: *mut c_uint) {
        let soft = soft()?;
        if ctx.is_null() {
            current_any()?;
        } else {
            soft.contexts.get(ctx.addr() as u64)?;
        }
        put(version, 3020, "version")
    }

    /// Notes a limit of the current context; none changes what softcuda does.
    fn cuCtxSetLimit(limit: c_uint, value: usize) {
        let (_, context) = current()?;
        if limit >= LIMITS {
            return Err(invalid(format!("there is no limit {limit}")));
        }
        context.limits.lock().unwrap_or_else(PoisonError::into_inner).insert(limit, value);
        Ok(())
    }

    /// A limit of the current context: what was set, else what a new context has (CUDA C++ Programming Guide).
    fn cuCtxGetLimit(pvalue: *mut usize, limit: c_uint) {
        let (_, context) = current()?;
        if limit >= LIMITS {
            return Err(invalid(format!("there is no limit {limit}")));
        }
        let set = context.limits.lock().unwrap_or_else(PoisonError::into_inner).get(&limit).copied();
        let value = set.unwrap_or(match limit {
            0 => 1024,
            1 => 1 << 20,
            2 => 8 << 20,
            3 => 2,
            4 => 2048,
            5 => 128,
            _ => 0,
        });
        put(pvalue, value, "pvalue")
    }

    /// Notes the preferred split of the first cache and shared memory.
    fn cuCtxSetCacheConfig(config: c_uint) {
        let (_, context) = current()?;
        cache_config(config)?;
        *context.cache_config.lock().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// What [`cuCtxSetCacheConfig`] set.
    fn cuCtxGetCacheConfig(pconfig: *mut c_uint) {
        let (_, context) = current()?;
        let value = *context.cache_config.lock().unwrap_or_else(PoisonError::into_inner);
        put(pconfig, value, "pconfig")
    }

    /// Notes the width of shared memory's banks, which is 4 bytes on every device since Maxwell.
    fn cuCtxSetSharedMemConfig(config: c_uint) {
        let (_, context) = current()?;
        shared_config(config)?;
        *context.shared_config.lock().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// `CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE`.
    fn cuCtxGetSharedMemConfig(pConfig: *mut c_uint) {
        current()?;
        put(pConfig, 1, "pConfig")
    }

    /// The range of streams' priorities, of which softcuda takes note and no more.
    fn cuCtxGetStreamPriorityRange(leastPriority: *mut c_int, greatestPriority: *mut c_int) {
        current()?;
        put_if(leastPriority, 0);
        put_if(greatestPriority, super::stream::GREATEST);
        Ok(())
    }
}

/// Refuses what is no `CUfunc_cache`.
pub(crate) fn cache_config(config: c_uint) -> Answer {
    if config > 3 {
        Err(invalid(format!("there is no cache configuration {config}")))
    } else {
        Ok(())
    }
}

/// Refuses what is no `CUsharedconfig`.
pub(crate) fn shared_config(config: c_uint) -> Answer {
    if config > 2 {
        return Err(invalid(format!("there is no shared memory configuration {config}")));
    }
    Ok(())
}

fn create(pctx: *mut CUcontext, flags: c_uint, dev: CUdevice) -> Answer<CUcontext> {
    let soft = soft()?;
    soft.device(dev)?;
    not_null(pctx, "pctx")?;
    if flags & !FLAGS != 0 {
        return Err(invalid(format!("unknown flags 0x{flags:x}")));
    }
    let handle = soft.contexts.reserve();
    soft.contexts.put(handle, Arc::new(Context::new(handle, dev, flags, false)));
    push(handle);
    Ok(without_provenance_mut(handle as usize))
}
