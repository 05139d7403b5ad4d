//! The archive in `lsm` against the one in memory.

use std::{
    ops::{ControlFlow, RangeInclusive},
    sync::Arc,
};

use ledger::{
    Error, Past,
    archive::{Archive, ArchiveOptions, LsmArchive, MemoryArchive},
    log::Mark,
    model::Entry,
};
use lsm::fs::sim::SimFs;
use proptest::prelude::*;

use crate::{
    crash::machine,
    entries::{history, plain},
};

/// So small that a filter is mostly wrong, where it may be.
const FILTER: usize = 256;

/// In memory: that nothing waits for a disk is worth a hundred more cases.
fn open(fs: &SimFs) -> LsmArchive {
    let options = lsm::Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(16 << 10)
        .segment_bytes(64 << 10)
        .cache_bytes(64 << 10);
    let archive = ArchiveOptions { filter_bytes: FILTER, portion_entries: 50 };
    LsmArchive::open_with("/data/archive", options, archive).unwrap()
}

pub fn scan(
    archive: &dyn Archive,
    account: Option<u128>,
    range: RangeInclusive<u64>,
    newest_first: bool,
    most: usize,
) -> Vec<Entry> {
    let mut found = Vec::new();
    archive
        .scan(account, range, newest_first, &mut |entry| {
            found.push(entry);
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    found
}

pub fn mark(entries: &[Entry], op: u64) -> Mark {
    let timestamp = entries.last().map_or(0, Entry::timestamp);
    Mark { op, timestamp, hash: [op as u8; 32] }
}

/// Everything that can be asked for has the same answer.
pub fn assert_same(one: &dyn Archive, other: &dyn Archive, all: &[Entry], ranges: &[(u64, u64)]) {
    for entry in all {
        if let Some(id) = entry.id() {
            assert_eq!(one.entry(id).unwrap(), other.entry(id).unwrap());
            assert_eq!(one.entry(id ^ 1 << 90).unwrap(), other.entry(id ^ 1 << 90).unwrap());
        }
        let pending_id = match entry {
            Entry::Transfer(posted) => posted.transfer.pending_id,
            Entry::Expiry { pending_id, .. } => *pending_id,
            _ => 0,
        };
        assert_eq!(one.resolution(pending_id).unwrap(), other.resolution(pending_id).unwrap());
    }
    let mut accounts = vec![None, Some(u128::MAX - 1), Some(u128::MAX), Some(0)];
    accounts.extend((1..9).map(Some));
    for account in accounts {
        for newest_first in [false, true] {
            for (from, to) in ranges.iter().copied().chain([(0, u64::MAX)]) {
                let found = scan(one, account, from..=to, newest_first, usize::MAX);
                let expected = scan(other, account, from..=to, newest_first, usize::MAX);
                assert!(found == expected, "{account:?}, {from}..={to}, {newest_first}");
            }
        }
        assert_eq!(
            scan(one, account, 0..=u64::MAX, true, 3),
            scan(other, account, 0..=u64::MAX, true, 3)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn both_archives_answer_alike(
        all in history(300),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..60_usize, 0..4_u8), 0..6),
        ranges in prop::collection::vec(any::<[prop::sample::Index; 2]>(), 3),
    ) {
        let fs = machine();
        let mut lsm = open(&fs);
        let memory = MemoryArchive::new();
        let mut places: Vec<(usize, usize, u8)> = cuts
            .iter()
            .map(|(at, back, reopen)| (at.index(all.len() + 1), *back, *reopen))
            .collect();
        places.push((all.len(), 0, 0));
        places.sort_unstable();
        let mut stored = 0;
        for (number, (to, back, reopen)) in places.into_iter().enumerate() {
            // Some of what is there already comes again, as after a crash.
            let from = stored - back.min(stored);
            let entries = &all[from..to];
            let mark = mark(&all[..to], number as u64 + 1);
            lsm.store(entries, mark).unwrap();
            memory.store(entries, mark).unwrap();
            prop_assert_eq!(lsm.through().unwrap(), Some(mark));
            prop_assert_eq!(memory.through().unwrap(), Some(mark));
            stored = to;
            match reopen {
                1 => {
                    drop(lsm);
                    lsm = open(&fs);
                }
                2 => {
                    lsm.close().unwrap();
                    lsm = open(&fs);
                }
                _ => {}
            }
            prop_assert_eq!(lsm.through().unwrap(), Some(mark));
        }
        let timestamp = |at: &prop::sample::Index| match all.len() {
            0 => 7,
            count => all[at.index(count)].timestamp(),
        };
        let ranges: Vec<(u64, u64)> = ranges
            .iter()
            .flat_map(|[a, b]| {
                let (a, b) = (timestamp(a), timestamp(b));
                [(a, b), (a.saturating_sub(1), b.saturating_add(1)), (a + 1, b.saturating_sub(1))]
            })
            .collect();
        assert_same(&lsm, &memory, &all, &ranges);
        prop_assert!(scan(&memory, None, 0..=u64::MAX, false, usize::MAX) == all);
        prop_assert!(lsm.db().verify().unwrap().is_sound());
    }
}

#[test]
fn an_account_with_more_entries_than_a_piece_has() {
    let archive = open(&machine());
    let all = plain(15_000, 7);
    archive.store(&all[..14_000], mark(&all[..14_000], 1)).unwrap();
    archive.store(&all[13_000..], mark(&all, 2)).unwrap();
    let memory = MemoryArchive::new();
    memory.store(&all, mark(&all, 2)).unwrap();
    for account in 1..9 {
        for newest_first in [false, true] {
            for range in [0..=u64::MAX, 30_000..=60_000, 97_999..=98_000, 98_001..=98_100] {
                let found = scan(&archive, Some(account), range.clone(), newest_first, usize::MAX);
                assert!(found == scan(&memory, Some(account), range, newest_first, usize::MAX));
            }
        }
    }
}

#[test]
fn what_cannot_be_stored_is_refused_and_changes_nothing() {
    let lsm = open(&machine());
    let memory = MemoryArchive::new();
    let all = plain(10, 10);
    for archive in [&lsm as &dyn Archive, &memory] {
        assert_eq!(archive.through().unwrap(), None);
        archive.store(&all[..5], mark(&all[..5], 3)).unwrap();
        let twice = [all[5].clone(), all[5].clone()];
        assert!(matches!(archive.store(&twice, mark(&all, 4)), Err(Error::Invariant(_))));
        let before = Mark { timestamp: 65, ..mark(&all, 4) };
        assert!(matches!(archive.store(&all[5..7], before), Err(Error::Invariant(_))));
        let other = Mark { hash: [9; 32], ..mark(&all[..5], 3) };
        assert!(matches!(archive.store(&[], other), Err(Error::Mismatch(_))));
        // An older store once more is none.
        archive.store(&all[..2], mark(&all[..2], 1)).unwrap();
        assert_eq!(archive.through().unwrap(), Some(mark(&all[..5], 3)));
        assert!(scan(archive, None, 0..=u64::MAX, false, 99) == all[..5]);
        // Time may pass without entries.
        archive.store(&[], Mark { timestamp: 58, ..mark(&[], 4) }).unwrap();
        archive.store(&all[3..], mark(&all, 5)).unwrap();
        assert!(scan(archive, None, 0..=u64::MAX, false, 99) == all);
    }
}

/// The filter is saved, read again, made anew where it has another size, and left alone where it is damaged.
#[test]
fn the_filter_follows_what_is_stored() {
    let fs = machine();
    let all = plain(3000, 3);
    let found = |archive: &LsmArchive, to: usize| {
        for (number, entry) in all.iter().enumerate() {
            let found = archive.entry(entry.id().unwrap()).unwrap();
            assert_eq!(found.as_ref(), (number < to).then_some(entry));
        }
    };
    let sizes = [100_000, 100_000, 64, 200_000, 200_000, 400_000];
    for (number, bytes) in sizes.into_iter().enumerate() {
        let options = ArchiveOptions { filter_bytes: bytes, ..ArchiveOptions::default() };
        let archive = LsmArchive::open_with(
            "/data/archive",
            LsmArchive::options().file_system(Arc::new(fs.clone())),
            options,
        )
        .unwrap();
        found(&archive, number * 500);
        for part in 0..5 {
            let (from, to) = (number * 500 + part * 100, number * 500 + part * 100 + 100);
            archive.store(&all[from..to], mark(&all[..to], to as u64)).unwrap();
            found(&archive, to);
        }
        if number % 2 == 0 {
            archive.close().unwrap();
        }
    }
}

/// What was read from the ids counts as what came later: an archive that is killed and opened again and again saves its filter, too.
#[test]
fn the_filter_is_saved_however_short_the_lives_are() {
    let fs = machine();
    let all = plain(1000, 3);
    let mut saved_after = None;
    for (life, part) in all.chunks(50).enumerate() {
        // Saved at every 100 ids.
        let options = ArchiveOptions { filter_bytes: 800, ..ArchiveOptions::default() };
        let lsm = LsmArchive::options().file_system(Arc::new(fs.clone()));
        let archive = LsmArchive::open_with("/data/archive", lsm, options).unwrap();
        let through = (life + 1) * 50;
        archive.store(part, mark(&all[..through], through as u64)).unwrap();
        let meta = archive.db().keyspace("meta", lsm::KeyspaceOptions::default()).unwrap();
        if saved_after.is_none() && meta.get(b"filter").unwrap().is_some() {
            saved_after = Some(through);
        }
        // Not closed: the process is killed.
    }
    assert_eq!(saved_after, Some(100));
}
