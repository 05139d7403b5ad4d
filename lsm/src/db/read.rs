//! Point reads.

use std::sync::Arc;

use super::core::Core;
use crate::{
    EntryKind, Result, SequenceNumber, Slice,
    entry::hash_key,
    keyspace::{KeyspaceCore, LiveMemtable, Reads, SuperVersion},
    memtable::{Found, Payload},
    table::{Place, TableValue},
    version::LiveTable,
};

impl Core {
    /// The value of a key, as a reader at `read` sees it; without one, as of now.
    #[inline]
    pub(crate) fn get(
        &self,
        keyspace: &KeyspaceCore,
        key: &[u8],
        read: Option<SequenceNumber>,
    ) -> Result<Option<Slice>> {
        let current = keyspace.current();
        // After the super version: its tables hold entries without a number, which are visible to every later reader.
        let read = read.unwrap_or_else(|| self.visible());
        look_up(&current, &keyspace.reads, hash_key(key), key, read)
    }
}

/// The newest version of a key at or below `read`.
pub(crate) fn look_up(
    current: &SuperVersion,
    reads: &Reads,
    hash: u64,
    key: &[u8],
    read: SequenceNumber,
) -> Result<Option<Slice>> {
    for memtable in current.memtables() {
        if let Some(found) = memtable.memtable().get(hash, key, read) {
            reads.in_memtable();
            return in_memtable(memtable, &found, key);
        }
    }
    for table in &current.version.level0 {
        table.prefetch(hash);
    }
    for table in &current.version.level0 {
        if table.covers(key)
            && let Some(found) = in_table(table, hash, key, read)?
        {
            reads.on_level(0);
            return Ok(found);
        }
    }
    for (above, level) in current.version.levels.iter().enumerate() {
        let at = level.partition_point(|table| &*table.meta().largest_key < key);
        if let Some(table) = level.get(at)
            && table.covers(key)
            && let Some(found) = in_table(table, hash, key, read)?
        {
            reads.on_level(above + 1);
            return Ok(found);
        }
    }
    reads.nowhere();
    Ok(None)
}

#[inline]
fn in_memtable(memtable: &LiveMemtable, found: &Found<'_>, key: &[u8]) -> Result<Option<Slice>> {
    if found.kind == EntryKind::Delete {
        return Ok(None);
    }
    match found.payload {
        Payload::None => Ok(Some(Slice::default())),
        Payload::Inline(value) => Ok(Some(Slice::copy_from(value))),
        Payload::Log { slot, offset, len } => {
            Slice::from_segment(memtable.segment(slot)?, offset, len, key).map(Some)
        }
    }
}

/// `None` if the table says nothing of the key.
#[inline]
fn in_table(
    table: &Arc<LiveTable>,
    hash: u64,
    key: &[u8],
    read: SequenceNumber,
) -> Result<Option<Option<Slice>>> {
    match table.place(hash) {
        Place::Absent => return Ok(None),
        Place::Record { slot, offset, len } => {
            // Another key's record, if the hashes are alike in part. Damage comes up again below, where it is certain.
            if let Ok(value) = Slice::from_segment(table.segment(slot)?, offset, len, key) {
                return Ok(Some(Some(value)));
            }
        }
        Place::InTable => {}
    }
    let Some(entry) = table.table().get(hash, key, read)? else { return Ok(None) };
    if entry.kind == EntryKind::Delete {
        return Ok(Some(None));
    }
    match entry.value {
        TableValue::None => Ok(Some(Some(Slice::default()))),
        TableValue::Inline(value) => Ok(Some(Some(Slice::share(value.share())))),
        TableValue::Pointer { slot, offset, len } => {
            Slice::from_segment(table.segment(slot)?, offset, len, key)
                .map(|value| Some(Some(value)))
        }
    }
}
