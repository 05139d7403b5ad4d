//! Entry points for fuzzing, which the unit tests share. Not part of the crate's interface.

use std::path::Path;

use super::{
    edit::{CreateKeyspace, Edit, GOES_ON_FIELD, ReplayPosition, TableMeta},
    manifest::{self, replay},
    state::State,
};
use crate::{Error, KeyspaceId, SegmentId, TableId};

/// The number of the manifest in [`edited_manifest`].
const NUMBER: u64 = 3;

/// Takes arbitrary bytes for the payload of an edit, applies it, and writes the result down again.
///
/// # Panics
/// If the reading of untrusted bytes breaks a promise: that is what the fuzzer looks for.
pub fn edit(bytes: &[u8]) {
    let Ok(edit) = Edit::decode(bytes) else { return };
    let mut again = Vec::new();
    edit.encode(&mut again);
    assert_eq!(Edit::decode(&again), Ok(edit.clone()), "what was read can be written");
    for mut state in [State::default(), seed_state()] {
        if state.apply(&edit).is_ok() {
            check_description(&state);
        }
        // Twice the same: mostly refused, never worse.
        let _ = state.apply(&edit);
    }
}

/// Takes arbitrary bytes for a manifest; returns how many edits it found.
///
/// # Panics
/// If the reading of untrusted bytes breaks a promise: that is what the fuzzer looks for.
pub fn manifest(bytes: &[u8]) -> usize {
    // Arbitrary bytes would hardly ever have the right number.
    let number =
        bytes.get(16..).and_then(<[u8]>::first_chunk).map_or(NUMBER, |n| u64::from_le_bytes(*n));
    let path = Path::new("fuzz");
    match replay(path, number, bytes) {
        Ok(replayed) => {
            let end = replayed.end as usize;
            assert!(end <= bytes.len() && replayed.base_end <= replayed.end);
            let edits = replayed.edits.len();
            assert!(edits > 0);
            check_description(&replayed.state);
            // What is kept is what the next open finds.
            let Ok(again) = replay(path, number, bytes.get(..end).unwrap_or_default()) else {
                unreachable!("a manifest that was cut where it says does not open any more")
            };
            assert_eq!(
                (again.state, again.end, again.edits),
                (replayed.state, replayed.end, replayed.edits)
            );
            edits
        }
        Err(error) => {
            let expected = matches!(error, Error::Corruption { .. } | Error::NewerFormat { .. });
            assert!(expected, "{error}: nothing else comes from bytes");
            0
        }
    }
}

/// Changes bytes of a sound manifest (`edits`: chunks of a 2-byte place and a byte to put there) and opens it, once as it is,
/// once with all checksums made right. Returns how many edits it found the second time: all 4 if nothing was edited.
///
/// # Panics
/// If the reading of untrusted bytes breaks a promise: that is what the fuzzer looks for.
pub fn edited_manifest(edits: &[u8]) -> usize {
    let mut bytes = seed_manifest();
    for [low, high, byte] in edits.as_chunks::<3>().0 {
        let at = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len();
        bytes[at] = *byte;
    }
    manifest(&bytes);
    manifest::reseal(&mut bytes);
    manifest(&bytes)
}

/// One edit can say all that a state is: that is how a manifest is rewritten.
fn check_description(state: &State) {
    let described = Edit::decode(&state.describe());
    let mut again = State::default();
    let applied = described.map(|edit| again.apply(&edit));
    assert_eq!(applied, Ok(Ok(())), "a state that its own description does not lead to");
    let mut state = state.clone();
    // What no live edit tells: the numbers of dropped keyspaces, and levels that are empty now.
    again.last_keyspace = again.last_keyspace.max(state.last_keyspace);
    for keyspace in state.keyspaces.values_mut() {
        while keyspace.levels.last().is_some_and(Vec::is_empty) {
            keyspace.levels.pop();
        }
    }
    assert_eq!(again, state);
}

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

fn seed_state() -> State {
    let create = |id, name: &str| CreateKeyspace {
        id: KeyspaceId(id),
        name: name.into(),
        options: "layout=leveled".into(),
    };
    let edit = Edit {
        database_id: Some(7),
        next_file: Some(9),
        create: vec![create(0, "default"), create(1, "other")],
        ..Edit::default()
    };
    let mut state = State::default();
    // Keyspaces that were not there before: nothing to refuse.
    let _ = state.apply(&edit);
    state
}

/// Four edits, with every tag in them.
fn seed_manifest() -> Vec<u8> {
    let keyspace = KeyspaceId(0);
    let mut bytes = manifest::header(NUMBER).to_vec();
    manifest::frame(NUMBER, bytes.len() as u64, &seed_state().describe(), &mut bytes);
    let edits = [
        Edit {
            add: vec![(keyspace, 0, table(5)), (keyspace, 0, table(6))],
            flushed: vec![(keyspace, 9)],
            last_sequence: Some(9),
            ..Edit::default()
        },
        Edit {
            add: vec![(keyspace, 1, table(7))],
            remove: vec![(keyspace, 0, TableId(5))],
            replay: Some(ReplayPosition { segment: 4, offset: 64, sequence: 10 }),
            drop: vec![KeyspaceId(1)],
            ..Edit::default()
        },
        Edit { segment_ends: [(SegmentId(4), 99)].into(), clean_close: true, ..Edit::default() },
    ];
    for edit in edits {
        let mut payload = Vec::new();
        edit.encode(&mut payload);
        if !edit.remove.is_empty() {
            // In two records, of which the first is empty but for that.
            manifest::frame(NUMBER, bytes.len() as u64, &GOES_ON_FIELD, &mut bytes);
        }
        manifest::frame(NUMBER, bytes.len() as u64, &payload, &mut bytes);
    }
    bytes
}
