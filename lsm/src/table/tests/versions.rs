//! Keys with more versions than fit a block.

use super::model::{BASE, Entry, Model, Value, check_cursor, check_get, model_of, open, write};
use crate::{
    MAX_KEY_LEN, hash_key,
    table::{BlockKind, ReadMode, TableCursor, TableOptions},
};

/// `hot` has `versions`, with a key on each side.
fn model(hot: &[u8], versions: u64) -> Model {
    let plain = |key: &[u8]| Entry { key: key.to_vec(), seq: None, value: Value::Delete };
    let versions = (0..versions).map(|i| Entry {
        key: hot.to_vec(),
        seq: Some(BASE + 10 * i),
        value: if i % 3 == 0 { Value::Delete } else { Value::Inline(i.to_le_bytes().to_vec()) },
    });
    model_of([plain(b"a"), plain(b"z")].into_iter().chain(versions))
}

/// Over blocks, and over the partitions that hold them.
fn check(hot: &[u8], versions: u64, block_size: usize) -> usize {
    let model = model(hot, versions);
    let options = TableOptions { block_size, base_sequence: BASE, ..TableOptions::default() };
    let (file, summary) = write(&model, options);
    assert_eq!(summary.properties.entries, versions + 2);
    let mut blocks = 0;
    for mode in [ReadMode::Mapped, ReadMode::Positioned] {
        let table = open(&file, None, mode).unwrap();
        let newest = BASE + 10 * versions;
        for read in (BASE - 1..newest).step_by(usize::try_from(versions / 50).unwrap()) {
            check_get(&table, &model, hot, read);
        }
        for read in [BASE - 1, BASE, BASE + 1, newest - 11, newest - 10, newest, u64::MAX] {
            check_get(&table, &model, hot, read);
            check_get(&table, &model, b"a", read);
            check_get(&table, &model, b"z", read);
            check_get(&table, &model, b"between", read);
        }
        assert!(table.get(hash_key(hot), hot, BASE - 1).unwrap().is_none());
        let (first, last) = (1, model.len() - 2);
        let mut cursor = TableCursor::new(table.clone());
        cursor.seek(hot).unwrap();
        for at in first..=last + 1 {
            check_cursor(&cursor, &model, Some(at));
            cursor.next().unwrap();
        }
        cursor.seek_for_prev(hot).unwrap();
        for at in (first - 1..=last).rev() {
            check_cursor(&cursor, &model, Some(at));
            cursor.prev().unwrap();
        }
        cursor.seek(b"b").unwrap();
        check_cursor(&cursor, &model, Some(first));
        cursor.seek_for_prev(b"y").unwrap();
        check_cursor(&cursor, &model, Some(last));
        let counts = table.verify(&mut |error| panic!("{error}"));
        assert_eq!((counts.entries, counts.keys), (versions + 2, 3));
        let layout = table.layout().unwrap();
        blocks = layout.blocks.iter().filter(|block| block.kind == BlockKind::Data).count();
        let indexes = layout.blocks.iter().filter(|block| block.kind == BlockKind::Index).count();
        assert_eq!(indexes, blocks.div_ceil(128), "what is checked is what is meant");
    }
    blocks
}

#[test]
fn they_go_on_in_other_blocks() {
    assert!(check(b"hot", 70_000, 4096) > 128);
    assert!(check(b"hot", 5000, 64) > 256);
    assert!(check(b"hot", 300, 4096) > 1);
}

/// A block counts its entries with 16 bits.
#[test]
fn a_large_block_has_no_more_entries_than_it_can_count() {
    assert!(check(b"hot", 70_000, 16 << 20) > 1);
}

/// A long key does not fill a block by itself: each block repeats it twice.
#[test]
fn versions_of_a_long_key_share_blocks() {
    let blocks = check(&[b'm'; MAX_KEY_LEN], 500, 4096);
    assert!((2..20).contains(&blocks), "{blocks}");
}
