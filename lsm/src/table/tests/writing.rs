//! What the writer refuses.

use crate::{
    EntryKind, Error, MAX_KEY_LEN,
    table::{
        Compression, EntryValue, TableOptions, TableWriter,
        fuzz::{DATABASE, ID, MemoryFile},
    },
};

#[test]
fn the_writer_refuses_what_is_no_table() {
    let writer =
        |options| TableWriter::new(MemoryFile::new(Vec::new()), "memory", ID, DATABASE, options);
    for options in [
        TableOptions { block_size: 10, ..TableOptions::default() },
        TableOptions { filter_bits_per_key: f32::NAN, ..TableOptions::default() },
        TableOptions { filter_bits_per_key: -1.0, ..TableOptions::default() },
        #[cfg(not(feature = "lz4"))]
        TableOptions { compression: Compression::Lz4, ..TableOptions::default() },
        #[cfg(not(feature = "zstd"))]
        TableOptions { compression: Compression::Zstd(1), ..TableOptions::default() },
        #[cfg(feature = "zstd")]
        TableOptions { compression: Compression::Zstd(99), ..TableOptions::default() },
    ] {
        assert!(matches!(writer(options).unwrap_err(), Error::InvalidOption { .. }));
    }
    let based = TableOptions { base_sequence: 10, ..TableOptions::default() };
    assert!(writer(based.clone()).unwrap().finish(10).is_err(), "an empty table");
    let mut it = writer(based.clone()).unwrap();
    assert!(it.add(b"k", Some(9), EntryKind::Delete, EntryValue::None).is_err());
    assert!(it.add(b"l", Some(11), EntryKind::Delete, EntryValue::None).is_err(), "after an error");
    assert!(it.finish(10).is_err(), "after an error");
    let mut it = writer(based.clone()).unwrap();
    assert!(it.add(b"k", None, EntryKind::Delete, EntryValue::Inline(b"")).is_err());
    let mut it = writer(based.clone()).unwrap();
    assert!(it.add(b"k", None, EntryKind::Put, EntryValue::None).is_err());
    let mut it = writer(based).unwrap();
    let long = vec![0; MAX_KEY_LEN + 1];
    let error = it.add(&long, None, EntryKind::Delete, EntryValue::None).unwrap_err();
    assert!(matches!(error, Error::KeyTooLong { .. }));
}

#[test]
fn the_writer_refuses_disorder() {
    type Named = (&'static [u8], Option<u64>);
    let pairs: [(Named, Named); 5] = [
        ((b"b", None), (b"a", None)),
        ((b"a", None), (b"a", None)),
        ((b"a", None), (b"a", Some(5))),
        ((b"a", Some(5)), (b"a", Some(5))),
        ((b"", Some(5)), (b"", Some(6))),
    ];
    for (first, second) in pairs {
        let result = std::panic::catch_unwind(|| {
            let file = MemoryFile::new(Vec::new());
            let mut it =
                TableWriter::new(file, "memory", ID, DATABASE, TableOptions::default()).unwrap();
            it.add(first.0, first.1, EntryKind::Delete, EntryValue::None).unwrap();
            it.add(second.0, second.1, EntryKind::Delete, EntryValue::None)
        });
        // A panic in debug builds, an error in others.
        assert!(result.is_err() || result.is_ok_and(|added| added.is_err()));
    }
}
