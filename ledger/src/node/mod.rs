//! One ledger on one machine: the log in front, the state behind it, old entries in the archive.
//!
//! A [`Node`] does no more than bring the rooms into their order. It has no thread of its own that decides anything, no clock and no socket: the
//! caller says what time it is, and asks. What it promises:
//!
//! - **Durable before answered.** A batch is encoded, appended to the log and synced before its reply is returned. Batches of one
//!   [`commit`](Node::commit) share one write and one sync.
//! - **The log alone decides.** Whatever else is on disk (snapshots, the archive) can be made again from the log, and is checked against its chain when the
//!   directory is opened.
//! - **Memory is bounded.** Entries are kept in memory until there are [`NodeOptions::generation_entries`] of them; then they go to the
//!   archive. Two such generations are in memory at the most, beside accounts, open pending transfers and the archive's own buffers.
//! - **Stopped is stopped.** After an error that leaves it unknown what is on disk, everything is refused until the directory is opened again: reads, too,
//!   which could show what a crash takes back. After a panic in one of its calls it is the same.

mod archiver;
mod commit;
mod open;
mod preparer;

use std::sync::Arc;

pub use open::Recovery;

use self::{archiver::Archiver, preparer::Preparer};
use crate::{
    Error, Result,
    archive::Archive,
    log::{Log, Mark},
    model::{Entry, Reply},
    state::State,
};

/// The largest encoded batch, in bytes: what [`MAX_EVENTS`](crate::model::MAX_EVENTS) records of 128 bytes take, and a header.
pub const MAX_BATCH_BYTES: usize = 1 << 20;

/// How a [`Node`] works. None of it is stored.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// How large a segment of the log is. Default 64 MiB.
    pub segment_bytes: u64,
    /// After how many entries they go to the archive: some 300 bytes of memory each. Default 262,144.
    pub generation_entries: usize,
    /// Whether the archive and snapshots are written by a thread beside the caller's. Without, a commit that fills a generation
    /// does it before it returns, and everything is in one order: for simulations. Default true.
    pub background: bool,
    /// Whether all invariants are checked before a snapshot is written. Costs a pass over the accounts. Default true.
    pub check: bool,
    /// What a new log is called by in its records, so that bytes of another log are never taken for its own. `None` asks the operating
    /// system for randomness; a simulation says it.
    pub log_id: Option<[u8; 16]>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            generation_entries: 262_144,
            background: true,
            check: true,
            log_id: None,
        }
    }
}

/// What became of a batch: it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its number: its place in the log, and in the change feed.
    pub op: u64,
    /// Its time, by the log: that of its last event.
    pub timestamp: u64,
    /// The answers.
    pub reply: Reply,
}

/// A ledger that is open. It has no thread of its own that decides anything, no clock and no socket: the caller says what time it is, and asks.
///
/// ```
/// use std::sync::Arc;
/// use ledger::{
///     Node, NodeOptions,
///     archive::MemoryArchive,
///     disk::MemoryDisk,
///     model::{Account, Batch, Code, Ledger, Reply, Transfer},
///     money::{Amount, Currency},
/// };
///
/// let (mut node, _) = Node::open(Arc::new(MemoryDisk::new()), Arc::new(MemoryArchive::new()), NodeOptions::default())?;
/// let now = 1_700_000_000_000_000_000;
/// let account = |id| Account { id, ledger: 1, code: 1, ..Account::default() };
/// let euros = Ledger { id: 1, currency: Currency::new("EUR", 2)? };
/// node.commit(now, &[Batch::Ledgers(vec![euros]), Batch::Accounts(vec![account(1), account(2)])])?;
///
/// let payment = Transfer {
///     id: 7, debit_account_id: 1, credit_account_id: 2, amount: Amount::new(10_50).unwrap(),
///     ledger: 1, code: 1, ..Transfer::default()
/// };
/// let again = Batch::Transfers(vec![payment]);
/// for code in [Code::Ok, Code::Exists] {                      // its id is the key of its idempotency
///     let committed = node.commit(now, std::slice::from_ref(&again))?;
///     let Reply::Transfers(outcomes) = &committed[0].reply else { unreachable!() };
///     assert_eq!((outcomes[0].code, outcomes[0].credit.credits_posted.get()), (code, 10_50));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Node {
    archive: Arc<dyn Archive>,
    options: NodeOptions,
    log: Log,
    state: State,
    archiver: Archiver,
    /// Without a background there is none, and the log makes its segments when it needs them.
    preparer: Option<Preparer>,
    /// Why nothing is accepted any more.
    stopped: Option<String>,
    /// Whether a call that changes something has begun and not ended. Between calls: it panicked.
    busy: bool,
    /// What batches are encoded into: kept for its memory.
    encoded: Vec<u8>,
    /// Entries given to the archive since the last snapshot was begun.
    since_snapshot: usize,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("op", &self.state.op())
            .field("timestamp", &self.state.timestamp())
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// What all batches so far have made. Of a node that has [`stopped`](Self::stopped) it may have more than is durable, or a part of a batch.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The archive of old entries.
    #[must_use]
    pub fn archive(&self) -> &dyn Archive {
        &*self.archive
    }

    /// The archive, as the state machine sees it.
    #[must_use]
    pub fn past(&self) -> &dyn crate::Past {
        &*self.archive
    }

    /// The place of the last batch in the log's chain.
    #[must_use]
    pub fn tail(&self) -> Mark {
        self.log.tail()
    }

    /// What is remembered under the id of a transfer or transaction, however old.
    ///
    /// # Errors
    ///
    /// What the archive says; [`Error::Stopped`].
    pub fn entry(&self, id: u128) -> Result<Option<Entry>> {
        self.running()?;
        self.state.entry(&*self.archive, id)
    }

    /// Why nothing is accepted any more, if so.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Gives all entries to the archive and writes a snapshot, now: the next opening has nothing to replay.
    ///
    /// # Errors
    ///
    /// What the disk says; then the node is stopped.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.undisturbed(|node| {
            let done = node.begin_checkpoint(true).and_then(|()| node.archiver.finish());
            node.keep(done)?;
            node.forget_archived();
            Ok(())
        })
    }

    /// Ends it in order: a checkpoint, the thread at rest, and a note in the log that its end is its end.
    ///
    /// # Errors
    ///
    /// As [`checkpoint`](Self::checkpoint). What was acknowledged is durable in any case.
    pub fn close(mut self) -> Result<()> {
        self.checkpoint()?;
        self.log.seal()
    }

    /// Refuses if an earlier error stopped it, or a panic did.
    pub(crate) fn running(&self) -> Result<()> {
        match &self.stopped {
            Some(why) => Err(Error::Stopped(why.clone())),
            None if self.busy => Err(Error::Stopped("a call of it panicked".into())),
            None => Ok(()),
        }
    }

    /// Does what changes something. If that panics, nobody knows which part of it happened: whoever catches it has a node that refuses everything.
    fn undisturbed<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.running()?;
        self.busy = true;
        let done = work(self);
        self.busy = false;
        done
    }

    /// Remembers an error as the end.
    fn keep<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.stopped = Some(error.to_string());
        }
        result
    }
}
