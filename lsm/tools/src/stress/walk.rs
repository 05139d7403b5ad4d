//! Walks of cursors over the slots, both ways.

use lsm::Cursor;

use super::{
    Failure,
    expected::index,
    worker::Worker,
    workload::{Number, Slot, key},
};
use crate::random::Random;

impl Worker<'_> {
    /// Everything, forwards and then backwards, with one cursor.
    pub(super) fn scan(&mut self, random: &mut Random) -> Result<(), Failure> {
        let number = index(random.below(2));
        let from = self.expected.finished();
        let mut cursor = self.subject.keyspaces[number].cursor();
        let to = self.expected.begun();
        cursor.seek_to_first()?;
        let shown =
            self.forwards(&mut cursor, 0..self.plan.threads * self.plan.slots, number, &from, &to)?;
        at_end(&cursor)?;
        cursor.seek_to_last()?;
        backwards(&mut cursor, &shown)?;
        at_end(&cursor)
    }

    /// Compares what the cursor shows of some slots, from the first of them on. Returns those that it shows.
    fn forwards(
        &mut self,
        cursor: &mut Cursor<'_>,
        slots: std::ops::Range<Slot>,
        number: usize,
        from: &[Number],
        to: &[Number],
    ) -> Result<Vec<Slot>, Failure> {
        let mut shown = Vec::new();
        for slot in slots {
            let found = at(cursor, slot)?;
            self.compare(slot, number, found.as_deref(), (from[index(slot)], to[index(slot)]))?;
            if found.is_some() {
                shown.push(slot);
                cursor.next()?;
            }
        }
        Ok(shown)
    }

    /// A few steps from somewhere, then back to where it began.
    pub(super) fn walk(&mut self, random: &mut Random) -> Result<(), Failure> {
        let number = index(random.below(2));
        let start = self.any_slot(random);
        let end = (start + 30).min(self.plan.threads * self.plan.slots);
        let from = self.expected.finished();
        let mut cursor = self.subject.keyspaces[number].cursor();
        let to = self.expected.begun();
        cursor.seek(&key(start))?;
        let shown = self.forwards(&mut cursor, start..end, number, &from, &to)?;
        if let Some(last) = shown.last() {
            cursor.seek_for_prev(&key(*last))?;
        }
        backwards(&mut cursor, &shown)
    }
}

/// The value if the cursor is at this slot, `None` if it is behind it.
fn at(cursor: &Cursor<'_>, slot: Slot) -> Result<Option<lsm::Slice>, Failure> {
    let wanted = key(slot);
    if !cursor.valid() || cursor.key() > &*wanted {
        return Ok(None);
    }
    if cursor.key() < &*wanted {
        return Err(Failure::Mismatch(format!(
            "a cursor shows a key that was never written, or goes back: {}",
            cursor.key().escape_ascii()
        )));
    }
    Ok(Some(cursor.value()?))
}

/// Goes back over the slots that the cursor showed on its way forwards.
fn backwards(cursor: &mut Cursor<'_>, shown: &[Slot]) -> Result<(), Failure> {
    for slot in shown.iter().rev() {
        if cursor.key() != key(*slot) {
            return Err(Failure::Mismatch(format!(
                "backwards, the cursor is at {} instead of slot {slot}, which it showed forwards",
                cursor.key().escape_ascii()
            )));
        }
        cursor.prev()?;
    }
    Ok(())
}

fn at_end(cursor: &Cursor<'_>) -> Result<(), Failure> {
    if cursor.valid() {
        return Err(Failure::Mismatch(format!(
            "a cursor shows a key that should not be there: {}",
            cursor.key().escape_ascii()
        )));
    }
    Ok(())
}
