//! What launches did: what a real driver cannot tell.

use crate::context::Context;
use softcuda::profile::{Caches, Gpu, Profile, Registers};
use std::sync::Arc;

/// How launches are profiled.
#[derive(Clone, Copy, Debug)]
pub struct Profiling {
    /// Registers a thread of a kernel (by its name) on a GPU.
    pub registers: fn(&str, &Gpu) -> Registers,
    /// Where the arrays are said to be when a launch begins.
    pub caches: Caches,
}

/// Begins or ends to profile the launches of the current context, for all of [`softcuda::profile::GPUS`]. A profiled launch runs on one core, and is not checked.
/// Has no effect without a context and with a real driver.
pub fn profile_launches(how: Option<Profiling>) {
    if let Some(context) = settled() {
        context.queue.profile(how);
    }
}

/// The profile of the last launch of the current context that was profiled, after waiting for it; given once.
pub fn take_profile() -> Option<Arc<Profile>> {
    settled()?.queue.take_profile()
}

/// The current context, all work done; none on a real driver.
pub(crate) fn settled() -> Option<Arc<Context>> {
    let (_, context) = crate::soft::current_any().ok()?;
    context.queue.drain();
    Some(context)
}

/// What the last launch of the current context did, after waiting for it. `None` where none has ended well, there is no context, or a
/// real driver answers.
pub fn last_statistics() -> Option<softcuda::Statistics> {
    settled()?.queue.last_statistics()
}

/// Begins or ends to keep what all launches of the current context do; begins anew where it had begun. Has no effect without a context
/// and with a real driver.
pub fn record_statistics(on: bool) {
    if let Some(context) = settled() {
        context.queue.record(on);
    }
}

/// What the launches of the current context did since [`record_statistics`] or the last call of this, in order, after waiting for them.
pub fn take_statistics() -> Vec<softcuda::Statistics> {
    settled().map(|context| context.queue.take()).unwrap_or_default()
}
