//! Reading values out of a segment, without a copy where it is mapped.

use std::{
    borrow::Cow,
    ops::{Deref, Range},
    sync::Arc,
    time::{Duration, Instant},
};

use super::Segment;
use crate::{
    Error, Result,
    fs::Mapping,
    log::{
        codec::{decompress_into, decompress_value},
        header::HEADER_LEN,
        record::{StoredValue, value_at},
    },
};

impl Segment {
    /// Checks that a record may be at `offset..offset + len`.
    #[inline]
    fn check_range(&self, offset: u32, len: u32) -> Result<()> {
        let end = self.len();
        if offset >= HEADER_LEN && offset <= end && len <= end - offset {
            return Ok(());
        }
        Err(Error::corruption(
            &self.path,
            u64::from(offset),
            format!("a pointer to {len} bytes here, outside of the records, which end at {end}"),
        ))
    }

    /// The bytes `offset..offset + len` of the mapping.
    ///
    /// # Safety
    /// As for [`read`](Self::read), for every byte of the range; and the range must lie within `len()`.
    #[inline]
    unsafe fn slice(mapping: &Mapping, offset: u32, len: u32) -> &[u8] {
        debug_assert!(offset as usize + len as usize <= mapping.len());
        // SAFETY: within the mapping, as the caller checked; nobody stores to it any more, as its caller vouches.
        unsafe { std::slice::from_raw_parts(mapping.as_ptr().add(offset as usize), len as usize) }
    }

    /// How long it takes to touch a record's first byte, if the segment is mapped: long if that has to come from the disk.
    ///
    /// # Safety
    /// As for [`read`](Self::read).
    pub(crate) unsafe fn touch(&self, offset: u32, len: u32) -> Option<Duration> {
        let mapping = self.mapping.as_ref()?;
        self.check_range(offset, len).ok()?;
        let before = Instant::now();
        // SAFETY: the range was just checked; the caller vouches that it is not stored to.
        std::hint::black_box(unsafe { Self::slice(mapping, offset, len) }.first().copied());
        Some(before.elapsed())
    }

    fn read_positioned(&self, offset: u32, len: u32) -> Result<Vec<u8>> {
        let mut record = vec![0; len as usize];
        self.read_exact_at(&mut record, offset)?;
        Ok(record)
    }

    /// Where in `record` the value of `key` is, or the value itself if it was compressed.
    #[inline]
    fn extract(&self, record: &[u8], offset: u32, key: &[u8]) -> Result<Extracted> {
        let stored = value_at(record, self.identity.seed(), offset, key)
            .map_err(|error| Error::corruption(&self.path, u64::from(offset), error.to_string()))?;
        if !stored.compressed {
            // The value is a record's last part.
            return Ok(Extracted::In(record.len() - stored.bytes.len()..record.len()));
        }
        let value = decompress_value(stored)
            .map_err(|found| Error::corruption(&self.path, u64::from(offset), found))?;
        Ok(Extracted::Value(value.into_owned()))
    }

    /// The value in the record at `offset..offset + len`, which must be a put of `key`: zero-copy if the segment is
    /// mapped and the value not compressed. Verifies the checksum every time.
    ///
    /// # Errors
    /// Damage: a place outside of the records, a checksum that is wrong, another key. I/O errors if not mapped.
    ///
    /// # Safety
    /// The range must not be stored to during this call or later: `offset..offset + len` was taken from an entry that was
    /// published after its record was written ([`Publisher`](crate::log::Publisher), a flush or a recovery scan), or the segment
    /// was opened for reading. A pointer from a table is of that sort, because a table is made of published entries.
    #[inline]
    pub unsafe fn read(&self, offset: u32, len: u32, key: &[u8]) -> Result<SegmentSlice<'_>> {
        self.check_range(offset, len)?;
        if let Some(mapping) = &self.mapping {
            // SAFETY: the range was just checked; the caller vouches that it is not stored to.
            let record = unsafe { Self::slice(mapping, offset, len) };
            return Ok(match self.extract(record, offset, key)? {
                Extracted::In(range) => SegmentSlice::Mapped(record.get(range).unwrap_or_default()),
                Extracted::Value(value) => SegmentSlice::Owned { start: 0, buffer: value },
            });
        }
        let record = self.read_positioned(offset, len)?;
        Ok(match self.extract(&record, offset, key)? {
            Extracted::In(range) => SegmentSlice::Owned { start: range.start, buffer: record },
            Extracted::Value(value) => SegmentSlice::Owned { start: 0, buffer: value },
        })
    }

    /// As [`read`](Self::read), but the value as it is stored. `buffer` is for a segment that is not mapped.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Safety
    /// As for [`read`](Self::read).
    #[inline]
    pub unsafe fn read_stored<'a>(
        &'a self,
        offset: u32,
        len: u32,
        key: &[u8],
        buffer: &'a mut Vec<u8>,
    ) -> Result<StoredValue<'a>> {
        self.check_range(offset, len)?;
        let record = match &self.mapping {
            // SAFETY: the range was just checked; the caller vouches that it is not stored to.
            Some(mapping) => unsafe { Self::slice(mapping, offset, len) },
            None => {
                *buffer = self.read_positioned(offset, len)?;
                buffer
            }
        };
        value_at(record, self.identity.seed(), offset, key)
            .map_err(|error| Error::corruption(&self.path, u64::from(offset), error.to_string()))
    }

    /// As [`read`](Self::read), with `buffer` for what is not found in place: nothing is allocated if that is large enough.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Safety
    /// As for [`read`](Self::read).
    #[inline]
    pub unsafe fn read_with<'a>(
        &'a self,
        offset: u32,
        len: u32,
        key: &[u8],
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8]> {
        let mut record = Vec::new();
        // SAFETY: the caller's promise is the same.
        let stored = unsafe { self.read_stored(offset, len, key, &mut record)? };
        if stored.compressed {
            decompress_into(stored.bytes, buffer)
                .map_err(|found| Error::corruption(&self.path, u64::from(offset), found))?;
            return Ok(buffer);
        }
        // The value is a record's last part.
        let (value_len, end) = (stored.bytes.len() as u32, offset + len);
        if let Some(mapping) = &self.mapping {
            // SAFETY: within the range that was just read.
            return Ok(unsafe { Self::slice(mapping, end - value_len, value_len) });
        }
        buffer.clear();
        buffer.extend_from_slice(stored.bytes);
        Ok(buffer)
    }

    /// As [`read`](Self::read), for a value that outlives the borrow: it holds a reference to the segment instead.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Safety
    /// As for [`read`](Self::read).
    #[inline]
    pub unsafe fn read_pinned(
        self: &Arc<Self>,
        offset: u32,
        len: u32,
        key: &[u8],
    ) -> Result<PinnedValue> {
        // SAFETY: the caller's promise is the same.
        Ok(PinnedValue(match unsafe { self.read(offset, len, key)? } {
            SegmentSlice::Mapped(value) => {
                let end = offset + len;
                Pinned::Mapped { segment: Arc::clone(self), end, len: value.len() as u32 }
            }
            SegmentSlice::Owned { start, buffer } => Pinned::Owned { start, buffer },
        }))
    }

    /// The offset, at or behind `from`, behind which there are only zeros, as far as the file system knows. What was
    /// preallocated and never written is passed over like that, instead of being made present as zeros, up to a whole segment of
    /// them.
    pub(in crate::log) fn data_end(&self, from: u32) -> Result<u32> {
        let len = self.len();
        let end = self
            .file
            .data_end(u64::from(from))
            .map_err(|error| Error::io("find the end of", &self.path, error))?;
        // At most the length, which is a `u32`.
        Ok(end.clamp(u64::from(from.min(len)), u64::from(len)) as u32)
    }

    /// All bytes of a segment that was opened for reading, up to [`len`](Self::len).
    pub(in crate::log) fn contents(&self) -> Result<Cow<'_, [u8]>> {
        self.first(self.len())
    }

    /// The same without the zeros behind the [end of the data](Self::data_end).
    pub(in crate::log) fn data(&self) -> Result<Cow<'_, [u8]>> {
        self.first(self.data_end(0)?)
    }

    /// The first bytes, up to `end`, of a segment that may be written to behind that.
    ///
    /// # Errors
    /// If `end` is behind the records; I/O errors.
    ///
    /// # Safety
    /// As for [`read`](Self::read), for every byte before `end`; and the header was written.
    pub(in crate::log) unsafe fn written(&self, end: u32) -> Result<Cow<'_, [u8]>> {
        self.check_range(HEADER_LEN, end.saturating_sub(HEADER_LEN))?;
        match &self.mapping {
            // SAFETY: within the records, as was just checked; the caller vouches that it is not stored to.
            Some(mapping) => Ok(unsafe { Self::slice(mapping, 0, end) }.into()),
            None => Ok(self.read_positioned(0, end)?.into()),
        }
    }

    /// The first `len` bytes, no more than there are.
    fn first(&self, len: u32) -> Result<Cow<'_, [u8]>> {
        match &self.mapping {
            // SAFETY: a segment that is opened for reading is stored to by nobody in this process: only reservations
            // store, and those of the creating `Segment` ended before the file is scanned.
            Some(mapping) => Ok(unsafe { Self::slice(mapping, 0, len) }.into()),
            None => Ok(self.read_positioned(0, len)?.into()),
        }
    }
}

enum Extracted {
    In(Range<usize>),
    Value(Vec<u8>),
}

/// A value read from a segment; derefs to its bytes.
#[derive(Debug)]
pub enum SegmentSlice<'a> {
    /// In the mapping.
    Mapped(&'a [u8]),
    /// Read or decompressed into memory of its own.
    Owned {
        /// Where in the buffer the value starts; it goes on to the end.
        start: usize,
        /// What was read.
        buffer: Vec<u8>,
    },
}

impl Deref for SegmentSlice<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(value) => value,
            Self::Owned { start, buffer } => buffer.get(*start..).unwrap_or_default(),
        }
    }
}

/// A value that keeps its segment open; derefs to its bytes.
#[derive(Debug, Clone)]
pub struct PinnedValue(Pinned);

#[derive(Debug, Clone)]
enum Pinned {
    /// The `len` bytes before `end`, where its record ends.
    Mapped {
        segment: Arc<Segment>,
        end: u32,
        len: u32,
    },
    Owned {
        start: usize,
        buffer: Vec<u8>,
    },
}

impl Deref for PinnedValue {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Pinned::Mapped { segment, end, len } => match &segment.mapping {
                // SAFETY: `read_pinned` found the value there, in a record that is not stored to any more; the mapping
                // lives as long as the segment.
                Some(mapping) => unsafe { Segment::slice(mapping, end - len, *len) },
                None => &[],
            },
            Pinned::Owned { start, buffer } => buffer.get(*start..).unwrap_or_default(),
        }
    }
}
