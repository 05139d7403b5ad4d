//! What is going to happen in a run: a list of steps that says everything, so that a run can be repeated, cut down, printed and kept.
//!
//! Every step has its own choices in it, or a number that they are drawn from: leaving one out changes nothing in the others.

mod story;
mod text;

use ledger::model::Batch;

pub use story::{describe, tell};
pub use text::{ParseError, parse, print};

/// How many clients there are.
pub const CLIENTS: u8 = 6;

/// A run before it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it was made from; only a name.
    pub seed: u64,
    /// What the node is configured with.
    pub setup: Setup,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What a run starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// How large a segment of the log is, in bytes.
    pub segment_bytes: u64,
    /// After how many entries a generation goes to the archive.
    pub generation_entries: usize,
    /// What the clock shows at first, in nanoseconds since 1970.
    pub clock: u64,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A client has a new request; one that it had no answer to is given up.
    Ask {
        /// Which client.
        client: u8,
        /// What it asks for.
        batch: Batch,
    },
    /// A client sends its request again, if it had no answer yet.
    Repeat {
        /// Which client.
        client: u8,
    },
    /// The node commits requests that wait, as one group.
    Commit {
        /// How many at most.
        take: u8,
        /// Whose answers get lost on their way: bit `n` for the nth of the group.
        lost: u8,
    },
    /// Time passes.
    Pass {
        /// How much.
        nanoseconds: u64,
    },
    /// The node's clock jumps.
    Jump {
        /// By how much; negative is back.
        nanoseconds: i64,
    },
    /// The node looks whether something is due.
    Tick,
    /// The node archives and takes a snapshot.
    Checkpoint,
    /// A request that is no batch: empty, or too large.
    Nonsense {
        /// Whether it is too large.
        large: bool,
    },
    /// The node is closed and opened.
    Restart,
    /// The process is killed; what it wrote is in the machine's memory.
    Kill,
    /// The power fails between two calls.
    PowerFailure {
        /// What becomes of what was not synced.
        fate: u64,
    },
    /// The power will fail within a call.
    PowerFailureIn {
        /// How many operations on the disk succeed before.
        operations: u32,
        /// What becomes of what was not synced, and of the operation itself.
        fate: u64,
    },
    /// An operation on the disk will fail.
    Fails {
        /// What kind of operation.
        what: Failing,
        /// How many of the kind succeed before.
        after: u32,
    },
    /// There is an end to the disk's space.
    Full {
        /// How many bytes are left.
        room: u32,
    },
    /// There is space again.
    Space,
    /// A bit flips while the node is down.
    Rot {
        /// In which file, where.
        fate: u64,
    },
    /// A write will go to a wrong place of its file, or to none, and claim that all is well.
    Astray {
        /// How many writes arrive before.
        after: u32,
        /// Where it goes.
        fate: u64,
    },
    /// Everything about the node is compared with the oracle.
    Inspect,
}

/// An operation that fails with an error of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// A sync of a file.
    Sync,
    /// A sync of names.
    Names,
    /// A read.
    Read,
    /// A write, a part of which arrives.
    Write,
    /// A store into the archive.
    Archive,
}

impl Failing {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sync, Self::Names, Self::Read, Self::Write, Self::Archive];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Names => "names",
            Self::Read => "read",
            Self::Write => "write",
            Self::Archive => "archive",
        }
    }
}

impl Plan {
    /// How many steps and events it has: what shrinking makes fewer.
    #[must_use]
    pub fn size(&self) -> usize {
        let events = |step: &Step| match step {
            Step::Ask { batch, .. } => 1 + batch.len(),
            _ => 1,
        };
        self.steps.iter().map(events).sum()
    }
}
