//! Bodies of functions, and calls, which are inlined: each call gets its own copy of the function, so that control flow is that of one
//! graph. Recursion and calls through pointers are refused.

use super::emit::{Emitted, Emitter, Frame, Place, SharedKey};
use super::op::{Control, Field, Label};
use super::table;
use crate::count::Class;
use crate::machine::body::access::Reach;
use crate::machine::body::{access, alu, control, print};
use crate::machine::lane::Kind;
use crate::ptx::ast::{FunctionKind, Space, Type};
use crate::ptx::resolve::{Binding, Body, FunctionId, Symbol, Value, VariableId};
use std::collections::HashMap;

/// Calls within calls, at most.
const DEEPEST: usize = 64;
/// Instructions of a kernel, at most, with what is inlined.
const MOST: usize = 1 << 20;

impl<'p, 'm, 'a> Emitter<'p, 'm, 'a> {
    /// A frame for a copy of a function, with places for its variables.
    pub(super) fn frame(
        &mut self,
        body: &'p Body<'m, 'a>,
        leave: Option<Label>,
    ) -> Emitted<Frame<'p, 'm, 'a>> {
        let kernel = body.function.kind == FunctionKind::Entry;
        let mut variables = HashMap::new();
        let mut offset = 0_u64;
        let line = body.function.position.line;
        for (number, local) in body.variables.iter().enumerate() {
            let variable = local.variable;
            let bytes = variable.bytes().unwrap_or(0);
            let align = variable.alignment().max(1);
            let number = number as u32;
            let param = kernel && body.params.contains(&Binding::Variable(VariableId(number)));
            let place = match variable.space {
                Space::Param if param => {
                    offset = offset.next_multiple_of(align);
                    let place = Place { space: Space::Param, offset };
                    offset += bytes;
                    place
                }
                Space::Local | Space::Param => {
                    self.local = self.local.next_multiple_of(align.max(8));
                    let place = Place { space: Space::Local, offset: self.local };
                    self.local = self.local.saturating_add(bytes);
                    self.local_most = self.local_most.max(self.local);
                    place
                }
                Space::Shared => match self.shared.get(&SharedKey::Local(line, number)) {
                    Some(&offset) => Place { space: Space::Shared, offset },
                    None => return self.bad("a variable in shared memory without a place"),
                },
                space => return self.unsupported(format!("a variable of a function in `{space}`")),
            };
            variables.insert(number, place);
        }
        let labels = body.labels.iter().map(|_| self.label()).collect();
        Ok(Frame { body, registers: HashMap::new(), variables, labels, leave })
    }

    /// Emits all steps of the frame's body.
    pub(super) fn body(&mut self) -> Emitted {
        let body = self.frame.body;
        let mut stands: Vec<(usize, Label)> = body
            .labels
            .iter()
            .map(|label| label.step)
            .zip(self.frame.labels.iter().copied())
            .collect();
        stands.sort_by_key(|&(step, _)| step);
        let mut stands = stands.into_iter().peekable();
        for (number, step) in body.steps.iter().enumerate() {
            while let Some((_, label)) = stands.next_if(|&(at, _)| at <= number) {
                self.labels[label.0 as usize] = self.ops.len();
            }
            self.enter(step)?;
            if self.ops.len() > MOST {
                return self
                    .unsupported(format!("more than {MOST} instructions with what is inlined"));
            }
            table::emit(self, step)?;
        }
        for (_, label) in stands {
            self.labels[label.0 as usize] = self.ops.len();
        }
        // A body may end without `ret`.
        self.leave_unguarded();
        Ok(())
    }

    fn leave_unguarded(&mut self) {
        match self.frame.leave {
            Some(label) => {
                let op = self.op(control::branch(), Class::Hidden, [Field::None; 5]);
                op.guard = None;
                op.control = Control::Branch(label);
            }
            None => {
                let op = self.op(control::exit(), Class::Hidden, [Field::None; 5]);
                op.guard = None;
                op.control = Control::Exit;
            }
        }
    }

    /// `ret`
    pub(super) fn leave(&mut self) {
        match self.frame.leave {
            Some(label) => {
                let op = self.op(control::branch(), Class::Control, [Field::None; 5]);
                op.control = Control::Branch(label);
            }
            None => self.exit(),
        }
    }

    /// `exit`
    pub(super) fn exit(&mut self) {
        let op = self.op(control::exit(), Class::Control, [Field::None; 5]);
        op.control = Control::Exit;
    }

    /// `call (results), function, (arguments);`
    pub(super) fn call(&mut self, operands: &[Value], guarded: bool) -> Emitted {
        let (results, target, arguments) = match operands {
            [Value::List(results), target, Value::List(arguments), ..] => {
                (&results[..], target, &arguments[..])
            }
            [target, Value::List(arguments), ..] => (&[][..], target, &arguments[..]),
            [Value::List(results), target] => (&results[..], target, &[][..]),
            [target] => (&[][..], target, &[][..]),
            _ => return self.bad("expected a function and its arguments"),
        };
        let Value::Symbol(Symbol::Function(id), _) = target else {
            return self.unsupported("a call through a pointer");
        };
        let name = self.program.functions[id.index()].name;
        if self.intrinsic(name, results, arguments)? {
            return Ok(());
        }
        let id = self.program.functions[id.index()].alias_of.unwrap_or(*id);
        let Some(body) = &self.program.functions[id.index()].body else {
            return self.unsupported(format!("`{name}` is not defined in the module"));
        };
        self.inline(id, body, results, arguments, guarded)
    }

    fn inline(
        &mut self,
        id: FunctionId,
        body: &'p Body<'m, 'a>,
        results: &[Value],
        arguments: &[Value],
        guarded: bool,
    ) -> Emitted {
        if self.stack.contains(&id.0) {
            return self.unsupported("recursion");
        }
        if self.stack.len() >= DEEPEST {
            return self.unsupported(format!("more than {DEEPEST} calls within calls"));
        }
        let (after, around) = (self.label(), self.label());
        let here = self.mark();
        if guarded {
            // Lanes that the guard leaves out go around.
            let op = self.op(control::branch(), Class::Hidden, [Field::None; 5]);
            op.control = Control::Branch(around);
            op.guard = op.guard.map(|(value, negated)| (value, !negated));
            self.back(&here, false);
        }
        let mark = self.local;
        let mut frame = self.frame(body, Some(after))?;
        let mut moves = Vec::new();
        for (binding, argument) in body.params.iter().zip(arguments) {
            self.bind(&mut frame, *binding, argument, &mut moves)?;
        }
        let mut backs = Vec::new();
        for (binding, result) in body.returns.iter().zip(results) {
            self.bind(&mut frame, *binding, result, &mut backs)?;
        }
        for (to, argument) in moves {
            self.copy_in(&mut frame, to, &argument)?;
        }
        let outer = std::mem::replace(&mut self.frame, frame);
        self.stack.push(id.0);
        self.body()?;
        self.stack.pop();
        let inner = std::mem::replace(&mut self.frame, outer);
        self.local = mark;
        self.labels[after.0 as usize] = self.ops.len();
        self.back(&here, false);
        for (from, result) in backs {
            self.copy_out(&inner, from, &result)?;
        }
        self.labels[around.0 as usize] = self.ops.len();
        self.back(&here, true);
        Ok(())
    }

    /// A parameter in memory is where the caller has it; others are copied.
    fn bind(
        &mut self,
        frame: &mut Frame<'p, 'm, 'a>,
        binding: Binding,
        argument: &Value,
        copies: &mut Vec<(Binding, Value)>,
    ) -> Emitted {
        match (binding, argument) {
            (Binding::Variable(formal), Value::Symbol(Symbol::Variable(actual), 0)) => {
                let Some(&place) = self.frame.variables.get(&actual.0) else {
                    return self.bad("an argument without a place");
                };
                frame.variables.insert(formal.0, place);
            }
            _ => copies.push((binding, argument.clone())),
        }
        Ok(())
    }

    fn kind_of(ty: Type) -> Option<Kind> {
        Some(match ty.bytes() {
            _ if ty == Type::Pred => return None,
            1 => Kind::U8,
            2 => Kind::U16,
            4 => Kind::U32,
            8 => Kind::U64,
            _ => return None,
        })
    }

    fn copy_in(&mut self, frame: &mut Frame<'p, 'm, 'a>, to: Binding, argument: &Value) -> Emitted {
        match to {
            Binding::Register(id) => {
                let ty = frame.body.registers[id.index()].ty;
                let Some(kind) = Self::kind_of(ty) else {
                    return self.unsupported("an argument of this type");
                };
                let from = self.source(argument, kind)?;
                let value = self.fresh(kind.units());
                self.copy(value, from);
                frame.registers.insert((id, 0), value);
                Ok(())
            }
            Binding::Variable(id) => {
                let variable = frame.body.variables[id.index()].variable;
                let (Some(kind), Some(&place)) =
                    (Self::kind_of(variable.ty), frame.variables.get(&id.0))
                else {
                    return self.unsupported("an argument of this type");
                };
                let from = self.source(argument, kind)?;
                let at = self.constant(crate::machine::program::Constant::Bits(place.offset), true);
                let fields =
                    [Field::Use(from), Field::Use(at), Field::None, Field::None, Field::None];
                let body = match kind.bits() {
                    8 => access::store::<u8, u32>(1),
                    16 => access::store::<u16, u32>(1),
                    32 => access::store::<u32, u32>(1),
                    _ => access::store::<u64, u64>(1),
                };
                if let Some(body) = body {
                    self.op(body, Class::Hidden, fields).imm = Reach::Local.pack(0);
                }
                Ok(())
            }
        }
    }

    fn copy_out(&mut self, inner: &Frame<'p, 'm, 'a>, from: Binding, result: &Value) -> Emitted {
        match from {
            Binding::Register(id) => {
                let Some(&value) = inner.registers.get(&(id, 0)) else { return Ok(()) };
                let Some(kind) = Self::kind_of(inner.body.registers[id.index()].ty) else {
                    return self.unsupported("a result of this type");
                };
                let (to, wide) = self.target(result, kind)?;
                self.copy(to, value);
                self.extend(to, wide, kind);
                Ok(())
            }
            Binding::Variable(id) => {
                let variable = inner.body.variables[id.index()].variable;
                let (Some(kind), Some(&place)) =
                    (Self::kind_of(variable.ty), inner.variables.get(&id.0))
                else {
                    return self.unsupported("a result of this type");
                };
                let (to, wide) = self.target(result, kind)?;
                let at = self.constant(crate::machine::program::Constant::Bits(place.offset), true);
                let fields =
                    [Field::Def(to), Field::Use(at), Field::None, Field::None, Field::None];
                let body = match kind.bits() {
                    8 => access::load::<u8, u32>(1),
                    16 => access::load::<u16, u32>(1),
                    32 => access::load::<u32, u32>(1),
                    _ => access::load::<u64, u64>(1),
                };
                if let Some(body) = body {
                    self.op(body, Class::Hidden, fields).imm = Reach::Local.pack(0);
                }
                self.extend(to, wide, kind);
                Ok(())
            }
        }
    }

    /// A copy of a value of the same width.
    pub(super) fn copy(&mut self, to: super::op::Value, from: super::op::Value) {
        let body = if self.units(to) == 2 { alu::one(|a: u64| a) } else { alu::one(|a: u32| a) };
        let fields = [Field::Def(to), Field::Use(from), Field::None, Field::None, Field::None];
        self.op(body, Class::Hidden, fields);
    }

    /// What the driver has for device code; whether it is one of these.
    fn intrinsic(&mut self, name: &str, results: &[Value], arguments: &[Value]) -> Emitted<bool> {
        match (name, arguments) {
            ("vprintf", [format, buffer]) => {
                let a = self.argument(format, Kind::U64)?;
                let b = self.argument(buffer, Kind::U64)?;
                let count = self.fresh(1);
                let fields =
                    [Field::Def(count), Field::Use(a), Field::Use(b), Field::None, Field::None];
                self.op(print::vprintf(), Class::Other, fields);
                if let [result] = results {
                    self.result(result, count)?;
                }
            }
            ("__assertfail", [message, file, line, function, ..]) => {
                let a = self.argument(message, Kind::U64)?;
                let b = self.argument(file, Kind::U64)?;
                let c = self.argument(line, Kind::U32)?;
                let d = self.argument(function, Kind::U64)?;
                let fields =
                    [Field::Use(d), Field::Use(a), Field::Use(b), Field::Use(c), Field::None];
                let op = self.op(print::assertfail(), Class::Other, fields);
                op.control = Control::Stop;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The value of an argument, from its register or memory.
    fn argument(&mut self, argument: &Value, kind: Kind) -> Emitted<super::op::Value> {
        let Value::Symbol(Symbol::Variable(id), 0) = argument else {
            return self.source(argument, kind);
        };
        let Some(&place) = self.frame.variables.get(&id.0) else {
            return self.bad("an argument without a place");
        };
        let at = self.constant(crate::machine::program::Constant::Bits(place.offset), true);
        let value = self.fresh(kind.units());
        let body = if kind.units() == 2 {
            access::load::<u64, u64>(1)
        } else {
            access::load::<u32, u32>(1)
        };
        if let Some(body) = body {
            let fields = [Field::Def(value), Field::Use(at), Field::None, Field::None, Field::None];
            self.op(body, Class::Hidden, fields).imm = Reach::Local.pack(0);
        }
        Ok(value)
    }

    fn result(&mut self, result: &Value, value: super::op::Value) -> Emitted {
        let Value::Symbol(Symbol::Variable(id), 0) = result else {
            let (to, wide) = self.target(result, Kind::U32)?;
            self.copy(to, value);
            self.extend(to, wide, Kind::U32);
            return Ok(());
        };
        let Some(&place) = self.frame.variables.get(&id.0) else {
            return self.bad("a result without a place");
        };
        let at = self.constant(crate::machine::program::Constant::Bits(place.offset), true);
        if let Some(body) = access::store::<u32, u32>(1) {
            let fields = [Field::Use(value), Field::Use(at), Field::None, Field::None, Field::None];
            self.op(body, Class::Hidden, fields).imm = Reach::Local.pack(0);
        }
        Ok(())
    }
}
