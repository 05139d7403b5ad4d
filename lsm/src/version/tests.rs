//! The manifest file against everything that can happen to it.

use std::{path::Path, sync::Arc};

use proptest::{collection::vec, prelude::*};

use super::{
    edit::{CreateKeyspace, Edit, ReplayPosition, TableMeta},
    fuzz,
    manifest::{self, Manifest, replay},
    state::State,
};
use crate::{
    Error, KeyspaceId, TableId,
    fs::{DiskFs, FileSystem},
};

fn table(id: u64) -> TableMeta {
    TableMeta {
        id: TableId(id),
        bytes: 100,
        entries: 3,
        smallest_sequence: 1,
        largest_sequence: id,
        smallest_key: vec![1],
        largest_key: vec![2, 3],
    }
}

fn edits() -> Vec<Edit> {
    let keyspace = KeyspaceId(0);
    vec![
        Edit {
            add: vec![(keyspace, 0, table(5))],
            flushed: vec![(keyspace, 9)],
            ..Edit::default()
        },
        Edit {
            add: vec![(keyspace, 1, table(6))],
            remove: vec![(keyspace, 0, TableId(5))],
            replay: Some(ReplayPosition { segment: 4, offset: 64, sequence: 10 }),
            ..Edit::default()
        },
        Edit {
            segment_ends: [(crate::SegmentId(4), 99)].into(),
            clean_close: true,
            ..Edit::default()
        },
    ]
}

fn first_state() -> State {
    let mut state = State { database_id: 7, next_file: 2, ..State::default() };
    let create =
        CreateKeyspace { id: KeyspaceId(0), name: "default".into(), options: String::new() };
    state.apply(&Edit { create: vec![create], ..Edit::default() }).unwrap();
    state
}

/// A manifest's directory, its bytes, and the states after its first edit and each of [`edits`].
fn written() -> (tempfile::TempDir, Vec<u8>, Vec<State>) {
    let dir = tempfile::tempdir().unwrap();
    let fs: Arc<dyn FileSystem> = Arc::new(DiskFs);
    let mut states = vec![first_state()];
    let mut manifest = Manifest::create(Arc::clone(&fs), dir.path(), 1, &states[0]).unwrap();
    for edit in edits() {
        manifest.append(&edit).unwrap();
        let mut next = states.last().unwrap().clone();
        next.apply(&edit).unwrap();
        states.push(next);
    }
    let bytes = std::fs::read(dir.path().join(manifest::file_name(1))).unwrap();
    (dir, bytes, states)
}

#[test]
fn what_was_written_is_read() {
    let (dir, _, states) = written();
    let fs: Arc<dyn FileSystem> = Arc::new(DiskFs);
    let (mut manifest, state) = Manifest::open(Arc::clone(&fs), dir.path(), false).unwrap();
    assert_eq!(&state, states.last().unwrap());
    let old = manifest.rewrite(9, &state).unwrap();
    let (manifest, again) = Manifest::open(fs, dir.path(), false).unwrap();
    assert_eq!((manifest.number(), again), (9, state));
    assert_eq!(old, dir.path().join(manifest::file_name(1)));
}

#[test]
fn cut_anywhere_it_is_a_prefix() {
    let (_dir, bytes, states) = written();
    let base_end = replay(Path::new("M"), 1, &bytes).unwrap().base_end as usize;
    for len in 0..bytes.len() {
        match replay(Path::new("M"), 1, &bytes[..len]) {
            Ok(replayed) => {
                assert_eq!(replayed.state, states[replayed.edits.len() - 1]);
                assert!(replayed.end <= len as u64);
            }
            // Shorter than the first edit, which is synced before CURRENT names the file.
            Err(error) => assert!(error.is_corruption() && len < base_end, "{error}"),
        }
    }
}

#[test]
fn a_flipped_bit_is_damage_with_its_place() {
    let (_dir, bytes, _) = written();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            match replay(Path::new("M"), 1, &damaged) {
                Err(Error::Corruption { .. } | Error::NewerFormat { .. }) => {}
                other => panic!("byte {at}, bit {bit}: {other:?}"),
            }
        }
    }
}

#[test]
fn lost_sectors_at_the_end_are_a_torn_tail() {
    let (_dir, bytes, states) = written();
    let last = replay(Path::new("M"), 1, &bytes).unwrap().edits.last().unwrap().0 as usize;
    let mut torn = bytes.clone();
    torn[last..].fill(0);
    let replayed = replay(Path::new("M"), 1, &torn).unwrap();
    assert_eq!((replayed.state, replayed.end), (states[states.len() - 2].clone(), last as u64));
}

#[test]
fn impossible_edits_are_refused() {
    let mut state = first_state();
    let keyspace = KeyspaceId(0);
    let gone = Edit { remove: vec![(keyspace, 0, TableId(5))], ..Edit::default() };
    assert!(state.apply(&gone).unwrap_err().contains("table 5"));
    let nowhere = Edit { add: vec![(KeyspaceId(3), 0, table(5))], ..Edit::default() };
    assert!(state.apply(&nowhere).unwrap_err().contains("keyspace 3"));
}

#[test]
fn the_end_of_a_segment_that_replay_has_left_behind_is_forgotten() {
    let mut state = first_state();
    let replay = Some(ReplayPosition { segment: 4, offset: 64, sequence: 10 });
    state.apply(&Edit { replay, ..Edit::default() }).unwrap();
    let ends = [(crate::SegmentId(3), 99), (crate::SegmentId(4), 98)];
    state.apply(&Edit { segment_ends: ends.into(), ..Edit::default() }).unwrap();
    assert_eq!(state.segment_ends, [ends[1]].into());
}

#[test]
fn numbers_that_leave_no_room_are_refused() {
    let mut state = first_state();
    let most = Some(crate::entry::MAX_NUMBER);
    assert_eq!(
        state.apply(&Edit { next_file: most, last_sequence: most, ..Edit::default() }),
        Ok(())
    );
    let more = most.map(|most| most + 1);
    let replay = Some(ReplayPosition { segment: 4, offset: 64, sequence: u64::MAX });
    for edit in [
        Edit { next_file: more, ..Edit::default() },
        Edit { last_sequence: more, ..Edit::default() },
        Edit { replay, ..Edit::default() },
    ] {
        assert!(state.apply(&edit).unwrap_err().contains("none comes that far"));
    }
}

#[test]
fn what_the_fuzzer_edits_is_sound() {
    assert_eq!(fuzz::edited_manifest(&[]), 4);
    // The length of the first edit.
    assert_eq!(fuzz::edited_manifest(&[32, 0, 0xff]), 0);
}

proptest! {
    /// Mutants, through the fuzzer's entry points: `PROPTEST_CASES=1000000` makes a long run of it.
    #[test]
    fn mutated_manifests(edits in vec((any::<u16>(), prop_oneof![any::<u8>(), 0..24_u8]), 0..6)) {
        let edits: Vec<u8> = edits
            .into_iter()
            .flat_map(|(at, byte)| [at.to_le_bytes()[0], at.to_le_bytes()[1], byte])
            .collect();
        fuzz::edited_manifest(&edits);
    }

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        fuzz::edit(&bytes);
        fuzz::manifest(&bytes);
        fuzz::edited_manifest(&bytes);
    }

    #[test]
    fn mutated_edits(
        which in 0..3_usize,
        at: prop::sample::Index,
        byte: u8,
        more in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut payload = Vec::new();
        edits()[which].encode(&mut payload);
        for (at, byte) in [(at, byte)].into_iter().chain(more) {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        fuzz::edit(&payload);
    }
}
