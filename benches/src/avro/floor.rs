//! A decoder written by hand for the one pair of schemas: what a program that knows nothing in advance can hope for. It checks what ours checks but for
//! the sizes of blocks, which are refused.

use super::case::{Borrowed, Kind, Labels};
use super::contestant::Contestant;

/// The record.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Borrowed<'_>> {
    let mut rest = bytes;
    let id = long(&mut rest)?;
    let user = string(&mut rest)?;
    let (amount, after) = rest.split_first_chunk()?;
    rest = after;
    let kind = match long(&mut rest)? {
        0 => Kind::View,
        1 => Kind::Cart,
        2 => Kind::Buy,
        _ => return None,
    };
    let note = match long(&mut rest)? {
        0 => None,
        1 => Some(string(&mut rest)?),
        _ => return None,
    };
    let mut items = Vec::new();
    while let count @ 1.. = block(&mut rest)? {
        items.reserve(count);
        for _ in 0..count {
            items.push(long(&mut rest)?);
        }
    }
    let mut labels = Vec::new();
    while let count @ 1.. = block(&mut rest)? {
        labels.reserve(count);
        for _ in 0..count {
            labels.push((string(&mut rest)?, string(&mut rest)?));
        }
    }
    let amount = f64::from(f32::from_le_bytes(*amount));
    let labels = Labels(labels);
    let all = Borrowed { id, kind, user, amount, note, items, labels, channel: "web" };
    rest.is_empty().then_some(all)
}

/// As many items as there are bytes at most.
fn block(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(long(rest)?).ok().filter(|it| *it <= rest.len())
}

#[inline]
fn long(rest: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for (at, byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * at);
        if *byte < 0x80 {
            *rest = &rest[at + 1..];
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

#[inline]
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = usize::try_from(long(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(len)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

/// As a contestant.
#[must_use]
pub fn contestant(bytes: &'static [u8]) -> Contestant {
    Contestant::timed("by-hand/borrowed", 1, move || {
        std::hint::black_box(decode(std::hint::black_box(bytes))).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::super::case::{Case, expected};
    use super::*;

    #[test]
    fn it_reads_the_record() {
        let case = Case::new().unwrap();
        assert_eq!(decode(&case.bytes), Some(expected()));
        assert!((0..83).all(|len| decode(&case.bytes[..len]).is_none()));
    }
}
