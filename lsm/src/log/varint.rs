//! Unsigned LEB128, shortest form only (`FORMAT.md`, first paragraph).

/// Longest encoding of a `u64`, in bytes.
pub const MAX_LEN: usize = 10;

/// Bytes that `value` takes.
#[inline]
#[must_use]
pub const fn len(value: u64) -> usize {
    // Seven bits a byte; `| 1` because zero takes a byte as well.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Reads one varint from the start of `bytes`: the value and its length. `None` if it is cut off, longer than ten
/// bytes, over 64 bits, or not in its shortest form.
#[inline]
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<(u64, usize)> {
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

/// Writes `value` at `to` and returns the place behind it.
///
/// # Safety
/// `to` must be valid for writes of [`len`]`(value)` bytes.
#[inline]
pub(super) unsafe fn write(mut to: *mut u8, mut value: u64) -> *mut u8 {
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

/// Appends `value` to `to`.
pub fn push(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(value in any::<u64>(), shift in 0..64_u32) {
            let value = value >> shift;
            let mut bytes = Vec::new();
            push(&mut bytes, value);
            prop_assert_eq!(bytes.len(), len(value));
            prop_assert_eq!(decode(&bytes), Some((value, bytes.len())));
            for cut in 0..bytes.len() {
                prop_assert_eq!(decode(&bytes[..cut]), None);
            }
            let mut raw = vec![0; len(value)];
            // SAFETY: `raw` has `len(value)` bytes.
            let end = unsafe { write(raw.as_mut_ptr(), value) };
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
}
