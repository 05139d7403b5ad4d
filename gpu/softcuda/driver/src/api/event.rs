//! Events. Times are the host's: how long softcuda took.

use crate::export::{export, not_null, put};
use crate::result::{Answer, CUDA_ERROR_INVALID_HANDLE, CUDA_ERROR_NOT_READY, fail, invalid};
use crate::soft::{current, soft};
use crate::stream::{Event, lane, record};
use crate::types::{CU_EVENT_DISABLE_TIMING, CUevent, CUstream};
use std::ffi::c_uint;
use std::ptr::without_provenance_mut;
use std::sync::Mutex;

export! {
    /// Makes an event in the current context.
    fn cuEventCreate(phEvent: *mut CUevent, Flags: c_uint) {
        let (soft, context) = current()?;
        not_null(phEvent, "phEvent")?;
        if Flags > 7 || (Flags & 4 != 0 && Flags & CU_EVENT_DISABLE_TIMING == 0) {
            return Err(invalid(format!("flags 0x{Flags:x}")));
        }
        let event = Event { context, flags: Flags, recorded: Mutex::new(None) };
        put(phEvent, without_provenance_mut(soft.events.insert(event) as usize), "phEvent")
    }

    /// Records an event: it is complete when the stream has done what it was given until now.
    fn cuEventRecord(hEvent: CUevent, hStream: CUstream) {
        recorded(hEvent, hStream)
    }

    /// As [`cuEventRecord`]; the flag for captured graphs has no effect.
    fn cuEventRecordWithFlags(hEvent: CUevent, hStream: CUstream, flags: c_uint) {
        if flags > 1 {
            return Err(invalid(format!("unknown flags 0x{flags:x}")));
        }
        recorded(hEvent, hStream)
    }

    /// Whether an event is complete: `CUDA_ERROR_NOT_READY` while it is not. One that was never recorded is.
    fn cuEventQuery(hEvent: CUevent) {
        let event = soft()?.events.get(hEvent.addr() as u64)?;
        match event.recording() {
            Some(recording) if recording.at().is_none() => Err(CUDA_ERROR_NOT_READY.into()),
            _ => event.context.check(),
        }
    }

    /// Waits until an event is complete.
    fn cuEventSynchronize(hEvent: CUevent) {
        let event = soft()?.events.get(hEvent.addr() as u64)?;
        if let Some(recording) = event.recording() {
            recording.wait();
        }
        event.context.check()
    }

    /// Ends an event; a recording under way is waited for as before.
    fn cuEventDestroy_v2(hEvent: CUevent) {
        soft()?.events.remove(hEvent.addr() as u64).map(drop)
    }

    /// Milliseconds between two events of one context that are complete.
    fn cuEventElapsedTime(pMilliseconds: *mut f32, hStart: CUevent, hEnd: CUevent) {
        put(pMilliseconds, elapsed(hStart, hEnd)?, "pMilliseconds")
    }

    /// As [`cuEventElapsedTime`].
    fn cuEventElapsedTime_v2(pMilliseconds: *mut f32, hStart: CUevent, hEnd: CUevent) {
        put(pMilliseconds, elapsed(hStart, hEnd)?, "pMilliseconds")
    }
}

fn recorded(event: CUevent, stream: CUstream) -> Answer {
    let (soft, lane) = lane(stream)?;
    let event = soft.events.get(event.addr() as u64)?;
    if event.context.handle != lane.context.handle {
        let detail = "the event and the stream belong to different contexts";
        return Err(fail(CUDA_ERROR_INVALID_HANDLE, detail));
    }
    record(&event, &lane)
}

fn elapsed(start: CUevent, end: CUevent) -> Answer<f32> {
    let soft = soft()?;
    let (start, end) = (soft.events.get(start.addr() as u64)?, soft.events.get(end.addr() as u64)?);
    let wrong = |detail: &str| Err(fail(CUDA_ERROR_INVALID_HANDLE, detail));
    if start.context.handle != end.context.handle {
        return wrong("the events belong to different contexts");
    }
    if (start.flags | end.flags) & CU_EVENT_DISABLE_TIMING != 0 {
        return wrong("an event has CU_EVENT_DISABLE_TIMING");
    }
    let (Some(first), Some(last)) = (start.recording(), end.recording()) else {
        return wrong("an event was never recorded");
    };
    let (Some(first), Some(last)) = (first.at(), last.at()) else {
        return Err(CUDA_ERROR_NOT_READY.into());
    };
    start.context.check()?;
    let time = match last.checked_duration_since(first) {
        Some(time) => time.as_secs_f64(),
        None => -first.duration_since(last).as_secs_f64(),
    };
    Ok((time * 1e3) as f32)
}
