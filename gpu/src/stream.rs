//! Streams and events.

use crate::driver::{self, Handle};
use crate::error::Result;
use crate::gpu::{Context, Gpu};
use crate::scratch::Scratch;
use std::sync::Arc;

/// Launches and copies in the order in which they were asked for.
///
/// Streams wait for the default stream and it for them, as CUDA's do by default; among each other they run as they like:
/// order them by events. Clones are the same stream. Destroyed with the last clone, once its work is done.
#[derive(Clone, Debug)]
pub struct Stream(pub(crate) Arc<StreamState>);

#[derive(Debug)]
pub(crate) struct StreamState {
    pub context: Arc<Context>,
    /// Zero is the default stream.
    pub raw: Handle,
    /// Memory for the launches of this stream, each of which is done with it before the next begins.
    pub scratch: Scratch,
}

impl Stream {
    /// A new stream of the device.
    ///
    /// # Errors
    /// When the driver has none to give.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        let context = gpu.context().clone();
        context.enter()?;
        let raw = driver::stream_create()?;
        Ok(Self(Arc::new(StreamState { context, raw, scratch: Scratch::default() })))
    }

    pub(crate) fn default_of(context: Arc<Context>) -> Self {
        Self(Arc::new(StreamState { context, raw: 0, scratch: Scratch::default() }))
    }

    /// Waits until all that was asked for is done.
    ///
    /// # Errors
    /// When some of it failed.
    pub fn synchronize(&self) -> Result<()> {
        self.0.context.enter()?;
        driver::stream_synchronize(self.0.raw)
    }

    /// Whether all that was asked for is done.
    ///
    /// # Errors
    /// When some of it failed.
    pub fn is_done(&self) -> Result<bool> {
        self.0.context.enter()?;
        driver::stream_done(self.0.raw)
    }

    /// What is asked of this stream from now on begins after the event.
    ///
    /// # Errors
    /// When the driver refuses.
    pub fn wait_for(&self, event: &Event) -> Result<()> {
        self.0.context.enter()?;
        driver::stream_wait(self.0.raw, event.raw)
    }

    /// The driver's handle, a `CUstream`; null for the default stream.
    pub fn as_raw(&self) -> *mut std::ffi::c_void {
        driver::pointer(self.0.raw)
    }
}

impl Drop for StreamState {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            self.scratch.free();
            if self.raw != 0 {
                // Nobody is left to be told.
                let _ = driver::stream_destroy(self.raw);
            }
        }
    }
}

/// A moment in a stream.
#[derive(Debug)]
pub struct Event {
    context: Arc<Context>,
    raw: Handle,
}

impl Event {
    /// An event that has not been recorded yet.
    ///
    /// # Errors
    /// When the driver has none to give.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        let context = gpu.context().clone();
        context.enter()?;
        Ok(Self { raw: driver::event_create()?, context })
    }

    /// The event happens when the stream of `gpu` has done what was asked of it so far.
    ///
    /// # Errors
    /// When `gpu` is another device's.
    pub fn record(&self, gpu: &Gpu) -> Result<()> {
        gpu.same_context("the event", &self.context)?;
        self.context.enter()?;
        driver::event_record(self.raw, gpu.stream().raw)
    }

    /// Waits until the event has happened.
    ///
    /// # Errors
    /// When something before it failed.
    pub fn synchronize(&self) -> Result<()> {
        self.context.enter()?;
        driver::event_synchronize(self.raw)
    }

    /// Milliseconds from an earlier event to this one; both must have happened.
    ///
    /// On softcuda this is the time that the emulation took, which says nothing about a GPU.
    ///
    /// # Errors
    /// When one has not been recorded or has not happened.
    pub fn milliseconds_since(&self, earlier: &Self) -> Result<f32> {
        self.context.enter()?;
        driver::event_elapsed(earlier.raw, self.raw)
    }

    /// The driver's handle, a `CUevent`.
    pub fn as_raw(&self) -> *mut std::ffi::c_void {
        driver::pointer(self.raw)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if self.context.enter().is_ok() {
            // Nobody is left to be told.
            let _ = driver::event_destroy(self.raw);
        }
    }
}
