//! Attributes that the specification does not know.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Json, Members, OwnedJson};

/// More attributes than this are not searched one by one.
const FEW: usize = 16;

/// What has attributes of its own, which are then no unknown ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Primitive,
    Fixed,
    Enum,
    Record,
    Array,
    Map,
    Field,
}

impl Level {
    /// Whether the specification defines an attribute of this name here.
    pub(crate) fn knows(self, name: &str) -> bool {
        match name {
            "type" => true,
            "name" | "doc" | "aliases" => {
                matches!(self, Self::Fixed | Self::Enum | Self::Record | Self::Field)
            }
            "namespace" => matches!(self, Self::Fixed | Self::Enum | Self::Record),
            "size" => self == Self::Fixed,
            "symbols" => self == Self::Enum,
            "fields" => self == Self::Record,
            "items" => self == Self::Array,
            "values" => self == Self::Map,
            "default" => matches!(self, Self::Enum | Self::Field),
            "order" => self == Self::Field,
            _ => false,
        }
    }
}

/// The attributes of a type or a field that are not part of its definition, in the order of the text.
///
/// `logicalType`, `precision` and `scale` are among them, whether they have an effect or not.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    members: Option<Members<'a>>,
    level: Level,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(object: Option<&'a OwnedJson>, level: Level) -> Self {
        Self { members: object.map(|it| it.get().members()), level }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.clone().next().is_none()
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<Json<'a>> {
        self.clone().find(|(it, _)| it == name).map(|it| it.1)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (Cow<'a, str>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let level = self.level;
        self.members
            .as_mut()?
            .filter_map(|(name, value)| Some((name.as_str()?, value)))
            .find(|(name, _)| !level.knows(name))
    }
}

/// Equal are attributes of the same names and values, in any order.
impl PartialEq for Attributes<'_> {
    fn eq(&self, other: &Self) -> bool {
        let count = other.clone().count();
        if self.clone().count() != count {
            return false;
        }
        // Many are matched through a table.
        let table: Option<HashMap<_, _>> = (count > FEW).then(|| other.clone().collect());
        self.clone().all(|(name, value)| {
            let found = match &table {
                Some(table) => table.get(&name).copied(),
                None => other.get(&name),
            };
            found.is_some_and(|it| it == value)
        })
    }
}

impl Eq for Attributes<'_> {}
