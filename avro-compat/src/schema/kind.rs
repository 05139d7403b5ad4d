//! The fourteen kinds of types.

/// What a type is, without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No value.
    Null,
    /// True or false.
    Boolean,
    /// A signed integer of 32 bits.
    Int,
    /// A signed integer of 64 bits.
    Long,
    /// An IEEE 754 number of 32 bits.
    Float,
    /// An IEEE 754 number of 64 bits.
    Double,
    /// Any number of bytes.
    Bytes,
    /// Unicode text.
    String,
    /// A fixed number of bytes; named.
    Fixed,
    /// One of some symbols; named.
    Enum,
    /// Fields in an order; named.
    Record,
    /// Any number of items of one type.
    Array,
    /// Any number of values of one type, each under a string.
    Map,
    /// One of some types.
    Union,
}

impl Kind {
    /// The name that schemas call it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Fixed => "fixed",
            Self::Enum => "enum",
            Self::Record => "record",
            Self::Array => "array",
            Self::Map => "map",
            Self::Union => "union",
        }
    }

    /// The primitive type of a name.
    pub fn primitive(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "bytes" => Self::Bytes,
            "string" => Self::String,
            _ => return None,
        })
    }

    /// True for the eight types without parts.
    pub fn is_primitive(self) -> bool {
        self <= Self::String
    }

    /// True for fixed, enum and record.
    pub fn is_named(self) -> bool {
        matches!(self, Self::Fixed | Self::Enum | Self::Record)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
