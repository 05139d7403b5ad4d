//! Defects above the log.

use std::{
    collections::BTreeSet,
    ops::{ControlFlow, RangeInclusive},
};

use ledger::{
    Committed, Node, Past, Result,
    archive::Archive,
    log::Mark,
    model::{Batch, Code, Entry, Reply, Resolution},
};

use super::Defect;
use crate::world::{SimArchive, System};

/// A node whose answers, or questions, are not what they should be.
pub(super) struct Faulty {
    node: Node,
    defect: Defect,
    /// Ids that were asked for.
    seen: BTreeSet<u128>,
    /// What the clock showed first.
    first: Option<u64>,
}

impl Faulty {
    pub(super) fn new(node: Node, defect: Defect) -> Self {
        Self { node, defect, seen: BTreeSet::new(), first: None }
    }

    fn ask(&mut self, batches: &[Batch]) -> Vec<Batch> {
        let mut batches = batches.to_vec();
        if self.defect == Defect::HappensTwice {
            for batch in &mut batches {
                let Batch::Transfers(events) = batch else { continue };
                for event in events {
                    if !self.seen.insert(event.id) {
                        event.id = event.id.wrapping_add(1 << 100);
                    }
                }
            }
        }
        if self.defect == Defect::LosesBatches {
            batches.truncate(1);
        }
        batches
    }

    fn answer(&self, batches: &[Batch], committed: &mut Vec<Committed>) {
        for (batch, done) in batches.iter().zip(committed.iter_mut()) {
            let (Batch::Transfers(events), Reply::Transfers(outcomes)) = (batch, &mut done.reply)
            else {
                continue;
            };
            for (event, outcome) in events.iter().zip(outcomes) {
                let balances = |id| self.node.state().account(id).map(|account| account.balances);
                match self.defect {
                    Defect::AnswersWithToday if outcome.code == Code::Exists => {
                        if let Some(balances) = balances(event.debit_account_id) {
                            outcome.debit = balances;
                        }
                        if let Some(balances) = balances(event.credit_account_id) {
                            outcome.credit = balances;
                        }
                    }
                    Defect::RefusesAnew if outcome.code.is_remembered() => {
                        outcome.timestamp = outcome.timestamp.max(done.timestamp);
                    }
                    _ => {}
                }
            }
        }
        if self.defect == Defect::MixesAnswersUp
            && let [first, .., last] = committed.as_mut_slice()
        {
            std::mem::swap(&mut first.reply, &mut last.reply);
        }
        if self.defect == Defect::LosesBatches
            && let Some(first) = committed.first().cloned()
        {
            committed.resize(batches.len(), first);
        }
    }
}

impl System for Faulty {
    fn commit(&mut self, clock: u64, batches: &[Batch]) -> Result<Vec<Committed>> {
        let clock = match self.defect {
            Defect::ClockStandsStill => *self.first.get_or_insert(clock),
            _ => clock,
        };
        let asked = self.ask(batches);
        let mut committed = self.node.commit(clock, &asked)?;
        self.answer(batches, &mut committed);
        Ok(committed)
    }

    fn tick(&mut self, clock: u64) -> Result<()> {
        self.node.tick(clock)
    }

    fn checkpoint(&mut self) -> Result<()> {
        self.node.checkpoint()
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.node.close()
    }

    fn node(&self) -> &Node {
        &self.node
    }
}

/// An archive that says that it stored what it did not.
pub(super) struct Sieve(pub(super) SimArchive);

impl Past for Sieve {
    fn entry(&self, id: u128) -> Result<Option<Entry>> {
        self.0.entry(id)
    }

    fn resolution(&self, pending_id: u128) -> Result<Option<(Resolution, u64)>> {
        self.0.resolution(pending_id)
    }
}

impl Archive for Sieve {
    fn through(&self) -> Result<Option<Mark>> {
        self.0.through()
    }

    fn store(&self, _: &[Entry], _: Mark) -> Result<()> {
        Ok(())
    }

    fn scan(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        self.0.scan(account, timestamps, newest_first, visit)
    }
}
