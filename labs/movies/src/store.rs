//! What every store can do.

use crate::Result;
use crate::answer::Answer;
use crate::data::Movie;
use crate::task::Task;

/// A store of films that answers [`Task`]s. One connection, one thing at a time.
///
/// A task that [changes](crate::task::Kind::changes) something is `change`, then `ask`, then `undo`, so that it can be done again.
pub trait Store {
    /// What it is called: `SQLite, documents`.
    fn name(&self) -> &str;

    /// Takes the films, makes the indexes, and learns what it needs to plan well. Once, into an empty store.
    ///
    /// # Errors
    /// What the store says.
    fn load(&mut self, movies: &[Movie]) -> Result<()>;

    /// What it takes on disk, indexes included, in bytes. 0 if it is not on one.
    ///
    /// # Errors
    /// What the store says.
    fn bytes(&mut self) -> Result<u64>;

    /// The answer, which for a change is what one wants to know after it.
    ///
    /// # Errors
    /// What the store says.
    fn ask(&mut self, task: &Task) -> Result<Answer>;

    /// Makes the change, durably: when it returns, a power failure does not take it back. Nothing for a task that is none.
    ///
    /// # Errors
    /// What the store says.
    fn change(&mut self, task: &Task) -> Result<()>;

    /// Takes the change back, and clears up behind it.
    ///
    /// # Errors
    /// What the store says.
    fn undo(&mut self, task: &Task) -> Result<()>;

    /// How it goes about the task, in the store's own words. Leaves everything as it was.
    ///
    /// # Errors
    /// What the store says.
    fn plan(&mut self, task: &Task) -> Result<String>;
}
