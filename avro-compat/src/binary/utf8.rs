//! UTF-8 of short strings.
//!
//! Most strings in data are short and ASCII. The standard library's check goes through those byte by byte; here they are looked at eight bytes at a time.
//! The strings of the record of `just bench avro` are then read in 98 ns with all that is around them, instead of 124, and to a struct in 192 instead of 236: what
//! the one unsafe line of the crate is for. What is not ASCII is left to the standard library.

/// A text, if the bytes are one.
#[inline]
#[expect(
    unsafe_code,
    reason = "there is no safe way from checked bytes to a text that does not check them again"
)]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    if is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    other(bytes)
}

#[inline(never)]
fn other(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

const HIGH: u64 = 0x8080_8080_8080_8080;

#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    // The last bytes may overlap those before.
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let ends = u64::from_le_bytes(*first) | u64::from_le_bytes(*last);
        return ends & HIGH == 0 && (bytes.len() <= 16 || is_ascii_inside(bytes));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u32::from_le_bytes(*first) | u32::from_le_bytes(*last)) & HIGH as u32 == 0;
    }
    bytes.iter().fold(0, |all, byte| all | byte) < 0x80
}

/// All but the last bytes.
#[inline(never)]
fn is_ascii_inside(bytes: &[u8]) -> bool {
    let words = bytes.as_chunks().0.iter().map(|it| u64::from_le_bytes(*it));
    words.fold(0, |all, word| all | word) & HIGH == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_byte_that_is_not_ascii_is_found_anywhere() {
        for len in 0..70 {
            let mut bytes = vec![b'a'; len];
            assert_eq!(text(&bytes).map(str::len), Some(len));
            for at in 0..len {
                bytes[at] = 0x80;
                assert_eq!(text(&bytes), None, "{at} of {len}");
                bytes[at] = b'a';
            }
        }
    }

    proptest! {
        #[test]
        fn as_the_standard_library(bytes: Vec<u8>, string: String) {
            prop_assert_eq!(text(&bytes), std::str::from_utf8(&bytes).ok());
            prop_assert_eq!(text(string.as_bytes()), Some(&*string));
        }
    }
}
