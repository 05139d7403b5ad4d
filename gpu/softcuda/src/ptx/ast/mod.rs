//! The syntax tree. Texts are slices of the source.

mod expression;
mod function;
mod instruction;
mod module;
mod types;
mod variable;

pub use expression::{BinaryOp, Cast, Expr, Literal, UnaryOp};
pub use function::{Function, FunctionDirective, FunctionKind, Prototype};
pub use instruction::{Address, Guard, Instruction, Name, Opcode, Operand};
pub use module::{Item, Loc, Module, Section, SourceFile, SourceLine, Statement, Target};
pub use types::{Linkage, Space, Type, VectorWidth};
pub use variable::{Attribute, Initializer, Pointer, RegisterNames, Registers, Variable};
