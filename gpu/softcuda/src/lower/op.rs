//! Instructions on the way: operands are values without rows yet.

use crate::count::Class;
use crate::machine::instruction::Body;

/// A register before it has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Value(pub u32);

/// How an instruction uses a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Field {
    #[default]
    None,
    Use(Value),
    Def(Value),
    /// Written in part, or read before it is written.
    Both(Value),
}

impl Field {
    pub(super) fn value(self) -> Option<Value> {
        match self {
            Self::None => None,
            Self::Use(v) | Self::Def(v) | Self::Both(v) => Some(v),
        }
    }

    pub(super) fn used(self) -> Option<Value> {
        match self {
            Self::Use(v) | Self::Both(v) => Some(v),
            _ => None,
        }
    }

    pub(super) fn defined(self) -> Option<Value> {
        match self {
            Self::Def(v) | Self::Both(v) => Some(v),
            _ => None,
        }
    }
}

/// A label, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(pub u32);

/// Where an instruction goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Control {
    #[default]
    Next,
    /// To a label, where the guard holds.
    Branch(Label),
    /// To one of the labels.
    Indirect(Vec<Label>),
    /// The thread ends.
    Exit,
    /// The launch ends.
    Stop,
}

/// An instruction on the way.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub body: Body,
    pub imm: u64,
    pub guard: Option<(Value, bool)>,
    /// Fields `d`, `a`, `b`, `c`, `e`.
    pub fields: [Field; 5],
    /// Further operands; where they begin in the program's list goes to the upper half of `imm`.
    pub list: Vec<Field>,
    /// A predicate whose number goes to `imm`, so many bits up.
    pub flag: Option<(Field, u32)>,
    pub control: Control,
    pub class: Class,
    pub flops: u16,
    pub bytes: u16,
    pub strong: bool,
    pub line: u32,
    pub source: Option<(u32, u32)>,
    pub opcode: u32,
}

impl Op {
    /// All operands but the guard.
    pub(super) fn operands(&self) -> impl Iterator<Item = Field> {
        let flag = self.flag.map(|(field, _)| field);
        self.fields.iter().chain(&self.list).copied().chain(flag)
    }

    /// What it reads. Under a guard, what it writes keeps its lanes, so it is read too.
    pub(super) fn uses(&self) -> impl Iterator<Item = Value> {
        let guarded = self.guard.is_some();
        self.operands()
            .filter_map(move |field| if guarded { field.value() } else { field.used() })
            .chain(self.guard.map(|(value, _)| value))
    }

    /// What it writes.
    pub(super) fn defs(&self) -> impl Iterator<Item = Value> {
        self.operands().filter_map(Field::defined)
    }
}
