//! One type of a schema.

use super::attributes::{Attributes, Level};
use super::named::Named;
use super::{
    Enum, Fixed, IgnoredLogicalType, Kind, LogicalType, Name, Origin, Record, TypeId, Union,
};
use crate::json::OwnedJson;

/// A type, as its definition says; parts are named by their [`TypeId`]s.
#[derive(Clone, Debug)]
pub enum Type {
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
    /// A fixed number of bytes.
    Fixed(Box<Fixed>),
    /// One of some symbols.
    Enum(Box<Enum>),
    /// Fields in an order.
    Record(Box<Record>),
    /// Any number of items of one type.
    Array(TypeId),
    /// Any number of values of one type, each under a string.
    Map(TypeId),
    /// One of some types.
    Union(Union),
}

/// A type together with what else the text says about it.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) ty: Type,
    pub(crate) logical: Logical,
    /// The object of the definition, if it has attributes that are not part of it.
    pub(crate) extra: Option<OwnedJson>,
    pub(crate) origin: Origin,
}

/// What became of a `logicalType`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Logical {
    None,
    Valid(LogicalType),
    Ignored(Box<IgnoredLogicalType>),
}

impl Node {
    /// What it is, with its details.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// What it is, without its details.
    pub fn kind(&self) -> Kind {
        match &self.ty {
            Type::Null => Kind::Null,
            Type::Boolean => Kind::Boolean,
            Type::Int => Kind::Int,
            Type::Long => Kind::Long,
            Type::Float => Kind::Float,
            Type::Double => Kind::Double,
            Type::Bytes => Kind::Bytes,
            Type::String => Kind::String,
            Type::Fixed(_) => Kind::Fixed,
            Type::Enum(_) => Kind::Enum,
            Type::Record(_) => Kind::Record,
            Type::Array(_) => Kind::Array,
            Type::Map(_) => Kind::Map,
            Type::Union(_) => Kind::Union,
        }
    }

    fn named(&self) -> Option<&Named> {
        match &self.ty {
            Type::Fixed(it) => Some(&it.named),
            Type::Enum(it) => Some(&it.named),
            Type::Record(it) => Some(&it.named),
            _ => None,
        }
    }

    /// The full name, if it is a named type.
    pub fn name(&self) -> Option<&Name> {
        self.named().map(|it| &it.name)
    }

    /// The full names of the aliases, if it is a named type; else none.
    pub fn aliases(&self) -> &[Name] {
        self.named().map_or(&[], |it| &it.aliases)
    }

    /// The documentation, if it is a named type that has one.
    pub fn doc(&self) -> Option<&str> {
        self.named().and_then(|it| it.doc.as_deref())
    }

    /// What tells it apart from other branches of a union: the full name of a named type, else the name of its kind.
    pub fn branch_name(&self) -> &str {
        self.name().map_or(self.kind().as_str(), Name::full)
    }

    /// What its values mean, if the text says so, and validly.
    pub fn logical_type(&self) -> Option<LogicalType> {
        match &self.logical {
            Logical::Valid(it) => Some(*it),
            _ => None,
        }
    }

    /// Why its `logicalType` has no effect, if it has one without.
    pub fn ignored_logical_type(&self) -> Option<&IgnoredLogicalType> {
        match &self.logical {
            Logical::Ignored(it) => Some(it),
            _ => None,
        }
    }

    /// The attributes that are not part of its definition.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::new(self.extra.as_ref(), self.level())
    }

    /// Where it stands: [`Schema::location`](crate::Schema::location) says so for people.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) fn level(&self) -> Level {
        match self.ty {
            Type::Fixed(_) => Level::Fixed,
            Type::Enum(_) => Level::Enum,
            Type::Record(_) => Level::Record,
            Type::Array(_) => Level::Array,
            Type::Map(_) => Level::Map,
            _ => Level::Primitive,
        }
    }
}
