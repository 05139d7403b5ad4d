//! From a directory to a ledger: the newest good snapshot, and the log behind it.

use std::{ops::ControlFlow, sync::Arc};

use super::{Node, NodeOptions, archiver::Archiver, preparer::Preparer};
use crate::{
    Error, Result,
    archive::Archive,
    codec,
    disk::Disk,
    log::{Log, Mark, Trimmed, Witness},
    snapshot,
    state::{Image, State},
};

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The snapshot that it began with; `None` if there was no good one, and all of the log was replayed.
    pub snapshot: Option<Mark>,
    /// Snapshots that could not be used, and why. The log made up for them.
    pub passed_over: Vec<String>,
    /// How many operations were replayed.
    pub replayed: u64,
    /// What a crash had left behind the last whole record: writes that nobody was told of.
    pub trimmed: Option<Trimmed>,
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
    pub fn open(
        disk: Arc<dyn Disk>,
        archive: Arc<dyn Archive>,
        options: NodeOptions,
    ) -> Result<(Self, Recovery)> {
        let through = archive.through()?;
        let newest = newest_entry(&*archive)?;
        let (from, state, damaged) = newest_state(&*disk, through)?;
        let (log, trimmed) = if Log::exists(&*disk)? {
            let witness = Witness { op: through.map_or(0, |mark| mark.op), timestamp: newest };
            let (log, tail) =
                Log::open_beside(Arc::clone(&disk), options.segment_bytes, from, witness)?;
            (log, tail.trimmed)
        } else {
            if let Some(mark) = from {
                return Err(Error::Mismatch(format!(
                    "there is a snapshot of operation {}, and no log",
                    mark.op
                )));
            }
            let id = match options.log_id {
                Some(id) => id,
                None => random_id()?,
            };
            (Log::create(Arc::clone(&disk), id, options.segment_bytes)?, None)
        };
        check_archive(through, newest, &log)?;

        let archiver = Archiver::new(Arc::clone(&disk), Arc::clone(&archive), options.background)?;
        let preparer = match options.background {
            true => Some(Preparer::new(disk, options.segment_bytes)?),
            false => None,
        };
        let mut node = Self {
            archive,
            options,
            log,
            state,
            archiver,
            preparer,
            stopped: None,
            encoded: Vec::new(),
            since_snapshot: 0,
        };
        let replayed = node.replay()?;
        let recovery = Recovery {
            snapshot: from,
            passed_over: damaged,
            replayed,
            trimmed,
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
                Error::Mismatch(format!(
                    "operation {} of the log is whole, and yet no batch of this program: {e}",
                    record.mark.op
                ))
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

/// The newest state that was written down and can be used, and what was wrong with newer ones. What happened before it must be in the archive: a snapshot that is newer
/// than that is passed over, and the log fills the archive again.
fn newest_state(
    disk: &dyn Disk,
    through: Option<Mark>,
) -> Result<(Option<Mark>, State, Vec<String>)> {
    let through = through.map_or(0, |mark| mark.op);
    let mut passed_over = Vec::new();
    let mut before = u64::MAX;
    loop {
        let newest = snapshot::newest_before(disk, before)?;
        passed_over.extend(newest.bad.iter().map(|bad| bad.error.to_string()));
        let Some(found) = newest.found else { return Ok((None, State::new(), passed_over)) };
        let (mark, digest) = (found.mark, found.digest);
        before = mark.op;
        if mark.op > through {
            passed_over.push(format!(
                "the snapshot of operation {}: the archive ends at operation {through}, what is between would be missing",
                mark.op
            ));
            continue;
        }
        match Image::decode(&mut found.into_body()).and_then(State::from_image) {
            Ok(state) if state.op() == mark.op && state.digest() == digest => {
                return Ok((Some(mark), state, passed_over));
            }
            Ok(_) => passed_over.push(format!(
                "the snapshot of operation {}: its content is not what its header says",
                mark.op
            )),
            Err(error) => {
                passed_over.push(format!("the snapshot of operation {}: {error}", mark.op))
            }
        }
    }
}

/// The time of the newest entry in an archive; 0 if there is none. A store that a crash broke off leaves entries behind its mark.
fn newest_entry(archive: &dyn Archive) -> Result<u64> {
    let mut newest = 0;
    archive.scan(None, 0..=u64::MAX, true, &mut |entry| {
        newest = entry.timestamp();
        ControlFlow::Break(())
    })?;
    Ok(newest)
}

/// An archive belongs to a log if what it was last given is in the log's chain.
fn check_archive(through: Option<Mark>, newest: u64, log: &Log) -> Result<()> {
    let tail = log.tail();
    if newest > tail.timestamp {
        return Err(Error::Mismatch(format!(
            "the archive knows what happened at {newest}, the log ends at {}: the log is older than the archive beside it",
            tail.timestamp
        )));
    }
    let Some(through) = through else { return Ok(()) };
    if through.op > tail.op {
        return Err(Error::Mismatch(format!(
            "the archive knows operations through {}, the log ends at {}: the log is older than the archive beside it",
            through.op, tail.op
        )));
    }
    if log.mark(through.op)? != through {
        return Err(Error::Mismatch(format!(
            "operation {} is another one in the archive than in the log",
            through.op
        )));
    }
    Ok(())
}

/// Sixteen bytes that no other log has.
fn random_id() -> Result<[u8; 16]> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|e| {
        Error::io(
            "get randomness from",
            "the operating system",
            std::io::Error::other(e.to_string()),
        )
    })?;
    Ok(id)
}
