//! The bytes of one file: what the process sees, and what is on the disk.

use std::{collections::BTreeSet, io, ops::Range, path::PathBuf, sync::Arc};

use super::{SECTOR, memory::Memory, random::Random};

/// A file, whatever its names.
#[derive(Debug, Default)]
pub(super) struct Inode {
    /// The name it was created with, for the trace.
    pub(super) path: PathBuf,
    /// What was written, or stored to a mapping and reported: the page cache.
    cache: Vec<u8>,
    /// What is on the disk.
    durable: Vec<u8>,
    /// Sectors that the next sync writes.
    dirty: BTreeSet<u64>,
    /// Sectors that differ from the disk and that no sync will write, since one failed: "fsyncgate".
    lost: BTreeSet<u64>,
    /// Whether each sector of the file has space on the disk.
    allocated: Vec<bool>,
    /// The bytes as mappings see them, once there was one: the cache and what is stored but not reported yet.
    memory: Option<Arc<Memory>>,
    /// Names that the process sees.
    pub(super) links: u32,
    /// Handles, mappings and locks.
    pub(super) opens: u32,
}

fn sectors(bytes: Range<u64>) -> Range<u64> {
    if bytes.is_empty() { 0..0 } else { bytes.start / SECTOR..bytes.end.div_ceil(SECTOR) }
}

impl Inode {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, ..Self::default() }
    }

    /// A file that is on the disk already.
    pub(super) fn durable(path: PathBuf, bytes: Vec<u8>) -> Self {
        let allocated = vec![true; sectors(0..bytes.len() as u64).end as usize];
        Self { path, cache: bytes.clone(), durable: bytes, allocated, ..Self::default() }
    }

    pub(super) fn len(&self) -> u64 {
        self.cache.len() as u64
    }

    pub(super) fn is_mapped(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| Arc::strong_count(memory) > 1)
    }

    /// Copies bytes out as the process sees them; false if the file ends before.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> bool {
        if buf.is_empty() {
            return true;
        }
        let Ok(start) = usize::try_from(offset) else { return false };
        let end = start.checked_add(buf.len());
        let Some(cached) = end.and_then(|end| self.cache.get(start..end)) else { return false };
        buf.copy_from_slice(cached);
        if let Some(memory) = &self.memory {
            memory.read(start, buf);
        }
        true
    }

    /// All bytes as the process sees them.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.cache.clone();
        if let Some(memory) = &self.memory {
            memory.read(0, &mut bytes);
        }
        bytes
    }

    /// How many sectors of `bytes` have no space on the disk yet.
    pub(super) fn holes(&self, bytes: Range<u64>) -> u64 {
        let taken = |sector: &u64| self.allocated.get(*sector as usize).is_some_and(|&taken| taken);
        sectors(bytes).filter(|sector| !taken(sector)).count() as u64
    }

    /// The first byte of `bytes` that finds no space if only `free` more sectors can be had (or its end).
    pub(super) fn room_until(&self, bytes: Range<u64>, free: u64) -> u64 {
        let taken = |sector: &u64| self.allocated.get(*sector as usize).is_some_and(|&taken| taken);
        let free = usize::try_from(free).unwrap_or(usize::MAX);
        let first = sectors(bytes.clone()).filter(|sector| !taken(sector)).nth(free);
        first.map_or(bytes.end, |sector| (sector * SECTOR).max(bytes.start))
    }

    /// Gives the sectors of `bytes` space.
    pub(super) fn claim(&mut self, bytes: Range<u64>) {
        let sectors = sectors(bytes);
        if self.allocated.len() < sectors.end as usize {
            self.allocated.resize(sectors.end as usize, false);
        }
        self.allocated[sectors.start as usize..sectors.end as usize].fill(true);
    }

    /// Sectors that have space.
    pub(super) fn claimed(&self) -> u64 {
        self.allocated.iter().filter(|&&taken| taken).count() as u64
    }

    /// Gives all space back: the file is gone for good.
    pub(super) fn release(&mut self) -> u64 {
        let claimed = self.claimed();
        self.allocated = Vec::new();
        claimed
    }

    fn mark(&mut self, bytes: Range<u64>) {
        for sector in sectors(bytes) {
            self.dirty.insert(sector);
            self.lost.remove(&sector);
        }
    }

    /// Writes through to the mappings, extending the file.
    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let range = offset..offset + bytes.len() as u64;
        if range.is_empty() {
            return;
        }
        if range.end > self.len() {
            self.extend(range.end);
        }
        self.cache[range.start as usize..range.end as usize].copy_from_slice(bytes);
        if let Some(memory) = &self.memory {
            memory.write(offset as usize, bytes);
        }
        self.mark(range);
    }

    /// Takes what was stored to the mapped memory over into the cache. The caller has stored it, and nobody else is
    /// storing there.
    pub(super) fn store(&mut self, memory: &Memory, bytes: Range<u64>) {
        let range = bytes.start..bytes.end.min(self.len());
        if range.is_empty() {
            return;
        }
        memory
            .read(range.start as usize, &mut self.cache[range.start as usize..range.end as usize]);
        self.mark(range);
    }

    /// Adds zeros up to `len`.
    pub(super) fn extend(&mut self, len: u64) {
        let old = self.len();
        if self.cache.is_empty() {
            // Zeroed by the allocator: a large file that is hardly written costs no memory.
            self.cache = vec![0; len as usize];
        } else {
            self.cache.resize(len as usize, 0);
        }
        if let Some(memory) = &self.memory {
            memory.zero(old as usize, len as usize);
        }
        // One flag for each sector, so that where there is none, the file was cut or is gone.
        let end = sectors(0..len).end as usize;
        self.allocated.resize(self.allocated.len().max(end), false);
        // Bytes that were cut off, and are still on the disk, must not come back.
        self.mark(old..len.min(self.durable.len() as u64));
    }

    /// Cuts the file, and says how many sectors of space that frees. Mapped memory stays as it is: who refers to
    /// bytes beyond the end finds them unchanged, until the file is extended again.
    pub(super) fn cut(&mut self, len: u64) -> u64 {
        let before = self.claimed();
        self.cache.truncate(len as usize);
        let end = sectors(0..len).end;
        self.dirty.split_off(&end);
        self.lost.split_off(&end);
        self.allocated.truncate(end as usize);
        before - self.claimed()
    }

    /// Puts the dirty sectors for which `wanted` is true on the disk, and the length.
    pub(super) fn sync(&mut self, mut wanted: impl FnMut() -> bool) {
        self.sync_len();
        let dirty = std::mem::take(&mut self.dirty);
        for sector in dirty {
            if wanted() {
                let (start, end) = self.sector(sector);
                self.durable[start..end].copy_from_slice(&self.cache[start..end]);
            } else {
                self.dirty.insert(sector);
            }
        }
    }

    fn sync_len(&mut self) {
        if self.durable.is_empty() {
            self.durable = vec![0; self.cache.len()];
        } else {
            self.durable.resize(self.cache.len(), 0);
        }
    }

    /// The bytes of a sector, cut at the end of the cache.
    fn sector(&self, sector: u64) -> (usize, usize) {
        let len = self.cache.len();
        let start = (sector * SECTOR) as usize;
        (start.min(len), (start + SECTOR as usize).min(len))
    }

    /// A sync failed: the kernel forgets that the pages were dirty.
    pub(super) fn fail_sync(&mut self) {
        self.lost.append(&mut self.dirty);
    }

    /// Shared memory of at least `len` bytes. `Unsupported` if a mapping exists that is too short to be shared.
    pub(super) fn map(&mut self, len: usize) -> io::Result<Arc<Memory>> {
        if let Some(memory) = &self.memory {
            if memory.len() >= len {
                return Ok(Arc::clone(memory));
            }
            if self.is_mapped() {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!(
                        "the simulated file grew from {} bytes while it was mapped, and cannot be \
                         mapped longer before the old mappings are dropped",
                        memory.len()
                    ),
                ));
            }
        }
        let memory = Memory::new(self.cache.len())?;
        memory.write(0, &self.bytes());
        let memory = Arc::new(memory);
        self.memory = Some(Arc::clone(&memory));
        Ok(memory)
    }

    /// Flips a bit in every copy; false if the file ends before.
    pub(super) fn flip(&mut self, offset: u64, bit: u8) -> bool {
        let mask = 1_u8 << (bit & 7);
        let mut byte = [0];
        if !self.read(&mut byte, offset) {
            return false;
        }
        let index = offset as usize;
        if let Some(memory) = &self.memory {
            memory.write(index, &[byte[0] ^ mask]);
        }
        self.cache[index] ^= mask;
        if let Some(durable) = self.durable.get_mut(index) {
            *durable ^= mask;
        }
        true
    }

    /// The same file for the next process: the page cache outlives the old one.
    pub(super) fn after_kill(&self) -> Self {
        Self {
            path: self.path.clone(),
            cache: self.cache.clone(),
            durable: self.durable.clone(),
            dirty: self.dirty.clone(),
            lost: self.lost.clone(),
            allocated: self.allocated.clone(),
            memory: None,
            links: 0,
            opens: 0,
        }
    }

    /// What was synced, and nothing else.
    pub(super) fn after_losing_all(&self) -> Self {
        self.on_disk(self.durable.clone())
    }

    /// What was synced, and by the seed's choice some of what was not.
    pub(super) fn after_power_loss(&self, random: &mut Random) -> Self {
        let (old, new) = (self.durable.len(), self.cache.len());
        let len = if old == new {
            new
        } else {
            match random.up_to(2) {
                0 => old,
                1 => new,
                // A file grows by many small steps, any of which may be the last that came through. A cut is one.
                _ if old < new => old + random.up_to((new - old) as u64) as usize,
                _ => new,
            }
        };
        let mut bytes = self.durable.clone();
        bytes.resize(old.max(new), 0);
        let unsynced: BTreeSet<u64> = self.dirty.union(&self.lost).copied().collect();
        // Independent choices for each sector hardly ever make "all", "none" or "all up to here" of a large file,
        // and those are what a disk most often leaves behind. So: sectors below `stop`, each with a probability.
        let (stop, probability) = match random.up_to(7) {
            0 => (0, 0.0),
            1 => (u64::MAX, 1.0),
            2 | 3 => {
                let count = random.up_to(unsynced.len() as u64) as usize;
                (unsynced.iter().nth(count).copied().unwrap_or(u64::MAX), 1.0)
            }
            4 => (u64::MAX, 0.1),
            5 => (u64::MAX, 0.9),
            _ => (u64::MAX, 0.5),
        };
        for &sector in &unsynced {
            let (start, mut end) = self.sector(sector);
            if random.up_to(15) == 0 {
                end = start + random.up_to((end - start) as u64) as usize;
            } else if sector >= stop || !random.chance(probability) {
                continue;
            }
            bytes[start..end].copy_from_slice(&self.cache[start..end]);
        }
        bytes.truncate(len);
        self.on_disk(bytes)
    }

    fn on_disk(&self, bytes: Vec<u8>) -> Self {
        let mut inode = Self::durable(self.path.clone(), bytes);
        // Space given up by a cut or a removal that the disk never saw is still taken there.
        for (kept, &allocated) in inode.allocated.iter_mut().zip(&self.allocated) {
            *kept = allocated;
        }
        inode
    }
}
