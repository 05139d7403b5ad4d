//! Unsigned LEB128 in its shortest form: every number of the files that is not of fixed width (`FORMAT.md`, first paragraph).

/// Longest encoding of a number, in bytes.
pub(crate) const MAX_LEN: usize = 10;

/// Bytes that `value` takes.
#[inline]
pub(crate) const fn len(value: u64) -> usize {
    // Seven bits a byte; `| 1` because zero takes a byte as well.
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Appends `value`.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length and the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes `value` at `to` and returns the place behind it.
///
/// # Safety
/// `to` must be valid for writes of [`len`]`(value)` bytes.
#[inline]
pub(crate) unsafe fn put_raw(mut to: *mut u8, mut value: u64) -> *mut u8 {
    while value >= 0x80 {
        // SAFETY: one of the `len(value)` bytes that the caller vouches for; every turn takes seven bits off.
        unsafe {
            to.write(value as u8 | 0x80);
            to = to.add(1);
        }
        value >>= 7;
    }
    // SAFETY: the last of these bytes; `add(1)` is at most one behind the end.
    unsafe {
        to.write(value as u8);
        to.add(1)
    }
}

/// Reads one number from the start of `bytes`: the value and its length. `None` if it is cut off, longer than ten
/// bytes, over 64 bits, or not in its shortest form.
#[inline]
pub(crate) fn decode(bytes: &[u8]) -> Option<(u64, usize)> {
    match bytes.first() {
        Some(&byte) if byte < 0x80 => Some((u64::from(byte), 1)),
        _ => decode_long(bytes),
    }
}

fn decode_long(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().take(MAX_LEN).enumerate() {
        // The tenth byte holds the 64th bit and nothing else.
        if index == MAX_LEN - 1 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            // A last byte of zero adds nothing: a shorter form exists.
            return (byte != 0 || index == 0).then_some((value, index + 1));
        }
    }
    None
}

/// Reads the number at `*at` and moves `*at` behind it; `None`, with `*at` unchanged, where [`decode`] finds none.
#[inline]
pub(crate) fn read(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let (value, used) = decode(bytes.get(*at..)?)?;
    *at += used;
    Some(value)
}

/// As [`read`], for a number that must fit 32 bits.
#[inline]
pub(crate) fn read_u32(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut end = *at;
    let value = u32::try_from(read(bytes, &mut end)?).ok()?;
    *at = end;
    Some(value)
}

/// Reads a varint length and that many bytes.
pub(crate) fn read_bytes<'b>(bytes: &'b [u8], at: &mut usize) -> Option<&'b [u8]> {
    let mut start = *at;
    let len = usize::try_from(read(bytes, &mut start)?).ok()?;
    let end = start.checked_add(len)?;
    let found = bytes.get(start..end)?;
    *at = end;
    Some(found)
}

/// Reads forward through bytes that may be anything; `None` once they do not fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let (value, used) = decode(self.rest)?;
        self.rest = &self.rest[used..];
        Some(value)
    }

    pub(crate) fn varint32(&mut self) -> Option<u32> {
        u32::try_from(self.varint()?).ok()
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(head)
    }

    /// A length and that many bytes.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.varint()?).ok()?;
        self.take(len)
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_vectors() {
        for (value, bytes) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0x80, 1]),
            (300, &[0xac, 2]),
            (u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!(out, bytes);
            assert_eq!(Reader::new(bytes).varint(), Some(value));
        }
        for bad in [
            &[][..],
            &[0x80],
            &[0x80, 0],
            &[255; 10],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert_eq!(Reader::new(bad).varint(), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_value_comes_back(value: u64, tail: Vec<u8>) {
            let mut out = Vec::new();
            put(&mut out, value);
            put_bytes(&mut out, &tail);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.varint(), Some(value));
            prop_assert_eq!(reader.bytes(), Some(&tail[..]));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while reader.varint().is_some() {}
            let _ = reader.bytes();
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in any::<u64>(), shift in 0..64_u32) {
            let value = value >> shift;
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            prop_assert_eq!(bytes.len(), len(value));
            prop_assert_eq!(decode(&bytes), Some((value, bytes.len())));
            for cut in 0..bytes.len() {
                prop_assert_eq!(decode(&bytes[..cut]), None);
            }
            let mut raw = vec![0; len(value)];
            // SAFETY: `raw` has `len(value)` bytes.
            let end = unsafe { put_raw(raw.as_mut_ptr(), value) };
            prop_assert_eq!(end as usize - raw.as_ptr() as usize, raw.len());
            prop_assert_eq!(raw, bytes);
        }
    }

    #[test]
    fn only_the_shortest_form_is_read() {
        assert_eq!(decode(&[0]), Some((0, 1)));
        assert_eq!(decode(&[0x80, 0]), None);
        assert_eq!(decode(&[0xff, 0x80, 0x00]), None);
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(decode(&most), Some((u64::MAX, 10)));
        let mut over = most;
        over[9] = 2;
        assert_eq!(decode(&over), None);
        assert_eq!(decode(&[0x80; 11]), None);
        assert_eq!(decode(&[]), None);
    }

    proptest! {
        #[test]
        fn every_number_comes_back(shift in 0_u32..64, bits: u64, before in 0_usize..3) {
            let value = bits >> shift;
            let mut bytes = vec![0xff; before];
            put(&mut bytes, value);
            prop_assert_eq!(bytes.len() - before, len(value));
            let mut at = before;
            prop_assert_eq!(read(&bytes, &mut at), Some(value));
            prop_assert_eq!(at, bytes.len());
            for cut in before..bytes.len() {
                let mut at = before;
                prop_assert_eq!(read(&bytes[..cut], &mut at), None);
                prop_assert_eq!(at, before);
            }
        }
    }

    #[test]
    fn known_encodings() {
        for (value, expected) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (300, &[0xac, 2]),
            (624_485, &[0xe5, 0x8e, 0x26]),
            (u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            assert_eq!(bytes, expected);
            assert_eq!(len(value), expected.len());
        }
    }

    #[test]
    fn longer_forms_and_overflow_are_refused() {
        for bytes in [
            &[0x80, 0][..],
            &[0xff, 0x80, 0],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0],
        ] {
            assert_eq!(read(bytes, &mut 0), None, "{bytes:x?}");
        }
        assert_eq!(read_u32(&[0x80, 0x80, 0x80, 0x80, 0x10], &mut 0), None);
        assert_eq!(read_bytes(&[3, 1, 2], &mut 0), None);
    }
}
