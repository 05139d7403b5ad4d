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
        let (from, state, passed_over) = newest_state(&*disk, through)?;
        let known = Known::of(&*archive, through, from, &passed_over)?;
        let (log, trimmed) = if Log::exists(&*disk)? {
            let (log, tail) =
                Log::open_beside(Arc::clone(&disk), options.segment_bytes, from, known.witness())?;
            (log, tail.trimmed)
        } else {
            if known.witness() != Witness::default() || !passed_over.is_empty() {
                return Err(Error::Mismatch(
                    "there is an archive or a snapshot, and no log; if the log is somewhere else, bring it here".to_owned(),
                ));
            }
            let id = match options.log_id {
                Some(id) => id,
                None => random_id()?,
            };
            (Log::create(Arc::clone(&disk), id, options.segment_bytes)?, None)
        };
        known.check(&log)?;

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
            busy: false,
            encoded: Vec::new(),
            since_snapshot: 0,
        };
        let replayed = node.replay()?;
        let recovery = Recovery {
            snapshot: from,
            passed_over: passed_over.into_iter().map(|passed_over| passed_over.why).collect(),
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

/// A snapshot that could not be used.
struct PassedOver {
    why: String,
    /// Where it was made, if it is whole: the log was durable up to there.
    mark: Option<Mark>,
}

/// The newest state that was written down and can be used, and what was wrong with newer ones. What happened before it must be in the archive: a snapshot that is newer
/// than that is passed over, and the log fills the archive again.
fn newest_state(
    disk: &dyn Disk,
    through: Option<Mark>,
) -> Result<(Option<Mark>, State, Vec<PassedOver>)> {
    let through = through.map_or(0, |mark| mark.op);
    let mut passed_over = Vec::new();
    let mut before = u64::MAX;
    loop {
        let newest = snapshot::newest_before(disk, before)?;
        passed_over.extend(
            newest.bad.iter().map(|bad| PassedOver { why: bad.error.to_string(), mark: None }),
        );
        let Some(found) = newest.found else { return Ok((None, State::new(), passed_over)) };
        let (mark, digest) = (found.mark, found.digest);
        before = mark.op;
        if mark.op > through {
            let why = format!(
                "the snapshot of operation {}: the archive ends at operation {through}, what is between would be missing",
                mark.op
            );
            passed_over.push(PassedOver { why, mark: Some(mark) });
            continue;
        }
        let why = match Image::decode(&mut found.into_body()).and_then(State::from_image) {
            Ok(state) if state.op() == mark.op && state.digest() == digest => {
                return Ok((Some(mark), state, passed_over));
            }
            Ok(_) => "its content is not what its header says".to_owned(),
            Err(error) => error.to_string(),
        };
        let why = format!("the snapshot of operation {}: {why}", mark.op);
        passed_over.push(PassedOver { why, mark: Some(mark) });
    }
}

/// What archive and snapshots know of the log: everything in them had been durable there.
struct Known {
    /// What the archive was last given.
    through: Option<Mark>,
    /// When the newest entry of the archive happened, which a store that did not come to its end may have left behind `through`.
    newest_entry: u64,
    /// Where whole snapshots were made that are not begun with. The one that is begun with is held against the log when that is opened.
    passed_over: Vec<Mark>,
    from: Option<Mark>,
}

impl Known {
    fn of(
        archive: &dyn Archive,
        through: Option<Mark>,
        from: Option<Mark>,
        passed_over: &[PassedOver],
    ) -> Result<Self> {
        let mut newest_entry = through.map_or(0, |mark| mark.timestamp);
        if let Some(behind) = newest_entry.checked_add(1) {
            archive.scan(None, behind..=u64::MAX, true, &mut |entry| {
                newest_entry = entry.timestamp();
                ControlFlow::Break(())
            })?;
        }
        let passed_over = passed_over.iter().filter_map(|passed_over| passed_over.mark).collect();
        Ok(Self { through, newest_entry, passed_over, from })
    }

    /// The newest operation and the newest time of which anything knows.
    fn witness(&self) -> Witness {
        let marks = || self.passed_over.iter().chain(&self.through).chain(&self.from);
        Witness {
            op: marks().map(|mark| mark.op).max().unwrap_or(0),
            timestamp: marks().map(|mark| mark.timestamp).fold(self.newest_entry, u64::max),
        }
    }

    /// They belong to a log if all of it is in the log's chain.
    fn check(&self, log: &Log) -> Result<()> {
        let tail = log.tail();
        let all = self.passed_over.iter().map(|mark| (mark, "a snapshot"));
        for (mark, what) in all.chain(self.through.iter().map(|mark| (mark, "the archive"))) {
            if mark.op > tail.op {
                return Err(Error::Mismatch(format!(
                    "{what} knows operations through {}, the log ends at {}: the log is older than what is beside it",
                    mark.op, tail.op
                )));
            }
            if log.mark(mark.op)? != *mark {
                return Err(Error::Mismatch(format!(
                    "operation {} is another one in {what} than in the log",
                    mark.op
                )));
            }
        }
        if self.newest_entry > tail.timestamp {
            return Err(Error::Mismatch(format!(
                "the archive has an entry of {}, the log ends at {}",
                self.newest_entry, tail.timestamp
            )));
        }
        Ok(())
    }
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
