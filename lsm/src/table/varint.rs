//! Unsigned LEB128, shortest form only: every number of the table format that is not of fixed width.

/// Most bytes that a varint takes.
pub const MAX_LEN: usize = 10;

/// Appends `value`, 1 to 10 bytes.
#[inline]
pub fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that [`write()`] appends for `value`.
#[inline]
#[must_use]
pub const fn len(value: u64) -> usize {
    // A zero takes one byte like a one does; every further 7 bits take one more.
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Reads the number at `*at` and moves `*at` behind it.
///
/// `None`, with `*at` unchanged, if the bytes end first, if the number does not fit 64 bits, or if it is not in its shortest form.
#[inline]
#[must_use]
pub fn read(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let first = *bytes.get(*at)?;
    if first < 0x80 {
        *at += 1;
        return Some(u64::from(first));
    }
    read_long(bytes, at)
}

/// As [`read`], for a number that must fit 32 bits.
#[inline]
#[must_use]
pub fn read_u32(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut end = *at;
    let value = u32::try_from(read(bytes, &mut end)?).ok()?;
    *at = end;
    Some(value)
}

/// Reads a varint length and that many bytes.
#[must_use]
pub fn read_bytes<'b>(bytes: &'b [u8], at: &mut usize) -> Option<&'b [u8]> {
    let mut start = *at;
    let len = usize::try_from(read(bytes, &mut start)?).ok()?;
    let end = start.checked_add(len)?;
    let found = bytes.get(start..end)?;
    *at = end;
    Some(found)
}

fn read_long(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    let rest = bytes.get(*at..)?;
    for (i, &byte) in rest.iter().take(MAX_LEN).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            // A last byte of zero is a longer form of a shorter number; the tenth byte has one bit of 64 left.
            if byte == 0 || (i == MAX_LEN - 1 && byte > 1) {
                return None;
            }
            *at += i + 1;
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_comes_back(shift in 0_u32..64, bits: u64, before in 0_usize..3) {
            let value = bits >> shift;
            let mut bytes = vec![0xff; before];
            write(&mut bytes, value);
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
            write(&mut bytes, value);
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
