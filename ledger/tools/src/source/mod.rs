//! Where changes come from: a closed directory, or a server that runs.

mod directory;
mod server;

use std::time::Duration;

use ledger::query::Change;

use crate::Result;

pub use directory::Directory;
pub use server::{Server, ServerOptions};

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A change; those of a source come in order, and each once.
    Change(Box<Change>),
    /// Nothing in time.
    Nothing,
    /// All that there was when it began; it goes on with what is new.
    CaughtUp,
    /// There is nothing more.
    End,
}

/// Tells changes in order.
pub trait Source {
    /// What comes next, or that nothing came within `wait`.
    ///
    /// # Errors
    ///
    /// Files or a server that cannot be read: after one, the source is of no use.
    fn hear(&mut self, wait: Duration) -> Result<Heard>;
}
