//! The archive that keeps entries in `lsm`.
//!
//! Five keyspaces: `entries`, blocks of up to 32 by their first timestamp; `ids`, which block and which entry of it has an id; `resolutions`, how pending transfers ended;
//! `accounts`, the timestamps of each account's entries, one piece for each account and store; `meta`, what is stored. A portion of up to
//! [`ArchiveOptions::portion_entries`] is one batch, so that all of them always agree.

mod filter;
mod saved_filter;
mod scan;
mod touches;

use std::{
    ops::{ControlFlow, RangeInclusive},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use lsm::{Batch, Compression, Db, Durability, Keyspace, KeyspaceOptions, Layout};

use self::{
    filter::{Adder, Filter},
    touches::Touches,
};
use super::{
    Archive, BadEntry,
    block::{Block, Builder},
    bytes::Input,
    new_entries, pieces, resolution_of,
};
use crate::{
    Error, Result,
    log::Mark,
    model::{Entry, Resolution},
    past::Past,
};

/// The key of what is stored, in `meta`.
const STORED: &[u8] = b"stored";
const VERSION: u8 = 1;

/// How much memory an archive takes, beside what its [`lsm::Options`] say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveOptions {
    /// For telling which ids are not there: 10 bits for each id make a look-up of one that is not there take some 50 ns. With less of them more look-ups go on to `lsm`, at
    /// some 300 ns, and nothing else changes. Another size than the last time makes it be filled from all ids, some 2 million a second. Default 32 MiB: 26 million
    /// ids with 10 bits each.
    pub filter_bytes: usize,
    /// How many entries are stored at once; a store of more is done in portions. Takes some 350 bytes each from the first store on. Default 2^18; 0 is as 1.
    pub portion_entries: usize,
}

impl Default for ArchiveOptions {
    fn default() -> Self {
        Self { filter_bytes: 32 << 20, portion_entries: 1 << 18 }
    }
}

/// What is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stored {
    through: Option<Mark>,
    /// The newest entry's timestamp, which may be after `through` where a store did not come to its end.
    have: u64,
}

/// What a portion is made in: kept for its memory, since fresh memory would cost a page fault for every dozen entries. Who has it stores.
struct Scratch {
    adder: Adder,
    batch: Batch,
    /// An id, and where it is: the number of the block in the portion, and its place there in the lowest byte.
    ids: Vec<(u128, u64)>,
    /// Of each block the first timestamp.
    firsts: Vec<u64>,
    touches: Touches,
    bytes: Vec<u8>,
}

/// An archive in a directory. One process has it.
pub struct LsmArchive {
    db: Db,
    entries: Keyspace,
    ids: Keyspace,
    resolutions: Keyspace,
    accounts: Keyspace,
    meta: Keyspace,
    stored: Mutex<Stored>,
    scratch: Mutex<Scratch>,
    filter: Filter,
    portion: usize,
    /// The newest entry whose id is in the filter as it is on disk.
    filter_saved: AtomicU64,
    /// How many ids the filter has that it has not on disk.
    filter_unsaved: AtomicUsize,
}

impl std::fmt::Debug for LsmArchive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LsmArchive").field("path", &self.db.path()).finish_non_exhaustive()
    }
}

impl LsmArchive {
    /// What suits an archive: write buffers of 8 MiB, and a cache of 32 MiB.
    #[must_use]
    pub fn options() -> lsm::Options {
        lsm::Options::default().write_buffer_bytes(8 << 20).cache_bytes(32 << 20)
    }

    /// Opens an archive, and makes one where there is none.
    ///
    /// # Errors
    ///
    /// What `lsm` says; [`Error::Version`] if a newer program wrote it.
    pub fn open(dir: impl AsRef<Path>, options: lsm::Options) -> Result<Self> {
        Self::open_with(dir, options, ArchiveOptions::default())
    }

    /// What the database has done since it was opened, and what it takes. Takes its locks for a moment.
    #[must_use]
    pub fn statistics(&self) -> lsm::Statistics {
        self.db.statistics()
    }

    /// As [`open`](Self::open), with other options than the defaults.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(
        dir: impl AsRef<Path>,
        lsm: lsm::Options,
        options: ArchiveOptions,
    ) -> Result<Self> {
        let db = Db::open(dir, lsm)?;
        // Small values in tables, by random keys: larger upper levels, fewer merges.
        let index = KeyspaceOptions {
            value_compression: Compression::None,
            level0_tables: 8,
            level1_bytes: 256 << 20,
            ..KeyspaceOptions::default()
        };
        // Written in the order of their keys, and never again.
        let blocks = KeyspaceOptions {
            layout: Layout::Separated { from: 48 },
            value_compression: Compression::None,
            ..KeyspaceOptions::default()
        };
        let entries = db.keyspace("entries", blocks)?;
        let ids = db.keyspace("ids", index.clone())?;
        let resolutions = db.keyspace("resolutions", index.clone())?;
        let accounts = db.keyspace("accounts", index)?;
        let meta = db.keyspace("meta", KeyspaceOptions::default())?;
        let stored = match meta.get(STORED)? {
            None => Stored::default(),
            Some(bytes) => Stored::decode(&bytes, db.path())?,
        };
        let (filter, adder) = Filter::new(options.filter_bytes);
        let scratch = Scratch {
            adder,
            batch: Batch::new(),
            ids: Vec::new(),
            firsts: Vec::new(),
            touches: Touches::default(),
            bytes: Vec::new(),
        };
        let archive = Self {
            db,
            entries,
            ids,
            resolutions,
            accounts,
            meta,
            stored: Mutex::new(stored),
            scratch: Mutex::new(scratch),
            filter,
            portion: options.portion_entries.max(1),
            filter_saved: AtomicU64::new(0),
            filter_unsaved: AtomicUsize::new(0),
        };
        archive.load_filter()?;
        Ok(archive)
    }

    /// The database, for its statistics and for [`verify`](lsm::Db::verify).
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Ends it in order, which makes the next opening faster.
    ///
    /// # Errors
    ///
    /// What `lsm` says.
    pub fn close(self) -> Result<()> {
        if self.filter_saved.load(Ordering::Relaxed) != self.stored().have {
            self.save_filter()?;
        }
        let Self { db, entries, ids, resolutions, accounts, meta, .. } = self;
        drop((entries, ids, resolutions, accounts, meta));
        Ok(db.close()?)
    }

    fn stored(&self) -> Stored {
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scratch(&self) -> MutexGuard<'_, Scratch> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn damaged(&self, keyspace: &Keyspace, key: &[u8], why: BadEntry) -> Error {
        let path = self.db.path().join(keyspace.name());
        Error::corruption(path, 0, format!("the value of key {key:02x?} in this keyspace: {why}"))
    }

    /// Puts a portion into the scratch's batch.
    fn portion(&self, entries: &[Entry], scratch: &mut Scratch) -> Result<()> {
        let Scratch { adder, batch, ids, firsts, touches, bytes } = scratch;
        ids.clear();
        firsts.clear();
        touches.clear();
        let mut builder = Builder::default();
        let mut resolutions = Vec::new();
        for entry in entries {
            let at = builder.push(entry);
            if let Some(id) = entry.id() {
                ids.push((id, (firsts.len() as u64) << 8 | u64::from(at)));
            }
            if let Some((pending_id, resolution)) = resolution_of(entry) {
                resolutions.push((pending_id, resolution, entry.timestamp()));
            }
            touches.add(entry);
            if builder.is_full() {
                self.put_block(&mut builder, firsts, bytes, batch)?;
            }
        }
        if !builder.is_empty() {
            self.put_block(&mut builder, firsts, bytes, batch)?;
        }
        ids.sort_unstable();
        for (id, place) in ids.iter() {
            // Before it can be found.
            self.filter.insert(adder, *id);
            let mut value = [0; 9];
            value[..8].copy_from_slice(&firsts[(place >> 8) as usize].to_be_bytes());
            value[8] = *place as u8;
            batch.put(&self.ids, &id.to_be_bytes(), &value)?;
        }
        for (pending_id, resolution, timestamp) in resolutions {
            let mut value = [0; 9];
            value[..8].copy_from_slice(&timestamp.to_be_bytes());
            value[8] = resolution as u8;
            batch.put(&self.resolutions, &pending_id.to_be_bytes(), &value)?;
        }
        for (account, timestamps) in touches.by_account() {
            for piece in timestamps.chunks(pieces::MOST) {
                pieces::encode(piece, bytes);
                batch.put(&self.accounts, &pieces::key(account, piece[0]), bytes)?;
            }
        }
        Ok(())
    }

    fn put_block(
        &self,
        builder: &mut Builder,
        firsts: &mut Vec<u64>,
        bytes: &mut Vec<u8>,
        batch: &mut Batch,
    ) -> Result<()> {
        let first = builder.first();
        builder.finish(bytes);
        firsts.push(first);
        Ok(batch.put(&self.entries, &first.to_be_bytes(), bytes)?)
    }
}

fn block_key(key: &[u8]) -> std::result::Result<u64, BadEntry> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| BadEntry("its key is no timestamp"))
}

/// A number and a byte.
fn nine(bytes: &[u8]) -> std::result::Result<(u64, u8), BadEntry> {
    let mut input = Input(bytes);
    let pair = (u64::from_be_bytes(input.array()?), input.byte()?);
    input.end()?;
    Ok(pair)
}

impl Stored {
    fn encode(self) -> Vec<u8> {
        let mut bytes = vec![VERSION, u8::from(self.through.is_some())];
        let mark = self.through.unwrap_or(Mark::GENESIS);
        bytes.extend_from_slice(&self.have.to_le_bytes());
        bytes.extend_from_slice(&mark.op.to_le_bytes());
        bytes.extend_from_slice(&mark.timestamp.to_le_bytes());
        bytes.extend_from_slice(&mark.hash);
        bytes
    }

    fn decode(bytes: &[u8], dir: &Path) -> Result<Self> {
        let path: PathBuf = dir.join("meta");
        let mut input = Input(bytes);
        let mut read = || {
            let [version, some] = input.array()?;
            let have = u64::from_le_bytes(input.array()?);
            let mark = Mark {
                op: u64::from_le_bytes(input.array()?),
                timestamp: u64::from_le_bytes(input.array()?),
                hash: input.array()?,
            };
            Ok((version, Self { through: (some == 1).then_some(mark), have }))
        };
        match read() {
            Ok((VERSION, stored)) => Ok(stored),
            Ok((found, _)) => {
                Err(Error::Version { path, found: u32::from(found), known: u32::from(VERSION) })
            }
            Err(BadEntry(why)) => {
                Err(Error::corruption(path, 0, format!("what says what is stored: {why}")))
            }
        }
    }
}

impl Past for LsmArchive {
    fn entry(&self, id: u128) -> Result<Option<Entry>> {
        if !self.filter.may_contain(id) {
            return Ok(None);
        }
        let key = id.to_be_bytes();
        let Some(place) = self.ids.get(&key)? else { return Ok(None) };
        let (first, at) = nine(&place).map_err(|why| self.damaged(&self.ids, &key, why))?;
        let key = first.to_be_bytes();
        let bad = |why| self.damaged(&self.entries, &key, why);
        let Some(bytes) = self.entries.get(&key)? else {
            return Err(bad(BadEntry("the block of an id is missing")));
        };
        let block = Block::decode(first, &bytes).map_err(bad)?;
        let entry = block.entry(usize::from(at)).map_err(bad)?;
        if entry.id() != Some(id) {
            return Err(bad(BadEntry("another entry stands where an id is said to be")));
        }
        Ok(Some(entry))
    }

    fn resolution(&self, pending_id: u128) -> Result<Option<(Resolution, u64)>> {
        let key = pending_id.to_be_bytes();
        let Some(value) = self.resolutions.get(&key)? else { return Ok(None) };
        let bad = |why| self.damaged(&self.resolutions, &key, why);
        let (timestamp, resolution) = nine(&value).map_err(bad)?;
        let resolution = match resolution {
            1 => Resolution::Posted,
            2 => Resolution::Voided,
            3 => Resolution::Expired,
            _ => return Err(bad(BadEntry("a resolution that is not known"))),
        };
        Ok(Some((resolution, timestamp)))
    }
}

impl Archive for LsmArchive {
    fn through(&self) -> Result<Option<Mark>> {
        Ok(self.stored().through)
    }

    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()> {
        // One at a time; reads do not wait for it.
        let mut scratch = self.scratch();
        let mut stored = self.stored();
        let new = new_entries(entries, stored.have, stored.through, mark)?;
        let mut portions = new.chunks(self.portion).peekable();
        loop {
            // An error may have left something in it.
            scratch.batch.clear();
            if let Some(portion) = portions.next() {
                self.portion(portion, &mut scratch)?;
                stored.have = portion.last().map_or(stored.have, Entry::timestamp);
            }
            let done = portions.peek().is_none();
            if done && stored.through.is_none_or(|through| through.op < mark.op) {
                stored.through = Some(mark);
            }
            scratch.batch.put(&self.meta, STORED, &stored.encode())?;
            self.db.write_from(&mut scratch.batch, Durability::Sync)?;
            *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = stored;
            if done {
                break;
            }
        }
        self.save_filter_now_and_then(new.len())
    }

    fn scan(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        if timestamps.is_empty() {
            return Ok(());
        }
        let range = timestamps.into_inner();
        match account {
            None => self.scan_all(range, newest_first, visit),
            Some(account) => self.scan_account(account, range, newest_first, visit),
        }
    }
}
