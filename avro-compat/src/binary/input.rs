//! Reading.

use super::utf8::text;
use crate::error::{DecodeProblem, Mismatch};
use crate::schema::{Kind, Origin};

/// What is wrong, before it is put into words for people.
#[derive(Debug)]
pub(crate) struct Fault {
    pub problem: DecodeProblem,
    pub offset: usize,
    pub place: Option<Place>,
}

/// Where in the two schemas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub reader: Option<Origin>,
    pub writer: Option<Origin>,
}

/// Bytes, and how many of them have been read.
///
/// One number is all that changes: two that were written one after the other and are then copied together, as a slice is, make the processor wait.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Result<T> = std::result::Result<T, Box<Fault>>;

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline(always)]
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline(always)]
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Goes back to where it was.
    #[inline(always)]
    pub(crate) fn back_to(&mut self, offset: usize) {
        self.at = offset;
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// A fault at the present place.
    #[cold]
    #[inline(never)]
    pub(crate) fn fault(&self, problem: DecodeProblem) -> Box<Fault> {
        fault(self.offset(), problem)
    }

    #[cold]
    #[inline(never)]
    fn truncated(&self, needed: u64) -> Box<Fault> {
        self.fault(DecodeProblem::Truncated { needed, left: self.left() })
    }

    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        match self.rest().get(..len) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => Err(self.truncated(len as u64)),
        }
    }

    #[inline]
    pub(crate) fn skip(&mut self, len: u64) -> Result<()> {
        if len > self.left() as u64 {
            return Err(self.truncated(len));
        }
        self.at += len as usize;
        Ok(())
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest().first_chunk() {
            Some(taken) => {
                self.at += N;
                Ok(*taken)
            }
            None => Err(self.truncated(N as u64)),
        }
    }

    #[inline]
    pub(crate) fn boolean(&mut self) -> Result<bool> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [found] => Err(fault(self.at - 1, DecodeProblem::Boolean { found })),
        }
    }

    #[inline]
    pub(crate) fn float(&mut self) -> Result<f32> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    #[inline]
    pub(crate) fn double(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A number from 0 to 63, if one comes: indices, and lengths and counts that are short. One byte, whose high bit says that there are no
    /// more, and whose lowest that the number is not negative.
    #[inline(always)]
    pub(crate) fn small(&mut self) -> Option<usize> {
        match self.bytes.get(self.at) {
            Some(byte) if byte & 0x81 == 0 => {
                self.at += 1;
                Some(usize::from(byte >> 1))
            }
            _ => None,
        }
    }

    #[inline(always)]
    pub(crate) fn long(&mut self) -> Result<i64> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < 0x80 => {
                self.at += 1;
                Ok(zigzag(u64::from(*byte)))
            }
            _ => match varint(self.rest(), 10) {
                (_, 0) => Err(self.no_varint(Kind::Long, 10)),
                (value, len) => {
                    self.at += len;
                    Ok(zigzag(value))
                }
            },
        }
    }

    #[inline]
    pub(crate) fn int(&mut self) -> Result<i32> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < 0x80 => {
                self.at += 1;
                Ok(zigzag(u64::from(*byte)) as i32)
            }
            _ => match varint(self.rest(), 5) {
                (_, 0) => Err(self.no_varint(Kind::Int, 5)),
                (value, len) => match i32::try_from(zigzag(value)) {
                    Ok(value) => {
                        self.at += len;
                        Ok(value)
                    }
                    Err(_) => Err(self.fault(DecodeProblem::Range { kind: Kind::Int })),
                },
            },
        }
    }

    /// What is wrong with a varint of so many bytes at most.
    #[cold]
    #[inline(never)]
    fn no_varint(&self, kind: Kind, most: usize) -> Box<Fault> {
        let rest = self.rest();
        let len = rest.iter().take(most).take_while(|byte| **byte >= 0x80).count();
        self.fault(match rest.get(len) {
            // It ends, and the tenth byte has more than the one bit that is left of the 64; or it has ten bytes and goes on, with the same.
            _ if most == 10 && rest.get(9).is_some_and(|byte| byte & 0x7F > 1) && len >= 9 => {
                DecodeProblem::Range { kind }
            }
            None if len < most => {
                DecodeProblem::Truncated { needed: rest.len() as u64 + 1, left: rest.len() }
            }
            _ => DecodeProblem::Varint { kind },
        })
    }

    /// Bytes after their length.
    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        if let [byte, rest @ ..] = self.rest()
            && byte & 0x81 == 0
            && let Some(taken) = rest.get(..usize::from(byte >> 1))
        {
            self.at += 1 + taken.len();
            return Ok(taken);
        }
        self.long_bytes()
    }

    #[inline(never)]
    fn long_bytes(&mut self) -> Result<&'a [u8]> {
        let before = self.offset();
        let len = self.long()?;
        // What is negative is larger than everything.
        match self.rest().get(..usize::try_from(len as u64).unwrap_or(usize::MAX)) {
            Some(taken) => {
                self.at += taken.len();
                Ok(taken)
            }
            None => Err(self.no_bytes(before, len)),
        }
    }

    #[cold]
    fn no_bytes(&self, before: usize, len: i64) -> Box<Fault> {
        match u64::try_from(len) {
            Ok(len) => self.truncated(len),
            Err(_) => fault(before, DecodeProblem::Length { found: len }),
        }
    }

    /// As [`string`](Self::string), for where so much code would keep what is around it from being compiled together.
    #[cfg(feature = "serde")]
    #[inline(never)]
    pub(crate) fn string_called(&mut self) -> Result<&'a str> {
        self.string()
    }

    #[inline(always)]
    pub(crate) fn string(&mut self) -> Result<&'a str> {
        let before = self.offset();
        let bytes = self.bytes()?;
        match text(bytes) {
            Some(text) => Ok(text),
            None => Err(no_text(before, bytes)),
        }
    }
}

#[cold]
fn no_text(before: usize, bytes: &[u8]) -> Box<Fault> {
    let valid = std::str::from_utf8(bytes).map_or_else(|it| it.valid_up_to(), str::len);
    fault(before, DecodeProblem::Utf8 { valid })
}

/// A varint of more than one byte and of so many at most, and how many it has: none, if it is wrong. It takes and gives what fits into registers:
/// where the input stands is then not written to memory only to be read again.
#[inline(never)]
fn varint(rest: &[u8], most: usize) -> (u64, usize) {
    // Eight bytes at once: those up to the first whose high bit is not set.
    if let Some(eight) = rest.first_chunk() {
        let word = u64::from_le_bytes(*eight);
        let ends = !word & 0x8080_8080_8080_8080;
        let len = ends.trailing_zeros() as usize / 8 + 1;
        if len <= most.min(8) {
            return (packed(word & (ends ^ ends.wrapping_sub(1))), len);
        }
    }
    let mut value = 0_u64;
    for (at, byte) in rest.iter().take(most).enumerate() {
        let bits = u64::from(byte & 0x7F);
        // The tenth byte has one bit of the 64.
        if at == 9 && bits > 1 {
            return (0, 0);
        }
        value |= bits << (7 * at);
        if byte & 0x80 == 0 {
            return (value, at + 1);
        }
    }
    (0, 0)
}

/// The lower seven bits of each byte, side by side.
#[inline]
fn packed(word: u64) -> u64 {
    let two = (word & 0x007F_007F_007F_007F) | ((word & 0x7F00_7F00_7F00_7F00) >> 1);
    let four = (two & 0x0000_3FFF_0000_3FFF) | ((two & 0x3FFF_0000_3FFF_0000) >> 2);
    (four & 0x0FFF_FFFF) | ((four & 0x0FFF_FFFF_0000_0000) >> 4)
}

/// A fault at a place.
#[cold]
#[inline(never)]
pub(crate) fn fault(offset: usize, problem: DecodeProblem) -> Box<Fault> {
    Box::new(Fault { problem, offset, place: None })
}

/// Data that the reader cannot take.
#[cold]
#[inline(never)]
pub(crate) fn mismatch(offset: usize, mismatch: Mismatch, place: Place) -> Box<Fault> {
    Box::new(Fault { problem: DecodeProblem::Unreadable(mismatch), offset, place: Some(place) })
}

#[inline]
fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
