//! Streams and events.

use crate::context::Context;
use crate::queue::Work;
use crate::result::{Answer, Failure};
use crate::soft::{Soft, current};
use crate::types::{CU_STREAM_LEGACY, CU_STREAM_PER_THREAD, CUstream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

/// A stream.
pub(crate) struct Stream {
    pub context: Arc<Context>,
    pub flags: u32,
    pub priority: i32,
    /// Number of its last work in the context's queue.
    pub last: AtomicU64,
}

/// Where work is to go.
pub(crate) struct Lane {
    pub context: Arc<Context>,
    /// None for a default stream.
    pub stream: Option<Arc<Stream>>,
}

impl Lane {
    /// Issues work that is left out once the context has failed.
    pub(crate) fn issue(&self, work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
        self.issue_always(Box::new(|failure| if failure.is_some() { Ok(()) } else { work() }))
    }

    /// Issues work that is done even then.
    pub(crate) fn issue_always(&self, work: Work) -> Answer {
        let number = self.context.queue.issue(work)?;
        if let Some(stream) = &self.stream {
            stream.last.fetch_max(number, Relaxed);
        }
        Ok(())
    }

    /// Number of the work that must be done for the stream to be.
    pub(crate) fn last(&self) -> u64 {
        match &self.stream {
            Some(stream) => stream.last.load(Relaxed),
            None => self.context.queue.last(),
        }
    }

    /// Waits for the stream; what the context failed of, if it has.
    pub(crate) fn wait(&self) -> Answer {
        self.context.queue.wait(self.last());
        self.context.check()
    }
}

/// The stream of a handle, whose context has not failed.
pub(crate) fn lane(handle: CUstream) -> Answer<(&'static Soft, Lane)> {
    if handle.is_null() || handle == CU_STREAM_LEGACY || handle == CU_STREAM_PER_THREAD {
        let (soft, context) = current()?;
        return Ok((soft, Lane { context, stream: None }));
    }
    let soft = crate::soft::soft()?;
    let stream = soft.streams.get(handle.addr() as u64)?;
    stream.context.check()?;
    Ok((soft, Lane { context: stream.context.clone(), stream: Some(stream) }))
}

/// One recording of an event: when its stream came to it.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    at: Mutex<Option<Instant>>,
    done: Condvar,
}

impl Recording {
    pub(crate) fn finish(&self) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.done.notify_all();
    }

    pub(crate) fn at(&self) -> Option<Instant> {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wait(&self) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        while at.is_none() {
            at = self.done.wait(at).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// An event.
pub(crate) struct Event {
    pub context: Arc<Context>,
    pub flags: u32,
    /// The last recording, if there was one.
    pub recorded: Mutex<Option<Arc<Recording>>>,
}

impl Event {
    pub(crate) fn recording(&self) -> Option<Arc<Recording>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Records an event.
pub(crate) fn record(event: &Event, lane: &Lane) -> Answer {
    let recording = Arc::new(Recording::default());
    let done = recording.clone();
    lane.issue_always(Box::new(move |_: Option<&Failure>| {
        done.finish();
        Ok(())
    }))?;
    *event.recorded.lock().unwrap_or_else(PoisonError::into_inner) = Some(recording);
    Ok(())
}
