//! Blocks: which are compressed and cached, and how long their bytes live.

#[cfg(feature = "lz4")]
use std::{collections::BTreeSet, sync::Arc};

use super::model::{Entry, Value, open, write};
#[cfg(feature = "lz4")]
use super::model::{Model, Random, check_get};
#[cfg(feature = "lz4")]
use crate::table::{BlockCache, BlockKind, Compression};
use crate::{
    hash_key,
    table::{ReadMode, TableOptions, TableValue},
};

#[cfg(feature = "lz4")]
#[test]
fn blocks_are_compressed_only_if_it_pays_and_cached_once() {
    let mut random = Random(9);
    let mut model = Model::new();
    for i in 0..400_u32 {
        // The first half compresses, the second is noise.
        let bytes = (0..100).map(|_| if i < 200 { b'x' } else { random.next() as u8 }).collect();
        let key = if i < 200 {
            format!("key{i:08}").into_bytes()
        } else {
            [b"z", &(u64::from(i) << 48 | random.next() >> 16).to_be_bytes()[..]].concat()
        };
        model.push(Entry { key, seq: None, value: Value::Inline(bytes) });
    }
    let (file, _) =
        write(&model, TableOptions { compression: Compression::Lz4, ..TableOptions::default() });
    let cache = Arc::new(BlockCache::new(1 << 20));
    let table = open(&file, Some(&cache), ReadMode::Mapped).unwrap();
    let codecs: BTreeSet<_> = table
        .layout()
        .unwrap()
        .blocks
        .iter()
        .filter(|b| b.kind == BlockKind::Data)
        .map(|b| b.codec)
        .collect();
    assert_eq!(codecs, BTreeSet::from(["lz4", "none"]));
    assert_eq!((cache.hits(), cache.misses()), (0, 0));
    for _ in 0..3 {
        check_get(&table, &model, b"key00000007", 0);
    }
    assert_eq!((cache.hits(), cache.misses()), (2, 1));
    let last = model.last().unwrap().key.clone();
    check_get(&table, &model, &last, 0);
    assert_eq!(
        (cache.hits(), cache.misses()),
        (2, 1),
        "a block that is not compressed is read in place"
    );
}

#[test]
fn shared_bytes_outlive_their_table() {
    let model =
        vec![Entry { key: b"k".to_vec(), seq: None, value: Value::Inline(b"value".to_vec()) }];
    let (file, _) = write(&model, TableOptions::default());
    for mode in [ReadMode::Mapped, ReadMode::Positioned] {
        let table = open(&file, None, mode).unwrap();
        let entry = table.get(hash_key(b"k"), b"k", 0).unwrap().unwrap();
        let TableValue::Inline(value) = entry.value else { panic!("{:?}", entry.value) };
        let shared = value.share();
        drop(value);
        drop(table);
        assert_eq!(&*shared, b"value");
    }
}
