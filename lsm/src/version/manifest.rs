//! The manifest file: an append-only log of edits.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    edit::{Edit, EditError},
    state::State,
};
use crate::{
    Error, Result,
    fs::{File, FileSystem, OpenMode, Purpose},
};

/// The file that names the live manifest.
pub(crate) const CURRENT: &str = "CURRENT";
const MAGIC: &[u8; 8] = b"LSMMANI\n";
const VERSION: u16 = 1;
const HEADER_LEN: u64 = 32;
/// Length and checksum in front of an edit.
const FRAME_LEN: usize = 8;
/// A manifest is rewritten once it is this many times as long as its first edit, and at least [`MIN_REWRITE`].
const REWRITE_FACTOR: u64 = 4;
const MIN_REWRITE: u64 = 256 << 10;
/// No edit is near this long: a longer length is damage.
const MAX_EDIT_LEN: u32 = 256 << 20;

/// The open manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    path: PathBuf,
    file: Arc<dyn File>,
    number: u64,
    len: u64,
    base_len: u64,
}

/// Whether a failed append left the manifest as it was.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// Nothing was changed; it may be tried again.
    Unchanged(Error),
    /// The file is in an unknown state.
    Unknown(Error),
}

impl AppendError {
    /// What failed, for those to whom it makes no difference.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Unchanged(error) | Self::Unknown(error) => error,
        }
    }
}

/// Name of manifest `number`.
pub(crate) fn file_name(number: u64) -> String {
    format!("MANIFEST-{number:06}")
}

/// The number in a manifest's name.
pub(crate) fn parse_name(name: &OsStr) -> Option<u64> {
    name.to_str()?.strip_prefix("MANIFEST-")?.parse().ok()
}

impl Manifest {
    /// Writes a new manifest that describes `state`, syncs it, and points CURRENT at it.
    pub(crate) fn create(
        fs: Arc<dyn FileSystem>,
        dir: &Path,
        number: u64,
        state: &State,
    ) -> Result<Self, AppendError> {
        let created = Self::write_new(Arc::clone(&fs), dir, number, state);
        let manifest = created.map_err(AppendError::Unchanged).and_then(|manifest| {
            point_current(&*fs, dir, number)?;
            Ok(manifest)
        });
        manifest.inspect_err(|error| {
            if matches!(error, AppendError::Unchanged(_)) {
                // What cannot be removed is an orphan that the next open removes.
                let _ = fs.remove(&dir.join(temporary_name(number)));
                let _ = fs.remove(&dir.join(file_name(number)));
            }
        })
    }

    fn write_new(fs: Arc<dyn FileSystem>, dir: &Path, number: u64, state: &State) -> Result<Self> {
        let path = dir.join(file_name(number));
        let file = fs
            .open(&path, OpenMode::CreateNew, Purpose::Manifest)
            .map_err(|error| Error::io("create", &path, error))?;
        let mut bytes = header(number).to_vec();
        frame(number, HEADER_LEN, &state.describe(), &mut bytes);
        file.write_all_at(&bytes, 0).map_err(|error| Error::io("write", &path, error))?;
        file.sync_data().map_err(|error| Error::io("sync", &path, error))?;
        let len = bytes.len() as u64;
        Ok(Self { fs, dir: dir.to_owned(), path, file, number, len, base_len: len })
    }

    /// Reads the manifest that CURRENT names, and the state that its edits add up to.
    pub(crate) fn open(
        fs: Arc<dyn FileSystem>,
        dir: &Path,
        read_only: bool,
    ) -> Result<(Self, State)> {
        let current = dir.join(CURRENT);
        let name = read_file(&*fs, &current)?;
        let number = std::str::from_utf8(&name)
            .ok()
            .and_then(|name| name.strip_suffix('\n'))
            .and_then(|name| {
                parse_name(OsStr::new(name)).filter(|number| file_name(*number) == name)
            })
            .ok_or_else(|| {
                Error::corruption(
                    &current,
                    0,
                    format!("no manifest's name: {:?}", String::from_utf8_lossy(&name)),
                )
            })?;
        let path = dir.join(file_name(number));
        let bytes = read_file(&*fs, &path)?;
        let replayed = replay(&path, number, &bytes)?;
        let mode = if read_only { OpenMode::Read } else { OpenMode::ReadWrite };
        let file = fs
            .open(&path, mode, Purpose::Manifest)
            .map_err(|error| Error::io("open", &path, error))?;
        if !read_only {
            // The last edit may be in the kernel's cache alone: if its sync failed, the kernel dropped the page as if it
            // were written. Written again, the page is one that a sync has to write.
            let last = replayed.edits.last().map_or(0, |(offset, _)| *offset);
            file.write_all_at(&bytes[last as usize..replayed.end as usize], last)
                .map_err(|error| Error::io("write", &path, error))?;
            if replayed.end < bytes.len() as u64 {
                file.set_len(replayed.end).map_err(|error| Error::io("cut", &path, error))?;
            }
            file.sync_data().map_err(|error| Error::io("sync", &path, error))?;
        }
        let manifest = Self {
            fs,
            dir: dir.to_owned(),
            path,
            file,
            number,
            len: replayed.end,
            base_len: replayed.base_end,
        };
        Ok((manifest, replayed.state))
    }

    /// The file's number.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of header and edits.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Appends an edit and syncs it.
    pub(crate) fn append(&mut self, edit: &Edit) -> Result<(), AppendError> {
        let mut payload = Vec::new();
        edit.encode(&mut payload);
        let mut bytes = Vec::with_capacity(payload.len() + FRAME_LEN);
        frame(self.number, self.len, &payload, &mut bytes);
        if let Err(error) = self.file.write_all_at(&bytes, self.len) {
            let error = Error::io("write", &self.path, error);
            // A part of the record may be there, or all of it: without it the file is what it was, once that is durable.
            return Err(match self.file.set_len(self.len).and_then(|()| self.file.sync_data()) {
                Ok(()) => AppendError::Unchanged(error),
                Err(_) => AppendError::Unknown(error),
            });
        }
        self.file
            .sync_data()
            .map_err(|error| AppendError::Unknown(Error::io("sync", &self.path, error)))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Whether the file has grown so long that it should be rewritten.
    pub(crate) fn wants_rewrite(&self) -> bool {
        self.len > MIN_REWRITE.max(self.base_len.saturating_mul(REWRITE_FACTOR))
    }

    /// Replaces the file by one that describes `state`, and returns the old one's path: nobody needs it any more.
    ///
    /// # Errors
    /// [`AppendError::Unchanged`]: this one is as good as before. [`AppendError::Unknown`]: CURRENT may name either.
    pub(crate) fn rewrite(&mut self, number: u64, state: &State) -> Result<PathBuf, AppendError> {
        let new = Self::create(Arc::clone(&self.fs), &self.dir, number, state)?;
        Ok(std::mem::replace(self, new).path)
    }
}

fn temporary_name(number: u64) -> String {
    format!("CURRENT-{number:06}.tmp")
}

/// Replaces CURRENT atomically.
fn point_current(fs: &dyn FileSystem, dir: &Path, number: u64) -> Result<(), AppendError> {
    let temporary = dir.join(temporary_name(number));
    let current = dir.join(CURRENT);
    let name = format!("{}\n", file_name(number));
    write_pointer(fs, dir, &temporary, &name).map_err(AppendError::Unchanged)?;
    if let Err(error) = fs.rename(&temporary, &current) {
        let error = Error::io("rename", &temporary, error);
        return Err(match read_file(fs, &current) {
            Ok(found) if found != name.as_bytes() => AppendError::Unchanged(error),
            Err(Error::MissingFile { .. }) => AppendError::Unchanged(error),
            _ => AppendError::Unknown(error),
        });
    }
    // CURRENT is the new one now, and on disk perhaps the old one.
    fs.sync_dir(dir).map_err(|error| AppendError::Unknown(Error::io("sync", dir, error)))
}

/// Writes what is to become CURRENT.
fn write_pointer(fs: &dyn FileSystem, dir: &Path, temporary: &Path, name: &str) -> Result<()> {
    match fs.remove(temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("remove", temporary, error));
        }
        _ => {}
    }
    let file = fs
        .open(temporary, OpenMode::CreateNew, Purpose::Manifest)
        .map_err(|error| Error::io("create", temporary, error))?;
    file.write_all_at(name.as_bytes(), 0).map_err(|error| Error::io("write", temporary, error))?;
    file.sync_data().map_err(|error| Error::io("sync", temporary, error))?;
    // The manifest's own name must be durable before CURRENT says it.
    fs.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))
}

fn read_file(fs: &dyn FileSystem, path: &Path) -> Result<Vec<u8>> {
    let file = match fs.open(path, OpenMode::Read, Purpose::Manifest) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::MissingFile { path: path.to_owned() });
        }
        opened => opened.map_err(|error| Error::io("open", path, error))?,
    };
    let len = file.len().map_err(|error| Error::io("stat", path, error))?;
    let len =
        usize::try_from(len).ok().filter(|len| *len <= MAX_EDIT_LEN as usize * 2).ok_or_else(
            || Error::corruption(path, 0, format!("{len} bytes, more than any manifest has")),
        )?;
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0).map_err(|error| Error::io("read", path, error))?;
    Ok(bytes)
}

/// The header of manifest `number`.
pub(super) fn header(number: u64) -> [u8; HEADER_LEN as usize] {
    let mut header = [0; HEADER_LEN as usize];
    header[..8].copy_from_slice(MAGIC);
    header[8..10].copy_from_slice(&VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&number.to_le_bytes());
    let crc = crc32c::crc32c(&header[..28]);
    header[28..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// Appends length, checksum and payload of an edit that will lie at `offset`.
pub(super) fn frame(number: u64, offset: u64, payload: &[u8], out: &mut Vec<u8>) {
    // Edits are far below 4 GiB: a hundred bytes a table.
    #[allow(clippy::cast_possible_truncation)]
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(number, offset, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

fn checksum(number: u64, offset: u64, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&((number << 32) ^ offset).to_le_bytes()), payload)
}

/// What a manifest's bytes add up to.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) state: State,
    /// Where the valid edits end.
    pub(crate) end: u64,
    /// Where the first edit ends.
    pub(crate) base_end: u64,
    /// Offset and contents of every edit.
    pub(crate) edits: Vec<(u64, Edit)>,
}

/// Reads a manifest from its bytes; `path` is for the messages.
pub(crate) fn replay(path: &Path, number: u64, bytes: &[u8]) -> Result<Replayed> {
    let damage = |offset: u64, found: String| Error::corruption(path, offset, found);
    let header = bytes
        .get(..HEADER_LEN as usize)
        .ok_or_else(|| damage(0, format!("{} bytes, shorter than its header", bytes.len())))?;
    if &header[..8] != MAGIC {
        return Err(damage(0, "no manifest: the magic is wrong".to_owned()));
    }
    let found = crc32c::crc32c(&header[..28]);
    if header[28..] != found.to_le_bytes() {
        return Err(damage(
            28,
            format!("header checksum {:02x?}, computed {found:#010x}", &header[28..]),
        ));
    }
    let version = u16::from_le_bytes([header[8], header[9]]);
    if version > VERSION {
        return Err(Error::NewerFormat {
            path: path.to_owned(),
            found: version,
            supported: VERSION,
        });
    }
    if header[16..24] != number.to_le_bytes() {
        return Err(damage(
            16,
            format!("the header is of manifest {:02x?}, not {number}", &header[16..24]),
        ));
    }
    let mut state = State::default();
    let mut edits = Vec::new();
    let mut at = HEADER_LEN as usize;
    let mut base_end = 0;
    while let Some(payload) = record_at(number, bytes, at) {
        let edit = Edit::decode(payload).map_err(|error| match error {
            EditError::Malformed(what) => {
                damage(at as u64, format!("an edit that checks but does not parse: {what}"))
            }
            EditError::UnknownTag(_) => {
                Error::NewerFormat { path: path.to_owned(), found: VERSION + 1, supported: VERSION }
            }
        })?;
        state.apply(&edit).map_err(|what| damage(at as u64, what))?;
        edits.push((at as u64, edit));
        at += FRAME_LEN + payload.len();
        if base_end == 0 {
            base_end = at as u64;
        }
    }
    if edits.is_empty() {
        return Err(damage(HEADER_LEN, "the first edit does not check".to_owned()));
    }
    if state.clean_close && at < bytes.len() {
        return Err(damage(at as u64, format!("{} bytes behind a clean close", bytes.len() - at)));
    }
    // An append is synced before the next one starts, so a torn record can only be the last.
    if let Some(later) =
        (at + 1..bytes.len()).find(|later| record_at(number, bytes, *later).is_some())
    {
        return Err(damage(
            at as u64,
            format!("an edit that does not check, with a valid one behind it at {later}"),
        ));
    }
    if !tail_is_torn(number, bytes, at) {
        return Err(damage(at as u64, "the last edit is complete and does not check".to_owned()));
    }
    Ok(Replayed { state, end: at as u64, base_end, edits })
}

/// Whether what lies at `at`, and does not check, can be an append that a crash interrupted. It cannot if one flipped bit
/// is all that is wrong with it: then it was complete once, and what it says was acknowledged.
fn tail_is_torn(number: u64, bytes: &[u8], at: usize) -> bool {
    /// Longer edits are not searched for the flipped bit, which takes the square of their length.
    const LONGEST_SEARCHED: usize = 16 << 10;
    let tail = &bytes[at..];
    let Some(frame) = tail.get(..FRAME_LEN) else { return true };
    let len = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
    let expected = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]);
    let payload = |len: u32| tail.get(FRAME_LEN..FRAME_LEN.saturating_add(len as usize));
    // Bits in which the checksum that the payload has differs from the one in the frame.
    let differs = |payload: &[u8]| checksum(number, at as u64, payload) ^ expected;
    // In the length.
    if (0..32).filter_map(|bit| payload(len ^ (1 << bit))).any(|payload| differs(payload) == 0) {
        return false;
    }
    let Some(payload) = payload(len) else { return true };
    // In the checksum.
    if differs(payload).is_power_of_two() {
        return false;
    }
    if payload.len() > LONGEST_SEARCHED {
        return true;
    }
    let mut payload = payload.to_vec();
    let in_payload = (0..payload.len() * 8).any(|bit| {
        payload[bit / 8] ^= 1 << (bit % 8);
        let found = differs(&payload) == 0;
        payload[bit / 8] ^= 1 << (bit % 8);
        found
    });
    !in_payload
}

/// The payload of the record at `at`, if it checks.
fn record_at(number: u64, bytes: &[u8], at: usize) -> Option<&[u8]> {
    let frame = bytes.get(at..at + FRAME_LEN)?;
    let len = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
    if len == 0 || len > MAX_EDIT_LEN {
        return None;
    }
    let payload = bytes.get(at + FRAME_LEN..at + FRAME_LEN + len as usize)?;
    let expected = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]);
    (checksum(number, at as u64, payload) == expected).then_some(payload)
}

/// Makes the checksums of header and edits right, as far as the lengths make sense. For fuzzing: random bytes never check.
pub(super) fn reseal(bytes: &mut [u8]) {
    let Some((header, _)) = bytes.split_first_chunk_mut::<{ HEADER_LEN as usize }>() else {
        return;
    };
    let crc = crc32c::crc32c(&header[..28]);
    header[28..].copy_from_slice(&crc.to_le_bytes());
    let mut word = [0; 8];
    word.copy_from_slice(&header[16..24]);
    let number = u64::from_le_bytes(word);
    let mut at = HEADER_LEN as usize;
    while let Some((frame, payload)) =
        bytes.get_mut(at..).and_then(|rest| rest.split_first_chunk_mut::<FRAME_LEN>())
    {
        let len = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        let Some(payload) = payload.get(..len).filter(|payload| !payload.is_empty()) else {
            return;
        };
        frame[4..].copy_from_slice(&checksum(number, at as u64, payload).to_le_bytes());
        at += FRAME_LEN + len;
    }
}
