//! Which versions of a key a table that is being written must keep.

use crate::{EntryKind, SequenceNumber};

/// Decides entry by entry, keys ascending, a key's versions newest first.
///
/// A version is kept if some reader can see it: the newest by every reader from now on, an older one by a snapshot that
/// lies at or above it and below the next newer one. An entry needs its sequence number only while a snapshot lies
/// below it; without one it is visible to every reader of the table.
#[derive(Debug)]
pub(crate) struct Retain {
    /// Live snapshots when the work started, ascending. Later ones lie above every entry of the inputs.
    snapshots: Vec<SequenceNumber>,
    key: Vec<u8>,
    /// Sequence number of the version before, of the same key.
    newer: Option<SequenceNumber>,
    started: bool,
}

/// What happens to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes into the table, with this sequence number.
    Keep(Option<SequenceNumber>),
    /// No reader can see it.
    Drop,
}

impl Retain {
    pub(crate) fn new(snapshots: Vec<SequenceNumber>) -> Self {
        debug_assert!(snapshots.is_sorted());
        Self { snapshots, key: Vec::new(), newer: None, started: false }
    }

    /// Decides on the next entry. `bottommost`: nothing below the output can hold the key.
    pub(crate) fn decide(
        &mut self,
        key: &[u8],
        sequence: Option<SequenceNumber>,
        kind: EntryKind,
        bottommost: impl FnOnce() -> bool,
    ) -> Fate {
        let own = sequence.unwrap_or(0);
        let newer = if self.started && self.key == key {
            self.newer
        } else {
            self.key.clear();
            self.key.extend_from_slice(key);
            self.started = true;
            None
        };
        self.newer = Some(own);
        let seen = match newer {
            None => true,
            Some(newer) => self.snapshot_within(own, newer),
        };
        if !seen {
            return Fate::Drop;
        }
        let oldest_reader_is_below = self.snapshots.first().is_some_and(|oldest| *oldest < own);
        // If no reader lies below a delete, everything older goes with it, and nothing is what is below it.
        if kind == EntryKind::Delete && !oldest_reader_is_below && bottommost() {
            return Fate::Drop;
        }
        Fate::Keep(sequence.filter(|_| oldest_reader_is_below))
    }

    /// Whether a snapshot lies in `from..below`.
    fn snapshot_within(&self, from: SequenceNumber, below: SequenceNumber) -> bool {
        let index = self.snapshots.partition_point(|snapshot| *snapshot < from);
        self.snapshots.get(index).is_some_and(|snapshot| *snapshot < below)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    /// What a reader at `at` sees among versions, newest first.
    fn read(versions: &[(Option<u64>, EntryKind)], at: u64) -> Option<usize> {
        versions.iter().position(|(sequence, _)| sequence.is_none_or(|sequence| sequence <= at))
    }

    proptest! {
        #[test]
        fn every_reader_sees_what_it_saw(
            sequences in btree_set(1_u64..40, 1..12),
            deletes: u64,
            snapshots in btree_set(0_u64..40, 0..6),
            bottommost: bool,
        ) {
            let versions: Vec<_> = sequences
                .iter()
                .rev()
                .map(|sequence| {
                    let kind = if deletes >> sequence & 1 == 1 { EntryKind::Delete } else { EntryKind::Put };
                    (*sequence, kind)
                })
                .collect();
            let before: Vec<_> = versions.iter().map(|(sequence, kind)| (Some(*sequence), *kind)).collect();
            let mut retain = Retain::new(snapshots.iter().copied().collect());
            let mut after = Vec::new();
            for (sequence, kind) in &versions {
                if let Fate::Keep(kept) = retain.decide(b"key", Some(*sequence), *kind, || bottommost) {
                    after.push((kept, *kind, *sequence));
                }
            }
            let kept: Vec<_> = after.iter().map(|(kept, kind, _)| (*kept, *kind)).collect();
            for reader in snapshots.iter().copied().chain([40]) {
                let expected = read(&before, reader).map(|index| versions[index]);
                let found = read(&kept, reader).map(|index| (after[index].2, after[index].1));
                if expected != found {
                    // Only a delete may have become nothing, and only with nothing below.
                    prop_assert!(bottommost && expected.is_some_and(|(_, kind)| kind == EntryKind::Delete));
                    prop_assert_eq!(found, None);
                }
            }
            prop_assert!(after.len() <= snapshots.len() + 1, "each reader keeps at most one version");
        }
    }

    #[test]
    fn without_snapshots_only_the_newest_stays_and_needs_no_number() {
        let mut retain = Retain::new(Vec::new());
        assert_eq!(retain.decide(b"a", Some(9), EntryKind::Put, || true), Fate::Keep(None));
        assert_eq!(retain.decide(b"a", Some(8), EntryKind::Put, || true), Fate::Drop);
        assert_eq!(retain.decide(b"b", Some(7), EntryKind::Delete, || true), Fate::Drop);
        assert_eq!(retain.decide(b"c", Some(7), EntryKind::Delete, || false), Fate::Keep(None));
        assert_eq!(retain.decide(b"c", None, EntryKind::Put, || false), Fate::Drop);
    }

    #[test]
    fn an_empty_key_is_a_key() {
        let mut retain = Retain::new(vec![1]);
        assert_eq!(retain.decide(b"", Some(1), EntryKind::Put, || false), Fate::Keep(None));
        assert_eq!(retain.decide(b"", None, EntryKind::Put, || false), Fate::Drop);
    }
}
