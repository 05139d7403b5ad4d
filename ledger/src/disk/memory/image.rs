//! What is on a disk in memory, and what a crash leaves of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{Unsynced, UnsyncedKind};

/// A write that no sync covered: what stood there before it.
#[derive(Clone)]
struct Write {
    offset: usize,
    before: Vec<u8>,
    /// How long the file was.
    length_before: usize,
    /// A sync of it failed: no other will write it.
    dropped: bool,
}

/// One file: what it holds now, and how to get back from there.
#[derive(Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    unsynced: Vec<Write>,
}

/// A change of a name that was not synced.
#[derive(Clone)]
enum Change {
    Created { name: String, id: usize },
    Renamed { from: String, to: String, id: usize },
    Removed { name: String },
}

/// A directory's content. Files keep their number for ever, as an open file outlives its name.
#[derive(Clone, Default)]
pub(super) struct Image {
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    changes: Vec<Change>,
}

impl Image {
    pub(super) fn create(&mut self, name: &str, bytes: u64) -> io::Result<usize> {
        if self.names.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let length =
            usize::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::StorageFull))?;
        let id = self.files.len();
        self.files.push(Content { bytes: vec![0; length], ..Content::default() });
        self.names.insert(name.to_owned(), id);
        self.changes.push(Change::Created { name: name.to_owned(), id });
        Ok(id)
    }

    pub(super) fn find(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let id = self.find(from)?;
        self.names.remove(from);
        self.names.insert(to.to_owned(), id);
        self.changes.push(Change::Renamed { from: from.to_owned(), to: to.to_owned(), id });
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.names.remove(name);
        self.changes.push(Change::Removed { name: name.to_owned() });
        Ok(())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    pub(super) fn sync_names(&mut self) {
        self.synced_names.clone_from(&self.names);
        self.changes.clear();
    }

    /// The name of a file for messages; an empty one if it has none any more.
    pub(super) fn name(&self, id: usize) -> String {
        self.names
            .iter()
            .find(|(_, found)| **found == id)
            .map(|(name, _)| name.clone())
            .unwrap_or_default()
    }

    pub(super) fn used(&self) -> u64 {
        self.names.values().map(|id| self.files[*id].bytes.len() as u64).sum()
    }

    pub(super) fn len(&self, id: usize) -> u64 {
        self.files[id].bytes.len() as u64
    }

    pub(super) fn read(&self, id: usize, buffer: &mut [u8], offset: u64) -> usize {
        let bytes = &self.files[id].bytes;
        let from = usize::try_from(offset).map_or(bytes.len(), |offset| offset.min(bytes.len()));
        let length = buffer.len().min(bytes.len() - from);
        buffer[..length].copy_from_slice(&bytes[from..from + length]);
        length
    }

    pub(super) fn write(&mut self, id: usize, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset =
            usize::try_from(offset).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let content = &mut self.files[id];
        let length_before = content.bytes.len();
        let end = offset + bytes.len();
        if end > length_before {
            content.bytes.resize(end, 0);
        }
        let before = content.bytes[offset..end].to_vec();
        content.bytes[offset..end].copy_from_slice(bytes);
        content.unsynced.push(Write { offset, before, length_before, dropped: false });
        Ok(())
    }

    pub(super) fn sync(&mut self, id: usize) {
        self.files[id].sync();
    }

    pub(super) fn break_sync(&mut self, id: usize) {
        for write in &mut self.files[id].unsynced {
            write.dropped = true;
        }
    }

    pub(super) fn flip(&mut self, name: &str, offset: u64, bit: u8) -> bool {
        let (Some(id), Ok(at)) = (self.names.get(name), usize::try_from(offset)) else {
            return false;
        };
        let content = &mut self.files[*id];
        let Some(byte) = content.bytes.get_mut(at) else { return false };
        *byte ^= 1 << (bit % 8);
        for write in &mut content.unsynced {
            if let Some(byte) =
                at.checked_sub(write.offset).and_then(|within| write.before.get_mut(within))
            {
                *byte ^= 1 << (bit % 8);
            }
        }
        true
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        Some(&self.files[*self.names.get(name)?].bytes)
    }

    pub(super) fn set_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        let content = Content { bytes, ..Content::default() };
        match self.names.get(name) {
            Some(id) => self.files[*id] = content,
            None => {
                let id = self.files.len();
                self.files.push(content);
                self.names.insert(name.to_owned(), id);
                self.synced_names.insert(name.to_owned(), id);
            }
        }
    }

    pub(super) fn take_away(&mut self, name: &str) {
        self.names.remove(name);
        self.synced_names.remove(name);
    }

    pub(super) fn crash(
        &self,
        sector: usize,
        choose: &mut dyn FnMut(&Unsynced<'_>) -> usize,
    ) -> Self {
        let names = self.names_after(choose);
        let mut after = Self::default();
        for (name, id) in names {
            let bytes = self.files[id].after(&name, sector, choose);
            after.set_bytes(&name, bytes);
        }
        after
    }

    /// Which names are there. Changes of the same name never come through out of order: what follows a lost one is lost.
    fn names_after(
        &self,
        choose: &mut dyn FnMut(&Unsynced<'_>) -> usize,
    ) -> BTreeMap<String, usize> {
        let mut names = self.synced_names.clone();
        let mut lost = BTreeSet::new();
        for change in &self.changes {
            let (one, other) = match change {
                Change::Created { name, .. } | Change::Removed { name } => (name, name),
                Change::Renamed { from, to, .. } => (to, from),
            };
            let unsynced = Unsynced { what: UnsyncedKind::Name, file: one, offset: 0, versions: 1 };
            if lost.contains(one) || lost.contains(other) || choose(&unsynced) == 0 {
                lost.extend([one.clone(), other.clone()]);
                continue;
            }
            match change {
                Change::Created { name, id } => {
                    names.insert(name.clone(), *id);
                }
                Change::Renamed { from, to, id } => {
                    names.remove(from);
                    names.insert(to.clone(), *id);
                }
                Change::Removed { name } => {
                    names.remove(name);
                }
            }
        }
        names
    }
}

impl Content {
    /// The file as it was before all writes that are not synced, and the writes, each with what it wrote in `before`.
    fn undone(&self) -> (Vec<u8>, Vec<Write>) {
        let mut bytes = self.bytes.clone();
        let mut writes = self.unsynced.clone();
        for write in writes.iter_mut().rev() {
            let end = write.offset + write.before.len();
            bytes[write.offset..end].swap_with_slice(&mut write.before);
        }
        (bytes, writes)
    }

    fn sync(&mut self) {
        if self.unsynced.iter().all(|write| !write.dropped) {
            self.unsynced.clear();
            return;
        }
        let (mut bytes, writes) = self.undone();
        let mut length = self.unsynced.first().map_or(0, |write| write.length_before);
        let mut left: Vec<Write> = Vec::new();
        for write in writes {
            if write.dropped {
                left.push(write);
                continue;
            }
            let (from, to) = (write.offset, write.offset + write.before.len());
            bytes[from..to].copy_from_slice(&write.before);
            length = length.max(to);
            // Where it went over what was dropped, that is not there in any version.
            for earlier in &mut left {
                let start = earlier.offset.max(from);
                let end = (earlier.offset + earlier.before.len()).min(to);
                if start < end {
                    earlier.before[start - earlier.offset..end - earlier.offset]
                        .copy_from_slice(&write.before[start - from..end - from]);
                }
            }
        }
        for write in &mut left {
            let end = write.offset + write.before.len();
            bytes[write.offset..end].swap_with_slice(&mut write.before);
            write.length_before = write.length_before.max(length);
        }
        debug_assert!(bytes == self.bytes, "a sync changes nothing that is read");
        self.unsynced = left;
    }

    /// What a crash leaves of a file.
    fn after(
        &self,
        name: &str,
        sector: usize,
        choose: &mut dyn FnMut(&Unsynced<'_>) -> usize,
    ) -> Vec<u8> {
        let Some(first) = self.unsynced.first() else { return self.bytes.clone() };
        let synced_length = first.length_before;
        let (mut bytes, writes) = self.undone();
        let mut choice = |what, offset: usize, versions| {
            let unsynced = Unsynced { what, file: name, offset: offset as u64, versions };
            choose(&unsynced).min(versions)
        };
        let grew = bytes.len() > synced_length;
        if grew && choice(UnsyncedKind::Length, synced_length, 1) == 0 {
            bytes.truncate(synced_length);
        }
        let mut touched: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, write) in writes.iter().enumerate() {
            let end = (write.offset + write.before.len()).min(bytes.len());
            if write.offset < end {
                for at in write.offset / sector..=(end - 1) / sector {
                    touched.entry(at).or_default().push(number);
                }
            }
        }
        for (at, numbers) in touched {
            let from = at * sector;
            let to = (from + sector).min(bytes.len());
            let kept = choice(UnsyncedKind::Sector, from, numbers.len());
            for number in &numbers[..kept] {
                let Write { offset, before: written, .. } = &writes[*number];
                let (start, end) = ((*offset).max(from), (offset + written.len()).min(to));
                if start < end {
                    bytes[start..end].copy_from_slice(&written[start - offset..end - offset]);
                }
            }
        }
        bytes
    }
}
