//! Fixed, enum and union: what their definitions say; and what all named types have.

use super::lookup::Lookup;
use super::{Name, Record, TypeId};

/// What all named types have.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub name: Name,
    pub aliases: Box<[Name]>,
    pub doc: Option<Box<str>>,
}

macro_rules! named {
    ($($ty:ident)*) => {
        $(impl $ty {
            /// The full name.
            pub fn name(&self) -> &Name {
                &self.named.name
            }

            /// The full names of its aliases.
            pub fn aliases(&self) -> &[Name] {
                &self.named.aliases
            }

            /// The documentation.
            pub fn doc(&self) -> Option<&str> {
                self.named.doc.as_deref()
            }
        })*
    };
}

named! { Fixed Enum Record }

/// A fixed number of bytes.
#[derive(Clone, Debug)]
pub struct Fixed {
    pub(crate) named: Named,
    pub(crate) size: u32,
}

impl Fixed {
    /// How many bytes a value has. At most 2^31 - 1; it says nothing about how many there are to read.
    pub fn size(&self) -> u32 {
        self.size
    }
}

/// One of some symbols.
#[derive(Clone, Debug)]
pub struct Enum {
    pub(crate) named: Named,
    pub(crate) symbols: Box<[Box<str>]>,
    pub(crate) lookup: Lookup,
    pub(crate) default: Option<u32>,
}

impl Enum {
    /// The symbols; a value is the index of one.
    pub fn symbols(&self) -> &[Box<str>] {
        &self.symbols
    }

    /// The index of a symbol. O(log n).
    pub fn position(&self, symbol: &str) -> Option<usize> {
        self.lookup.find(&self.symbols, symbol, |it| it)
    }

    /// The index of the symbol that readers take for symbols that they do not know.
    pub fn default_index(&self) -> Option<usize> {
        self.default.map(|it| it as usize)
    }

    /// The symbol that readers take for symbols that they do not know.
    pub fn default_symbol(&self) -> Option<&str> {
        self.default_index().map(|it| &*self.symbols[it])
    }
}

/// One of some types; none of them is a union, and no two have the same [`branch_name`](crate::Node::branch_name).
#[derive(Clone, Debug)]
pub struct Union {
    pub(crate) branches: Box<[TypeId]>,
}

impl Union {
    /// The types, in the order by whose index a value names its own. There may be none.
    pub fn branches(&self) -> &[TypeId] {
        &self.branches
    }
}
