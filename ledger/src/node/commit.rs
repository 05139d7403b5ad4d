//! From batches to answers.

use super::{Committed, MAX_BATCH_BYTES, Node};
use crate::{
    Error, Result, codec,
    log::Draft,
    model::{Batch, MAX_EVENTS},
};

/// From how many events on it pays to apply a group while another thread waits for the disk: a thread's start costs some 20 us, an event 0.5 us.
const OVERLAP_EVENTS: usize = 1000;

/// One batch of a group, encoded.
struct Encoded {
    timestamp: u64,
    kind: u16,
    count: u32,
    body: std::ops::Range<usize>,
}

impl Node {
    /// Makes batches happen, one after another, as operations of the log; returns when all are durable. `clock` is the time in nanoseconds since 1970;
    /// it may stand still or go back, the log's time does not.
    ///
    /// All batches share one write and one `fdatasync`: the more, the cheaper each. What is due to expire by `clock` expires before.
    ///
    /// # Errors
    ///
    /// [`Error::Batch`] if one is empty, has more than [`MAX_EVENTS`] events or takes more than [`MAX_BATCH_BYTES`]: then none of them happened. The disk
    /// had no room for a new segment of the log: none of them happened, and later there may be room. After any other error the node is stopped, and it is unknown which
    /// of them are durable; opening the directory again tells.
    pub fn commit(&mut self, clock: u64, batches: &[Batch]) -> Result<Vec<Committed>> {
        self.undisturbed(|node| {
            let mut encoded = std::mem::take(&mut node.encoded);
            let group = node.encode(batches, &mut encoded);
            let done = match group {
                Ok(mut group) => node.commit_encoded(clock, batches, &mut group, &encoded),
                Err(refused) => Err(refused),
            };
            node.encoded = encoded;
            done
        })
    }

    /// Lets time pass: what is due by `clock` expires, durably.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub fn tick(&mut self, clock: u64) -> Result<()> {
        self.undisturbed(|node| {
            if node.expire(clock)? {
                let synced = node.log.sync();
                node.keep(synced)?;
                node.rotate_if_full();
            }
            Ok(())
        })
    }

    /// Refuses what cannot be in the log, and encodes the rest.
    fn encode(&self, batches: &[Batch], encoded: &mut Vec<u8>) -> Result<Vec<Encoded>> {
        encoded.clear();
        let mut group = Vec::with_capacity(batches.len());
        for batch in batches {
            if batch.len() > MAX_EVENTS {
                return Err(Error::Batch(format!(
                    "{} events, at most {MAX_EVENTS} are possible in one",
                    batch.len()
                )));
            }
            if batch.is_empty() && !matches!(batch, Batch::Tick) {
                return Err(Error::Batch("it has no events".into()));
            }
            let begins = encoded.len();
            codec::encode(batch, encoded);
            let bytes = encoded.len() - begins;
            if bytes > MAX_BATCH_BYTES {
                return Err(Error::Batch(format!(
                    "{bytes} bytes, at most {MAX_BATCH_BYTES} are possible in one"
                )));
            }
            group.push(Encoded {
                timestamp: 0,
                kind: batch.kind(),
                // At most MAX_EVENTS.
                count: batch.len() as u32,
                body: begins..encoded.len(),
            });
        }
        Ok(group)
    }

    fn commit_encoded(
        &mut self,
        clock: u64,
        batches: &[Batch],
        group: &mut [Encoded],
        encoded: &[u8],
    ) -> Result<Vec<Committed>> {
        self.expire(clock)?;
        let mut last = self.state.timestamp();
        for (batch, encoded) in batches.iter().zip(group.iter_mut()) {
            // A tick in a group expires nothing: what is due did.
            let room = batch.len().max(1) as u64;
            last = match last.checked_add(room) {
                Some(earliest) => earliest.max(clock),
                None => return self.keep(Err(Error::Invariant("time has come to its end".into()))),
            };
            encoded.timestamp = last;
        }
        let drafts: Vec<Draft<'_>> = group
            .iter()
            .map(|encoded_batch| Draft {
                timestamp: encoded_batch.timestamp,
                kind: encoded_batch.kind,
                count: encoded_batch.count,
                body: &encoded[encoded_batch.body.clone()],
            })
            .collect();
        let appended = self.append(&drafts);
        self.settle(appended)?;

        let events: usize = batches.iter().map(Batch::len).sum();
        let overlap = self.options.background && events >= OVERLAP_EVENTS;
        let overlapped = if overlap { self.sync_and_apply(batches, group) } else { None };
        let committed = overlapped.unwrap_or_else(|| {
            self.log.sync().and_then(|()| apply(&mut self.state, &*self.archive, batches, group))
        });
        let committed = self.keep(committed)?;
        // These batches are durable, whatever becomes of the archive.
        self.rotate_if_full();
        Ok(committed)
    }

    /// Applies a group while another thread syncs it. Nothing was done if there is no such thread: the system may have no more.
    fn sync_and_apply(
        &mut self,
        batches: &[Batch],
        group: &[Encoded],
    ) -> Option<Result<Vec<Committed>>> {
        let Self { log, state, archive, .. } = self;
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().name("ledger-sync".into());
            let syncing = builder.spawn_scoped(scope, || log.sync()).ok()?;
            let applied = apply(state, &**archive, batches, group);
            // A thread that panicked has not synced: what was applied is not answered.
            let synced = syncing
                .join()
                .unwrap_or_else(|_| Err(Error::Stopped("the thread that syncs panicked".into())));
            Some(synced.and(applied))
        })
    }

    /// Expires what is due, in operations of their own that are written and not synced. Whether there was anything.
    fn expire(&mut self, clock: u64) -> Result<bool> {
        let mut any = false;
        while self.state.next_due().is_some_and(|due| due <= clock.max(self.state.timestamp())) {
            let timestamp = self.state.next_timestamp(clock, &Batch::Tick);
            let tick = Draft { timestamp, kind: Batch::Tick.kind(), count: 0, body: &[] };
            let appended = self.append(&[tick]);
            self.settle(appended)?;
            let applied =
                self.state.apply(&*self.archive, self.state.op() + 1, timestamp, &Batch::Tick);
            self.keep(applied)?;
            any = true;
        }
        Ok(any)
    }

    /// After a full disk the node goes on: what it expired before that is made durable, so that nobody is shown what a crash would take back.
    fn settle(&mut self, appended: Result<()>) -> Result<()> {
        if appended.is_err() && self.stopped.is_none() && self.log.durable() != self.log.tail() {
            let synced = self.log.sync();
            self.keep(synced)?;
        }
        appended
    }

    /// Appends to the log. A log that wrote nothing can go on; one that may have written something cannot.
    fn append(&mut self, drafts: &[Draft<'_>]) -> Result<()> {
        match self.log.append(drafts) {
            Ok(_) => Ok(()),
            Err(error) => {
                if self.log.is_stopped() {
                    self.stopped = Some(error.to_string());
                }
                Err(error)
            }
        }
    }
}

/// Applies a group, in its order.
fn apply(
    state: &mut crate::state::State,
    past: &dyn crate::Past,
    batches: &[Batch],
    group: &[Encoded],
) -> Result<Vec<Committed>> {
    let mut committed = Vec::with_capacity(batches.len());
    for (batch, encoded) in batches.iter().zip(group) {
        let op = state.op() + 1;
        let reply = state.apply(past, op, encoded.timestamp, batch)?;
        committed.push(Committed { op, timestamp: encoded.timestamp, reply });
    }
    Ok(committed)
}
