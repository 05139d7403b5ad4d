//! Streams.

use crate::export::{export, not_null, put};
use crate::queue::callback;
use crate::result::{Answer, CUDA_ERROR_NOT_READY, CUDA_SUCCESS, invalid};
use crate::soft::{current, soft};
use crate::stream::{Stream, lane};
use crate::types::{
    CU_STREAM_NON_BLOCKING, CUcontext, CUevent, CUhostFn, CUstream, CUstreamCallback,
};
use std::ffi::{c_int, c_uint, c_void};
use std::ptr::without_provenance_mut;
use std::sync::atomic::AtomicU64;

/// The greatest priority of a stream; the least is 0.
pub(crate) const GREATEST: c_int = -5;

export! {
    /// Makes a stream in the current context.
    fn cuStreamCreate(phStream: *mut CUstream, Flags: c_uint) {
        put(phStream, create(phStream, Flags, 0)?, "phStream")
    }

    /// Makes a stream with a priority, which is brought into the range and has no other effect.
    fn cuStreamCreateWithPriority(phStream: *mut CUstream, flags: c_uint, priority: c_int) {
        put(phStream, create(phStream, flags, priority)?, "phStream")
    }

    /// Ends a stream; its work is done all the same.
    fn cuStreamDestroy_v2(hStream: CUstream) {
        soft()?.streams.remove(hStream.addr() as u64).map(drop)
    }

    /// Waits for a stream's work; for a default stream, for all work of the current context.
    fn cuStreamSynchronize(hStream: CUstream) {
        lane(hStream)?.1.wait()
    }

    /// Whether a stream's work is done: `CUDA_ERROR_NOT_READY` while it is not.
    fn cuStreamQuery(hStream: CUstream) {
        let (_, lane) = lane(hStream)?;
        if !lane.context.queue.reached(lane.last()) {
            return Err(CUDA_ERROR_NOT_READY.into());
        }
        lane.context.check()
    }

    /// What a stream is given from now on waits for an event's last recording. One that was never recorded is not waited for.
    fn cuStreamWaitEvent(hStream: CUstream, hEvent: CUevent, Flags: c_uint) {
        let (soft, lane) = lane(hStream)?;
        let event = soft.events.get(hEvent.addr() as u64)?;
        if Flags > 1 {
            return Err(invalid(format!("unknown flags 0x{Flags:x}")));
        }
        match event.recording() {
            // Within a context work is done in the order in which it is issued.
            Some(recording) if event.context.handle != lane.context.handle => lane.issue(move || {
                recording.wait();
                Ok(())
            }),
            _ => Ok(()),
        }
    }

    /// The flags that a stream was made with.
    fn cuStreamGetFlags(hStream: CUstream, flags: *mut c_uint) {
        put(flags, lane(hStream)?.1.stream.map_or(0, |stream| stream.flags), "flags")
    }

    /// The priority that a stream was made with, brought into the range.
    fn cuStreamGetPriority(hStream: CUstream, priority: *mut c_int) {
        put(priority, lane(hStream)?.1.stream.map_or(0, |stream| stream.priority), "priority")
    }

    /// The context that a stream was made in.
    fn cuStreamGetCtx(hStream: CUstream, pctx: *mut CUcontext) {
        let (_, lane) = lane(hStream)?;
        put(pctx, without_provenance_mut(lane.context.handle as usize), "pctx")
    }

    /// Calls a function when the stream comes to it; not when its context has failed. The function must not call CUDA.
    fn cuLaunchHostFunc(hStream: CUstream, r#fn: CUhostFn, userData: *mut c_void) {
        let (_, lane) = lane(hStream)?;
        let function = r#fn.ok_or_else(|| invalid("the function is null"))?;
        let data = userData.expose_provenance();
        lane.issue(move || {
            // SAFETY: the caller of `cuLaunchHostFunc` promised that it can be called so.
            callback(|| unsafe { function(std::ptr::with_exposed_provenance_mut(data)) });
            Ok(())
        })
    }

    /// Calls a function when the stream comes to it, with the error that its context failed of. The function must not call CUDA.
    fn cuStreamAddCallback(
        hStream: CUstream,
        callback: CUstreamCallback,
        userData: *mut c_void,
        flags: c_uint,
    ) {
        let (_, lane) = lane(hStream)?;
        let function = callback.ok_or_else(|| invalid("the function is null"))?;
        if flags != 0 {
            return Err(invalid(format!("flags must be 0, not {flags}")));
        }
        let (stream, data) = (hStream.addr(), userData.expose_provenance());
        lane.issue_always(Box::new(move |failure| {
            let status = failure.map_or(CUDA_SUCCESS, |failure| failure.code);
            let data = std::ptr::with_exposed_provenance_mut(data);
            // SAFETY: the caller of `cuStreamAddCallback` promised that it can be called so.
            crate::queue::callback(|| unsafe {
                function(without_provenance_mut(stream), status, data);
            });
            Ok(())
        }))
    }
}

fn create(to: *mut CUstream, flags: c_uint, priority: c_int) -> Answer<CUstream> {
    let (soft, context) = current()?;
    not_null(to, "phStream")?;
    if flags & !CU_STREAM_NON_BLOCKING != 0 {
        return Err(invalid(format!("unknown flags 0x{flags:x}")));
    }
    let priority = priority.clamp(GREATEST, 0);
    let stream = Stream { context, flags, priority, last: AtomicU64::new(0) };
    Ok(without_provenance_mut(soft.streams.insert(stream) as usize))
}
