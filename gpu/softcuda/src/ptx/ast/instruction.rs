//! Instructions and their operands (PTX ISA, sections 4.3.2 and 6).

use std::borrow::Cow;

use super::{Expr, Literal, SourceLine};
use crate::ptx::Position;

/// `@!%p1 ld.global.u32 %r1, [%rd1+4];`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// Where it stands, without its guard.
    pub position: Position,
    /// The source line that the last `.loc` before it gives.
    pub loc: Option<SourceLine>,
    /// `@%p`.
    pub guard: Option<Guard<'a>>,
    /// The opcode with its modifiers.
    pub opcode: Opcode<'a>,
    /// The operands in their order.
    pub operands: Vec<Operand<'a>>,
}

/// `@%p` or `@!%p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard<'a> {
    /// The predicate.
    pub name: &'a str,
    /// Whether threads go on where it is false.
    pub negated: bool,
}

/// `ld.global.nc.L1::evict_last.v4.f32`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opcode<'a> {
    text: Cow<'a, str>,
    base: usize,
}

impl<'a> Opcode<'a> {
    /// From its text, without blanks.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        let base = text.find('.').unwrap_or(text.len());
        Opcode { text, base }
    }

    /// From its text and the length of the first word.
    #[inline]
    pub(crate) fn with_base(text: Cow<'a, str>, base: usize) -> Self {
        Opcode { text, base }
    }

    /// The whole: `ld.global.nc.v4.f32`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first word: `ld`.
    pub fn base(&self) -> &str {
        self.text.get(..self.base).unwrap_or("")
    }

    /// The words after the first, without their dots: `global`, `nc`, `v4`, `f32`; `L1::evict_last` is one word.
    pub fn modifiers(&self) -> impl Iterator<Item = &str> {
        // Empty, or it begins with a dot.
        self.text.get(self.base..).unwrap_or("").split('.').skip(1)
    }

    /// Whether `modifier` is among the modifiers.
    pub fn has(&self, modifier: &str) -> bool {
        self.modifiers().any(|it| it == modifier)
    }
}

/// A name in an operand, with what is chosen of it: `%tid.x`, `V.y`, `%r1.h0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name.
    pub text: &'a str,
    /// The word after the dot.
    pub selector: Option<&'a str>,
}

impl<'a> From<&'a str> for Name<'a> {
    fn from(text: &'a str) -> Self {
        Name { text, selector: None }
    }
}

/// What an instruction works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand<'a> {
    /// A register, special register, variable, function or label.
    Name(Name<'a>),
    /// `!%p`.
    Not(Name<'a>),
    /// `-%r1` of `vmad`.
    Minus(Name<'a>),
    /// A number.
    Literal(Literal),
    /// Another constant expression, or a variable's address with an offset, `sym+4`.
    Expr(Box<Expr<'a>>),
    /// `[%rd1+4]`, `[sym]`, `[16]`.
    Address(Address<'a>),
    /// `a[4]`, `a[%r1]`: an element of an array.
    Element(Name<'a>, Box<Operand<'a>>),
    /// `%r1|%p1`.
    Pair(Box<[Operand<'a>; 2]>),
    /// `{a, b, c, d}`.
    Vector(Vec<Operand<'a>>),
    /// `[tex, {x, y}]`: several in brackets.
    Tuple(Vec<Operand<'a>>),
    /// `(a, b)` of `call`.
    List(Vec<Operand<'a>>),
    /// `_`: a result that is not wanted.
    Sink,
}

/// `[base+offset]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// The register or variable; `None` for an absolute address.
    pub base: Option<Name<'a>>,
    /// Bytes from there.
    pub offset: i64,
    /// `[a].unified`: in unified memory.
    pub unified: bool,
}
