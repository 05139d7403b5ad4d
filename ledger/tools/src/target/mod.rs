//! Where changes go.

mod file;

use ledger::query::Change;
use ledger_json::Key;

use crate::Result;

pub use file::File;
pub(crate) use file::create;

/// The last change that a target has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Its key.
    pub key: Key,
    /// The change, if it is known: the source must have the same.
    pub change: Option<Change>,
}

/// Takes changes in order.
pub trait Target {
    /// Makes it ready, for the first time or again, and says what it has.
    ///
    /// # Errors
    ///
    /// It cannot be had.
    fn open(&mut self) -> Result<Option<Position>>;

    /// Takes a change, which must be behind all that it has. It need not be there for good before [`settle`](Self::settle).
    ///
    /// # Errors
    ///
    /// It cannot be written: what was put since it was settled is there, or not.
    fn put(&mut self, change: &Change) -> Result<()>;

    /// Returns when all that was put is there for good.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    fn settle(&mut self) -> Result<()>;
}
