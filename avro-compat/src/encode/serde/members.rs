//! Fields of records, and entries of maps.

use serde_core::ser::{self, Error as _, Serialize};

use super::fault::SerdeFault;
use super::key::Key;
use super::parts::Block;
use super::{One, Result};
use crate::binary::output;
use crate::encode;
use crate::error::EncodeError;
use crate::schema::{Record, Schema, TypeId};
use crate::value::default_value;

pub(super) enum Members<'s, 'o> {
    Fields(Fields<'s, 'o>),
    Entries(Entries<'s, 'o>),
}

/// The fields of a record. Those that come before their turn wait.
pub(super) struct Fields<'s, 'o> {
    one: One<'s, 'o>,
    record: &'s Record,
    /// The field whose turn it is.
    next: usize,
    held: Vec<(usize, Vec<u8>)>,
    /// The name whose value comes next, in a map.
    name: Option<String>,
}

impl<'s, 'o> Fields<'s, 'o> {
    pub fn new(one: One<'s, 'o>, record: &'s Record) -> Self {
        Self { one, record, next: 0, held: Vec::new(), name: None }
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        let fields = self.record.fields();
        let in_turn = fields.get(self.next).is_some_and(|it| it.name() == name);
        let at = if in_turn { Some(self.next) } else { self.record.position(name) };
        let record = || self.record.name().full();
        let at = at.ok_or_else(|| {
            EncodeError::new(format!("record {:?} has no field {name:?}", record()))
        })?;
        if at < self.next || self.held.iter().any(|it| it.0 == at) {
            let reason = format!("field {name:?} of record {:?} is there a second time", record());
            return Err(EncodeError::new(reason).into());
        }
        let One { schema, depth, .. } = self.one;
        let ty = fields[at].ty();
        if at == self.next {
            let one = One { schema, ty, out: self.one.out, depth };
            value.serialize(one).map_err(|it| it.inside(name))?;
            self.next += 1;
            self.release();
        } else {
            let mut out = Vec::new();
            let one = One { schema, ty, out: &mut out, depth };
            value.serialize(one).map_err(|it| it.inside(name))?;
            self.held.push((at, out));
        }
        Ok(())
    }

    /// Writes those that have waited for their turn.
    fn release(&mut self) {
        while let Some(at) = self.held.iter().position(|it| it.0 == self.next) {
            let (_, bytes) = self.held.swap_remove(at);
            self.one.out.extend_from_slice(&bytes);
            self.next += 1;
        }
    }

    fn end(mut self) -> Result<()> {
        let (schema, fields) = (self.one.schema, self.record.fields());
        while let Some(field) = fields.get(self.next) {
            let Some(default) = field.default() else {
                let (name, record) = (field.name(), self.record.name().full());
                let reason =
                    format!("field {name:?} of record {record:?} is missing, and has no default");
                return Err(EncodeError::new(reason).into());
            };
            let value = default_value(schema, field.ty(), default);
            value
                .and_then(|it| encode::write(schema, field.ty(), &it, self.one.out, self.one.depth))
                .map_err(|it| SerdeFault::from(it).inside(field.name()))?;
            self.next += 1;
            self.release();
        }
        Ok(())
    }
}

/// The entries of a map.
pub(super) struct Entries<'s, 'o> {
    schema: &'s Schema,
    values: TypeId,
    depth: u32,
    block: Block<'o>,
    key: String,
}

impl<'s, 'o> Entries<'s, 'o> {
    pub fn new(one: One<'s, 'o>, values: TypeId, len: Option<usize>) -> Self {
        let One { schema, out, depth, .. } = one;
        Self { schema, values, depth, block: Block::new(out, len), key: String::new() }
    }

    fn key(&mut self, key: String) {
        output::prefixed(self.block.next(), key.as_bytes());
        self.key = key;
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let Self { schema, values, depth, .. } = *self;
        let one = One { schema, ty: values, out: self.block.rest(), depth };
        value.serialize(one).map_err(|it| it.inside(&self.key))
    }
}

impl Members<'_, '_> {
    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        match self {
            Self::Fields(fields) => fields.field(name, value),
            Self::Entries(entries) => {
                entries.key(name.to_owned());
                entries.value(value)
            }
        }
    }

    fn done(self) -> Result<()> {
        match self {
            Self::Fields(fields) => fields.end(),
            Self::Entries(entries) => entries.block.end(),
        }
    }
}

impl ser::SerializeMap for Members<'_, '_> {
    type Ok = ();
    type Error = SerdeFault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let key = key.serialize(Key)?;
        match self {
            Self::Fields(fields) => fields.name = Some(key),
            Self::Entries(entries) => entries.key(key),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match self {
            Self::Fields(fields) => match fields.name.take() {
                Some(name) => fields.field(&name, value),
                None => Err(SerdeFault::custom("a value came before its key")),
            },
            Self::Entries(entries) => entries.value(value),
        }
    }

    fn end(self) -> Result<()> {
        self.done()
    }
}

macro_rules! structs {
    ($($interface:ident)*) => {
        $(impl ser::$interface for Members<'_, '_> {
            type Ok = ();
            type Error = SerdeFault;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.member(name, value)
            }

            fn end(self) -> Result<()> {
                self.done()
            }
        })*
    };
}

structs! { SerializeStruct SerializeStructVariant }
