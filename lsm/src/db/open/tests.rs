//! Opening what nobody wrote with this crate: manifests made by hand.

use std::{path::Path, sync::Arc};

use crate::{
    Db, Error, KeyspaceId, KeyspaceOptions, Options,
    fs::DiskFs,
    version::{CreateKeyspace, Edit, Manifest, State},
};

/// A database in `dir` that has nothing but keyspaces, with these numbers.
fn database_of(dir: &Path, numbers: &[u32]) {
    database_with(dir, numbers, &KeyspaceOptions::default().to_text());
}

/// As [`database_of`]; the keyspaces have these options.
fn database_with(dir: &Path, numbers: &[u32], options: &str) {
    let create = numbers.iter().map(|number| CreateKeyspace {
        id: KeyspaceId(*number),
        name: if *number == 0 { "default".to_owned() } else { format!("number {number}") },
        options: options.to_owned(),
    });
    let edit = Edit {
        database_id: Some(7),
        next_file: Some(2),
        create: create.collect(),
        ..Edit::default()
    };
    let mut state = State::default();
    state.apply(&edit).unwrap();
    Manifest::create(Arc::new(DiskFs), dir, 1, &state).unwrap();
}

#[test]
fn a_high_keyspace_number_costs_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    database_of(dir.path(), &[0, 1023, 1024, u32::MAX - 1]);
    for _ in 0..2 {
        let db = Db::open(dir.path(), Options::default()).unwrap();
        for name in ["default", "number 1023", "number 1024", "number 4294967294"] {
            let keyspace = db.find_keyspace(name).unwrap();
            keyspace.put(name.as_bytes(), b"value").unwrap();
            assert_eq!(keyspace.get(name.as_bytes()).unwrap().as_deref(), Some(&b"value"[..]));
        }
        drop(db);
    }
}

#[test]
fn keyspace_numbers_are_used_up_with_an_error() {
    let dir = tempfile::tempdir().unwrap();
    database_of(dir.path(), &[0, u32::MAX - 1]);
    let db = Db::open(dir.path(), Options::default()).unwrap();
    let create = |name| db.keyspace(name, KeyspaceOptions::default());
    create("the last").unwrap().put(b"key", b"value").unwrap();
    let refused = |name| {
        let error = create(name).unwrap_err();
        assert!(matches!(error, Error::InvalidOption { option: "keyspace", .. }), "{error}");
    };
    refused("one more");
    // A number is never used again.
    db.drop_keyspace("the last").unwrap();
    refused("one more");
    db.close().unwrap();
    let db = Db::open(dir.path(), Options::default()).unwrap();
    assert!(db.keyspace("one more", KeyspaceOptions::default()).is_err());
}

#[test]
fn a_manifest_without_the_default_keyspace_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    database_of(dir.path(), &[1]);
    let error = Db::open(dir.path(), Options::default()).map(drop).unwrap_err();
    assert!(error.is_corruption(), "{error}");
}

/// Below level 0 a read looks into one table of a level, so that what another one says would never be found.
#[test]
fn tables_that_overlap_on_a_level_are_damage() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options::default().write_buffer_bytes(1 << 20);
    let db = Db::open(dir.path(), options()).unwrap();
    let keyspace = db.default_keyspace();
    for round in 0..2_u8 {
        for key in 0..10_u8 {
            keyspace.put(&[key * 2 + round], &[round]).unwrap();
        }
        keyspace.flush().unwrap();
    }
    drop(keyspace);
    db.close().unwrap();
    let (mut manifest, mut state) = Manifest::open(Arc::new(DiskFs), dir.path(), false).unwrap();
    let sound = state.clone();
    let mut rewritten = 9000..;
    let mut write = |state: &State| {
        manifest.rewrite(rewritten.next().unwrap(), state).unwrap();
    };
    let error = || Db::open(dir.path(), options().read_only(true)).map(drop).unwrap_err();
    let named = |error: Error| {
        let Error::Corruption { path, offset, .. } = &error else { panic!("{error}") };
        assert!(path.extension().is_some_and(|it| it == "sst") && *offset > 0, "{error}");
    };

    let levels = &mut state.keyspaces.get_mut(&KeyspaceId(0)).unwrap().levels;
    assert_eq!(levels[0].len(), 2);
    let tables = std::mem::take(&mut levels[0]);
    levels.push(tables);
    write(&state);
    named(error());
    // Nor may it be open which of two on level 0 is newer.
    let mut state = sound.clone();
    let levels = &mut state.keyspaces.get_mut(&KeyspaceId(0)).unwrap().levels;
    levels[0][0].largest_sequence = levels[0][1].largest_sequence;
    write(&state);
    named(error());
    // A key range that is not the table's hides keys, too.
    let mut state = sound.clone();
    state.keyspaces.get_mut(&KeyspaceId(0)).unwrap().levels[0][0].largest_key.push(0);
    write(&state);
    named(error());

    write(&sound);
    assert!(Db::open(dir.path(), options()).unwrap().verify().unwrap().is_sound());
}

#[test]
fn options_that_nobody_can_have_set_are_damage() {
    let good = KeyspaceOptions::default().to_text();
    for (line, names) in [
        ("level_ratio=0", "level_ratio"),
        ("level_ratio=1", "level_ratio"),
        ("block_bytes=0", "block_bytes"),
        ("block_bytes=18446744073709551615", "block_bytes"),
        ("filter_bits_per_key=NaN", "filter_bits_per_key"),
        ("filter_bits_per_key=inf", "filter_bits_per_key"),
        ("level0_tables=0", "level0_tables"),
        ("table_bytes=1", "table_bytes"),
        ("level1_bytes=-1", "level1_bytes"),
        ("block_bytes", "no options"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        database_with(dir.path(), &[0, 3], &format!("{good}{line}\n"));
        for options in [Options::default(), Options::default().read_only(true)] {
            let error = Db::open(dir.path(), options).unwrap_err();
            assert!(error.is_corruption(), "{line}: {error}");
            let text = error.to_string();
            assert!(text.contains(names) && text.contains("MANIFEST"), "{text}");
        }
    }
}
