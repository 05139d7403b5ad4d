//! Bits that flip, writes that go astray, and what the ledger makes of them.

use ledger::disk::Disk as _;

use super::{
    World, compare,
    failure::{Failure, names_damage},
    recovery::RECOVERS,
};
use crate::random::Random;

/// A bit that flipped.
#[derive(Debug, Clone)]
pub(super) struct Rot {
    name: String,
    offset: u64,
    bit: u8,
    /// The byte as it is since.
    byte: u8,
}

impl World<'_> {
    /// Whether something on the disk is not as it was written.
    pub(super) fn is_damaged(&self) -> bool {
        self.rotten.is_some() || !self.disk.arms().strays.is_empty()
    }

    /// Notes which ops a write held that went astray in this call, if one did.
    pub(super) fn went_astray(&mut self, before: usize, in_flight: bool) {
        if self.disk.arms().strays.len() > before {
            self.stray_op = self.oracle.op() + 1;
            self.stray_in_flight = in_flight;
        }
    }

    /// Whether the ops behind `op` may be gone: those of the last group, of which nothing later tells, and only where something is damaged.
    pub(super) fn may_end_at(&self, op: u64, told: bool) -> bool {
        let last = self.groups.last().copied().unwrap_or(0);
        // A write that arrived nowhere leaves nothing to report.
        let told = told || !self.disk.arms().strays.is_empty();
        self.is_damaged() && told && op + 1 >= last && op >= self.proven
    }

    /// The ledger was opened at `op`, and something was `lost` or not. What went astray behind that never was; so did what went astray in a call that was
    /// not answered: all that came of that call was read.
    pub(super) fn forget_strays_behind(&mut self, op: u64, lost: bool) {
        self.groups.retain(|first| *first <= op);
        if lost || op < self.stray_op || self.stray_in_flight {
            self.stray_in_flight = false;
            for stray in &mut self.disk.arms().strays {
                stray.bytes.clear();
            }
        }
    }

    /// Puts everything back that was damaged, as far as nothing was written over it since.
    pub(super) fn repair(&mut self) {
        let strays = std::mem::take(&mut self.disk.arms().strays);
        self.statistics.damages += strays.len() as u64;
        self.stray_op = 0;
        self.stray_in_flight = false;
        for stray in strays.iter().rev() {
            self.disk.repair(stray);
        }
        if let Some(rot) = self.rotten.take() {
            let bytes = self.disk.memory().bytes(&rot.name);
            let at = usize::try_from(rot.offset).ok();
            if at.and_then(|at| bytes?.get(at).copied()) == Some(rot.byte) {
                self.disk.memory().flip(&rot.name, rot.offset, rot.bit);
            }
        }
    }

    /// Flips a bit while the node is down, and opens it: it says which file is damaged, or it answers as if nothing had happened.
    pub(super) fn rot(&mut self, fate: u64) -> Result<(), Failure> {
        // One damage at a time: of two, neither could be told from the other.
        if !self.ready()? || self.is_damaged() {
            return Ok(());
        }
        self.kill();
        let mut random = Random::new(fate, 4);
        let Ok(names) = self.disk.memory().names() else { return Ok(()) };
        let Some(name) = random.one_of(&names).cloned() else { return Ok(()) };
        let bytes = self.disk.memory().bytes(&name).unwrap_or_default();
        // Behind what was ever written there are only zeros: some of them, too.
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 129);
        let offset = random.below(used.min(bytes.len()) as u64);
        let bit = random.below(8) as u8;
        if !self.disk.memory().flip(&name, offset, bit) {
            return Ok(());
        }
        // The flip has found the byte.
        let was = usize::try_from(offset).ok().and_then(|at| bytes.get(at)).copied();
        let byte = was.unwrap_or_default() ^ (1 << bit);
        self.trace.note(format_args!("      bit {bit} of byte {offset} of {name}"));
        self.rotten = Some(Rot { name, offset, bit, byte });
        self.statistics.damages += 1;
        let cut = self.statistics.cut;

        self.disk.arms().quiet = true;
        let opened = self.opener.open(&self.disk, &self.archive, self.options());
        self.disk.arms().quiet = false;
        match opened {
            Ok((system, recovery)) => {
                self.system = Some(system);
                self.statistics.opened += 1;
                self.recovered(&recovery)?;
                if recovery.trimmed.is_some() {
                    // The damaged bytes are gone.
                    self.rotten = None;
                }
            }
            Err(error) if names_damage(&error) => {
                self.trace.note(format_args!("      open: {error}"));
                self.statistics.refused += 1;
                self.disk = self.disk.kill();
                self.repair();
            }
            Err(error) => return Err(Failure::error("damage is named", &error)),
        }
        if self.ready()? && self.statistics.cut == cut {
            self.inspect()?;
        }
        self.repair();
        Ok(())
    }

    /// Compares everything. Damage that is found and named is repaired, and then nothing must be amiss.
    pub(super) fn inspect(&mut self) -> Result<(), Failure> {
        if !self.ready()? {
            return Ok(());
        }
        self.statistics.inspections += 1;
        let Err(failure) = self.look() else { return Ok(()) };
        if !(failure.damage && self.is_damaged()) {
            return Err(failure);
        }
        self.trace.note(format_args!("      inspection: {}", failure.found));
        self.statistics.refused += 1;
        self.kill();
        self.repair();
        if !self.ready()? {
            return Err(Failure::new(RECOVERS, "not after a repair"));
        }
        self.look()
    }

    fn look(&mut self) -> Result<(), Failure> {
        let Some(system) = &self.system else { return Ok(()) };
        if system.node().stopped().is_some() {
            // What stopped it is told by the next call; until then it shows nothing.
            return Ok(());
        }
        self.disk.arms().quiet = true;
        let seen = compare::whole(system.node(), &self.oracle, &self.history);
        self.disk.arms().quiet = false;
        seen
    }
}
