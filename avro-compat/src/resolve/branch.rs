//! Which reader's type takes a writer's type: the one place where that is decided, for the resolver and for the checker.
//!
//! All rules here look at two nodes and not at what is inside of them (specification, "Schema Resolution"):
//!
//! - **Unnamed types** fit by kind, or by promotion: int to long, float and double; long to float and double; float to double;
//!   string to bytes and bytes to string. Logical types count for nothing. Items and values of arrays and maps are not looked at: a
//!   union has but one branch of each, so there is nothing to choose.
//! - **Named types** fit if they are of one kind, and one of these holds: the full names are equal; an alias of the reader's, as a full name,
//!   is the writer's full name (the writer's type then counts as if it had the reader's name); the names without
//!   namespaces are equal, which is all that the specification asks. Fixed types must have one size besides. An alias is never compared
//!   without its namespace, and the writer's aliases count for nothing.
//! - **A reader's union** takes a writer's type by the branch that fits it best, and of several that fit equally well, by the first. Best is
//!   the full name, or for unnamed types the kind; then an alias; then a name without namespace; then a promotion. What is inside does
//!   not count: if the chosen branch cannot take the datum, no other is tried.
//!
//! The specification's text has the first branch that matches in any of these ways. By that text `["double", "int"]` would read an int as a
//! double, and `["b.R", "a.R"]` would read `a.R` as `b.R`. No implementation does the former, nor do we: an exact branch wins.
//!
//! Java differs in two points. It takes enums and fixed in unions by full name only; and of records without the exact name it takes those
//! of any name whose fields fit.

use crate::schema::{Kind, Node, Record, Schema, Type, Union};

/// How a reader's type takes a writer's; better ones are less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// The same kind, and for named types the same full name.
    Exact,
    /// The writer's full name is an alias of the reader's type.
    Alias,
    /// The names are equal without their namespaces.
    SimpleName,
    /// The writer's primitive type is promoted.
    Promotion,
}

/// Whether and how a reader's type takes a writer's. Neither may be a union: these are looked into.
pub(crate) fn fit(reader: &Node, writer: &Node) -> Option<Fit> {
    let (to, from) = (reader.kind(), writer.kind());
    if to != from {
        return promotes(from, to).then_some(Fit::Promotion);
    }
    if let (Type::Fixed(reader), Type::Fixed(writer)) = (reader.ty(), writer.ty())
        && reader.size() != writer.size()
    {
        return None;
    }
    name_fit(reader, writer)
}

/// How the names of two types of one kind fit; [`Fit::Exact`] if they have none.
pub(crate) fn name_fit(reader: &Node, writer: &Node) -> Option<Fit> {
    let (Some(name), Some(written)) = (reader.name(), writer.name()) else {
        return Some(Fit::Exact);
    };
    if name == written {
        Some(Fit::Exact)
    } else if reader.aliases().contains(written) {
        Some(Fit::Alias)
    } else if name.simple() == written.simple() {
        Some(Fit::SimpleName)
    } else {
        None
    }
}

/// Whether values of a kind are read as values of another.
pub(crate) fn promotes(from: Kind, to: Kind) -> bool {
    matches!(
        (from, to),
        (Kind::Int, Kind::Long | Kind::Float | Kind::Double)
            | (Kind::Long, Kind::Float | Kind::Double)
            | (Kind::Float, Kind::Double)
            | (Kind::String, Kind::Bytes)
            | (Kind::Bytes, Kind::String)
    )
}

/// The branch of a reader's union that takes a writer's type, which is no union.
pub(crate) fn choose(reader: &Schema, union: &Union, writer: &Node) -> Option<usize> {
    let fits = union.branches().iter().map(|it| fit(&reader[*it], writer)).enumerate();
    // Of equal ones the first is the least.
    fits.filter_map(|(at, fit)| Some((fit?, at))).min().map(|it| it.1)
}

/// For each field of a reader's record, the index of the writer's field that it is read from.
///
/// A field of the reader takes the writer's field of its name. Those for which there is none then take, in the reader's order, the
/// first of their aliases that names a writer's field which nobody has taken. So a name goes before an alias, no field is read twice, and aliases
/// that are swapped with names (`a` with alias `b`, and `b` with alias `a`) do no harm. O(n log n).
pub(crate) fn pair_fields(reader: &Record, writer: &Record) -> Vec<Option<usize>> {
    let mut pairs: Vec<_> = reader.fields().iter().map(|it| writer.position(it.name())).collect();
    let mut taken = vec![false; writer.fields().len()];
    pairs.iter().flatten().for_each(|it| taken[*it] = true);
    for (field, pair) in reader.fields().iter().zip(&mut pairs) {
        if pair.is_none() {
            let mut aliased = field.aliases().iter().filter_map(|it| writer.position(it));
            *pair = aliased.find(|it| !taken[*it]);
            pair.iter().for_each(|it| taken[*it] = true);
        }
    }
    pairs
}
