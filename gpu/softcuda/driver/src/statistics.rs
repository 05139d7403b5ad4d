//! What launches did: what a real driver cannot tell.

use crate::context::Context;
use std::sync::Arc;

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
