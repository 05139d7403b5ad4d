//! Answers for somebody who waits for many: an event loop.

use parking_lot::Mutex;

use super::Answer;
use crate::Problem;

/// Something that is done.
#[derive(Debug)]
pub enum Completion {
    /// A batch, by the number that came with it.
    Committed(u64, Result<Answer, Problem>),
    /// A read: how many records, and their bytes.
    Read(u64, Result<(u32, Vec<u8>), Problem>),
    /// A key was looked at.
    Admitted(u64, Result<crate::keys::Scope, Problem>),
}

/// Where answers are put for an event loop, which is woken when there are any.
pub struct Port {
    done: Mutex<Vec<Completion>>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Port {
    /// A port whose owner is woken by `wake`: called once for however many answers there are until it takes them.
    #[must_use]
    pub fn new(wake: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { done: Mutex::default(), wake }
    }

    /// Puts answers there.
    pub fn put(&self, completions: impl IntoIterator<Item = Completion>) {
        let mut done = self.done.lock();
        let sleeps = done.is_empty();
        done.extend(completions);
        let any = !done.is_empty();
        drop(done);
        if sleeps && any {
            (self.wake)();
        }
    }

    /// Takes all answers, in the order in which they came.
    pub fn take(&self, into: &mut Vec<Completion>) {
        into.append(&mut self.done.lock());
    }
}
