//! Looking into files without opening the database: for `lsm-tool dump`.

use std::{path::Path, sync::Arc};

use crate::{
    Error, Result,
    fs::{DiskFs, FileSystem, OpenMode, Purpose},
    log::{
        ChecksumSeed, HEADER_LEN, HeaderError, RecordView, SEGMENT_VERSION, SegmentHeader, decode,
    },
    table::{ReadMode, Table},
    version::manifest,
};

/// The edits in a manifest file, each as its offset and a description.
///
/// # Errors
/// I/O errors; damage.
pub fn manifest_edits(path: &Path) -> Result<Vec<(u64, String)>> {
    let number = path
        .file_name()
        .and_then(|name| manifest::parse_name(name.to_str()?))
        .ok_or_else(|| {
            let found =
                format!("{}: a manifest is named MANIFEST-NUMBER, of six digits", path.display());
            Error::InvalidOption { option: "manifest", found }
        })?;
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    let replayed = manifest::replay(path, number, &bytes)?;
    Ok(replayed.edits.iter().map(|(offset, edit)| (*offset, format!("{edit:?}"))).collect())
}

/// The table in a file, whichever database it belongs to.
///
/// # Errors
/// As [`Table::open`].
pub fn table(path: &Path) -> Result<Arc<Table>> {
    let file = DiskFs
        .open(path, OpenMode::Read, Purpose::Other)
        .map_err(|error| Error::io("open", path, error))?;
    let (id, database) = Table::identity(&*file, path)?;
    Table::open(file, path, id, database, None, ReadMode::Positioned).map(Arc::new)
}

/// Where the records of a segment end, and why there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentEnd {
    /// The offset behind the last record.
    pub offset: u32,
    /// What is wrong with the bytes there; `None` if there are zeros, or nothing.
    pub found: Option<String>,
    /// Bytes of the file from there on.
    pub rest: u64,
}

/// Reads the segment in a file: its header, then `visit` for the offset and content of each record until it returns `false`.
///
/// # Errors
/// I/O errors; a file that does not begin with a segment's header.
pub fn segment(
    path: &Path,
    mut visit: impl FnMut(&SegmentHeader, u32, &RecordView<'_>) -> bool,
) -> Result<(SegmentHeader, SegmentEnd)> {
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    let header = bytes.first_chunk().ok_or_else(|| {
        Error::corruption(path, 0, format!("{} bytes, less than a segment's header", bytes.len()))
    })?;
    let header = SegmentHeader::decode(header).map_err(|error| match error {
        HeaderError::Newer(found) => {
            Error::NewerFormat { path: path.to_owned(), found, supported: SEGMENT_VERSION }
        }
        HeaderError::Absent => Error::corruption(path, 0, "zeros in place of the segment header"),
        HeaderError::Damaged(found) => Error::corruption(path, 0, found),
    })?;
    let seed = ChecksumSeed::new(header.database_id, header.id);
    let mut offset = HEADER_LEN;
    let found = loop {
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        match decode(rest, seed, offset) {
            Ok(Some(record)) => {
                if !visit(&header, offset, &record) {
                    break None;
                }
                // A segment is shorter than 4 GiB, and the record lies in it.
                offset = offset.saturating_add(u32::try_from(record.len).unwrap_or(u32::MAX));
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    let rest = (bytes.len() as u64).saturating_sub(u64::from(offset));
    Ok((header, SegmentEnd { offset, found, rest }))
}
