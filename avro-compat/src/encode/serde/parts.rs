//! Items of arrays, and bytes that come as a sequence of numbers.

use serde_core::ser::{self, Serialize};

use super::fault::SerdeFault;
use super::{One, Result};
use crate::binary::output;
use crate::error::EncodeError;
use crate::schema::{Schema, Type, TypeId};

/// A block of items or entries, whose count stands in front.
pub(super) struct Block<'o> {
    out: &'o mut Vec<u8>,
    /// The items, if how many there will be is not known.
    held: Option<Vec<u8>>,
    said: usize,
    pub count: usize,
}

impl<'o> Block<'o> {
    pub fn new(out: &'o mut Vec<u8>, len: Option<usize>) -> Self {
        if let Some(len @ 1..) = len {
            output::length(out, len);
        }
        let held = len.is_none().then(Vec::new);
        Self { out, held, said: len.unwrap_or_default(), count: 0 }
    }

    /// Where the next one goes.
    pub fn next(&mut self) -> &mut Vec<u8> {
        self.count += 1;
        self.held.as_mut().unwrap_or(self.out)
    }

    /// Where the rest of it goes.
    pub fn rest(&mut self) -> &mut Vec<u8> {
        self.held.as_mut().unwrap_or(self.out)
    }

    pub fn end(self) -> Result<()> {
        match self.held {
            Some(held) if self.count > 0 => {
                output::length(self.out, self.count);
                self.out.extend_from_slice(&held);
            }
            None if self.count != self.said => {
                let (said, count) = (self.said, self.count);
                let reason = format!("the type said that it has {said} parts, and has {count}");
                return Err(EncodeError::new(reason).into());
            }
            _ => {}
        }
        self.out.push(0);
        Ok(())
    }
}

pub(super) enum Parts<'s, 'o> {
    Items { schema: &'s Schema, items: TypeId, depth: u32, block: Block<'o> },
    Octets { one: One<'s, 'o>, bytes: Vec<u8> },
}

impl<'s, 'o> Parts<'s, 'o> {
    pub fn items(one: One<'s, 'o>, items: TypeId, len: Option<usize>) -> Self {
        let One { schema, out, depth, .. } = one;
        Self::Items { schema, items, depth, block: Block::new(out, len) }
    }

    pub fn octets(one: One<'s, 'o>, len: Option<usize>) -> Self {
        // What a type says of its length is not to be taken for it.
        Self::Octets { one, bytes: Vec::with_capacity(len.unwrap_or_default().min(1024)) }
    }

    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match self {
            Self::Items { schema, items, depth, block } => {
                let at = block.count;
                let one = One { schema, ty: *items, out: block.next(), depth: *depth };
                value.serialize(one).map_err(|it| it.inside(at))
            }
            Self::Octets { bytes, .. } => {
                let at = bytes.len();
                bytes.push(value.serialize(super::key::Octet).map_err(|it| it.inside(at))?);
                Ok(())
            }
        }
    }

    fn done(self) -> Result<()> {
        match self {
            Self::Items { block, .. } => block.end(),
            Self::Octets { one, bytes } => match one.ty() {
                Type::Bytes | Type::Fixed(_) => one.octets(&bytes),
                _ => Ok(()),
            },
        }
    }
}

macro_rules! parts {
    ($($interface:ident $method:ident;)*) => {
        $(impl ser::$interface for Parts<'_, '_> {
            type Ok = ();
            type Error = SerdeFault;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.part(value)
            }

            fn end(self) -> Result<()> {
                self.done()
            }
        })*
    };
}

parts! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}
