//! Restart intervals: which one a key belongs to, and decoding a whole one.

use std::{cmp::Ordering, ops::Range};

use super::{
    DataBlock, RESTART_INTERVAL,
    entry::{FORM_INLINE, FORM_POINTER, Payload, RawValue},
};
use crate::{
    key::key_prefix,
    table::block::{Damage, prefetch},
};

impl<'b> DataBlock<'b> {
    /// The first key of an interval, in place.
    #[inline]
    fn restart_key(&self, interval: usize) -> Result<&'b [u8], Damage> {
        let at = self.restart(interval)?;
        match self.shape(at, 0, true) {
            Some(shape) => Ok(&self.entries[shape.suffix..shape.suffix + shape.key_len]),
            None => Ok(self.entry(at, None)?.suffix),
        }
    }

    /// How many of the intervals, from the first on, start with a key below `key` (`or_equal`: or with `key` itself).
    pub(crate) fn intervals_below(&self, key: &[u8], or_equal: bool) -> Result<usize, Damage> {
        let (mut low, mut high) = (0, self.intervals());
        // The search touches some of these lines one after the other: let them come together.
        for restart in self.restarts {
            prefetch(self.contents, u32::from_le_bytes(*restart) as usize);
        }
        let wanted = key_prefix(key);
        while low < high {
            let middle = low.midpoint(high);
            let first = self.restart_key(middle)?;
            let order = key_prefix(first).cmp(&wanted).then_with(|| first.cmp(key));
            if order == Ordering::Less || (or_equal && order == Ordering::Equal) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Decodes a whole interval into `out` (cleared first).
    pub(crate) fn decode(&self, interval: usize, out: &mut Interval) -> Result<(), Damage> {
        out.clear();
        let mut at = self.restart(interval)?;
        if interval == 0 && at != 0 {
            return Err("a data block whose first entry is not at its start".into());
        }
        let count = (self.len() - interval * RESTART_INTERVAL).min(RESTART_INTERVAL);
        let (mut before, mut before_start) = (0, 0);
        for i in 0..count {
            let restart = i == 0;
            let (shared, key_len, suffix, payload);
            if let Some(shape) = self.shape(at, before, restart) {
                let value = match shape.form {
                    FORM_POINTER => RawValue::Pointer {
                        slot: shape.slot,
                        offset: shape.offset,
                        len: shape.len as u32,
                    },
                    FORM_INLINE => {
                        RawValue::Inline { start: shape.end - shape.len, len: shape.len }
                    }
                    _ => RawValue::Delete,
                };
                (shared, key_len, at) = (shape.shared, shape.key_len, shape.end);
                suffix = &self.entries[shape.suffix..shape.suffix + (key_len - shared)];
                payload = Payload { sequence: shape.sequence, value };
            } else {
                let entry = self.entry(at, (!restart).then_some(before))?;
                (shared, key_len, at) = (entry.shared, entry.key_len, entry.end);
                (suffix, payload) = (entry.suffix, entry.payload);
            }
            let start = out.keys.len();
            out.keys.extend_from_within(before_start..before_start + shared);
            out.keys.extend_from_slice(suffix);
            // At most 16 keys of at most 64 KiB.
            let key = start as u32..(start + key_len) as u32;
            out.entries.push((key, payload));
            (before, before_start) = (key_len, start);
        }
        let end = if interval + 1 < self.intervals() {
            self.restart(interval + 1)?
        } else {
            self.entries.len()
        };
        if at != end {
            return Err(
                format!("a restart interval that ends at {at}, the next starts at {end}").into()
            );
        }
        Ok(())
    }
}

/// A decoded restart interval, its buffers reused from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Interval {
    keys: Vec<u8>,
    entries: Vec<(Range<u32>, Payload)>,
}

impl Interval {
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.entries.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The key and payload of an entry, which must be one of `len`.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> (&[u8], Payload) {
        let (key, payload) = &self.entries[i];
        (&self.keys[key.start as usize..key.end as usize], *payload)
    }

    /// The payload of an entry, in place.
    #[inline]
    pub(crate) fn payload(&self, i: usize) -> Option<&Payload> {
        self.entries.get(i).map(|(_, payload)| payload)
    }

    /// The values of all entries.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = RawValue> + ExactSizeIterator {
        self.entries.iter().map(|(_, payload)| payload.value)
    }

    /// How many entries, from the first on, have a key below `key` (`or_equal`: or `key` itself).
    pub(crate) fn below(&self, key: &[u8], or_equal: bool) -> usize {
        self.entries.partition_point(|(range, _)| {
            let found = &self.keys[range.start as usize..range.end as usize];
            found < key || (or_equal && found == key)
        })
    }
}
