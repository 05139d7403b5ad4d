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

/// Bytes that are left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
    /// How many there were at first.
    total: usize,
}

type Result<T> = std::result::Result<T, Box<Fault>>;

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, total: bytes.len() }
    }

    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn offset(&self) -> usize {
        self.total - self.rest.len()
    }

    /// A fault at the present place.
    #[cold]
    #[inline(never)]
    pub(crate) fn fault(&self, problem: DecodeProblem) -> Box<Fault> {
        Box::new(Fault { problem, offset: self.offset(), place: None })
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn mismatch(&self, mismatch: Mismatch, place: Place) -> Box<Fault> {
        let problem = DecodeProblem::Unreadable(mismatch);
        Box::new(Fault { problem, offset: self.offset(), place: Some(place) })
    }

    #[cold]
    #[inline(never)]
    fn truncated(&self, needed: u64) -> Box<Fault> {
        self.fault(DecodeProblem::Truncated { needed, left: self.rest.len() })
    }

    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(self.truncated(len as u64)),
        }
    }

    #[inline]
    pub(crate) fn skip(&mut self, len: u64) -> Result<()> {
        match usize::try_from(len).ok().and_then(|it| self.rest.get(it..)) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.truncated(len)),
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest.split_first_chunk() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(self.truncated(N as u64)),
        }
    }

    #[inline]
    pub(crate) fn boolean(&mut self) -> Result<bool> {
        let before = *self;
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [found] => Err(before.fault(DecodeProblem::Boolean { found })),
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
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(zigzag(u64::from(*byte)))
            }
            _ => Ok(zigzag(self.varint(Kind::Long, 10)?)),
        }
    }

    #[inline]
    pub(crate) fn int(&mut self) -> Result<i32> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(zigzag(u64::from(*byte)) as i32)
            }
            _ => {
                let before = *self;
                let value = zigzag(self.varint(Kind::Int, 5)?);
                let range = |_| before.fault(DecodeProblem::Range { kind: Kind::Int });
                i32::try_from(value).map_err(range)
            }
        }
    }

    /// More than one byte, or none.
    fn varint(&mut self, kind: Kind, most: usize) -> Result<u64> {
        let mut value = 0_u64;
        for (at, byte) in self.rest.iter().take(most).enumerate() {
            let bits = u64::from(byte & 0x7F);
            // The tenth byte has one bit of the 64.
            if at == 9 && bits > 1 {
                return Err(self.fault(DecodeProblem::Range { kind }));
            }
            value |= bits << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        if self.rest.len() < most {
            return Err(self.truncated(self.rest.len() as u64 + 1));
        }
        Err(self.fault(DecodeProblem::Varint { kind }))
    }

    /// A length of something that must be there.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let before = *self;
        let len = self.long()?;
        match u64::try_from(len) {
            Ok(len) => {
                match usize::try_from(len).ok().and_then(|it| self.rest.split_at_checked(it)) {
                    Some((taken, rest)) => {
                        self.rest = rest;
                        Ok(taken)
                    }
                    None => Err(self.truncated(len)),
                }
            }
            Err(_) => Err(before.fault(DecodeProblem::Length { found: len })),
        }
    }

    #[inline]
    pub(crate) fn string(&mut self) -> Result<&'a str> {
        let before = *self;
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes)
            .map_err(|it| before.fault(DecodeProblem::Utf8 { valid: it.valid_up_to() }))
    }
}

#[inline]
fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
