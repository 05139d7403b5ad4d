//! A module with its names bound.

use std::collections::HashMap;
use std::ops::Range;

use super::SpecialRegister;
use crate::ptx::ast::{
    Function, FunctionKind, Instruction, Literal, Loc, Module, Prototype, Type, Variable,
    VectorWidth,
};

/// Defines numbers of things.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An index of [`Program::functions`].
    FunctionId,
    /// An index of [`Program::globals`].
    GlobalId,
    /// An index of [`Body::registers`].
    RegisterId,
    /// An index of [`Body::variables`].
    VariableId,
    /// An index of [`Body::labels`].
    LabelId,
    /// An index of [`Body::scopes`].
    ScopeId,
    /// An index of [`Body::branch_targets`].
    BranchTargetsId,
    /// An index of [`Body::call_targets`].
    CallTargetsId,
    /// An index of [`Body::prototypes`].
    PrototypeId,
}

/// A module with its names bound: what [`resolve`](super::resolve) gives.
#[derive(Debug)]
pub struct Program<'m, 'a> {
    /// The module.
    pub module: &'m Module<'a>,
    /// Functions, kernels and aliases, one for each name, in the order of their first declarations.
    pub functions: Vec<Callable<'m, 'a>>,
    /// Variables outside functions, one for each name. Of a range `%x<N>`, only those that are used.
    pub globals: Vec<Global<'m, 'a>>,
    pub(super) symbols: HashMap<&'a str, Symbol>,
}

impl<'m, 'a> Program<'m, 'a> {
    /// The function or variable of this name outside functions.
    pub fn symbol(&self, name: &str) -> Option<Symbol> {
        self.symbols.get(name).copied()
    }

    /// The body of the kernel of this name.
    pub fn kernel(&self, name: &str) -> Option<&Body<'m, 'a>> {
        let Some(Symbol::Function(id)) = self.symbol(name) else { return None };
        let callable = self.functions.get(id.index())?;
        callable.body.as_ref().filter(|_| callable.declaration.kind == FunctionKind::Entry)
    }
}

/// A function or kernel.
#[derive(Debug)]
pub struct Callable<'m, 'a> {
    /// Its name.
    pub name: &'a str,
    /// Its definition, or else its first declaration; of an alias, its own declaration or that of the function it names.
    pub declaration: &'m Function<'a>,
    /// The function that an alias names.
    pub alias_of: Option<FunctionId>,
    /// The body, if it is defined here.
    pub body: Option<Body<'m, 'a>>,
}

/// A variable outside functions.
#[derive(Debug)]
pub struct Global<'m, 'a> {
    /// Its name.
    pub name: &'a str,
    /// Its definition, or else its first `.extern` declaration.
    pub variable: &'m Variable<'a>,
    /// What it begins with, by growing offset; all else is zero.
    pub init: Vec<Datum<'a>>,
}

/// A value in an initialised variable; as large as the variable's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datum<'a> {
    /// Bytes from the variable's begin.
    pub offset: u64,
    /// The value.
    pub value: DatumValue<'a>,
}

/// What an initialiser gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatumValue<'a> {
    /// A number; it is to be converted to the variable's type.
    Literal(Literal),
    /// An address.
    Address {
        /// A variable outside functions, or a function.
        symbol: Symbol,
        /// Bytes from there.
        offset: i64,
        /// Whether it is the generic address; else the one in the variable's own space.
        generic: bool,
        /// If given, these bits of the address, moved down.
        mask: Option<u64>,
    },
    /// A property of a texture, sampler or surface, and its value's name or number.
    Property(&'a str, Result<&'a str, Literal>),
}

/// A body with its names bound: instructions in a flat list, with a number for every name.
#[derive(Debug)]
pub struct Body<'m, 'a> {
    /// The definition.
    pub function: &'m Function<'a>,
    /// The results, in order.
    pub returns: Vec<Binding>,
    /// The parameters, in order.
    pub params: Vec<Binding>,
    /// The registers that are used or declared one by one. Of a range `%r<N>`, only those that are used.
    pub registers: Vec<Register<'a>>,
    /// Variables and parameters in memory.
    pub variables: Vec<LocalVariable<'m, 'a>>,
    /// The labels.
    pub labels: Vec<Label<'a>>,
    /// The lists of `.branchtargets`.
    pub branch_targets: Vec<Vec<LabelId>>,
    /// The lists of `.calltargets`.
    pub call_targets: Vec<Vec<FunctionId>>,
    /// The prototypes of `.callprototype`.
    pub prototypes: Vec<&'m Prototype<'a>>,
    /// The blocks. The first holds the parameters, the second the function's outermost braces.
    pub scopes: Vec<Scope>,
    /// The instructions in the order of the text.
    pub steps: Vec<Step<'m, 'a>>,
}

/// What a parameter or result is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// `.param`: memory.
    Variable(VariableId),
    /// `.reg`: a register.
    Register(RegisterId),
}

/// A register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type; of a vector, that of an element.
    pub ty: Type,
    /// How many elements a vector has.
    pub vector: Option<VectorWidth>,
    /// The block that it is declared in.
    pub scope: ScopeId,
}

/// A variable or parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalVariable<'m, 'a> {
    /// Its name.
    pub name: &'a str,
    /// Its declaration. One in `.global`, `.const` or `.shared` is the same in every call.
    pub variable: &'m Variable<'a>,
    /// The block that it is declared in.
    pub scope: ScopeId,
    /// What it begins with, by growing offset; all else is zero.
    pub init: Vec<Datum<'a>>,
}

/// A label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'a> {
    /// Its name.
    pub name: &'a str,
    /// The step that follows it: as many as there are steps if none does.
    pub step: usize,
    /// The block that it stands in.
    pub scope: ScopeId,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The block around it.
    pub parent: Option<ScopeId>,
    /// Its steps.
    pub steps: Range<usize>,
}

/// An instruction with its operands bound.
#[derive(Debug)]
pub struct Step<'m, 'a> {
    /// The instruction.
    pub instruction: &'m Instruction<'a>,
    /// The last `.loc` before it in its function, with what is inlined where.
    pub loc: Option<&'m Loc<'a>>,
    /// The block that it stands in.
    pub scope: ScopeId,
    /// The guard, and whether it is negated.
    pub guard: Option<(RegisterId, bool)>,
    /// The operands.
    pub operands: Vec<Value>,
}

/// What a name other than a register's stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A variable outside functions.
    Global(GlobalId),
    /// A variable or parameter of the function.
    Variable(VariableId),
    /// A function.
    Function(FunctionId),
    /// A label.
    Label(LabelId),
    /// A list of labels.
    BranchTargets(BranchTargetsId),
    /// A list of functions.
    CallTargets(CallTargetsId),
    /// A prototype.
    Prototype(PrototypeId),
}

/// A part of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// `.x`, `.y`, `.z`, `.w` (or `.r`, `.g`, `.b`, `.a`) of a vector: 0 to 3.
    Component(u8),
    /// `.b0` to `.b3`, or `.b3210` and the like of the video instructions: the digits from the left, and how many there are.
    Bytes([u8; 4], u8),
    /// `.h0` and `.h1`, or `.h10` and the like.
    Halves([u8; 2], u8),
}

/// What an address begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// 0.
    Absolute,
    /// What a register holds.
    Register(RegisterId),
    /// The address of a variable, or the parameter itself.
    Symbol(Symbol),
}

/// An operand with its names bound, and constant expressions as their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A register, or a part of it.
    Register(RegisterId, Option<Selector>),
    /// `!%p`: a predicate.
    Not(RegisterId),
    /// `-%r`.
    Minus(RegisterId, Option<Selector>),
    /// A special register; of `%tid` and the like, the component (0 to 3) if one is chosen.
    Special(SpecialRegister, Option<u8>),
    /// A number.
    Literal(Literal),
    /// The address of a variable or function so many bytes on; a label or list with 0.
    Symbol(Symbol, i64),
    /// An address that is accessed.
    Address(Base, i64),
    /// `a[i]`.
    Element(Symbol, Box<Value>),
    /// `a|p`.
    Pair(Box<[Value; 2]>),
    /// `{a, b}`.
    Vector(Vec<Value>),
    /// `[a, {b, c}]`.
    Tuple(Vec<Value>),
    /// `(a, b)` of `call`.
    List(Vec<Value>),
    /// `_`.
    Sink,
}
