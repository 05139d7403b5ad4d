//! The members of a definition, taken apart in one pass.

use std::borrow::Cow;

use super::{Builder, Step};
use crate::error::{ParseError, Problem};
use crate::json::{self, Json};
use crate::schema::attributes::Level;

/// The members that mean something somewhere.
#[derive(Clone, Copy)]
pub(super) enum Member {
    Type,
    Name,
    Namespace,
    Doc,
    Aliases,
    Fields,
    Symbols,
    Size,
    Items,
    Values,
    Default,
    Order,
    LogicalType,
}

const NAMES: [&str; 13] = [
    "type",
    "name",
    "namespace",
    "doc",
    "aliases",
    "fields",
    "symbols",
    "size",
    "items",
    "values",
    "default",
    "order",
    "logicalType",
];

impl Member {
    pub(super) fn as_str(self) -> &'static str {
        NAMES[self as usize]
    }
}

/// The object of a type or of a field.
pub(super) struct Definition<'d> {
    pub object: Json<'d>,
    members: [Option<Json<'d>>; NAMES.len()],
    /// Whether there are others.
    others: bool,
}

impl<'d> Definition<'d> {
    pub(super) fn new(object: Json<'d>) -> Self {
        let mut members = [None; NAMES.len()];
        let mut others = false;
        for (name, value) in object.members() {
            let name = name.as_str().unwrap_or_default();
            match NAMES.iter().position(|it| *it == name) {
                Some(at) => members[at] = Some(value),
                None => others = true,
            }
        }
        Self { object, members, others }
    }

    pub(super) fn get(&self, member: Member) -> Option<Json<'d>> {
        self.members[member as usize]
    }

    /// Whether there are members that are not part of a definition of this level.
    pub(super) fn has_extra(&self, level: Level) -> bool {
        let unknown = |(it, name): (&Option<Json<'_>>, &&str)| it.is_some() && !level.knows(name);
        self.others || self.members.iter().zip(&NAMES).any(unknown)
    }

    pub(super) fn required(
        &self,
        member: Member,
        of: &'static str,
    ) -> Result<Json<'d>, ParseError> {
        self.get(member).ok_or_else(|| {
            Builder::error(Problem::MissingMember { of, member: member.as_str() }, self.object)
        })
    }
}

/// A member that must be a string.
pub(super) fn string<'d>(value: Json<'d>, member: Member) -> Result<Cow<'d, str>, ParseError> {
    value.as_str().ok_or_else(|| wrong_type(value, member, "a string"))
}

pub(super) fn wrong_type(value: Json<'_>, member: Member, wanted: &'static str) -> ParseError {
    let found = value.kind().described();
    Builder::error(Problem::MemberType { member: member.as_str(), wanted, found }, value)
}

/// A member that must be an array.
pub(super) fn array<'d>(value: Json<'d>, member: Member) -> Result<Json<'d>, ParseError> {
    match value.kind() {
        json::Kind::Array => Ok(value),
        _ => Err(wrong_type(value, member, "an array")),
    }
}

impl<'d> Builder<'d> {
    /// A string that may be missing; one of another type is as good as missing if attributes are taken loosely.
    pub(super) fn optional_string(
        &self,
        definition: &Definition<'d>,
        member: Member,
    ) -> Result<Option<Cow<'d, str>>, ParseError> {
        match definition.get(member) {
            None => Ok(None),
            Some(value) if self.options.loose_attributes => Ok(value.as_str()),
            Some(value) => string(value, member).map(Some),
        }
    }

    pub(super) fn doc(&self, definition: &Definition<'d>) -> Result<Option<Box<str>>, ParseError> {
        Ok(self.optional_string(definition, Member::Doc)?.map(|it| it.into()))
    }

    /// The aliases, as they are spelt.
    pub(super) fn aliases<T>(
        &self,
        definition: &Definition<'d>,
        make: impl Fn(Cow<'d, str>) -> T,
    ) -> Result<Box<[T]>, ParseError> {
        let Some(value) = definition.get(Member::Aliases) else { return Ok(Box::default()) };
        if value.kind() != json::Kind::Array {
            return if self.options.loose_attributes && value.is_null() {
                Ok(Box::default())
            } else {
                Err(wrong_type(value, Member::Aliases, "an array of strings"))
            };
        }
        value
            .elements()
            .map(|it| match it.as_str() {
                Some(alias) => Ok(make(alias)),
                None => Err(wrong_type(it, Member::Aliases, "an array of strings")),
            })
            .collect()
    }

    /// What `{"type": {...}}` is: an error, or what is inside.
    pub(super) fn nested_type(&mut self, ty: Json<'d>) -> Result<Step<'d>, ParseError> {
        let found = ty.kind();
        match found {
            json::Kind::Object | json::Kind::Array if self.options.nested_types => {
                Ok(Step::Enter(ty))
            }
            json::Kind::Object | json::Kind::Array => {
                Err(Self::error(Problem::NestedType { found: found.described() }, ty))
            }
            _ => Err(wrong_type(ty, Member::Type, "the name of a type")),
        }
    }
}
