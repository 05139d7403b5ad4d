//! Which branch of a union something is written as.

use super::{Offered, One, Result};
use crate::binary::output;
use crate::error::EncodeError;
use crate::schema::{Kind, Name, Type, TypeId};

impl<'s> One<'s, '_> {
    fn branches(&self) -> Option<&'s [TypeId]> {
        match self.ty() {
            Type::Union(union) => Some(union.branches()),
            _ => None,
        }
    }

    /// In a branch, whose index is written.
    fn at(self, at: usize, branches: &[TypeId]) -> Self {
        output::length(self.out, at);
        Self { ty: branches[at], ..self }
    }

    /// In a union, where the branch is that takes such a thing best; elsewhere, here.
    pub fn branch(self, offered: Offered<'_>) -> Result<Self> {
        let Some(branches) = self.branches() else { return Ok(self) };
        let schema = self.schema;
        let kind = |wanted: Kind| branches.iter().position(|it| schema[*it].kind() == wanted);
        let first = |all: &[Kind]| all.iter().find_map(|it| kind(*it));
        let fixed = |size: usize| {
            let fits = |it: &TypeId| matches!(schema[*it].ty(), Type::Fixed(it) if it.size() as usize == size);
            branches.iter().position(fits)
        };
        let symbol = |symbol: &str| {
            let has = |it: &TypeId| matches!(schema[*it].ty(), Type::Enum(it) if it.position(symbol).is_some());
            branches.iter().position(has)
        };
        let only_record = || {
            let mut records =
                (0..branches.len()).filter(|it| schema[branches[*it]].kind() == Kind::Record);
            records.next().filter(|_| records.next().is_none())
        };
        let found = match offered {
            Offered::Null => kind(Kind::Null),
            Offered::Boolean => kind(Kind::Boolean),
            Offered::Integer { wide: false } => {
                first(&[Kind::Int, Kind::Long, Kind::Double, Kind::Float])
            }
            Offered::Integer { wide: true } => {
                first(&[Kind::Long, Kind::Int, Kind::Double, Kind::Float])
            }
            Offered::Single => first(&[Kind::Float, Kind::Double]),
            Offered::Double => first(&[Kind::Double, Kind::Float]),
            Offered::Text(it) => {
                kind(Kind::String).or_else(|| symbol(it)).or_else(|| kind(Kind::Bytes))
            }
            Offered::Octets(len) => kind(Kind::Bytes).or_else(|| fixed(len)),
            Offered::Sequence(len) => kind(Kind::Array)
                .or_else(|| len.and_then(fixed))
                .or_else(|| first(&[Kind::Bytes, Kind::Fixed])),
            Offered::Map => kind(Kind::Map).or_else(only_record),
            Offered::Struct(name) => self
                .named(branches, name)
                .filter(|it| schema[branches[*it]].kind() == Kind::Record)
                .or_else(only_record)
                .or_else(|| kind(Kind::Map)),
            Offered::Symbol(name) => symbol(name)
                .or_else(|| {
                    self.named(branches, name)
                        .filter(|it| schema[branches[*it]].kind() == Kind::Null)
                })
                .or_else(|| kind(Kind::String)),
        };
        match found {
            Some(at) => Ok(self.at(at, branches)),
            None => {
                let found = offered.described();
                let reason = format!("no branch takes {found}: {}", self.all(branches));
                Err(EncodeError::new(reason).into())
            }
        }
    }

    /// The branch that is named as a variant of an enum: without namespace, or by its kind; or by its full name.
    pub fn variant(self, name: &str) -> Result<Self> {
        let Some(branches) = self.branches() else {
            let ty = self.schema[self.ty].branch_name();
            let reason = format!("variant {name}, which holds something, is no value of {ty}");
            return Err(EncodeError::new(reason).into());
        };
        match self.named(branches, name) {
            Some(at) => Ok(self.at(at, branches)),
            None => {
                let reason = format!("no branch is named {name:?}: {}", self.all(branches));
                Err(EncodeError::new(reason).into())
            }
        }
    }

    fn named(&self, branches: &[TypeId], name: &str) -> Option<usize> {
        let simple = |it: &TypeId| {
            let node = &self.schema[*it];
            node.name().map_or(node.kind().as_str(), Name::simple) == name
        };
        let full = |it: &TypeId| self.schema[*it].branch_name() == name;
        branches.iter().position(full).or_else(|| branches.iter().position(simple))
    }

    /// What is known not to be null: in a union of null and one other type, that.
    pub fn but_null(self) -> Self {
        let Some(branches) = self.branches() else { return self };
        let other = |it: &usize| self.schema[branches[*it]].kind() != Kind::Null;
        let mut others = (0..branches.len()).filter(other);
        match (others.next(), others.next(), branches.len()) {
            (Some(at), None, 2) => self.at(at, branches),
            _ => self,
        }
    }

    fn all(&self, branches: &[TypeId]) -> String {
        let names: Vec<_> = branches.iter().map(|it| self.schema[*it].branch_name()).collect();
        format!("the union has {}", names.join(", "))
    }
}
