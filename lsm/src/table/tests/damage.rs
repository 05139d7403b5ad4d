//! Damage is found and named, whatever it is, and never answered from.

use std::sync::Arc;

use super::model::{
    BASE, Model, Random, Value, check_cursor, entries_for, open, plain_keys, value_of, visible,
    write,
};
use crate::{
    Error, TableId, hash_key,
    table::{
        ReadMode, Table, TableCursor, TableOptions,
        data_block::{BlockValue, DataBlockBuilder},
        fuzz::{self, DATABASE, ID, MemoryFile},
    },
};

/// Every answer that a table can give about a model: either right, or an error that names the file.
fn all_answers(
    file: &Arc<MemoryFile>,
    model: &Model,
    mode: ReadMode,
) -> std::result::Result<(), Error> {
    let mut first_error = None;
    let mut note = |error: Error| {
        assert!(
            matches!(&error, Error::Corruption { path, .. } if path.to_str() == Some("memory")),
            "{error:?}"
        );
        first_error.get_or_insert(error);
    };
    let table =
        open(file, None, mode).inspect_err(|error| assert!(error.is_corruption(), "{error:?}"))?;
    for entry in model {
        for read_seq in [BASE, BASE + 5, u64::MAX] {
            match table.get(hash_key(&entry.key), &entry.key, read_seq) {
                Err(error) => note(error),
                Ok(found) => {
                    let found = found.map(|found| value_of(&found.value, table.segments()));
                    assert_eq!(
                        found.as_ref(),
                        visible(model, &entry.key, read_seq).map(|e| &e.value)
                    );
                }
            }
        }
    }
    let mut cursor = TableCursor::new(table);
    for forward in [true, false] {
        let start = if forward { cursor.seek_to_first() } else { cursor.seek_to_last() };
        let mut at = if forward { 0 } else { model.len() - 1 };
        let mut moved = start;
        while cursor.valid() {
            check_cursor(&cursor, model, Some(at));
            moved = if forward { cursor.next() } else { cursor.prev() };
            at = if forward { at + 1 } else { at.wrapping_sub(1) };
        }
        match moved {
            Err(error) => note(error),
            Ok(()) => {
                assert_eq!(at, if forward { model.len() } else { usize::MAX }, "an end too early")
            }
        }
    }
    first_error.map_or(Ok(()), Err)
}

fn small_model() -> Model {
    let keys = (0..40_u32).map(|i| format!("k{i:03}").into_bytes()).collect();
    entries_for(&keys, &mut Random(3), 9)
        .into_iter()
        .filter(|e| !matches!(&e.value, Value::Inline(bytes) if bytes.len() > 100))
        .collect()
}

#[test]
fn every_flipped_bit_is_found_or_harmless() {
    let model = small_model();
    let options = TableOptions { block_size: 200, base_sequence: BASE, ..TableOptions::default() };
    let (file, _) = write(&model, options);
    let good = file.bytes();
    all_answers(&file, &model, ReadMode::Mapped).unwrap();
    let mut harmless = 0;
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        for bit in 0..8 {
            // All bits of every 16th byte, one bit of the others: checksums treat them all alike.
            if bit != at % 8 && at % 16 != 0 {
                continue;
            }
            bytes[at] = good[at] ^ (1 << bit);
            let mode = if (at + bit) % 2 == 0 { ReadMode::Mapped } else { ReadMode::Positioned };
            let file = MemoryFile::new(bytes.clone());
            if all_answers(&file, &model, mode).is_ok() {
                harmless += 1;
                // Nothing but the zeros between blocks can change without a reader seeing it; `verify` does.
                let mut found = 0;
                open(&file, None, mode).unwrap().verify(&mut |_| found += 1);
                assert_eq!(found, 1, "byte {at}");
                assert_eq!(good[at], 0);
            }
        }
    }
    assert!(harmless < 64 * 8);
}

#[test]
fn every_truncation_is_found() {
    let model = small_model();
    let (file, _) = write(
        &model,
        TableOptions { block_size: 200, base_sequence: BASE, ..TableOptions::default() },
    );
    let good = file.bytes();
    for len in 0..good.len() {
        let error =
            open(&MemoryFile::new(good[..len].to_vec()), None, ReadMode::Mapped).unwrap_err();
        assert!(error.is_corruption(), "{len}: {error}");
    }
    let mut longer = good;
    longer.push(0);
    assert!(open(&MemoryFile::new(longer), None, ReadMode::Mapped).unwrap_err().is_corruption());
}

#[test]
fn another_table_or_database_is_refused() {
    let (file, _) = write(&plain_keys(10), TableOptions::default());
    for (id, database) in [(TableId(8), DATABASE), (ID, 1)] {
        let error =
            Table::open(file.clone(), "memory", id, database, None, ReadMode::Mapped).unwrap_err();
        assert!(error.is_corruption() && error.to_string().contains("expected table"), "{error}");
    }
}

#[test]
fn mutated_tables_never_panic() {
    assert!(fuzz::resealed_table(&[]), "the seed is sound");
    let mut random = Random(0xf02);
    let mut sound = 0;
    for round in 0..20_000 {
        let mut edits = Vec::new();
        for _ in 0..=random.below(3) {
            edits.extend_from_slice(&(random.next() as u32).to_le_bytes());
        }
        // Most of the time goes into looking at the table, so only some rounds look at one that mostly works.
        sound += u32::from(if round % 8 == 0 {
            fuzz::resealed_table(&edits)
        } else {
            fuzz::data_block(&mutated_block(&mut random));
            true
        });
    }
    assert!(sound < 20_000, "verify never found anything");
}

/// The contents of a data block, with up to four bytes changed.
fn mutated_block(random: &mut Random) -> Vec<u8> {
    let mut builder = DataBlockBuilder::default();
    let n = 1 + random.below(40);
    for i in 0..n {
        let value = match i % 3 {
            0 => BlockValue::Delete,
            1 => BlockValue::Inline(b"inline"),
            _ => BlockValue::Pointer { slot: i as usize, offset: 9, len: 300 },
        };
        let key = format!("key{i:03}");
        builder
            .add(
                key.as_bytes(),
                if i % 10 == 0 { 4 } else { 5 }.min(key.len()),
                i as u8,
                (i % 2 == 0).then_some(i),
                value,
            )
            .unwrap();
    }
    let mut contents = Vec::new();
    builder.finish(&mut contents);
    for _ in 0..random.below(4) {
        let at = random.below(contents.len() as u64) as usize;
        contents[at] = random.next() as u8;
    }
    contents
}
