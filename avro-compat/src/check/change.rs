//! What kind of release a change of a schema is.

use std::collections::HashSet;

use super::{CheckOptions, FindingKind, Report, Severity, check};
use crate::schema::{Schema, Type, TypeId};

/// What kind of release a change of a schema is, in the sense of semantic versioning; greater ones break more.
///
/// | | |
/// |---|---|
/// | none | the schemas are [equal](Schema#impl-PartialEq-for-Schema) |
/// | patch | only documentation and unknown attributes differ: no program can tell the data apart |
/// | minor | both read each other's data, and every value means what was written |
/// | major | one of them cannot read some data of the other, or reads it as something else |
///
/// So fields that are added or removed with defaults, aliases, defaults that differ, orders, and symbols that an enum's default takes the place of
/// for readers that do not know them, are minor. Whatever else is an error or a hazard in either direction is major: a field that is added without
/// default breaks those who read old data, and one that is removed without default those who have not changed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// There is none.
    None,
    /// Nothing that data or programs can tell.
    Patch,
    /// Compatible both ways.
    Minor,
    /// Not so.
    Major,
}

impl Change {
    /// The kind of the change from one schema to another; it is the same the other way around.
    ///
    /// Always by the specification's rules. Costs two checks and a comparison.
    pub fn between(old: &Schema, new: &Schema) -> Self {
        Impact::between(old, new).change
    }

    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// Whom a change of a schema breaks.
///
/// Programs that have changed read what was written before; those that have not read what is written from now on. Which of the two
/// must work depends on who is upgraded first: readers, if the first, writers, if the second ([`Mode`](super::Mode)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Impact {
    /// What kind of release it is.
    pub change: Change,
    /// The worst that those find who read old data with the new schema.
    pub new_readers: Option<Severity>,
    /// The worst that those find who read new data with the old schema.
    pub old_readers: Option<Severity>,
}

impl Impact {
    /// Whom the change from one schema to another breaks, by the specification's rules. Costs two checks and a comparison.
    pub fn between(old: &Schema, new: &Schema) -> Self {
        if old == new {
            return Self { change: Change::None, new_readers: None, old_readers: None };
        }
        let options = CheckOptions::default();
        let reports = [check(new, old, &options), check(old, new, &options)];
        let tells = |it: &Report| it.leaves().any(|it| it.kind() != FindingKind::Doc);
        let change = if reports.iter().any(breaks) {
            Change::Major
        } else if reports.iter().any(tells)
            || !old.same_canonical_form(new)
            || !same_resolution(old, new)
        {
            Change::Minor
        } else {
            Change::Patch
        };
        let [new_readers, old_readers] = reports.map(|it| it.worst());
        Self { change, new_readers, old_readers }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

fn breaks(report: &Report) -> bool {
    report
        .leaves()
        .any(|it| it.severity() >= Severity::Hazard && it.kind() != FindingKind::SymbolsDefaulted)
}

/// Whether two schemas of the same canonical form have the same aliases, defaults and orders: all that resolution and sorting look at.
fn same_resolution(old: &Schema, new: &Schema) -> bool {
    let mut open = vec![(old.root(), new.root())];
    let mut met: HashSet<(TypeId, TypeId)> = HashSet::new();
    while let Some(pair) = open.pop() {
        let (o, n) = (&old[pair.0], &new[pair.1]);
        if o.name().is_some() && !met.insert(pair) {
            continue;
        }
        let same = o.aliases() == n.aliases()
            && match (o.ty(), n.ty()) {
                (Type::Record(o), Type::Record(n)) => {
                    let fields = || o.fields().iter().zip(n.fields());
                    open.extend(fields().map(|(o, n)| (o.ty(), n.ty())));
                    fields().all(|(o, n)| {
                        o.aliases() == n.aliases()
                            && o.default() == n.default()
                            && o.order() == n.order()
                    })
                }
                (Type::Union(o), Type::Union(n)) => {
                    open.extend(o.branches().iter().copied().zip(n.branches().iter().copied()));
                    true
                }
                (Type::Array(o), Type::Array(n)) | (Type::Map(o), Type::Map(n)) => {
                    open.push((*o, *n));
                    true
                }
                (Type::Enum(o), Type::Enum(n)) => o.default_index() == n.default_index(),
                _ => true,
            };
        if !same {
            return false;
        }
    }
    true
}
