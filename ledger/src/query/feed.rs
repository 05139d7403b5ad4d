//! The change feed: what every operation of the log made happen, in order.

use std::ops::ControlFlow;

use crate::{Node, Result, model::Entry};

/// Something that happened, and its place: `(op, index)` is unique and never changes, so that whoever hears of it twice can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The operation of the log: the feed's offset.
    pub op: u64,
    /// Which of the operation's entries, from 0.
    pub index: u32,
    /// What happened.
    pub entry: Entry,
}

/// A piece of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// What happened, in order; operations are whole.
    pub changes: Vec<Change>,
    /// With which operation the next piece begins. If it is the one that was asked for, nothing is new.
    pub next_op: u64,
}

impl Node {
    /// What operations from `from_op` on made happen: whole operations, until there are `limit` changes or more. Refusals are part of it, accounts and ledgers are
    /// not: they are in the log itself.
    ///
    /// # Errors
    ///
    /// What the disk says, and damage of the log or the archive; [`Error::Stopped`](crate::Error::Stopped).
    pub fn changes(&self, from_op: u64, limit: usize) -> Result<Changes> {
        self.running()?;
        let from_op = from_op.max(1);
        let mut found = Changes { changes: Vec::new(), next_op: from_op };
        let tail = self.state().op();
        if from_op > tail {
            return Ok(found);
        }
        // The operation before tells where the time of the first one begins.
        let mut before = 0;
        for record in self.log().read(from_op.saturating_sub(1).max(1))? {
            let mark = record?.mark;
            if mark.op < from_op {
                before = mark.timestamp;
                continue;
            }
            if mark.op > tail {
                break;
            }
            let mut index = 0;
            self.timeline(None, before + 1..=mark.timestamp, false, &mut |entry| {
                found.changes.push(Change { op: mark.op, index, entry });
                index += 1;
                ControlFlow::Continue(())
            })?;
            before = mark.timestamp;
            found.next_op = mark.op + 1;
            if found.changes.len() >= limit {
                break;
            }
        }
        Ok(found)
    }
}
