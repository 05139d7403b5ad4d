//! Declarations of registers and variables (PTX ISA, section 5.4).

use super::{Expr, Linkage, Space, Type, VectorWidth};
use crate::ptx::Position;

/// `.reg .b32 %r<5>, %x;`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registers<'a> {
    /// Where it stands.
    pub position: Position,
    /// `.v2` and the like.
    pub vector: Option<VectorWidth>,
    /// The type.
    pub ty: Type,
    /// The names.
    pub names: Vec<RegisterNames<'a>>,
}

/// `%x`, or `%r<5>`: `%r0` to `%r4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterNames<'a> {
    /// Where it stands.
    pub position: Position,
    /// The name, or what the names begin with.
    pub name: &'a str,
    /// How many there are, numbered from 0; `None` for the name as it stands.
    pub count: Option<u32>,
}

/// A variable or a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable<'a> {
    /// Where it stands.
    pub position: Position,
    /// Who sees it.
    pub linkage: Option<Linkage>,
    /// Where it lives. A parameter of a `.func` may live in a register.
    pub space: Space,
    /// The bank of `.const[2]` (deprecated since PTX 2.2).
    pub bank: Option<u32>,
    /// `.attribute(...)`.
    pub attributes: Vec<Attribute>,
    /// `.align`, in bytes: a power of two.
    pub align: Option<u32>,
    /// `.v4` and the like.
    pub vector: Option<VectorWidth>,
    /// The type of an element.
    pub ty: Type,
    /// `.ptr` of a kernel's parameter.
    pub pointer: Option<Pointer>,
    /// Its name; `_` in a `.callprototype`.
    pub name: &'a str,
    /// The `5` of `%x<5>`: `%x0` to `%x4`.
    pub count: Option<u32>,
    /// The extents; `None` for `[]`.
    pub dims: Vec<Option<u64>>,
    /// What it begins with.
    pub init: Option<Initializer<'a>>,
}

/// `.ptr .global .align 16`: what a parameter points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// The space pointed to; generic if `None`.
    pub space: Option<Space>,
    /// The alignment of what is pointed to, in bytes.
    pub align: Option<u32>,
}

/// One of `.attribute(...)` (section 5.4.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// `.managed`: in unified memory.
    Managed,
    /// `.unified(a, b)`: the same address on every device, named by a UUID.
    Unified(u64, u64),
}

/// What a variable begins with (section 5.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Initializer<'a> {
    /// A value.
    Value(Expr<'a>),
    /// `{...}`: values of an array or vector, as many as are given; the rest is zero.
    List(Vec<Initializer<'a>>),
    /// `addr_mode_0 = clamp_to_border`, of a texture, sampler or surface.
    Field(&'a str, Expr<'a>),
}

impl Variable<'_> {
    /// The size of an element in bytes, vectors whole.
    pub fn element_bytes(&self) -> u64 {
        u64::from(self.ty.bytes()) * u64::from(self.vector.map_or(1, VectorWidth::elements))
    }

    /// The alignment in bytes: as given, or as an element is large.
    pub fn alignment(&self) -> u64 {
        self.align.map_or(self.element_bytes(), u64::from)
    }

    /// The size in bytes of one of the name's variables. A first extent `[]` is as long as the initialiser's list, and 0 without one
    /// (`.extern .shared .b8 dyn[]`). `None` if 64 bits do not hold it.
    pub fn bytes(&self) -> Option<u64> {
        let given = match &self.init {
            Some(Initializer::List(list)) => list.len() as u64,
            _ => 0,
        };
        let mut extents = self.dims.iter().map(|extent| extent.unwrap_or(given));
        extents.try_fold(self.element_bytes(), u64::checked_mul)
    }
}
