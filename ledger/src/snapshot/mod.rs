//! Snapshots: what the state was after an operation, so that the log before it need not be replayed.
//!
//! A snapshot is a file `snapshot-` and its operation's number in twenty digits: a header that says after which operation of the log it was made and what the digest of
//! its content is, and the content, which means nothing here, in blocks with checksums. `FORMAT.md` describes it byte by byte.
//!
//! # What is promised
//!
//! - A snapshot has its name only when all of it is durable. A crash while one is written leaves the ones before.
//! - [`newest`] gives only what was checked from the first byte to the last; it names what is damaged, and falls back to the one before.
//! - [`write()`] removes what is older than the last two, once it has seen that the older of these is whole.
//!
//! ```
//! use ledger::{disk::MemoryDisk, log::Mark, snapshot};
//! use std::io::{Read, Write};
//!
//! let disk = MemoryDisk::new();
//! let mark = Mark { op: 3, timestamp: 30, hash: [1; 32] };
//! snapshot::write(&disk, mark, [2; 32], &mut |out| out.write_all(b"all accounts"))?;
//! let found = snapshot::newest(&disk)?.found.unwrap();
//! assert_eq!((found.mark, found.digest), (mark, [2; 32]));
//! let mut content = String::new();
//! found.into_body().read_to_string(&mut content).unwrap();
//! assert_eq!(content, "all accounts");
//! # Ok::<(), ledger::Error>(())
//! ```

mod body;
mod header;

use std::{io, path::PathBuf, sync::Arc};

pub use self::body::Body;
use self::{
    body::Writer,
    header::{HEADER, Header},
};
use crate::{
    Error, Result,
    disk::{Disk, File},
    log::Mark,
};

/// How many are kept.
const KEPT: usize = 2;

/// What [`newest`] found.
#[derive(Debug)]
pub struct Newest {
    /// The newest one that is good; none if there is none.
    pub found: Option<Snapshot>,
    /// Newer ones that are damaged, the newest first.
    pub bad: Vec<Bad>,
}

/// A snapshot that is damaged.
#[derive(Debug)]
pub struct Bad {
    /// The file.
    pub path: PathBuf,
    /// The operation after which it was made, by its name.
    pub op: u64,
    /// What is wrong with it: an [`Error::Corruption`].
    pub error: Error,
}

/// A snapshot whose bytes are what was written.
#[derive(Debug)]
pub struct Snapshot {
    /// After which operation it was made.
    pub mark: Mark,
    /// Of its content, as the one who wrote it computes it; whoever reads it compares.
    pub digest: [u8; 32],
    /// How long its content is, in bytes.
    pub bytes: u64,
    body: Body,
}

impl Snapshot {
    /// Its content. What is read is checked again, and an error if it changed meanwhile.
    #[must_use]
    pub fn into_body(self) -> Body {
        self.body
    }
}

/// Writes a snapshot: `body` is called once, to write the content. Durable when this returns; another one of the same operation is replaced. Then removes
/// older ones than the last two. Costs one write and one sync of the content, and a read of the snapshot before it.
///
/// # Errors
///
/// What the disk or `body` says. The snapshots before are then still there.
pub fn write(
    disk: &dyn Disk,
    mark: Mark,
    digest: [u8; 32],
    body: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>,
) -> Result<()> {
    let name = name(mark.op);
    let in_work = format!("{name}.tmp");
    let path = disk.path(&in_work);
    remove(disk, &in_work)?;
    let file = disk.create(&in_work, 0).map_err(|e| Error::io("create", &path, e))?;
    let written = fill(&file, mark, digest, body);
    if let Err(e) = written {
        // What is left of it is in nobody's way: the next one removes it as well.
        let _ = disk.remove(&in_work);
        return Err(Error::io("write to", path, e));
    }
    disk.rename(&in_work, &name).map_err(|e| Error::io("rename", path, e))?;
    sync_names(disk)?;
    prune(disk, mark.op)
}

/// The newest snapshot that is good, and what is wrong with newer ones. Reads them, whole.
///
/// # Errors
///
/// What the disk says: a file that cannot be read is not damaged. [`Error::Version`] if a newer program wrote one.
pub fn newest(disk: &dyn Disk) -> Result<Newest> {
    newest_before(disk, u64::MAX)
}

/// As [`newest`], among those of operations before `op`: for when one turns out to be bad by what its content says.
///
/// # Errors
///
/// As [`newest`].
pub fn newest_before(disk: &dyn Disk, op: u64) -> Result<Newest> {
    let mut bad = Vec::new();
    for at in ops(disk)?.into_iter().rev().filter(|at| *at < op) {
        match check(disk, at) {
            Ok(found) => return Ok(Newest { found: Some(found), bad }),
            Err(error @ Error::Corruption { .. }) => {
                bad.push(Bad { path: disk.path(&name(at)), op: at, error });
            }
            Err(other) => return Err(other),
        }
    }
    Ok(Newest { found: None, bad })
}

fn fill(
    file: &Arc<dyn File>,
    mark: Mark,
    digest: [u8; 32],
    body: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = Writer::new(Arc::clone(file), mark);
    body(&mut writer)?;
    let bytes = writer.finish()?;
    file.write_at(&Header { mark, digest, bytes }.encode(), 0)?;
    file.sync()
}

/// A snapshot, once all of it was read and is what was written.
fn check(disk: &dyn Disk, op: u64) -> Result<Snapshot> {
    let name = name(op);
    let path = disk.path(&name);
    let file = disk.open(&name).map_err(|e| Error::io("open", &path, e))?;
    let mut bytes = [0; HEADER];
    let read = file.read_at(&mut bytes, 0).map_err(|e| Error::io("read", &path, e))?;
    if read < HEADER {
        return Err(Error::corruption(path, read as u64, "the end of the file, within its header"));
    }
    let header = Header::decode(&bytes, &path)?;
    if header.mark.op != op {
        let found = format!("a snapshot after op {}", header.mark.op);
        return Err(Error::corruption(path, 16, found));
    }
    let length = file.len().map_err(|e| Error::io("read", &path, e))?;
    let expected = body::file_bytes(header.bytes);
    if expected != Some(length) {
        let found = format!(
            "the file has {length} bytes, which is not what {} bytes of content take",
            header.bytes
        );
        return Err(Error::corruption(path, length, found));
    }
    let body = Body::new(file, path, header.mark, header.bytes);
    body.check()?;
    Ok(Snapshot { mark: header.mark, digest: header.digest, bytes: header.bytes, body })
}

/// Removes all but the newest, which was just written, and a good one before it; and what never became one.
fn prune(disk: &dyn Disk, newest: u64) -> Result<()> {
    let mut removed = false;
    for name in names(disk)? {
        if name.strip_suffix(".tmp").and_then(op_of).is_some() {
            remove(disk, &name)?;
            removed = true;
        }
    }
    let mut kept = 1;
    for op in ops(disk)?.into_iter().rev().filter(|op| *op != newest) {
        let old = kept >= KEPT;
        let name = name(op);
        if old {
            remove(disk, &name)?;
            removed = true;
        } else if check(disk, op).is_ok() {
            kept += 1;
        }
    }
    if removed { sync_names(disk) } else { Ok(()) }
}

fn names(disk: &dyn Disk) -> Result<Vec<String>> {
    disk.names().map_err(|e| Error::io("list", disk.path(""), e))
}

/// The operations of which there are snapshots, in ascending order.
fn ops(disk: &dyn Disk) -> Result<Vec<u64>> {
    // The digits of names are as many for all, so that their order is that of the numbers.
    Ok(names(disk)?.iter().filter_map(|name| op_of(name)).collect())
}

fn name(op: u64) -> String {
    format!("snapshot-{op:020}")
}

fn op_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("snapshot-")?;
    let op = digits.parse().ok()?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(op)
}

fn remove(disk: &dyn Disk, name: &str) -> Result<()> {
    match disk.remove(name) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", disk.path(name), e))
        }
        _ => Ok(()),
    }
}

fn sync_names(disk: &dyn Disk) -> Result<()> {
    disk.sync_names().map_err(|e| Error::io("sync", disk.path(""), e))
}
