//! Which branch of a reader's union a value is read as, and whether names match.
//!
//! The specification has the *first* branch of the reader's union that matches the writer's type. Read by the letter, an int is read as
//! the long of `["long", "int"]`, and a record as the first of its unqualified name, though one of its full name follows; no
//! implementation does that. What decoders agree on, and what is done here, is the best match, and the first of equally good ones
//! ([`Match`] has them in order). The choice is final: if what is inside cannot be read as the branch that was chosen, no other is tried.
//!
//! Java differs in two points. It takes enums and fixed in unions by full name only; and of records without the exact name it takes those
//! of any name whose fields fit.

use crate::schema::{Kind, Node, Schema, Type, Union};

/// Why a reader's type takes the values of a writer's type; better matches first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Match {
    /// Both are the same kind of unnamed type, or named types of the same kind and full name.
    Same,
    /// Named types of the same kind; the writer's full name is an alias of the reader's.
    Alias,
    /// Named types of the same kind, whose names are the same without their namespaces.
    Unqualified,
    /// The reader's type is one that the writer's may be promoted to.
    Promotion,
}

/// Whether, and how, a reader's type that is no union matches a writer's that is no union. What is inside of either does not count.
///
/// A fixed of another size than the writer's matches by its full name and by an alias, which say that it is meant to be the same, but not by
/// its name without namespace.
pub fn matches(reader: &Node, writer: &Node) -> Option<Match> {
    let (r, w) = (reader.kind(), writer.kind());
    if r != w {
        return promotes(w, r).then_some(Match::Promotion);
    }
    let how = names(reader, writer)?;
    match (reader.ty(), writer.ty()) {
        (Type::Fixed(r), Type::Fixed(w)) if how == Match::Unqualified && r.size() != w.size() => {
            None
        }
        _ => Some(how),
    }
}

/// How the names of two types of the same kind match: [`Match::Same`] if they have none.
pub fn names(reader: &Node, writer: &Node) -> Option<Match> {
    let (Some(r), Some(w)) = (reader.name(), writer.name()) else { return Some(Match::Same) };
    if r == w {
        Some(Match::Same)
    } else if reader.aliases().contains(w) {
        Some(Match::Alias)
    } else if r.simple() == w.simple() {
        Some(Match::Unqualified)
    } else {
        None
    }
}

/// Whether a writer's kind of type may be promoted to another kind (specification, "Schema Resolution").
pub fn promotes(writer: Kind, reader: Kind) -> bool {
    match writer {
        Kind::Int => matches!(reader, Kind::Long | Kind::Float | Kind::Double),
        Kind::Long => matches!(reader, Kind::Float | Kind::Double),
        Kind::Float => reader == Kind::Double,
        Kind::String => reader == Kind::Bytes,
        Kind::Bytes => reader == Kind::String,
        _ => false,
    }
}

/// The branch of a reader's union as which values of a writer's type, which is no union, are read, and why: the first of those that match
/// best. None if no branch matches. O(branches and their aliases).
pub fn choose(reader: &Schema, union: &Union, writer: &Node) -> Option<(usize, Match)> {
    let mut best = None;
    for (at, branch) in union.branches().iter().enumerate() {
        match matches(&reader[*branch], writer) {
            Some(Match::Same) => return Some((at, Match::Same)),
            Some(how) if best.is_none_or(|(_, best)| how < best) => best = Some((at, how)),
            _ => {}
        }
    }
    best
}
