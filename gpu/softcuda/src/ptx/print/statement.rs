//! Statements, instructions and operands.

use std::fmt::{self, Display, Formatter};

use super::{Show, list, pragma};
use crate::ptx::ast::{
    Address, Guard, Instruction, Loc, Name, Opcode, Operand, SourceLine, Statement,
};

/// Statements, a line each, at this depth of indentation.
pub(super) fn block(
    f: &mut Formatter<'_>,
    statements: &[Statement<'_>],
    depth: usize,
) -> fmt::Result {
    for statement in statements {
        let indent = depth - usize::from(matches!(statement, Statement::Label(..)));
        write!(f, "{:\t<indent$}", "")?;
        match statement {
            Statement::Block(inner) => {
                f.write_str("{\n")?;
                block(f, inner, depth + 1)?;
                writeln!(f, "{:\t<depth$}}}", "")?;
            }
            _ => writeln!(f, "{statement}")?,
        }
    }
    Ok(())
}

impl Display for Statement<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Statement::Instruction(instruction) => write!(f, "{instruction}"),
            Statement::Label(_, name) => write!(f, "{name}:"),
            Statement::Registers(registers) => write!(f, "{registers}"),
            Statement::Variable(variable) => write!(f, "{variable};"),
            Statement::Block(inner) => {
                f.write_str("{\n")?;
                block(f, inner, 1)?;
                f.write_str("}")
            }
            Statement::Loc(loc) => write!(f, "{loc}"),
            Statement::Pragma(strings) => pragma(f, strings),
            Statement::BranchTargets { name, labels, .. } => {
                write!(f, "{name}: .branchtargets ")?;
                let show = |&(label, count): &(&str, Option<u32>)| {
                    let label = label.to_owned();
                    Show(move |f: &mut Formatter<'_>| match count {
                        Some(count) => write!(f, "{label}<{count}>"),
                        None => f.write_str(&label),
                    })
                };
                list(f, labels.iter().map(show))?;
                f.write_str(";")
            }
            Statement::CallTargets { name, functions, .. } => {
                write!(f, "{name}: .calltargets ")?;
                list(f, functions)?;
                f.write_str(";")
            }
            Statement::Prototype(prototype) => write!(f, "{prototype}"),
            Statement::File(file) => write!(f, "{file}"),
            Statement::Section(section) => write!(f, "{section}"),
            Statement::Dwarf(line) => write!(f, "@@DWARF {line}"),
        }
    }
}

/// As `.loc` writes it: `1 21 3`.
impl Display for SourceLine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.file, self.line, self.column)
    }
}

impl Display for Loc<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, ".loc {}", self.at)?;
        let Some(inlined) = &self.inlined else { return Ok(()) };
        let (function, offset, caller) = &**inlined;
        write!(f, ", function_name {function}")?;
        if *offset != 0 {
            write!(f, "+{offset}")?;
        }
        write!(f, ", inlined_at {caller}")
    }
}

impl Display for Opcode<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Display for Guard<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "@{}{}", if self.negated { "!" } else { "" }, self.name)
    }
}

impl Display for Instruction<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(guard) = &self.guard {
            write!(f, "{guard} ")?;
        }
        write!(f, "{}", self.opcode)?;
        if !self.operands.is_empty() {
            f.write_str(" ")?;
            list(f, &self.operands)?;
        }
        f.write_str(";")
    }
}

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)?;
        self.selector.map_or(Ok(()), |selector| write!(f, ".{selector}"))
    }
}

impl Display for Address<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.base, self.offset) {
            (Some(base), 0) => write!(f, "[{base}]")?,
            (Some(base), offset) => write!(f, "[{base}+{offset}]")?,
            (None, offset) => write!(f, "[{offset}]")?,
        }
        f.write_str(if self.unified { ".unified" } else { "" })
    }
}

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut between = |open: &str, operands: &[Operand<'_>], close: &str| {
            f.write_str(open)?;
            list(f, operands)?;
            f.write_str(close)
        };
        match self {
            Operand::Vector(operands) => between("{", operands, "}"),
            Operand::Tuple(operands) => between("[", operands, "]"),
            Operand::List(operands) => between("(", operands, ")"),
            Operand::Name(name) => write!(f, "{name}"),
            Operand::Not(name) => write!(f, "!{name}"),
            Operand::Minus(name) => write!(f, "-{name}"),
            Operand::Literal(literal) => write!(f, "{literal}"),
            Operand::Expr(expression) => expression.write_operand(f),
            Operand::Address(address) => write!(f, "{address}"),
            Operand::Element(name, index) => write!(f, "{name}[{index}]"),
            Operand::Pair(pair) => write!(f, "{}|{}", pair[0], pair[1]),
            Operand::Sink => f.write_str("_"),
        }
    }
}
