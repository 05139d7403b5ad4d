//! Segments: the files of a log, and the block that each begins with.

use std::{io, ops::Range, sync::Arc};

use super::Mark;
use crate::{
    Error, Result,
    disk::{Disk, File},
};

/// What a segment begins with; records follow.
pub(super) const BLOCK: u64 = 4096;
const MAGIC: [u8; 8] = *b"LEDGRLOG";
const VERSION: u32 = 1;
/// What the block says ends here; zeros follow.
const SAID: usize = 104;
/// A segment that has no place yet, whole: zeros.
const SPARE: &str = "log-spare";
/// One that is being filled with zeros, by [`prepare`] or by an append.
const SPARE_IN_WORK: &str = "log-spare.tmp";
const NEXT_IN_WORK: &str = "log-next.tmp";

/// A segment as its first block describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) id: [u8; 16],
    pub(super) first_op: u64,
    /// How long the file is.
    pub(super) bytes: u64,
    /// What was durable when it was made.
    pub(super) durable_through: u64,
    /// The record before its first.
    pub(super) before: Mark,
}

impl Segment {
    /// The segment that follows a mark.
    pub(super) fn after(id: [u8; 16], bytes: u64, before: Mark, durable_through: u64) -> Self {
        Self { id, first_op: before.op + 1, bytes, durable_through, before }
    }

    pub(super) fn name(&self) -> String {
        name(self.first_op)
    }

    fn encode(&self) -> Vec<u8> {
        let mut block = vec![0; BLOCK as usize];
        block[..8].copy_from_slice(&MAGIC);
        block[8..12].copy_from_slice(&VERSION.to_le_bytes());
        block[16..32].copy_from_slice(&self.id);
        block[32..40].copy_from_slice(&self.first_op.to_le_bytes());
        block[40..48].copy_from_slice(&self.bytes.to_le_bytes());
        block[48..56].copy_from_slice(&self.durable_through.to_le_bytes());
        block[56..64].copy_from_slice(&self.before.timestamp.to_le_bytes());
        block[64..96].copy_from_slice(&self.before.hash);
        let crc = crc(&block);
        block[12..16].copy_from_slice(&crc.to_le_bytes());
        block
    }

    /// What a block says. `Err` says what stands there instead; a version that is not known is an error of its own.
    fn decode(block: &[u8]) -> std::result::Result<Self, Result<String, u32>> {
        if block.get(..8) != Some(&MAGIC[..]) || block.len() != BLOCK as usize {
            return Err(Ok("no segment begins there".to_owned()));
        }
        if crc(block) != u32::from_le_bytes(part(block, 12)) {
            return Err(Ok("the checksum of the segment's first block is wrong".to_owned()));
        }
        let version = u32::from_le_bytes(part(block, 8));
        if version != VERSION {
            return Err(Err(version));
        }
        let first_op = u64::from_le_bytes(part(block, 32));
        let Some(before) = first_op.checked_sub(1) else {
            return Err(Ok("the first block says that it begins with op 0".to_owned()));
        };
        Ok(Self {
            id: part(block, 16),
            first_op,
            bytes: u64::from_le_bytes(part(block, 40)),
            durable_through: u64::from_le_bytes(part(block, 48)),
            before: Mark {
                op: before,
                timestamp: u64::from_le_bytes(part(block, 56)),
                hash: part(block, 64),
            },
        })
    }
}

/// Fills the next segment with zeros, ahead of its time, so that no append has to: 64 MiB take some 50 ms. May be called from another thread while the log is in use, by one
/// at a time. Does nothing if there is one. Its name is not synced: the segment's own name will be, and nobody but the log may hear of an error of that.
///
/// The segment before the one in use is full and durable: its pages are given back to the system, and are there for the zeros, which would otherwise push out pages that somebody
/// reads.
///
/// # Errors
///
/// What the disk says. The log goes on, and tries for itself when it needs one.
pub fn prepare(disk: &dyn Disk, segment_bytes: u64) -> Result<()> {
    check_bytes(disk, segment_bytes)?;
    match disk.open(SPARE) {
        Ok(_) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(Error::io("open", disk.path(SPARE), e)),
    }
    rest_full(disk)?;
    create(disk, SPARE_IN_WORK, segment_bytes)?;
    disk.rename(SPARE_IN_WORK, SPARE).map_err(|e| Error::io("rename", disk.path(SPARE), e))
}

/// Lets the last full segment rest; those before it do.
fn rest_full(disk: &dyn Disk) -> Result<()> {
    let names = disk.names().map_err(|e| Error::io("list", disk.path(""), e))?;
    if let Some(name) = names.iter().rev().filter(|name| first_op(name).is_some()).nth(1) {
        disk.open(name).map_err(|e| Error::io("open", disk.path(name), e))?.rest();
    }
    Ok(())
}

/// A file of zeros that is to be a segment.
pub(super) struct Blank {
    name: &'static str,
    file: Arc<dyn File>,
}

/// Finds room for a segment: the spare, or a new file. If there is none, nothing has changed.
pub(super) fn blank(disk: &dyn Disk, bytes: u64) -> Result<Blank> {
    Ok(match spare(disk, bytes)? {
        Some(file) => Blank { name: SPARE, file },
        None => Blank { name: NEXT_IN_WORK, file: create(disk, NEXT_IN_WORK, bytes)? },
    })
}

impl Blank {
    /// Makes a segment of it, durably: that has its name only when it is whole, so that a name always stands for a sound first block. After an error it is unknown
    /// whether the name is there.
    pub(super) fn become_segment(
        self,
        disk: &dyn Disk,
        segment: &Segment,
    ) -> Result<Arc<dyn File>> {
        let (Self { name: source, file }, name) = (self, segment.name());
        file.write_at(&segment.encode(), 0)
            .map_err(|e| Error::io("write to", disk.path(source), e))?;
        file.sync().map_err(|e| Error::io("sync", disk.path(source), e))?;
        disk.rename(source, &name).map_err(|e| Error::io("rename", disk.path(&name), e))?;
        disk.sync_names().map_err(|e| Error::io("sync", disk.path(""), e))?;
        Ok(file)
    }
}

/// Overwrites a part of a segment with zeros; not durable before a sync.
pub(super) fn write_zeros(file: &dyn File, part: Range<u64>) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    let mut at = part.start;
    while at < part.end {
        let length = (ZEROS.len() as u64).min(part.end - at);
        // No longer than the zeros, whose length is a usize.
        file.write_at(&ZEROS[..length as usize], at)?;
        at += length;
    }
    Ok(())
}

/// Removes a segment, durably.
pub(super) fn remove(disk: &dyn Disk, segment: &Segment) -> Result<()> {
    let name = segment.name();
    disk.remove(&name).map_err(|e| Error::io("remove", disk.path(&name), e))?;
    disk.sync_names().map_err(|e| Error::io("sync", disk.path(""), e))
}

/// The spare, if there is one of this length.
fn spare(disk: &dyn Disk, bytes: u64) -> Result<Option<Arc<dyn File>>> {
    let failed = |e| Error::io("open", disk.path(SPARE), e);
    let file = match disk.open(SPARE) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    Ok((file.len().map_err(failed)? == bytes).then_some(file))
}

/// A file of zeros; whatever had its name is removed, and nothing is left of it if it fails.
fn create(disk: &dyn Disk, name: &str, bytes: u64) -> Result<Arc<dyn File>> {
    let removed = |result: io::Result<()>| match result {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", disk.path(name), e))
        }
        _ => Ok(()),
    };
    removed(disk.remove(name))?;
    disk.create(name, bytes).map_err(|e| {
        // Half a file is in nobody's way: the next attempt removes it as well.
        let _ = disk.remove(name);
        Error::io("create", disk.path(name), e)
    })
}

/// All segments, in the order of the log, by their first blocks. None of their files stays open: there may be more than a process may open.
pub(super) fn list(disk: &dyn Disk) -> Result<Vec<Segment>> {
    let names = disk.names().map_err(|e| Error::io("list", disk.path(""), e))?;
    let mut segments: Vec<Segment> = Vec::new();
    for name in names {
        let Some(first_op) = first_op(&name) else { continue };
        let path = disk.path(&name);
        let file = disk.open(&name).map_err(|e| Error::io("open", &path, e))?;
        let mut block = vec![0; BLOCK as usize];
        let read = file.read_at(&mut block, 0).map_err(|e| Error::io("read", &path, e))?;
        block.truncate(read);
        let segment = Segment::decode(&block).map_err(|why| match why {
            Ok(found) => Error::corruption(&path, 0, found),
            Err(found) => Error::Version { path: path.clone(), found, known: VERSION },
        })?;
        let bytes = file.len().map_err(|e| Error::io("read", &path, e))?;
        if segment.first_op != first_op {
            let found = format!("a segment that begins with op {}", segment.first_op);
            return Err(Error::corruption(path, 32, found));
        }
        if segment.bytes != bytes {
            let found = format!("the file has {bytes} bytes, and should have {}", segment.bytes);
            return Err(Error::corruption(path, bytes.min(segment.bytes), found));
        }
        if let Some(first) = segments.first()
            && first.id != segment.id
        {
            return Err(Error::Mismatch(format!(
                "{} is a segment of another log than {}",
                path.display(),
                disk.path(&first.name()).display()
            )));
        }
        segments.push(segment);
    }
    // The digits of names are as many for all, so that their order is that of the numbers.
    Ok(segments)
}

/// The name of the segment that begins with an operation.
pub(super) fn name(first_op: u64) -> String {
    format!("log-{first_op:020}")
}

/// The operation with which a segment of this name begins; none if it is no segment's name.
pub(super) fn first_op(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("log-")?;
    let number = digits.parse().ok()?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

pub(super) fn check_bytes(disk: &dyn Disk, segment_bytes: u64) -> Result<()> {
    if segment_bytes >= super::MIN_SEGMENT_BYTES && segment_bytes.is_multiple_of(BLOCK) {
        return Ok(());
    }
    let why = format!(
        "segments of {segment_bytes} bytes; a multiple of {BLOCK} from {} on is possible",
        super::MIN_SEGMENT_BYTES
    );
    Err(Error::io("create", disk.path(""), io::Error::new(io::ErrorKind::InvalidInput, why)))
}

/// Of all of the block but itself.
fn crc(block: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&block[..12]), &block[16..])
}

/// `N` bytes of a block. All callers ask for bytes within what it says, of a block that is whole.
fn part<const N: usize>(block: &[u8], at: usize) -> [u8; N] {
    debug_assert!(at + N <= SAID);
    let mut part = [0; N];
    part.copy_from_slice(&block[at..at + N]);
    part
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may fail in any way it likes
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_and_no_changed_bit_passes() {
        let before = Mark { op: 41, timestamp: 5, hash: [3; 32] };
        let segment = Segment::after([9; 16], 1 << 20, before, 40);
        let block = segment.encode();
        assert_eq!(Segment::decode(&block), Ok(segment));
        for bit in 0..block.len() * 8 {
            let mut changed = block.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Segment::decode(&changed).is_err(), "bit {bit}");
        }
        assert!(Segment::decode(&block[..100]).is_err());
    }

    #[test]
    fn names_are_numbers_of_twenty_digits() {
        assert_eq!(name(17), "log-00000000000000000017");
        assert_eq!(first_op("log-00000000000000000017"), Some(17));
        for name in ["log-17", "log-spare", "log-0000000000000000001x", "log-+0000000000000000001"]
        {
            assert_eq!(first_op(name), None);
        }
    }
}
