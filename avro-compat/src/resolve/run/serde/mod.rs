//! To types of serde.

mod access;
mod fault;

use std::borrow::Cow;

use serde_core::de::value::{BorrowedStrDeserializer, CowStrDeserializer};
use serde_core::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};

use self::access::{Blocked, Fields, Variant};
use self::fault::{SerdeFault, offset};
use super::Run;
use crate::resolve::program::{NONE, Op};
use crate::schema::Type;

type Result<T> = std::result::Result<T, SerdeFault>;

/// One value that is to be read.
pub(crate) struct One<'r, 'de> {
    pub run: &'r mut Run<'de>,
    pub op: Op,
}

impl<'de> One<'_, 'de> {
    fn scalar<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Self { run, op } = self;
        let before = run.input.offset();
        let seen = match op {
            Op::Null => visitor.visit_unit(),
            Op::Boolean => visitor.visit_bool(run.input.boolean()?),
            Op::Int => visitor.visit_i32(run.input.int()?),
            Op::IntToLong => visitor.visit_i64(i64::from(run.input.int()?)),
            Op::IntToFloat => visitor.visit_f32(run.input.int()? as f32),
            Op::IntToDouble => visitor.visit_f64(f64::from(run.input.int()?)),
            Op::Long => visitor.visit_i64(run.input.long()?),
            Op::LongToFloat => visitor.visit_f32(run.input.long()? as f32),
            Op::LongToDouble => visitor.visit_f64(run.input.long()? as f64),
            Op::Float => visitor.visit_f32(run.input.float()?),
            Op::FloatToDouble => visitor.visit_f64(f64::from(run.input.float()?)),
            Op::Double => visitor.visit_f64(run.input.double()?),
            Op::Bytes => visitor.visit_borrowed_bytes(run.input.bytes()?),
            Op::String => visitor.visit_borrowed_str(run.input.string()?),
            Op::BytesToString => match String::from_utf8_lossy(run.input.bytes()?) {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Op::Fixed(size) => visitor.visit_borrowed_bytes(run.input.take(size as usize)?),
            Op::Enum(at) => visitor.visit_borrowed_str(run.symbol_name(at)?),
            Op::Fail(at) => return Err(run.failure(before, at).into()),
            // These are no scalars.
            Op::Record(_)
            | Op::Array(_)
            | Op::Map(_)
            | Op::Union(_)
            | Op::Wrap(_)
            | Op::Skip(_) => visitor.visit_unit(),
        };
        seen.map_err(|fault| offset(fault, before))
    }

    fn record<V: Visitor<'de>>(self, at: u32, visitor: V) -> Result<V::Value> {
        let program = self.run.program;
        let code = &program.records[at as usize];
        self.run.enter()?;
        self.run.count_empty(u64::from(code.empty))?;
        let before = self.run.input.offset();
        let mut fields = Fields::new(self.run, code);
        let seen = visitor.visit_map(&mut fields).map_err(|fault| offset(fault, before));
        // What the type did not ask for.
        let value = seen?;
        while fields.next_key_seed(std::marker::PhantomData::<IgnoredAny>)?.is_some() {
            fields.next_value_seed(std::marker::PhantomData::<IgnoredAny>)?;
        }
        fields.run.leave();
        Ok(value)
    }

    fn blocks<V: Visitor<'de>>(self, at: u32, map: bool, visitor: V) -> Result<V::Value> {
        let code = &self.run.program.blocks[at as usize];
        self.run.enter()?;
        let before = self.run.input.offset();
        let mut items = Blocked::new(self.run, code);
        let read = |items: &mut Blocked<'_, 'de>| {
            items.begin()?;
            let seen = match map {
                true => visitor.visit_map(&mut *items),
                false => visitor.visit_seq(&mut *items),
            };
            let value = seen.map_err(|fault| offset(fault, before))?;
            while items.more()? {
                if map {
                    items.run.input.bytes()?;
                }
                items.item(std::marker::PhantomData::<IgnoredAny>)?;
            }
            Ok(value)
        };
        match read(&mut items) {
            Ok(value) => {
                items.run.leave();
                Ok(value)
            }
            Err(SerdeFault(fault)) => Err(items.run.at(fault, code.pair).into()),
        }
    }

    /// The value of a union, without it.
    #[inline]
    fn inside(self) -> Result<Self> {
        let op = match self.op {
            Op::Union(at) => self.run.branch(at)?.op,
            Op::Wrap(at) => self.run.program.wraps[at as usize].op,
            op => op,
        };
        Ok(Self { op, ..self })
    }
}

impl<'de> Run<'de> {
    fn symbol_name(&mut self, at: u32) -> Result<&'de str> {
        let symbol = self.symbol(at)?;
        let pair = self.program.enums[at as usize].pair;
        match self.reader[pair.reader].ty() {
            Type::Enum(it) => Ok(it.symbols().get(symbol as usize).map_or("", |it| it)),
            _ => Ok(""),
        }
    }
}

macro_rules! as_any {
    ($($method:ident)*) => {
        $(#[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for One<'_, 'de> {
    type Error = SerdeFault;

    #[inline(never)]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.op {
            Op::Record(at) => self.record(at, visitor),
            Op::Array(at) => self.blocks(at, false, visitor),
            Op::Map(at) => self.blocks(at, true, visitor),
            Op::Union(_) | Op::Wrap(_) => {
                let inside = self.inside()?;
                match inside.op {
                    Op::Record(at) => inside.record(at, visitor),
                    Op::Array(at) => inside.blocks(at, false, visitor),
                    Op::Map(at) => inside.blocks(at, true, visitor),
                    // A reader's union within the writer's.
                    Op::Wrap(_) => {
                        let inside = inside.inside()?;
                        inside.deserialize_any(visitor)
                    }
                    _ => inside.scalar(visitor),
                }
            }
            _ => self.scalar(visitor),
        }
    }

    as_any! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_map
        deserialize_identifier deserialize_ignored_any
    }

    // What is most common goes a short way.

    #[inline]
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let before = self.run.input.offset();
        let seen = match self.op {
            Op::Int => visitor.visit_i32(self.run.input.int()?),
            _ => return self.deserialize_any(visitor),
        };
        seen.map_err(|fault| offset(fault, before))
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let before = self.run.input.offset();
        let seen = match self.op {
            Op::Long => visitor.visit_i64(self.run.input.long()?),
            Op::IntToLong => visitor.visit_i64(i64::from(self.run.input.int()?)),
            _ => return self.deserialize_any(visitor),
        };
        seen.map_err(|fault| offset(fault, before))
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let before = self.run.input.offset();
        let seen = match self.op {
            Op::Double => visitor.visit_f64(self.run.input.double()?),
            Op::FloatToDouble => visitor.visit_f64(f64::from(self.run.input.float()?)),
            _ => return self.deserialize_any(visitor),
        };
        seen.map_err(|fault| offset(fault, before))
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let before = self.run.input.offset();
        let seen = match self.op {
            Op::String => visitor.visit_borrowed_str(self.run.input.string_called()?),
            _ => return self.deserialize_any(visitor),
        };
        seen.map_err(|fault| offset(fault, before))
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let before = self.run.input.offset();
        let inside = self.inside()?;
        let seen = match inside.op {
            Op::Null => visitor.visit_none(),
            _ => visitor.visit_some(inside),
        };
        seen.map_err(|fault| offset(fault, before))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let one = self.inside()?;
        let bytes = match one.op {
            Op::Bytes => one.run.input.bytes()?,
            Op::Fixed(size) => one.run.input.take(size as usize)?,
            _ => return one.deserialize_any(visitor),
        };
        let before = one.run.input.offset();
        // Bytes for types that take a sequence of numbers.
        let bytes = de::value::SeqDeserializer::new(bytes.iter().copied());
        visitor.visit_seq(bytes).map_err(|fault| offset(fault, before))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let before = self.run.input.offset();
        let program = self.run.program;
        let branch = match self.op {
            Op::Union(at) => self.run.branch(at)?,
            Op::Wrap(at) => &program.wraps[at as usize],
            Op::Enum(at) => {
                let symbol = self.run.symbol_name(at)?;
                let access = BorrowedStrDeserializer::new(symbol);
                return visitor.visit_enum(access).map_err(|fault| offset(fault, before));
            }
            Op::String => {
                let access = BorrowedStrDeserializer::new(self.run.input.string()?);
                return visitor.visit_enum(access).map_err(|fault| offset(fault, before));
            }
            Op::BytesToString => {
                let text = String::from_utf8_lossy(self.run.input.bytes()?);
                let access = CowStrDeserializer::new(text);
                return visitor.visit_enum(access).map_err(|fault| offset(fault, before));
            }
            _ => {
                let wanted = "an enum, a string or a union";
                let fault =
                    de::Error::custom(format_args!("the Rust type is an enum: it takes {wanted}"));
                return Err(offset(fault, before));
            }
        };
        let one = Self { op: branch.op, ..self };
        // A union of null and one enum, or a writer's union that the reader has not: an enum is its symbol.
        if branch.wrap == NONE || matches!(branch.op, Op::Enum(_)) {
            return one.deserialize_enum("", &[], visitor);
        }
        let reader = one.run.reader;
        let name = match reader[branch.union].ty() {
            Type::Union(union) => union.branches().get(branch.wrap as usize).map(|it| {
                let node = &reader[*it];
                node.name().map_or(node.kind().as_str(), |it| it.simple())
            }),
            _ => None,
        };
        visitor
            .visit_enum(Variant { name: name.unwrap_or_default(), one })
            .map_err(|fault| offset(fault, before))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
