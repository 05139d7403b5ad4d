//! Values of schemas: owned ([`Value`]), borrowed from the input ([`ValueRef`] in a [`Tape`]), and as JSON.

mod default;
mod json;
mod logical;
mod read_json;
mod tape;

pub(crate) use default::default_value;
pub use logical::{Decimal, Duration, format_uuid, parse_uuid};
pub(crate) use tape::Item;
pub use tape::{Entries, Items, Tape, ValueRef};

/// How deep values nest at most where there is no option that says so.
pub(crate) const MAX_DEPTH: u32 = 200;

/// How deep they nest at most where there is one: functions that recurse need up to 5 KiB of stack for a level, if nothing is optimised.
pub(crate) const MOST_DEPTH: u32 = 400;

/// The same with the unions between, and what is innermost.
const LEVELS: u32 = 2 * MAX_DEPTH + 2;

/// A value of some type of some schema, which has to be known: fields, symbols and branches are named by their index there.
///
/// Values of logical types are those of the types beneath; see [`Decimal`], [`Duration`] and [`parse_uuid`] for what they mean.
///
/// 32 bytes, and one allocation for each string, bytes, fixed, record, array, map and union that is not empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Of null.
    #[default]
    Null,
    /// Of boolean.
    Boolean(bool),
    /// Of int.
    Int(i32),
    /// Of long.
    Long(i64),
    /// Of float.
    Float(f32),
    /// Of double.
    Double(f64),
    /// Of bytes.
    Bytes(Vec<u8>),
    /// Of string.
    String(String),
    /// Of a fixed, as many bytes as its size.
    Fixed(Vec<u8>),
    /// Of an enum: the index of the symbol.
    Enum(u32),
    /// Of a record: the values of its fields, all of them, in their order.
    Record(Vec<Value>),
    /// Of an array.
    Array(Vec<Value>),
    /// Of a map, in the order of the input. Keys that are there twice are kept.
    Map(Vec<(String, Value)>),
    /// Of a union: the index of the branch, and the value of that.
    Union(u32, Box<Value>),
}

impl Value {
    /// The value inside of a union; of others, the value itself.
    pub fn flat(&self) -> &Self {
        match self {
            Self::Union(_, inside) => inside,
            other => other,
        }
    }

    /// The number of an int or a long.
    pub fn as_i64(&self) -> Option<i64> {
        match self.flat() {
            Self::Int(it) => Some(i64::from(*it)),
            Self::Long(it) => Some(*it),
            _ => None,
        }
    }

    /// The number of a float or a double.
    pub fn as_f64(&self) -> Option<f64> {
        match self.flat() {
            Self::Float(it) => Some(f64::from(*it)),
            Self::Double(it) => Some(*it),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self.flat() {
            Self::String(it) => Some(it),
            _ => None,
        }
    }

    /// The bytes of bytes or of a fixed.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.flat() {
            Self::Bytes(it) | Self::Fixed(it) => Some(it),
            _ => None,
        }
    }

    /// The values of a record's fields or of an array's items.
    pub fn as_slice(&self) -> Option<&[Self]> {
        match self.flat() {
            Self::Record(it) | Self::Array(it) => Some(it),
            _ => None,
        }
    }

    /// The value of a field of a record, by its name in the record's type.
    pub fn field(&self, record: &crate::Record, name: &str) -> Option<&Self> {
        match self.flat() {
            Self::Record(fields) => fields.get(record.position(name)?),
            _ => None,
        }
    }

    /// What it is, in words.
    pub(crate) fn described(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Int(_) => "an int",
            Self::Long(_) => "a long",
            Self::Float(_) => "a float",
            Self::Double(_) => "a double",
            Self::Bytes(_) => "bytes",
            Self::String(_) => "a string",
            Self::Fixed(_) => "a fixed",
            Self::Enum(_) => "a symbol",
            Self::Record(_) => "a record",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Union(..) => "a value of a union",
        }
    }
}
