//! Writing.

/// A zig-zag varint of an int or a long.
#[inline]
pub(crate) fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A length, or an index. Nothing in memory is longer than an `i64` says.
#[inline]
pub(crate) fn length(out: &mut Vec<u8>, value: usize) {
    long(out, value as i64);
}

/// A string or bytes.
#[inline]
pub(crate) fn prefixed(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len());
    out.extend_from_slice(bytes);
}
