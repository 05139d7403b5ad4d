//! One key, and a snapshot of every version of it.

use lsm::{Db, KeyspaceOptions, Snapshot};

use crate::{DIR, machine, options};

/// More than a block can count.
const VERSIONS: u32 = 70_000;

fn value(version: u32) -> Vec<u8> {
    // Some are separated, some are not.
    version.to_le_bytes().repeat(if version.is_multiple_of(7) { 20 } else { 1 })
}

fn all_of_them(keyspace_options: KeyspaceOptions) {
    let options = options(machine()).write_buffer_bytes(64 << 20).segment_bytes(16 << 20);
    let db = Db::open(DIR, options).unwrap();
    let keyspace = db.keyspace("hot", keyspace_options).unwrap();
    keyspace.put(b"before", b"1").unwrap();
    keyspace.put(b"key0", b"2").unwrap();
    let snapshots: Vec<Snapshot> = (0..VERSIONS)
        .map(|version| {
            let snapshot = db.snapshot();
            keyspace.put(b"key", &value(version)).unwrap();
            snapshot
        })
        .collect();
    for turn in ["flushed", "compacted", "compacted again"] {
        match turn {
            "flushed" => keyspace.flush().unwrap(),
            _ => keyspace.compact::<&[u8]>(..).unwrap(),
        }
        for version in (0..VERSIONS).step_by(1999).chain([0, 1, 65_535, 65_536, VERSIONS - 1]) {
            let found = keyspace.get_at(b"key", &snapshots[version as usize]).unwrap();
            let expected = version.checked_sub(1).map(value);
            assert_eq!(found.as_deref(), expected.as_deref(), "{turn}, version {version}");
        }
        assert_eq!(keyspace.get(b"key").unwrap().as_deref(), Some(&value(VERSIONS - 1)[..]));
        for version in [0, 1, VERSIONS / 2] {
            let items: Vec<_> = keyspace
                .range_at::<&[u8]>(&snapshots[version as usize], ..)
                .rev()
                .map(|item| item.unwrap().0)
                .collect();
            let expected: &[&[u8]] =
                if version == 0 { &[b"key0", b"before"] } else { &[b"key0", b"key", b"before"] };
            assert_eq!(items, expected, "{turn}, version {version}");
        }
        let report = db.verify().unwrap();
        assert!(report.is_sound(), "{turn}: {:?}", report.damage);
        assert_eq!(report.entries, u64::from(VERSIONS) + 2, "{turn}");
    }
    drop(snapshots);
    keyspace.compact::<&[u8]>(..).unwrap();
    assert_eq!(db.verify().unwrap().entries, 3, "nobody can see the others any more");
}

#[test]
fn separated() {
    all_of_them(KeyspaceOptions::default());
}

#[test]
fn leveled() {
    all_of_them(KeyspaceOptions::leveled());
}
