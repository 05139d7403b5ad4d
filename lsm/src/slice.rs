//! A value that was read.

use std::{fmt, ops::Deref, sync::Arc};

use crate::{
    Result,
    log::{PinnedValue, Segment},
    table::SharedBytes,
};

/// The bytes of a value. A separated value is not copied: the slice points into the mapped log, and keeps that segment
/// for as long as it lives (copy what you keep for long).
///
/// It may outlive everything that it came from: the bytes are the same when the key was overwritten, when the database was closed,
/// opened again and written to, here or by another process, and when its directory was removed. The engine never stores to a
/// file that a slice may point to. Who else does so, or cuts such a file, breaks that; and on a disk that cannot be read any more, the
/// first touch of a page is a `SIGBUS` (see [`Options::mapped_log`](crate::Options::mapped_log)).
#[derive(Clone, Default)]
pub struct Slice(Bytes);

#[derive(Clone)]
enum Bytes {
    Owned(Vec<u8>),
    Pinned(PinnedValue),
    Shared(SharedBytes),
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Owned(Vec::new())
    }
}

impl Slice {
    pub(crate) fn copy_from(bytes: &[u8]) -> Self {
        Self(Bytes::Owned(bytes.to_vec()))
    }

    pub(crate) fn share(bytes: SharedBytes) -> Self {
        Self(Bytes::Shared(bytes))
    }

    /// The value that a published entry for `key` says is in a segment.
    #[inline]
    pub(crate) fn from_segment(
        segment: &Arc<Segment>,
        offset: u32,
        len: u32,
        key: &[u8],
    ) -> Result<Self> {
        // SAFETY: callers pass what they found in a memtable at or below the visible sequence number, or in a table:
        // the record was complete before that entry could be found.
        unsafe { segment.read_pinned(offset, len, key) }.map(|value| Self(Bytes::Pinned(value)))
    }
}

impl Deref for Slice {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Owned(bytes) => bytes,
            Bytes::Pinned(value) => value,
            Bytes::Shared(value) => value,
        }
    }
}

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Slice> for Vec<u8> {
    fn from(slice: Slice) -> Self {
        match slice.0 {
            Bytes::Owned(bytes) => bytes,
            Bytes::Pinned(value) => value.to_vec(),
            Bytes::Shared(value) => value.to_vec(),
        }
    }
}

impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Slice {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl Eq for Slice {}
