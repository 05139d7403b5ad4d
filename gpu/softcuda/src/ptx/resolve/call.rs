//! Branches and calls: what they name, and how many arguments they give.

use super::{Body, Resolver, Symbol, Value};
use crate::ptx::ast::{Instruction, Operand};
use crate::ptx::{Error, ErrorKind};

/// Checks the operands of `bra`, `brx` and `call`; other instructions name neither labels nor functions that must exist.
pub(super) fn check_call(
    resolver: &Resolver<'_, '_>,
    body: &Body<'_, '_>,
    instruction: &Instruction<'_>,
    operands: &[Value],
) -> Result<(), Error> {
    match instruction.opcode.base() {
        "bra" => match operands {
            [Value::Symbol(Symbol::Label(_), _)] => Ok(()),
            _ => Err(wrong(resolver, instruction, "one label")),
        },
        "brx" => match operands {
            [Value::Register(..), Value::Symbol(Symbol::BranchTargets(_), _)] => Ok(()),
            _ => Err(wrong(resolver, instruction, "a register and a `.branchtargets` list")),
        },
        "call" => call(resolver, body, instruction, operands),
        _ => Ok(()),
    }
}

fn wrong(
    resolver: &Resolver<'_, '_>,
    instruction: &Instruction<'_>,
    expected: &'static str,
) -> Error {
    let found = instruction.operands.iter().map(Operand::to_string).collect::<Vec<_>>().join(", ");
    let kind = ErrorKind::Kind { expected, name: shortened(&found), found: "not that".into() };
    resolver.error(instruction.position, kind)
}

fn shortened(text: &str) -> String {
    text.chars().take(48).collect()
}

fn call(
    resolver: &Resolver<'_, '_>,
    body: &Body<'_, '_>,
    instruction: &Instruction<'_>,
    operands: &[Value],
) -> Result<(), Error> {
    const EXPECTED: &str = "results in parentheses, a function or register, arguments in parentheses, and where the \
                            callee is a register a list or prototype";
    let (results, rest) = match operands {
        [Value::List(results), rest @ ..] => (results.len(), rest),
        rest => (0, rest),
    };
    let Some((callee, rest)) = rest.split_first() else {
        return Err(wrong(resolver, instruction, EXPECTED));
    };
    let (arguments, rest) = match rest {
        [Value::List(arguments), rest @ ..] => (arguments.len(), rest),
        rest => (0, rest),
    };
    let (name, takes) = match (callee, rest) {
        (Value::Symbol(Symbol::Function(id), 0), []) => {
            let callable = &resolver.program.functions[id.index()];
            (callable.name, (callable.declaration.returns.len(), callable.declaration.params.len()))
        }
        (Value::Register(..), [Value::Symbol(Symbol::Prototype(id), _)]) => {
            let prototype = body.prototypes[id.index()];
            (prototype.name, (prototype.returns.len(), prototype.params.len()))
        }
        (Value::Register(..), [Value::Symbol(Symbol::CallTargets(_) | Symbol::Global(_), _)]) => {
            return Ok(());
        }
        _ => return Err(wrong(resolver, instruction, EXPECTED)),
    };
    let parts = [("results", takes.0, results), ("arguments", takes.1, arguments)];
    match parts.into_iter().find(|(_, takes, found)| takes != found) {
        None => Ok(()),
        Some((what, takes, found)) => {
            let kind = ErrorKind::Arguments { function: name.into(), what, takes, found };
            Err(resolver.error(instruction.position, kind))
        }
    }
}
