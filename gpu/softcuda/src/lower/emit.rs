//! Emits instructions: operands of PTX become values, literals constants, widths are adapted.

use super::error::LoadError;
use super::op::{Control, Field, Label, Op, Value};
use crate::count::Class;
use crate::machine::body::alu;
use crate::machine::instruction::Body;
use crate::machine::lane::Kind;
use crate::machine::program::{Constant, Special};
use crate::ptx;
use crate::ptx::ast::{Literal, Space, Type};
use crate::ptx::resolve::{self, Body as PtxBody, Register, RegisterId, Selector, Step, Symbol};
use std::collections::HashMap;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// A register: 0 units for a predicate, 1 for up to 32 bits, 2 for 64.
    Register(u16),
    /// Known when a launch begins; whether of 64 bits.
    Constant(Constant, bool),
    /// Known when a block begins.
    Special(Special),
}

/// The place of a variable of the kernel's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub space: Space,
    pub offset: u64,
}

/// What the names of a function's body stand for in one inlined copy of it.
#[derive(Debug)]
pub(super) struct Frame<'p, 'm, 'a> {
    pub body: &'p PtxBody<'m, 'a>,
    /// The value of each register, given at first use; vectors have one for each component.
    pub registers: HashMap<(RegisterId, u8), Value>,
    /// Places of variables in memory, by their numbers.
    pub variables: HashMap<u32, Place>,
    /// Labels, by their numbers.
    pub labels: Vec<Label>,
    /// Where `ret` goes; the thread ends where there is none.
    pub leave: Option<Label>,
}

/// Emits the instructions of one kernel.
pub(super) struct Emitter<'p, 'm, 'a> {
    pub program: &'p ptx::Program<'m, 'a>,
    pub values: Vec<Home>,
    constants: HashMap<(Constant, bool), Value>,
    specials: HashMap<Special, Value>,
    pub ops: Vec<Op>,
    /// Where each label stands.
    pub labels: Vec<usize>,
    pub opcodes: Vec<String>,
    opcode_numbers: HashMap<String, u32>,
    /// Offsets of variables in shared memory: of the module, and of functions.
    pub shared: HashMap<SharedKey, u64>,
    /// Bytes of the kernel's parameters.
    pub params_size: u64,
    pub local: u64,
    pub local_most: u64,
    /// Functions being inlined.
    pub stack: Vec<u32>,
    pub frame: Frame<'p, 'm, 'a>,
    /// The step being emitted.
    pub line: u32,
    source: Option<(u32, u32)>,
    opcode: u32,
    guard: Option<(Value, bool)>,
}

/// A variable in shared memory: of the module, or of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SharedKey {
    Global(u32),
    /// Function's first line and variable's number.
    Local(u32, u32),
}

/// A step's place and guard.
pub(super) struct Mark {
    line: u32,
    source: Option<(u32, u32)>,
    opcode: u32,
    guard: Option<(Value, bool)>,
}

/// The result of emitting.
pub(super) type Emitted<T = ()> = Result<T, LoadError>;

impl<'p, 'm, 'a> Emitter<'p, 'm, 'a> {
    pub(super) fn new(
        program: &'p ptx::Program<'m, 'a>,
        shared: HashMap<SharedKey, u64>,
        frame: Frame<'p, 'm, 'a>,
    ) -> Self {
        Self {
            program,
            // The predicate that is always true.
            values: vec![Home::Register(0)],
            constants: HashMap::new(),
            specials: HashMap::new(),
            ops: Vec::new(),
            labels: Vec::new(),
            opcodes: Vec::new(),
            opcode_numbers: HashMap::new(),
            shared,
            params_size: 0,
            local: 0,
            local_most: 0,
            stack: Vec::new(),
            frame,
            line: 0,
            source: None,
            opcode: 0,
            guard: None,
        }
    }

    /// Takes on the place and guard of a step.
    pub(super) fn enter(&mut self, step: &Step<'m, 'a>) -> Emitted {
        self.line = step.instruction.position.line;
        self.source = step.instruction.loc.map(|loc| (loc.file, loc.line));
        let text = step.instruction.opcode.as_str();
        self.opcode = match self.opcode_numbers.get(text) {
            Some(&number) => number,
            None => {
                let number = self.opcodes.len() as u32;
                self.opcodes.push(text.to_owned());
                self.opcode_numbers.insert(text.to_owned(), number);
                number
            }
        };
        self.guard = match step.guard {
            Some((id, negated)) => Some((self.register(id, 0)?, negated)),
            None => None,
        };
        Ok(())
    }

    /// The opcode of the step.
    fn opcode_text(&self) -> String {
        self.opcodes.get(self.opcode as usize).cloned().unwrap_or_default()
    }

    /// An error about an operand.
    pub(super) fn bad<T>(&self, why: impl Into<String>) -> Emitted<T> {
        Err(LoadError::Operand { line: self.line, opcode: self.opcode_text(), why: why.into() })
    }

    /// An error about the instruction.
    pub(super) fn unsupported<T>(&self, why: impl Into<String>) -> Emitted<T> {
        let why: String = why.into();
        let why = if why.is_empty() { why } else { format!(": {why}") };
        Err(LoadError::Unsupported { line: self.line, opcode: self.opcode_text(), why })
    }

    /// The step's place and guard, to come back to.
    pub(super) fn mark(&self) -> Mark {
        Mark { line: self.line, source: self.source, opcode: self.opcode, guard: self.guard }
    }

    /// Back to a step's place, with a guard or without.
    pub(super) fn back(&mut self, mark: &Mark, guarded: bool) {
        (self.line, self.source, self.opcode) = (mark.line, mark.source, mark.opcode);
        self.guard = if guarded { mark.guard } else { None };
    }

    fn add(&mut self, home: Home) -> Value {
        self.values.push(home);
        Value(self.values.len() as u32 - 1)
    }

    /// A register of its own: 0 units for a predicate, else 1 or 2.
    pub(super) fn fresh(&mut self, units: u16) -> Value {
        self.add(Home::Register(units))
    }

    /// Units of a value's row, 0 for predicates.
    pub(super) fn units(&self, value: Value) -> u16 {
        match self.values[value.0 as usize] {
            Home::Register(units) => units,
            Home::Constant(_, wide) => 1 + u16::from(wide),
            Home::Special(_) => 1,
        }
    }

    /// A constant.
    pub(super) fn constant(&mut self, constant: Constant, wide: bool) -> Value {
        let constant = match constant {
            Constant::Bits(bits) if !wide => Constant::Bits(bits & 0xffff_ffff),
            other => other,
        };
        match self.constants.get(&(constant, wide)) {
            Some(&value) => value,
            None => {
                let value = self.add(Home::Constant(constant, wide));
                self.constants.insert((constant, wide), value);
                value
            }
        }
    }

    /// A constant of 32 bits.
    pub(super) fn bits(&mut self, bits: u32) -> Value {
        self.constant(Constant::Bits(bits.into()), false)
    }

    /// A special register of the machine's.
    pub(super) fn special(&mut self, special: Special) -> Value {
        match self.specials.get(&special) {
            Some(&value) => value,
            None => {
                let value = self.add(Home::Special(special));
                self.specials.insert(special, value);
                value
            }
        }
    }

    /// The value of a register, or of a component of a vector.
    pub(super) fn register(&mut self, id: RegisterId, component: u8) -> Emitted<Value> {
        if let Some(&value) = self.frame.registers.get(&(id, component)) {
            return Ok(value);
        }
        let Register { ty, name, .. } = self.frame.body.registers[id.index()];
        let units = match ty {
            Type::Pred => 0,
            Type::B128 => {
                return self.bad(format!("`{name}` has 128 bits, which is not supported"));
            }
            ty if ty.bytes() <= 4 => 1,
            _ => 2,
        };
        let value = self.fresh(units);
        self.frame.registers.insert((id, component), value);
        Ok(value)
    }

    /// Emits an instruction with the step's place and guard.
    pub(super) fn op(&mut self, body: Body, class: Class, fields: [Field; 5]) -> &mut Op {
        let at = self.ops.len();
        self.ops.push(Op {
            body,
            imm: 0,
            guard: self.guard,
            fields,
            list: Vec::new(),
            flag: None,
            control: Control::Next,
            class,
            flops: 0,
            bytes: 0,
            strong: false,
            line: self.line,
            source: self.source,
            opcode: self.opcode,
        });
        &mut self.ops[at]
    }

    /// A label that stands nowhere yet.
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(usize::MAX);
        Label(self.labels.len() as u32 - 1)
    }

    /// A source operand as a value whose row is as wide as the kind.
    pub(super) fn source(&mut self, operand: &resolve::Value, kind: Kind) -> Emitted<Value> {
        let value = match operand {
            resolve::Value::Register(id, None) => self.register(*id, 0)?,
            resolve::Value::Register(id, Some(Selector::Component(n))) => self.register(*id, *n)?,
            resolve::Value::Literal(literal) => {
                let bits = literal_bits(*literal, kind);
                return Ok(self.constant(Constant::Bits(bits), kind.units() == 2));
            }
            resolve::Value::Special(special, component) => {
                self.special_register(*special, *component)?
            }
            resolve::Value::Symbol(symbol, offset) => {
                self.address_of(*symbol, *offset, kind.units() == 2)?
            }
            resolve::Value::Minus(..) | resolve::Value::Register(..) => {
                return self.unsupported("a selected or negated operand");
            }
            _ => return self.bad("expected a register or number"),
        };
        self.widen(value, kind)
    }

    /// A value in a row as wide as the kind: truncated, or extended as the kind says.
    pub(super) fn widen(&mut self, value: Value, kind: Kind) -> Emitted<Value> {
        match (self.units(value), kind.units()) {
            (0, _) => self.bad("expected a register of numbers, found a predicate"),
            (a, b) if a == b => Ok(value),
            (2, _) => {
                let out = self.fresh(1);
                self.hidden(alu::one(|a: u64| a as u32), out, value);
                Ok(out)
            }
            _ => {
                let out = self.fresh(2);
                let body = if kind.signed() {
                    alu::one(|a: i32| i64::from(a))
                } else {
                    alu::one(|a: u32| u64::from(a))
                };
                self.hidden(body, out, value);
                Ok(out)
            }
        }
    }

    /// `to = body(from)`, an instruction that PTX has not.
    pub(super) fn hidden(&mut self, body: Body, to: Value, from: Value) {
        let fields = [Field::Def(to), Field::Use(from), Field::None, Field::None, Field::None];
        self.op(body, Class::Hidden, fields);
    }

    /// A destination for results of a kind: the value to write, and the register to extend it to, if it is wider.
    pub(super) fn target(
        &mut self,
        operand: &resolve::Value,
        kind: Kind,
    ) -> Emitted<(Value, Option<Value>)> {
        let value = match operand {
            resolve::Value::Register(id, None) => self.register(*id, 0)?,
            resolve::Value::Register(id, Some(Selector::Component(n))) => self.register(*id, *n)?,
            resolve::Value::Sink => return Ok((self.fresh(kind.units()), None)),
            _ => return self.bad("expected a register for the result"),
        };
        match (self.units(value), kind.units()) {
            (0, _) => self.bad("expected a register of numbers, found a predicate"),
            (a, b) if a == b => Ok((value, None)),
            (2, _) => Ok((self.fresh(1), Some(value))),
            _ => self.bad("the result does not fit into the register"),
        }
    }

    /// Extends a result where its register is wider.
    pub(super) fn extend(&mut self, from: Value, to: Option<Value>, kind: Kind) {
        if let Some(to) = to {
            let body = if kind.signed() {
                alu::one(|a: i32| i64::from(a))
            } else {
                alu::one(|a: u32| u64::from(a))
            };
            self.hidden(body, to, from);
        }
    }

    /// A predicate that is read, and whether it is negated.
    pub(super) fn predicate(&mut self, operand: &resolve::Value) -> Emitted<(Value, bool)> {
        let (value, negated) = match operand {
            resolve::Value::Register(id, None) => (self.register(*id, 0)?, false),
            resolve::Value::Not(id) => (self.register(*id, 0)?, true),
            resolve::Value::Literal(Literal::Int { value, .. }) => (TRUE, *value == 0),
            _ => return self.bad("expected a predicate"),
        };
        if value != TRUE && self.units(value) != 0 {
            return self.bad("expected a predicate, found a register of numbers");
        }
        Ok((value, negated))
    }

    /// A predicate that is written.
    pub(super) fn predicate_target(&mut self, operand: &resolve::Value) -> Emitted<Value> {
        match operand {
            resolve::Value::Register(id, None) => {
                let value = self.register(*id, 0)?;
                if self.units(value) == 0 {
                    Ok(value)
                } else {
                    self.bad("expected a predicate for the result")
                }
            }
            resolve::Value::Sink => Ok(self.fresh(0)),
            _ => self.bad("expected a predicate for the result"),
        }
    }

    /// A number that is known when the module is loaded.
    pub(super) fn immediate(&self, operand: &resolve::Value) -> Emitted<u64> {
        match operand {
            resolve::Value::Literal(Literal::Int { value, .. }) => Ok(*value),
            _ => self.bad("expected an integer that is known"),
        }
    }

    /// The place of a variable.
    pub(super) fn place(&self, symbol: Symbol) -> Emitted<(Space, Constant)> {
        let known = |space, offset| Ok((space, Constant::Bits(offset)));
        match symbol {
            Symbol::Global(id) => {
                let variable = self.program.globals[id.index()].variable;
                match variable.space {
                    Space::Shared => match self.shared.get(&SharedKey::Global(id.0)) {
                        Some(&offset) => known(Space::Shared, offset),
                        None => self.bad("a variable in shared memory without a place"),
                    },
                    space @ (Space::Global | Space::Const) => {
                        Ok((space, Constant::Variable(id.0, 0)))
                    }
                    space => self.unsupported(format!("a variable in `{space}`")),
                }
            }
            Symbol::Variable(id) => match self.frame.variables.get(&id.0) {
                Some(place) => known(place.space, place.offset),
                None => self.bad("a variable without a place"),
            },
            _ => self.unsupported("the address of a function or label"),
        }
    }

    /// The address of a variable, in its own space.
    pub(super) fn address_of(&mut self, symbol: Symbol, offset: i64, wide: bool) -> Emitted<Value> {
        let (_, constant) = self.place(symbol)?;
        let constant = match constant {
            Constant::Bits(bits) => Constant::Bits(bits.wrapping_add_signed(offset)),
            Constant::Variable(number, addend) => Constant::Variable(number, addend + offset),
        };
        Ok(self.constant(constant, wide))
    }
}

/// The predicate that is always true: the first value of every kernel.
pub(super) const TRUE: Value = Value(0);

/// The bits of a literal of a kind.
pub(super) fn literal_bits(literal: Literal, kind: Kind) -> u64 {
    match (literal, kind) {
        (Literal::Single(bits), Kind::F64) => f64::from(f32::from_bits(bits)).to_bits(),
        (Literal::Single(bits), _) => bits.into(),
        (Literal::Double(bits), Kind::F32) => (f64::from_bits(bits) as f32).to_bits().into(),
        (Literal::Double(bits), _) => bits,
        (Literal::Int { value, unsigned }, Kind::F32 | Kind::F64) => {
            let x = if unsigned { value as f64 } else { value as i64 as f64 };
            if kind == Kind::F64 { x.to_bits() } else { (x as f32).to_bits().into() }
        }
        (Literal::Int { value, .. }, _) => value,
    }
}
