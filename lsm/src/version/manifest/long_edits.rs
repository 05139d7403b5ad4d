//! Edits of more than a record: one change all the same, before a crash and after it.

use std::{path::Path, sync::Arc};

use tempfile::TempDir;

use super::{
    AppendError, Manifest, file_name,
    format::{FRAME_LEN, HEADER_LEN, MAX_GROWN_LEN, RECORD_LEN},
    replay,
};
use crate::{
    Error, KeyspaceId, TableId,
    fs::{DiskFs, FileSystem},
    version::{CreateKeyspace, Edit, State, TableMeta},
};

/// The longest field in these tests: two keys of 1 KiB, and some numbers.
const FIELD_LEN: usize = 2100;

fn tables(ids: std::ops::Range<u64>) -> Edit {
    let add = ids.map(|id| {
        let mut key = id.to_be_bytes().to_vec();
        key.resize(1024, 7);
        let table = TableMeta {
            id: TableId(id),
            bytes: 100,
            entries: 3,
            smallest_sequence: 1,
            largest_sequence: id,
            smallest_key: key.clone(),
            largest_key: key,
        };
        (KeyspaceId(0), 1, table)
    });
    Edit { add: add.collect(), ..Edit::default() }
}

/// A state with so many tables.
fn state(count: u64) -> State {
    let mut state = State { database_id: 7, next_file: 2, ..State::default() };
    let create =
        CreateKeyspace { id: KeyspaceId(0), name: "default".into(), options: String::new() };
    state.apply(&Edit { create: vec![create], ..Edit::default() }).unwrap();
    state.apply(&tables(0..count)).unwrap();
    state
}

fn with(state: &State, edit: &Edit) -> State {
    let mut state = state.clone();
    state.apply(edit).unwrap();
    state
}

fn fs() -> Arc<dyn FileSystem> {
    Arc::new(DiskFs)
}

fn created(state: &State) -> (TempDir, Manifest) {
    let dir = tempfile::tempdir().unwrap();
    let manifest = Manifest::create(fs(), dir.path(), 1, state).unwrap();
    (dir, manifest)
}

fn bytes(dir: &TempDir, number: u64) -> Vec<u8> {
    std::fs::read(dir.path().join(file_name(number))).unwrap()
}

/// Where the records end.
fn record_ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = vec![HEADER_LEN as usize];
    while let Some(frame) = bytes[ends[ends.len() - 1]..].first_chunk::<4>() {
        let len = u32::from_le_bytes(*frame) as usize;
        assert!(len <= RECORD_LEN + FIELD_LEN, "a record of {len} bytes");
        ends.push(ends[ends.len() - 1] + FRAME_LEN + len);
    }
    ends
}

#[test]
fn a_long_description_is_read_whole_or_is_damage() {
    let expected = state(20);
    let (dir, _) = created(&expected);
    let (mut manifest, found) = Manifest::open(fs(), dir.path(), false).unwrap();
    assert_eq!(found, expected);
    // And once more, as a rewrite.
    manifest.rewrite(9, &found).unwrap();
    let (_, found) = Manifest::open(fs(), dir.path(), true).unwrap();
    assert_eq!(found, expected);
    let bytes = bytes(&dir, 9);
    let ends = record_ends(&bytes);
    assert!(ends.len() > 5, "{ends:?}");
    // Cut anywhere it is no smaller database that was never there.
    for end in &ends[..ends.len() - 1] {
        for len in [*end, end + 1, end + FRAME_LEN, end + 100] {
            let error = replay(Path::new("M"), 9, &bytes[..len]).unwrap_err();
            assert!(error.is_corruption(), "cut to {len}: {error}");
        }
    }
    for (index, end) in ends.iter().enumerate().skip(1) {
        let mut damaged = bytes.clone();
        damaged[end - 1] ^= 0x10;
        let error = replay(Path::new("M"), 9, &damaged).unwrap_err();
        assert!(error.is_corruption(), "record {index}: {error}");
    }
}

#[test]
fn a_long_edit_is_applied_whole_or_not_at_all() {
    let before = state(1);
    let (dir, mut manifest) = created(&before);
    let start = bytes(&dir, 1).len();
    let mut edit = tables(1..20);
    edit.remove = vec![(KeyspaceId(0), 1, TableId(0))];
    let after = with(&before, &edit);
    manifest.append(&edit).unwrap();
    let bytes = bytes(&dir, 1);
    assert_eq!(manifest.len(), bytes.len() as u64);
    let ends: Vec<_> = record_ends(&bytes).into_iter().filter(|end| *end >= start).collect();
    assert!(ends.len() > 5, "{ends:?}");
    for end in &ends {
        for len in [end - 100, end - 1, *end, end + 1, end + 100] {
            let len = len.clamp(start, bytes.len());
            let found = replay(Path::new("M"), 1, &bytes[..len]).unwrap();
            let whole = len == bytes.len();
            assert_eq!(found.end, if whole { len } else { start } as u64, "cut to {len}");
            assert_eq!(found.state, if whole { after.clone() } else { before.clone() });
        }
    }
    // Each record was synced before the next was written: one that does not check in front of one that does is damage.
    for (index, end) in ends.iter().enumerate().skip(1) {
        let mut damaged = bytes.clone();
        damaged[end - 1] ^= 0x10;
        let error = replay(Path::new("M"), 1, &damaged).unwrap_err();
        assert!(error.is_corruption(), "record {index}: {error}");
    }
}

#[test]
fn the_log_goes_on_behind_an_edit_that_a_crash_cut_off() {
    let before = state(1);
    let (dir, mut manifest) = created(&before);
    manifest.append(&tables(1..20)).unwrap();
    let path = dir.path().join(file_name(1));
    let whole = bytes(&dir, 1);
    let ends = record_ends(&whole);
    std::fs::write(&path, &whole[..ends[ends.len() - 2]]).unwrap();
    let (mut manifest, found) = Manifest::open(fs(), dir.path(), false).unwrap();
    assert_eq!(found, before);
    // Otherwise these would be taken for the rest of the edit that was cut off.
    let edit = tables(30..31);
    manifest.append(&edit).unwrap();
    let (_, found) = Manifest::open(fs(), dir.path(), true).unwrap();
    assert_eq!(found, with(&before, &edit));
}

#[test]
fn what_could_not_be_read_again_is_refused_before_it_is_written() {
    let full = |error: AppendError| {
        assert!(matches!(&error, AppendError::Unchanged(_)), "{error:?}");
        let error = error.into_error();
        assert!(matches!(&error, Error::ManifestFull { limit: MAX_GROWN_LEN, .. }), "{error}");
    };
    let before = state(1);
    let (dir, mut manifest) = created(&before);
    let written = bytes(&dir, 1);
    full(manifest.append(&tables(1..300)).unwrap_err());
    assert_eq!(bytes(&dir, 1), written);
    // It is full when it is: what takes something away, or says little, is still taken.
    let mut now = before;
    for id in 1.. {
        let edit = tables(id..id + 1);
        match manifest.append(&edit) {
            Ok(()) => now = with(&now, &edit),
            Err(error) => {
                full(error);
                break;
            }
        }
    }
    assert!(manifest.len() > MAX_GROWN_LEN - 4096 && manifest.wants_rewrite());
    for edit in [
        Edit { remove: vec![(KeyspaceId(0), 1, TableId(7))], ..Edit::default() },
        Edit { clean_close: true, ..Edit::default() },
    ] {
        manifest.append(&edit).unwrap();
        now = with(&now, &edit);
    }
    let (mut manifest, found) = Manifest::open(fs(), dir.path(), false).unwrap();
    assert_eq!(found, now);
    manifest.rewrite(2, &found).unwrap();
    assert_eq!(Manifest::open(fs(), dir.path(), true).unwrap().1, now);
}
