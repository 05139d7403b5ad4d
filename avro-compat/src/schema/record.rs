//! Records and their fields.

use super::attributes::{Attributes, Level};
use super::lookup::Lookup;
use super::named::Named;
use super::{Origin, TypeId};
use crate::json::{Json, OwnedJson};

/// Fields in an order.
#[derive(Clone, Debug)]
pub struct Record {
    pub(crate) named: Named,
    pub(crate) fields: Box<[Field]>,
    pub(crate) lookup: Lookup,
    pub(crate) is_error: bool,
}

impl Record {
    /// The fields, in the order in which their values are written. There may be none.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The index of the field of a name; aliases do not count. O(log n).
    pub fn position(&self, name: &str) -> Option<usize> {
        self.lookup.find(&self.fields, name, |it| &it.name)
    }

    /// The field of a name; aliases do not count. O(log n).
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.position(name).map(|it| &self.fields[it])
    }

    /// True if it was declared as `error`, for protocols. It is a record in every other respect.
    pub fn is_error(&self) -> bool {
        self.is_error
    }
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct Field {
    pub(crate) name: Box<str>,
    pub(crate) ty: TypeId,
    pub(crate) doc: Option<Box<str>>,
    pub(crate) aliases: Box<[Box<str>]>,
    pub(crate) order: Order,
    pub(crate) default: Option<OwnedJson>,
    /// The field's object, if it has attributes that are not part of its definition.
    pub(crate) extra: Option<OwnedJson>,
    pub(crate) origin: Origin,
}

impl Field {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type.
    pub fn ty(&self) -> TypeId {
        self.ty
    }

    /// The documentation.
    pub fn doc(&self) -> Option<&str> {
        self.doc.as_deref()
    }

    /// Other names, under which a reader looks for it in a writer's record.
    pub fn aliases(&self) -> &[Box<str>] {
        &self.aliases
    }

    /// How it counts when records are sorted.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The value that a reader takes if the writer's record has no such field.
    pub fn default(&self) -> Option<Json<'_>> {
        self.default.as_ref().map(OwnedJson::get)
    }

    /// The attributes that are not part of its definition.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::new(self.extra.as_ref(), Level::Field)
    }

    /// Where it stands: [`Schema::location`](crate::Schema::location) says so for people.
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

/// How a field counts when records are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Smaller values first.
    #[default]
    Ascending,
    /// Larger values first.
    Descending,
    /// Not at all.
    Ignore,
}

impl Order {
    /// As schemas spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
            Self::Ignore => "ignore",
        }
    }

    /// The order of a spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ascending, Self::Descending, Self::Ignore].into_iter().find(|it| it.as_str() == text)
    }
}
