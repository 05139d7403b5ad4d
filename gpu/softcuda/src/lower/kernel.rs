//! Lowers a kernel.

use super::assemble::assemble;
use super::emit::{Emitter, Frame, SharedKey};
use super::error::LoadError;
use crate::machine::program::{Param, Program, SharedVariable};
use crate::ptx;
use crate::ptx::ast::{FunctionDirective, Linkage, Space};
use crate::ptx::resolve::{Base, Binding, Body, Symbol, Value};
use std::collections::{HashMap, HashSet};

/// Lowers the kernel of a body.
pub(super) fn lower(
    program: &ptx::Program<'_, '_>,
    body: &Body<'_, '_>,
) -> Result<Program, LoadError> {
    let SharedMemory { places: shared, size: shared_size, variables } = shared(program, body)?;
    let empty = Frame {
        body,
        registers: HashMap::new(),
        variables: HashMap::new(),
        labels: Vec::new(),
        leave: None,
    };
    let mut emitter = Emitter::new(program, shared, empty);
    emitter.line = body.function.position.line;
    let frame = emitter.frame(body, None)?;
    let mut params = Vec::new();
    for binding in &body.params {
        let Binding::Variable(id) = binding else {
            return emitter.unsupported("a kernel's parameter in a register");
        };
        let variable = body.variables[id.index()].variable;
        let place = frame.variables.get(&id.0).map_or(0, |place| place.offset);
        let size = variable.bytes().unwrap_or(0);
        if place.saturating_add(size) > u64::from(u16::MAX) {
            return emitter.unsupported("more than 65535 bytes of parameters");
        }
        params.push(Param {
            name: variable.name.to_owned(),
            offset: place as u32,
            size: size as u32,
        });
    }
    let params_size = params.iter().map(|param| param.offset + param.size).max().unwrap_or(0);
    emitter.params_size = params_size.into();
    emitter.frame = frame;
    emitter.body()?;
    // Each lane's local memory begins at a multiple of 16.
    let local = emitter.local_most.next_multiple_of(16);
    let Ok(local) = u32::try_from(local) else {
        return emitter.unsupported("so much local memory");
    };
    if local > 512 << 10 {
        return emitter.unsupported("more than 512 KiB of local memory a thread");
    }
    let mut lowered = assemble(emitter, body.function.name, params)?;
    lowered.params_size = params_size;
    lowered.shared = shared_size;
    lowered.shared_variables = variables;
    lowered.local = local;
    lowered.threads = body.function.threads();
    lowered.max_registers = body.function.directives.iter().find_map(|directive| match directive {
        FunctionDirective::MaxRegisters(n) => Some(*n),
        _ => None,
    });
    Ok(lowered)
}

/// Variables in shared memory that a kernel and what it calls use: their places, and the bytes that are declared.
struct SharedMemory {
    places: HashMap<SharedKey, u64>,
    size: u32,
    variables: Vec<SharedVariable>,
}

/// Places the variables in shared memory.
fn shared(program: &ptx::Program<'_, '_>, body: &Body<'_, '_>) -> Result<SharedMemory, LoadError> {
    let mut places = HashMap::new();
    let mut variables = Vec::new();
    let (mut size, mut dynamic, mut align) = (0_u64, Vec::new(), 1);
    let mut seen = HashSet::new();
    let mut left = vec![body];
    while let Some(body) = left.pop() {
        let line = body.function.position.line;
        let mut add = |key: SharedKey, variable: &ptx::ast::Variable<'_>| {
            if places.contains_key(&key) {
                return;
            }
            let bytes = variable.bytes().unwrap_or(0);
            if variable.linkage == Some(Linkage::Extern) && bytes == 0 {
                dynamic.push((key, variable.name.to_owned()));
                align = align.max(variable.alignment());
                places.insert(key, 0);
            } else {
                size = size.next_multiple_of(variable.alignment().max(1));
                places.insert(key, size);
                let name = variable.name.to_owned();
                variables.push(SharedVariable { name, offset: size, size: bytes });
                size = size.saturating_add(bytes);
            }
        };
        for (number, local) in body.variables.iter().enumerate() {
            if local.variable.space == Space::Shared {
                add(SharedKey::Local(line, number as u32), local.variable);
            }
        }
        let mut functions = Vec::new();
        for step in &body.steps {
            for operand in &step.operands {
                symbols(operand, &mut |symbol| match symbol {
                    Symbol::Global(id) => {
                        let variable = program.globals[id.index()].variable;
                        if variable.space == Space::Shared {
                            add(SharedKey::Global(id.0), variable);
                        }
                    }
                    Symbol::Function(id) => functions.push(id),
                    _ => {}
                });
            }
        }
        for id in functions {
            let callable = &program.functions[id.index()];
            let id = callable.alias_of.unwrap_or(id);
            if seen.insert(id)
                && let Some(body) = &program.functions[id.index()].body
            {
                left.push(body);
            }
        }
    }
    // Dynamic shared memory follows what is declared.
    if !dynamic.is_empty() {
        size = size.next_multiple_of(align.max(16));
        for (key, name) in dynamic {
            places.insert(key, size);
            variables.push(SharedVariable { name, offset: size, size: 0 });
        }
    }
    let Ok(size) = u32::try_from(size) else {
        return Err(LoadError::Module {
            line: body.function.position.line,
            what: format!("kernel {} declares {size} bytes of shared memory", body.function.name),
        });
    };
    Ok(SharedMemory { places, size, variables })
}

fn symbols(operand: &Value, f: &mut impl FnMut(Symbol)) {
    match operand {
        Value::Symbol(symbol, _) | Value::Address(Base::Symbol(symbol), _) => f(*symbol),
        Value::Element(symbol, index) => {
            f(*symbol);
            symbols(index, f);
        }
        Value::Pair(pair) => pair.iter().for_each(|it| symbols(it, f)),
        Value::Vector(list) | Value::Tuple(list) | Value::List(list) => {
            list.iter().for_each(|it| symbols(it, f))
        }
        _ => {}
    }
}
