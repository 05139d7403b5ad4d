//! From a directory to a ledger: the newest good snapshot, and the log behind it.

use std::sync::Arc;

use super::{Node, NodeOptions, archiver::Archiver};
use crate::{
    Error, Result,
    archive::Archive,
    codec,
    disk::Disk,
    log::{Log, Mark},
    snapshot,
    state::{Image, State},
};

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The snapshot that it began with; `None` if there was no good one, and all of the log was replayed.
    pub snapshot: Option<Mark>,
    /// Snapshots that could not be used, and why. The log made up for them.
    pub damaged_snapshots: Vec<String>,
    /// How many operations were replayed.
    pub replayed: u64,
    /// What a crash had left behind the last whole record, in bytes: writes that nobody was told of.
    pub trimmed_bytes: u64,
    /// The last operation.
    pub tail: Mark,
}

impl Node {
    /// Opens a ledger, or makes a new one where there is none.
    ///
    /// Costs reading the newest snapshot and replaying the log behind it: at most some generations of entries.
    ///
    /// # Errors
    ///
    /// [`Error::Corruption`] if a part of the log that had been durable is damaged, with file and offset; [`Error::Mismatch`] if the archive or the snapshot
    /// is of another log or newer than this one; what the disk says. Nothing was changed then, but a torn end of the log, which is cut.
    pub fn open(disk: Arc<dyn Disk>, archive: Arc<dyn Archive>, options: NodeOptions) -> Result<(Self, Recovery)> {
        let found = snapshot::newest(&*disk)?;
        let mut damaged = found.damaged;
        let mut from = None;
        let mut state = State::new();
        for candidate in found.good {
            match Image::decode(&mut candidate.body.as_slice()).and_then(State::from_image) {
                Ok(read) if read.op() == candidate.mark.op && read.digest() == candidate.digest => {
                    state = read;
                    from = Some(candidate.mark);
                    break;
                }
                Ok(_) => damaged.push(format!("{}: its content is not what its header says", candidate.name)),
                Err(e) => damaged.push(format!("{}: {e}", candidate.name)),
            }
        }
        let id = options.log_id;
        let (log, tail) = Log::open(Arc::clone(&disk), options.segment_bytes, from, id)?;
        check_archive(&*archive, &log)?;

        let archiver = Archiver::new(Arc::clone(&disk), Arc::clone(&archive), options.background)?;
        let mut node = Self {
            disk,
            archive,
            options,
            log,
            state,
            archiver,
            stopped: None,
            encoded: Vec::new(),
            since_snapshot: 0,
        };
        let replayed = node.replay()?;
        let recovery = Recovery {
            snapshot: from,
            damaged_snapshots: damaged,
            replayed,
            trimmed_bytes: tail.trimmed_bytes,
            tail: node.log.tail(),
        };
        Ok((node, recovery))
    }

    /// Applies what the log has behind the state.
    fn replay(&mut self) -> Result<u64> {
        let mut replayed = 0;
        for record in self.log.read(self.state.op() + 1)? {
            let record = record?;
            let batch = codec::decode(record.kind, record.count, &record.body).map_err(|e| {
                Error::Mismatch(format!("operation {} of the log is whole, and yet no batch of this program: {e}", record.mark.op))
            })?;
            self.state.apply(&*self.archive, record.mark.op, record.mark.timestamp, &batch)?;
            replayed += 1;
            if self.state.active().len() >= self.options.generation_entries {
                let generation = self.state.freeze();
                self.archive.store(generation.entries(), record.mark)?;
                self.state.forget(record.mark.timestamp);
            }
        }
        Ok(replayed)
    }
}

/// An archive belongs to a log if what it was last given is in the log's chain.
fn check_archive(archive: &dyn Archive, log: &Log) -> Result<()> {
    let Some(through) = archive.through()? else { return Ok(()) };
    let tail = log.tail();
    if through.op > tail.op {
        return Err(Error::Mismatch(format!(
            "the archive knows operations through {}, the log ends at {}: the log is older than the archive beside it",
            through.op, tail.op
        )));
    }
    let found = log.mark(through.op)?;
    if found != through {
        return Err(Error::Mismatch(format!("operation {} is another one in the archive than in the log", through.op)));
    }
    Ok(())
}
