//! From types of serde, as the schema wants them.

mod branch;
mod fault;
mod key;
mod members;
mod parts;

use serde_core::ser::{self, Serialize};

use self::fault::SerdeFault;
use self::members::{Entries, Fields, Members};
use self::parts::Parts;
use crate::binary::output;
use crate::error::EncodeError;
use crate::schema::{Kind, Schema, Type, TypeId};

type Result<T> = std::result::Result<T, SerdeFault>;

/// Appends something as a value of a schema's root.
pub(super) fn write<T: Serialize + ?Sized>(
    schema: &Schema,
    value: &T,
    out: &mut Vec<u8>,
    depth: u32,
) -> std::result::Result<(), EncodeError> {
    value.serialize(One { schema, ty: schema.root(), out, depth }).map_err(|it| *it.0)
}

/// Where one value is to be written.
struct One<'s, 'o> {
    schema: &'s Schema,
    ty: TypeId,
    out: &'o mut Vec<u8>,
    /// How many more levels there may be.
    depth: u32,
}

/// What serde calls the value.
#[derive(Clone, Copy)]
enum Offered<'a> {
    Null,
    Boolean,
    Integer {
        wide: bool,
    },
    Single,
    Double,
    Text(&'a str),
    Octets(usize),
    Sequence(Option<usize>),
    Map,
    Struct(&'a str),
    /// A variant without anything in it.
    Symbol(&'a str),
}

impl Offered<'_> {
    fn described(self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Boolean => "a boolean".to_owned(),
            Self::Integer { .. } => "an integer".to_owned(),
            Self::Single | Self::Double => "a floating-point number".to_owned(),
            Self::Text(_) => "a string".to_owned(),
            Self::Octets(count) => format!("{count} bytes"),
            Self::Sequence(_) => "a sequence".to_owned(),
            Self::Map => "a map".to_owned(),
            Self::Struct(name) => format!("struct {name}"),
            Self::Symbol(name) => format!("variant {name}"),
        }
    }
}

impl<'s, 'o> One<'s, 'o> {
    fn ty(&self) -> &'s Type {
        self.schema[self.ty].ty()
    }

    #[cold]
    fn unfit(&self, offered: Offered<'_>) -> SerdeFault {
        let node = &self.schema[self.ty];
        let (wanted, found) = (node.branch_name(), offered.described());
        let reason = match node.ty() {
            Type::Fixed(it) => {
                format!("expected fixed {wanted:?} of {} bytes, found {found}", it.size())
            }
            Type::Enum(_) => format!("expected a symbol of enum {wanted:?}, found {found}"),
            _ => format!("expected a value of {wanted}, found {found}"),
        };
        EncodeError::new(reason).into()
    }

    /// One level further in.
    fn enter(mut self) -> Result<Self> {
        // The encoder says how deep it may be.
        self.depth = self.depth.checked_sub(1).ok_or_else(|| EncodeError::new(""))?;
        Ok(self)
    }

    fn integer(self, value: i128, wide: bool) -> Result<()> {
        let offered = Offered::Integer { wide };
        let one = self.branch(offered)?;
        let out_of_range =
            |kind: Kind| EncodeError::new(format!("{value} is out of range of {kind}"));
        match one.ty() {
            Type::Int => {
                let value = i32::try_from(value).map_err(|_| out_of_range(Kind::Int))?;
                output::long(one.out, i64::from(value));
            }
            Type::Long => {
                output::long(one.out, i64::try_from(value).map_err(|_| out_of_range(Kind::Long))?);
            }
            Type::Float if value as f32 as i128 == value => {
                one.out.extend((value as f32).to_le_bytes());
            }
            Type::Double if value as f64 as i128 == value => {
                one.out.extend((value as f64).to_le_bytes());
            }
            Type::Float | Type::Double => {
                let kind = one.schema[one.ty].kind();
                return Err(EncodeError::new(format!("{value} is no {kind} exactly")).into());
            }
            _ => return Err(one.unfit(offered)),
        }
        Ok(())
    }

    fn text(self, text: &str, offered: Offered<'_>) -> Result<()> {
        let one = self.branch(offered)?;
        match one.ty() {
            Type::String | Type::Bytes => output::prefixed(one.out, text.as_bytes()),
            Type::Enum(symbols) => match symbols.position(text) {
                Some(at) => output::length(one.out, at),
                None => {
                    let name = symbols.name().full();
                    let reason = format!("{text:?} is no symbol of enum {name:?}");
                    return Err(EncodeError::new(reason).into());
                }
            },
            _ => return Err(one.unfit(offered)),
        }
        Ok(())
    }

    fn octets(self, bytes: &[u8]) -> Result<()> {
        let offered = Offered::Octets(bytes.len());
        let one = self.branch(offered)?;
        match one.ty() {
            Type::Bytes => output::prefixed(one.out, bytes),
            Type::Fixed(it) if it.size() as usize == bytes.len() => {
                one.out.extend_from_slice(bytes)
            }
            _ => return Err(one.unfit(offered)),
        }
        Ok(())
    }

    fn members(self, offered: Offered<'_>, len: Option<usize>) -> Result<Members<'s, 'o>> {
        let one = self.branch(offered)?;
        match one.ty() {
            Type::Record(record) => Ok(Members::Fields(Fields::new(one.enter()?, record))),
            Type::Map(values) => Ok(Members::Entries(Entries::new(one.enter()?, *values, len))),
            _ => Err(one.unfit(offered)),
        }
    }

    fn parts(self, len: Option<usize>) -> Result<Parts<'s, 'o>> {
        let offered = Offered::Sequence(len);
        let one = self.branch(offered)?;
        match one.ty() {
            Type::Array(items) => {
                let items = *items;
                Ok(Parts::items(one.enter()?, items, len))
            }
            Type::Bytes | Type::Fixed(_) => Ok(Parts::octets(one, len)),
            _ => Err(one.unfit(offered)),
        }
    }
}

macro_rules! integers {
    ($($method:ident $ty:ty, $wide:literal;)*) => {
        $(fn $method(self, value: $ty) -> Result<()> {
            self.integer(i128::from(value), $wide)
        })*
    };
}

impl<'s, 'o> ser::Serializer for One<'s, 'o> {
    type Ok = ();
    type Error = SerdeFault;
    type SerializeSeq = Parts<'s, 'o>;
    type SerializeTuple = Parts<'s, 'o>;
    type SerializeTupleStruct = Parts<'s, 'o>;
    type SerializeTupleVariant = Parts<'s, 'o>;
    type SerializeMap = Members<'s, 'o>;
    type SerializeStruct = Members<'s, 'o>;
    type SerializeStructVariant = Members<'s, 'o>;

    integers! {
        serialize_i8 i8, false; serialize_i16 i16, false; serialize_i32 i32, false; serialize_i64 i64, true;
        serialize_u8 u8, false; serialize_u16 u16, false; serialize_u32 u32, true; serialize_u64 u64, true;
        serialize_i128 i128, true;
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        let value = i128::try_from(value)
            .map_err(|_| EncodeError::new(format!("{value} is out of range of every type")))?;
        self.integer(value, true)
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        let one = self.branch(Offered::Boolean)?;
        match one.ty() {
            Type::Boolean => one.out.push(u8::from(value)),
            _ => return Err(one.unfit(Offered::Boolean)),
        }
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        let one = self.branch(Offered::Single)?;
        match one.ty() {
            Type::Float => one.out.extend(value.to_le_bytes()),
            Type::Double => one.out.extend(f64::from(value).to_le_bytes()),
            _ => return Err(one.unfit(Offered::Single)),
        }
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        let one = self.branch(Offered::Double)?;
        match one.ty() {
            Type::Double => one.out.extend(value.to_le_bytes()),
            Type::Float if f64::from(value as f32) == value || value.is_nan() => {
                one.out.extend((value as f32).to_le_bytes());
            }
            Type::Float => {
                return Err(EncodeError::new(format!("{value} is no float exactly")).into());
            }
            _ => return Err(one.unfit(Offered::Double)),
        }
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.text(value, Offered::Text(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.octets(value)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self.but_null())
    }

    fn serialize_unit(self) -> Result<()> {
        let one = self.branch(Offered::Null)?;
        match one.ty() {
            Type::Null => Ok(()),
            _ => Err(one.unfit(Offered::Null)),
        }
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        let offered = Offered::Symbol(variant);
        let one = self.branch(offered)?;
        match one.ty() {
            Type::Null => Ok(()),
            _ => one.text(variant, offered),
        }
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Parts<'s, 'o>> {
        self.parts(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Parts<'s, 'o>> {
        self.parts(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Parts<'s, 'o>> {
        self.parts(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'s, 'o>> {
        self.variant(variant)?.parts(Some(len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Members<'s, 'o>> {
        self.members(Offered::Map, len)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Members<'s, 'o>> {
        self.members(Offered::Struct(name), Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Members<'s, 'o>> {
        self.variant(variant)?.members(Offered::Struct(variant), Some(len))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
