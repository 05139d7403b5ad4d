//! The segment files that the log may start with or go on in.

use std::{path::Path, sync::Arc};

use crate::{
    Error, Result, SegmentId, SequenceNumber,
    fs::{FileSystem, Purpose},
    log::{
        LogPosition, ReplayPosition,
        header::{HEADER_LEN, HeaderError, SegmentHeader, SegmentKind, parse_file_name},
        segment::{Segment, SegmentIdentity},
    },
};

/// The ids of the log segments in `dir` from `first` on, ascending.
pub(super) fn log_segments(
    fs: &Arc<dyn FileSystem>,
    dir: &Path,
    first: SegmentId,
) -> Result<Vec<SegmentId>> {
    let entries = fs.list(dir).map_err(|error| Error::io("list", dir, error))?;
    let mut ids: Vec<_> = entries
        .iter()
        .filter(|entry| entry.is_file)
        .filter_map(|entry| parse_file_name(entry.name.to_str()?))
        .filter(|(id, kind)| *kind == SegmentKind::Log && *id >= first)
        .map(|(id, _)| id)
        .collect();
    ids.sort_unstable();
    Ok(ids)
}

/// A log segment file, and what its header says.
pub(super) struct Candidate {
    pub(super) segment: Segment,
    pub(super) header: Result<SegmentHeader, HeaderError>,
}

impl Candidate {
    pub(super) fn open(
        fs: &Arc<dyn FileSystem>,
        dir: &Path,
        identity: SegmentIdentity,
    ) -> Result<Self> {
        let (segment, header) = Segment::open_unverified(fs, dir, identity, Purpose::Log)?;
        match &header {
            // A newer release wrote here: whatever this one made of the log would be wrong.
            Err(error @ HeaderError::Newer(_)) => return Err(segment.header_error(error.clone())),
            // A sound header of another segment or database was put here by somebody: no crash does that.
            Ok(header) => segment.adopt(header)?,
            Err(_) => {}
        }
        Ok(Self { segment, header })
    }

    /// Checks that replay can start here.
    pub(super) fn require(&self, start: ReplayPosition) -> Result<()> {
        let ReplayPosition { offset, next_sequence, .. } = start;
        let found = match &self.header {
            // Made, named by the manifest, and never used: the header was lost with everything behind it.
            Err(HeaderError::Absent) if offset <= HEADER_LEN => return Ok(()),
            Err(error) => return Err(self.segment.header_error(error.clone())),
            Ok(_) if offset > self.segment.len() => {
                format!(
                    "a segment of {} bytes; the manifest has replay start here",
                    self.segment.len()
                )
            }
            Ok(header) if header.first_sequence > next_sequence => format!(
                "a segment that starts with sequence number {}; the manifest has replay start with {next_sequence}",
                header.first_sequence
            ),
            Ok(_) => return Ok(()),
        };
        Err(Error::corruption(self.segment.path(), u64::from(offset), found))
    }

    /// Whether the log goes on here after `end`.
    pub(super) fn follows(&self, end: LogPosition, next_sequence: SequenceNumber) -> Result<bool> {
        let Ok(header) = &self.header else { return Ok(false) };
        if header.previous != Some(end) {
            return Ok(false);
        }
        if header.first_sequence < next_sequence {
            let found = format!(
                "a segment that starts with sequence number {}; the one before it reached {}",
                header.first_sequence,
                next_sequence - 1
            );
            return Err(Error::corruption(self.segment.path(), 0, found));
        }
        Ok(true)
    }
}
