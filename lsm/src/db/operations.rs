//! Work on the database's files that runs on threads of the user.

use std::thread::{self, ThreadId};

use parking_lot::{Condvar, Mutex};

use super::core::Core;
use crate::Result;

/// What is under way. Closing waits for it: whoever opens the database next finds nobody at work on its files.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    /// A thread once for each operation of it.
    running: Mutex<Vec<ThreadId>>,
    ended: Condvar,
}

/// An operation under way, until it is dropped.
pub(crate) struct Operation<'a> {
    operations: &'a Operations,
}

impl Operations {
    fn begin(&self) -> Operation<'_> {
        self.running.lock().push(thread::current().id());
        Operation { operations: self }
    }

    /// Waits until no other thread has an operation under way. One of this thread itself cannot end before this returns: an
    /// event listener closes the database from inside of it.
    pub(crate) fn wait_for_others(&self) {
        let this = thread::current().id();
        let mut running = self.running.lock();
        while running.iter().any(|thread| *thread != this) {
            self.ended.wait(&mut running);
        }
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        let this = thread::current().id();
        let mut running = self.operations.running.lock();
        if let Some(at) = running.iter().position(|thread| *thread == this) {
            running.swap_remove(at);
        }
        drop(running);
        self.operations.ended.notify_all();
    }
}

impl Core {
    /// Begins what writes, links or removes files. Fails if the database takes no writes; from then until the operation is
    /// dropped, [`close`](crate::Db::close) does not get as far as to let another opener in.
    pub(crate) fn begin_operation(&self) -> Result<Operation<'_>> {
        let operation = self.operations.begin();
        // Behind the note, not before it: closing sets its mark first and then waits for what was noted.
        self.check_writable()?;
        Ok(operation)
    }
}
