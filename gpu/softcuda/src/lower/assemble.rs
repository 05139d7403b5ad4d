//! From instructions on the way to a program: rows, targets, places of reconvergence.

use super::emit::{Emitter, Home};
use super::error::LoadError;
use super::flow::Graph;
use super::op::{Control, Field, Op, Value};
use super::polls;
use super::rows;
use crate::count::Class;
use crate::machine::instruction::{Instruction, NOWHERE};
use crate::machine::program::{Goes, Link, Param, Place, Program, Role, Rounds};

/// Predicates 0 (always true) and 1 (the carry) are the machine's own.
const FIRST_PREDICATE: u32 = 2;

/// Makes the program of what was emitted.
pub(super) fn assemble(
    emitter: Emitter<'_, '_, '_>,
    name: &str,
    params: Vec<Param>,
) -> Result<Program, LoadError> {
    let Emitter { mut ops, mut labels, values, opcodes, .. } = emitter;
    let polling = polls::mark(&mut ops, &mut labels, &opcodes, &values);
    let graph = Graph::new(&ops, &labels);
    let meets = graph.meets();
    let lives = rows::lives(&ops, &graph, values.len());
    let predicate =
        |value: Value| u16::from(values[value.0 as usize] == Home::Register(0) && value.0 != 0);
    let (predicates, count) = rows::places(&lives, predicate, FIRST_PREDICATE);
    let mut program = Program { name: name.to_owned(), params, opcodes, ..Program::default() };
    let mut next = count.div_ceil(32);
    let mut fixed = vec![u32::MAX; values.len()];
    for (i, home) in values.iter().enumerate().filter(|&(i, _)| lives[i].is_some()) {
        match *home {
            Home::Register(_) => {}
            Home::Constant(constant, wide) => {
                fixed[i] = next;
                program.constants.push((constant, next as u16, wide));
                next += 1 + u32::from(wide);
            }
            Home::Special(special) => {
                fixed[i] = next;
                program.specials.push((special, next as u16));
                next += 1;
            }
        }
    }
    let of = |units: u16| {
        let values = &values;
        move |value: Value| {
            if values[value.0 as usize] == Home::Register(units) { units } else { 0 }
        }
    };
    // Wide rows and narrow ones never take each other's units: lane 9 of a wide row lies where lanes 18 and 19 of a narrow one do, and
    // these lanes may have gone another way and keep values of their own there.
    let (wide, middle) = rows::places(&lives, of(2), next);
    let (narrow, end) = rows::places(&lives, of(1), middle);
    program.units = u16::try_from(end).map_err(|_| LoadError::Module {
        line: ops.first().map_or(0, |op| op.line),
        what: format!("kernel {name} needs more than 65535 rows of registers"),
    })?;
    let row = |value: Value| -> u16 {
        let i = value.0 as usize;
        match values[i] {
            _ if i == 0 => 0,
            Home::Register(0) => predicates[i] as u16,
            Home::Register(2) => wide[i] as u16,
            Home::Register(_) => narrow[i] as u16,
            _ => fixed[i] as u16,
        }
    };
    program.pressure = end - next;
    link(&mut program, &ops, &values);
    let field = |field: Field| field.value().map_or(0, row);
    for (at, op) in ops.iter().enumerate() {
        let mut ins = Instruction::new(op.body);
        [ins.d, ins.a, ins.b, ins.c, ins.e] = op.fields.map(field);
        ins.imm = op.imm;
        if let Some((guard, negated)) = op.guard {
            ins.guard = row(guard);
            ins.guard_xor = if negated { u32::MAX } else { 0 };
        }
        if let Some((flag, shift)) = op.flag {
            ins.imm |= u64::from(field(flag)) << shift;
        }
        if !op.list.is_empty() {
            ins.imm |= (program.operands.len() as u64) << 32;
            program.operands.extend(op.list.iter().map(|&it| field(it)));
        }
        let meet =
            meets[graph.block_of[at]].map_or(NOWHERE, |block| graph.blocks[block].begin as u32);
        match &op.control {
            Control::Branch(label) => {
                ins.imm = labels[label.0 as usize] as u64 | u64::from(meet) << 32;
            }
            Control::Indirect(table) => {
                ins.imm = program.targets.len() as u64 | u64::from(meet) << 32;
                let targets = table.iter().map(|label| labels[label.0 as usize] as u32).collect();
                program.targets.push(targets);
            }
            Control::Next | Control::Exit | Control::Stop => {}
        }
        program.code.push(ins);
    }
    for it in polling {
        program.code[it.head].imm = program.rounds.len() as u64;
        let kept = |value: &Value| {
            let units = match values[value.0 as usize] {
                Home::Register(units) => units,
                Home::Constant(..) | Home::Special(_) => 1,
            };
            (row(*value), units)
        };
        program.rounds.push(Rounds {
            body: it.body.iter().map(|&(begin, end)| begin as u32..end as u32).collect(),
            handed_on: it.handed_on.iter().map(kept).collect(),
        });
    }
    program.places = ops.iter().map(|op| place(op, &values, &program.opcodes)).collect();
    Ok(program)
}

/// What each instruction reads and writes.
fn link(program: &mut Program, ops: &[Op], homes: &[Home]) {
    let changes =
        |value: &Value| value.0 != 0 && matches!(homes[value.0 as usize], Home::Register(_));
    program.values = homes.len() as u32;
    for op in ops {
        let first = program.linked.len() as u32;
        program.linked.extend(op.uses().filter(changes).map(|value| value.0));
        let uses = program.linked.len() as u32 - first;
        program.linked.extend(op.defs().filter(changes).map(|value| value.0));
        let defs = program.linked.len() as u32 - first - uses;
        program.links.push(Link { first, uses: uses as u16, defs: defs as u16 });
    }
}

/// Where an instruction comes from, and what it counts as.
fn place(op: &Op, homes: &[Home], opcodes: &[String]) -> Place {
    let role = |field: Field| {
        let home = field.value().map(|value| homes[value.0 as usize]);
        Role {
            used: field.used().is_some(),
            defined: field.defined().is_some(),
            predicate: home == Some(Home::Register(0)),
            wide: matches!(home, Some(Home::Register(2) | Home::Constant(_, true))),
        }
    };
    Place {
        roles: op.fields.map(role),
        goes: match op.control {
            Control::Next => Goes::Next,
            Control::Branch(_) => Goes::Branch,
            Control::Indirect(_) => Goes::Table,
            Control::Exit | Control::Stop => Goes::End,
        },
        line: op.line,
        source: op.source,
        opcode: op.opcode,
        class: op.class,
        flops: op.flops,
        bytes: op.bytes,
        strong: op.strong,
        acts: acts(op, opcodes),
    }
}

/// Whether an instruction may do more than write registers. Of atomic operations it is seen when they happen.
fn acts(op: &Op, opcodes: &[String]) -> bool {
    let opcode = opcodes.get(op.opcode as usize).map_or("", String::as_str);
    let writes = ["st", "cp.", "call", "wmma.store", "stmatrix"];
    match op.class {
        Class::StoreGlobal | Class::StoreShared | Class::Local | Class::Barrier => true,
        // What is passed to functions may lie in local memory.
        Class::Hidden => op.imm >> 56 == LOCAL || opcode.starts_with("call"),
        _ => writes.iter().any(|&writes| opcode.starts_with(writes)),
    }
}

/// The top byte of accesses to local memory.
const LOCAL: u64 = crate::machine::body::access::Reach::Local as u64;
