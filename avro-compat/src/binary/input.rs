//! Reading.

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
/// One number is all that changes: more would be copied about when something is to be remembered.
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

    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// A fault at the present place.
    #[cold]
    #[inline(never)]
    pub(crate) fn fault(&self, problem: DecodeProblem) -> Box<Fault> {
        fault(self.at, problem)
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

    #[inline]
    pub(crate) fn long(&mut self) -> Result<i64> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < 0x80 => {
                self.at += 1;
                Ok(zigzag(u64::from(*byte)))
            }
            _ => Ok(zigzag(self.varint(Kind::Long, 10)?)),
        }
    }

    #[inline]
    pub(crate) fn int(&mut self) -> Result<i32> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte < 0x80 => {
                self.at += 1;
                Ok(zigzag(u64::from(*byte)) as i32)
            }
            _ => {
                let before = self.at;
                let value = zigzag(self.varint(Kind::Int, 5)?);
                let range = |_| fault(before, DecodeProblem::Range { kind: Kind::Int });
                i32::try_from(value).map_err(range)
            }
        }
    }

    /// More than one byte, or none.
    #[inline(never)]
    fn varint(&mut self, kind: Kind, most: usize) -> Result<u64> {
        let rest = self.rest();
        let mut value = 0_u64;
        for (at, byte) in rest.iter().take(most).enumerate() {
            let bits = u64::from(byte & 0x7F);
            // The tenth byte has one bit of the 64.
            if at == 9 && bits > 1 {
                return Err(self.fault(DecodeProblem::Range { kind }));
            }
            value |= bits << (7 * at);
            if byte & 0x80 == 0 {
                self.at += at + 1;
                return Ok(value);
            }
        }
        if rest.len() < most {
            return Err(self.truncated(rest.len() as u64 + 1));
        }
        Err(self.fault(DecodeProblem::Varint { kind }))
    }

    /// Bytes after their length.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let before = self.at;
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

    #[inline]
    pub(crate) fn string(&mut self) -> Result<&'a str> {
        let before = self.at;
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes)
            .map_err(|it| fault(before, DecodeProblem::Utf8 { valid: it.valid_up_to() }))
    }
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
