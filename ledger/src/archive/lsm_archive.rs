//! The archive that keeps entries in `lsm`.
//!
//! Five keyspaces: `entries`, blocks of up to 64 by their first timestamp; `ids`, which block and which entry of it has an id; `resolutions`, how pending transfers ended;
//! `accounts`, the timestamps of each account's entries, one piece for each account and store; `meta`, what is stored. A portion of up to [`PORTION`] entries is one batch, so that
//! all of them always agree.

use std::{
    collections::HashMap,
    ops::{ControlFlow, RangeInclusive},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use lsm::{Batch, Compression, Db, Durability, Keyspace, KeyspaceOptions, Layout, Slice};

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

/// How many entries are stored at once.
pub const PORTION: usize = 1 << 18;
/// The key of what is stored, in `meta`.
const STORED: &[u8] = b"stored";
const VERSION: u8 = 1;

/// What is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stored {
    through: Option<Mark>,
    /// The newest entry's timestamp, which may be after `through` where a store did not come to its end.
    have: u64,
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
}

impl std::fmt::Debug for LsmArchive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LsmArchive").field("path", &self.db.path()).finish_non_exhaustive()
    }
}

impl LsmArchive {
    /// What suits an archive: write buffers of 8 MiB, and a cache of 128 MiB.
    #[must_use]
    pub fn options() -> lsm::Options {
        lsm::Options::default().write_buffer_bytes(8 << 20).cache_bytes(128 << 20)
    }

    /// Opens an archive, and makes one where there is none.
    ///
    /// # Errors
    ///
    /// What `lsm` says; [`Error::Version`] if a newer program wrote it.
    pub fn open(dir: impl AsRef<Path>, options: lsm::Options) -> Result<Self> {
        let db = Db::open(dir, options)?;
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
        let stored = Mutex::new(stored);
        Ok(Self { db, entries, ids, resolutions, accounts, meta, stored })
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
        let Self { db, entries, ids, resolutions, accounts, meta, stored: _ } = self;
        drop((entries, ids, resolutions, accounts, meta));
        Ok(db.close()?)
    }

    fn stored(&self) -> Stored {
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn damaged(&self, keyspace: &Keyspace, key: &[u8], why: BadEntry) -> Error {
        let path = self.db.path().join(keyspace.name());
        Error::corruption(path, 0, format!("the value of key {key:02x?} in this keyspace: {why}"))
    }

    /// Puts a portion into a batch.
    fn portion(&self, entries: &[Entry], batch: &mut Batch) -> Result<()> {
        let mut builder = Builder::default();
        let mut bytes = Vec::new();
        let mut ids: Vec<(u128, u64, u8)> = Vec::with_capacity(entries.len());
        let mut resolutions = Vec::new();
        let mut accounts: HashMap<u128, Vec<u64>> = HashMap::new();
        for entry in entries {
            let timestamp = entry.timestamp();
            let at = builder.push(entry);
            if let Some(id) = entry.id() {
                ids.push((id, builder.first(), at));
            }
            if let Some((pending_id, resolution)) = resolution_of(entry) {
                resolutions.push((pending_id, resolution, timestamp));
            }
            for (account, _) in entry.touched() {
                let timestamps = accounts.entry(account).or_default();
                if timestamps.last() != Some(&timestamp) {
                    timestamps.push(timestamp);
                }
            }
            if builder.is_full() {
                let first = builder.first();
                builder.finish(&mut bytes);
                batch.put(&self.entries, &first.to_be_bytes(), &bytes)?;
            }
        }
        if !builder.is_empty() {
            let first = builder.first();
            builder.finish(&mut bytes);
            batch.put(&self.entries, &first.to_be_bytes(), &bytes)?;
        }
        ids.sort_unstable();
        for (id, block, at) in ids {
            let mut value = [0; 9];
            value[..8].copy_from_slice(&block.to_be_bytes());
            value[8] = at;
            batch.put(&self.ids, &id.to_be_bytes(), &value)?;
        }
        for (pending_id, resolution, timestamp) in resolutions {
            let mut value = [0; 9];
            value[..8].copy_from_slice(&timestamp.to_be_bytes());
            value[8] = resolution as u8;
            batch.put(&self.resolutions, &pending_id.to_be_bytes(), &value)?;
        }
        let mut accounts: Vec<(u128, Vec<u64>)> = accounts.into_iter().collect();
        accounts.sort_unstable_by_key(|(account, _)| *account);
        for (account, timestamps) in accounts {
            for piece in timestamps.chunks(pieces::MOST) {
                pieces::encode(piece, &mut bytes);
                batch.put(&self.accounts, &pieces::key(account, piece[0]), &bytes)?;
            }
        }
        Ok(())
    }

    fn scan_all(
        &self,
        (from, to): (u64, u64),
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut cursor = self.entries.cursor();
        if newest_first {
            cursor.seek_for_prev(&to.to_be_bytes())?;
        } else {
            // The block before `from` may hold it.
            cursor.seek_for_prev(&from.to_be_bytes())?;
            if !cursor.valid() {
                cursor.seek_to_first()?;
            }
        }
        while cursor.valid() {
            let key = cursor.key().to_vec();
            let bytes = cursor.value()?;
            let bad = |why| self.damaged(&self.entries, &key, why);
            let first = block_key(&key).map_err(bad)?;
            if !newest_first && first > to {
                break;
            }
            let block = Block::decode(first, &bytes).map_err(bad)?;
            let mut wanted = (0..block.len())
                .zip(block.timestamps())
                .filter(|(_, timestamp)| (from..=to).contains(timestamp))
                .map(|(at, _)| at);
            loop {
                let at = if newest_first { wanted.next_back() } else { wanted.next() };
                let Some(at) = at else { break };
                if visit(block.entry(at).map_err(bad)?).is_break() {
                    return Ok(());
                }
            }
            if newest_first && first <= from {
                break;
            }
            if newest_first { cursor.prev()? } else { cursor.next()? }
        }
        Ok(())
    }

    fn scan_account(
        &self,
        account: u128,
        (from, to): (u64, u64),
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut pieces = self.accounts.cursor();
        let of_account = |key: &[u8]| {
            pieces::of_key(key).filter(|(found, _)| *found == account).map(|(_, first)| first)
        };
        if newest_first {
            pieces.seek_for_prev(&pieces::key(account, to))?;
        } else {
            pieces.seek_for_prev(&pieces::key(account, from))?;
            if !pieces.valid() || of_account(pieces.key()).is_none() {
                pieces.seek(&pieces::key(account, 0))?;
            }
        }
        let mut blocks = Blocks { archive: self, cursor: self.entries.cursor(), now: None };
        let mut timestamps = Vec::new();
        while pieces.valid() {
            let key = pieces.key().to_vec();
            let Some(first) = of_account(&key) else { break };
            if !newest_first && first > to {
                break;
            }
            pieces::decode(first, &pieces.value()?, &mut timestamps)
                .map_err(|why| self.damaged(&self.accounts, &key, why))?;
            let mut wanted =
                timestamps.iter().copied().filter(|timestamp| (from..=to).contains(timestamp));
            loop {
                let timestamp = if newest_first { wanted.next_back() } else { wanted.next() };
                let Some(timestamp) = timestamp else { break };
                if visit(blocks.entry(timestamp)?).is_break() {
                    return Ok(());
                }
            }
            if newest_first && first <= from {
                break;
            }
            if newest_first { pieces.prev()? } else { pieces.next()? }
        }
        Ok(())
    }
}

/// Blocks that are asked for by timestamps that lie close together.
struct Blocks<'a> {
    archive: &'a LsmArchive,
    cursor: lsm::Cursor<'a>,
    now: Option<(u64, Slice)>,
}

impl Blocks<'_> {
    /// The entry of a timestamp that an account's piece has.
    fn entry(&mut self, timestamp: u64) -> Result<Entry> {
        let archive = self.archive;
        if let Some((first, bytes)) = &self.now
            && let Some(entry) = in_block(archive, *first, bytes, timestamp)?
        {
            return Ok(entry);
        }
        self.cursor.seek_for_prev(&timestamp.to_be_bytes())?;
        let missing = || {
            let why = BadEntry("the entry of a timestamp that an account has is missing");
            archive.damaged(&archive.entries, &timestamp.to_be_bytes(), why)
        };
        if !self.cursor.valid() {
            return Err(missing());
        }
        let key = self.cursor.key();
        let first = block_key(key).map_err(|why| archive.damaged(&archive.entries, key, why))?;
        let bytes = self.cursor.value()?;
        let entry = in_block(archive, first, &bytes, timestamp)?.ok_or_else(missing)?;
        self.now = Some((first, bytes));
        Ok(entry)
    }
}

fn in_block(
    archive: &LsmArchive,
    first: u64,
    bytes: &[u8],
    timestamp: u64,
) -> Result<Option<Entry>> {
    if timestamp < first {
        return Ok(None);
    }
    let bad = |why| archive.damaged(&archive.entries, &first.to_be_bytes(), why);
    let block = Block::decode(first, bytes).map_err(bad)?;
    block.position(timestamp).map(|at| block.entry(at).map_err(bad)).transpose()
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
        let mut stored = self.stored();
        let new = new_entries(entries, stored.have, stored.through, mark)?;
        let mut portions = new.chunks(PORTION).peekable();
        loop {
            let mut batch = Batch::new();
            if let Some(portion) = portions.next() {
                self.portion(portion, &mut batch)?;
                stored.have = portion.last().map_or(stored.have, Entry::timestamp);
            }
            let done = portions.peek().is_none();
            if done && stored.through.is_none_or(|through| through.op < mark.op) {
                stored.through = Some(mark);
            }
            batch.put(&self.meta, STORED, &stored.encode())?;
            self.db.write(batch, Durability::Sync)?;
            *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = stored;
            if done {
                return Ok(());
            }
        }
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
