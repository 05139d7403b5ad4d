//! What happened too long ago to be in memory, as the state machine sees it.

use crate::model::{Entry, Resolution};

/// Reads of what the state gave away ([`State::forget`](crate::state::State::forget)). Whether something is asked from here or found in
/// memory never changes an answer.
///
/// An implementation may know more than the state does, after a crash: the state ignores what is younger than its own time.
pub trait Past {
    /// The entry of an event's id.
    ///
    /// # Errors
    ///
    /// What a disk says. The state machine then stops before it changed anything.
    fn entry(&self, id: u128) -> crate::Result<Option<Entry>>;

    /// How a pending transfer ended, and the timestamp of that.
    ///
    /// # Errors
    ///
    /// As above.
    fn resolution(&self, pending_id: u128) -> crate::Result<Option<(Resolution, u64)>>;
}

/// No past: everything is in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPast;

impl Past for NoPast {
    fn entry(&self, _: u128) -> crate::Result<Option<Entry>> {
        Ok(None)
    }

    fn resolution(&self, _: u128) -> crate::Result<Option<(Resolution, u64)>> {
        Ok(None)
    }
}
