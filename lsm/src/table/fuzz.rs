//! Entry points for fuzzing, which the unit tests share. Not part of the crate's interface.

use std::{
    io,
    ptr::NonNull,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::{
    BlockCache, EntryValue, ReadMode, Table, TableCursor, TableLayout, TableOptions, TableValue,
    TableWriter, block, data_block, footer,
};
use crate::{
    EntryKind, SegmentId, TableId, ValuePointer,
    fs::{Advice, File, MappedMemory, Mapping},
    hash_key,
};

/// The table id of every table here.
pub const ID: TableId = TableId(7);
/// The database id of every table here.
pub const DATABASE: u64 = 0x1234_5678_9abc_def0;

/// A file in memory. A mapping is a copy as of then, which is what a finished table needs.
#[derive(Debug, Default)]
pub struct MemoryFile(Mutex<Vec<u8>>);

impl MemoryFile {
    /// A file with these bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(bytes)))
    }

    /// A copy of its bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().len() as u64)
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let bytes = self.lock();
        let found = usize::try_from(offset)
            .ok()
            .and_then(|start| bytes.get(start..start.checked_add(buf.len())?))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(found);
        Ok(())
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let mut bytes = self.lock();
        let start = offset as usize;
        if bytes.len() < start + buf.len() {
            bytes.resize(start + buf.len(), 0);
        }
        bytes[start..start + buf.len()].copy_from_slice(buf);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.lock().resize(len as usize, 0);
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let mut bytes = self.lock();
        let len = bytes.len().max(len as usize);
        bytes.resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn map(&self, len: usize, writable: bool) -> io::Result<Mapping> {
        let bytes = self.lock();
        let Some(bytes) = bytes.get(..len).filter(|_| !writable) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let copy: Arc<[u8]> = bytes.into();
        let ptr = NonNull::from(&*copy).cast::<u8>();
        // SAFETY: the reference-counted bytes stay put for as long as `Copy` holds them, and nothing writes to them.
        Ok(unsafe { Mapping::new(ptr, len, Box::new(Copy(copy))) })
    }
}

struct Copy(#[allow(dead_code)] Arc<[u8]>);

impl MappedMemory for Copy {
    fn stored(&self, _: usize, _: usize) {}
    fn advise(&self, _: usize, _: usize, _: Advice) {}
}

/// Opens the bytes as a table, in both read modes, and uses all of it. Returns whether nothing was found wrong.
///
/// # Panics
/// Never, whatever the bytes: that is what is being tested.
pub fn table(bytes: &[u8]) -> bool {
    let file = MemoryFile::new(bytes.to_vec());
    // Arbitrary bytes would hardly ever have the right ids.
    let (id, database) = match bytes.last_chunk::<{ footer::LEN }>() {
        Some(bytes) => footer::Footer::decode(bytes, "fuzz".as_ref(), u64::MAX >> 1)
            .map_or((ID, DATABASE), |footer| (footer.table, footer.database)),
        None => (ID, DATABASE),
    };
    let cache = Arc::new(BlockCache::new(1 << 20));
    let mut sound = true;
    for mode in [ReadMode::Mapped, ReadMode::Positioned] {
        match Table::open(file.clone(), "fuzz", id, database, Some(Arc::clone(&cache)), mode) {
            Ok(table) => sound &= exercise(Arc::new(table)),
            Err(_) => sound = false,
        }
    }
    sound
}

fn exercise(table: Arc<Table>) -> bool {
    let mut sound = true;
    table.verify(&mut |_| sound = false);
    sound &= table.layout().is_ok();
    let mut cursor = TableCursor::new(Arc::clone(&table));
    let mut keys = Vec::new();
    let mut moved = cursor.seek_to_first();
    while cursor.valid() {
        touch(&cursor.value());
        keys.push(cursor.key().to_vec());
        moved = cursor.next();
    }
    sound &= moved.is_ok();
    moved = cursor.seek_to_last();
    let mut left = keys.len();
    while cursor.valid() {
        touch(&cursor.value());
        left = left.wrapping_sub(1);
        moved = cursor.prev();
    }
    sound &= moved.is_ok() && left == 0;
    keys.push(table.smallest_key().to_vec());
    keys.push(table.largest_key().to_vec());
    keys.push(b"no such key".to_vec());
    for key in keys.iter().step_by(1 + keys.len() / 64) {
        let hash = hash_key(key);
        for read_seq in [0, table.min_sequence(), table.max_sequence(), u64::MAX] {
            match table.get(hash, key, read_seq) {
                Ok(Some(entry)) => touch(&entry.value),
                Ok(None) => {}
                Err(_) => sound = false,
            }
        }
        sound &= table.may_contain(hash, key).is_ok();
        std::hint::black_box(table.approximate_offset(key));
        sound &= cursor.seek(key).is_ok() && cursor.prev().is_ok() && cursor.next().is_ok();
        sound &=
            cursor.seek_for_prev(key).is_ok() && cursor.next().is_ok() && cursor.prev().is_ok();
    }
    sound
}

fn touch(value: &TableValue<'_>) {
    if let TableValue::Inline(bytes) = value {
        std::hint::black_box(bytes.as_slice().iter().fold(0, |sum, byte| sum ^ byte));
    }
}

/// Uses the bytes as the contents of a data block.
///
/// # Panics
/// Never, whatever the bytes: that is what is being tested.
pub fn data_block(bytes: &[u8]) {
    let Ok(found) = data_block::DataBlock::parse(bytes) else {
        return;
    };
    let mut interval = data_block::Interval::default();
    for i in 0..found.intervals() {
        if found.decode(i, &mut interval).is_ok() {
            for entry in 0..interval.len() {
                let (key, _) = interval.get(entry);
                for tag in found.tags().iter().take(4) {
                    let _ = found.find(*tag, key, Some(1));
                }
                let _ = found.intervals_below(key, true);
            }
        }
    }
    for tag in 0..=u8::MAX {
        let _ = found.find(tag, b"key", None);
    }
}

/// A small table with everything in it: versions, deletes, pointers, inline values, several partitions' worth of structure.
fn seed() -> &'static (Vec<u8>, TableLayout) {
    static SEED: OnceLock<(Vec<u8>, TableLayout)> = OnceLock::new();
    SEED.get_or_init(|| {
        let file = MemoryFile::new(Vec::new());
        build_seed(file.clone()).unwrap_or_default();
        let bytes = file.bytes();
        let layout = Table::open(file, "seed", ID, DATABASE, None, ReadMode::Mapped)
            .and_then(|table| table.layout())
            .unwrap_or_default();
        (bytes, layout)
    })
}

fn build_seed(file: Arc<MemoryFile>) -> crate::Result<()> {
    let options = TableOptions { block_size: 64, base_sequence: 10, ..TableOptions::default() };
    let mut writer = TableWriter::new(file, "seed", ID, DATABASE, options)?;
    for i in 0_u32..300 {
        let key = format!("key/{:05}", i * 3);
        for version in 0..=u64::from(i % 3 == 0) {
            let seq = (i % 4 != 0).then_some(1000 - version * 500 - u64::from(i));
            if seq.is_none() && version > 0 {
                continue;
            }
            match i % 5 {
                0 => writer.add(key.as_bytes(), seq, EntryKind::Delete, EntryValue::None)?,
                1 => writer.add(
                    key.as_bytes(),
                    seq,
                    EntryKind::Put,
                    EntryValue::Inline(b"an inline value"),
                )?,
                _ => {
                    let segment = SegmentId(u64::from(i % 11));
                    let pointer = ValuePointer { segment, offset: i * 100, len: 64 + i };
                    writer.add(
                        key.as_bytes(),
                        seq,
                        EntryKind::Put,
                        EntryValue::Pointer(pointer),
                    )?;
                }
            }
        }
    }
    writer.finish(1000).map(|_| ())
}

/// Changes bytes of a sound table (`edits`: chunks of a 3-byte place and a byte to put there), makes all checksums right
/// again, so that the checks behind them are reached, and goes on as [`table()`] does.
///
/// # Panics
/// Never, whatever the edits: that is what is being tested.
pub fn resealed_table(edits: &[u8]) -> bool {
    let (bytes, layout) = seed();
    let mut bytes = bytes.clone();
    for edit in edits.as_chunks::<4>().0 {
        let at = u32::from_le_bytes([edit[0], edit[1], edit[2], 0]) as usize % bytes.len();
        bytes[at] = edit[3];
    }
    for place in &layout.blocks {
        let (start, end) = (place.offset as usize, place.offset as usize + place.len as usize);
        // The codec byte may be edited, too.
        let sum = block::checksum(ID, place.offset, &bytes[start..=end]);
        bytes[end + 1..end + 5].copy_from_slice(&sum.to_le_bytes());
    }
    let footer = bytes.len() - footer::LEN;
    let sum = crc32c::crc32c(&bytes[footer..footer + 52]);
    bytes[footer + 52..footer + 56].copy_from_slice(&sum.to_le_bytes());
    table(&bytes)
}
