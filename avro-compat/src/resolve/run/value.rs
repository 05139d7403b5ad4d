//! To [`Value`]s.
//!
//! Values are made where they are to be: what is returned is copied, and copies of what has just been written part by part are slow.

use super::{AHEAD, Blocks, Result, Run};
use crate::binary::Input;
use crate::resolve::program::{Branch, NONE, Op};
use crate::value::Value;

impl Run<'_> {
    pub(crate) fn value(&mut self, op: Op) -> Result<Value> {
        let mut value = Value::Null;
        self.value_to(op, &mut value)?;
        Ok(value)
    }

    /// Puts a value where there is a null.
    #[inline(always)]
    fn value_to(&mut self, op: Op, to: &mut Value) -> Result<()> {
        *to = match op {
            Op::Null => return Ok(()),
            Op::Boolean => Value::Boolean(self.input.boolean()?),
            Op::Int => Value::Int(self.input.int()?),
            Op::IntToLong => Value::Long(i64::from(self.input.int()?)),
            Op::IntToFloat => Value::Float(self.input.int()? as f32),
            Op::IntToDouble => Value::Double(f64::from(self.input.int()?)),
            Op::Long => Value::Long(self.input.long()?),
            Op::LongToFloat => Value::Float(self.input.long()? as f32),
            Op::LongToDouble => Value::Double(self.input.long()? as f64),
            Op::Float => Value::Float(self.input.float()?),
            Op::FloatToDouble => Value::Double(f64::from(self.input.float()?)),
            Op::Double => Value::Double(self.input.double()?),
            Op::Bytes => Value::Bytes(self.input.bytes()?.to_vec()),
            Op::String => Value::String(self.input.string()?.to_owned()),
            Op::BytesToString => {
                Value::String(String::from_utf8_lossy(self.input.bytes()?).into_owned())
            }
            Op::Fixed(size) => Value::Fixed(self.input.take(size as usize)?.to_vec()),
            Op::Enum(at) => Value::Enum(self.symbol(at)?),
            Op::Record(at) => return self.record_to(at, to),
            Op::Array(at) => return self.array_to(at, to),
            Op::Map(at) => return self.map_to(at, to),
            Op::Union(at) => {
                let branch = self.branch(at)?;
                return self.branch_to(branch, to);
            }
            Op::Wrap(at) => return self.branch_to(&self.program.wraps[at as usize], to),
            Op::Fail(at) => return Err(self.failure(self.input.offset(), at)),
            Op::Skip(routine) => return self.skip(routine),
        };
        Ok(())
    }

    #[inline(never)]
    fn branch_to(&mut self, branch: &Branch, to: &mut Value) -> Result<()> {
        if branch.wrap == NONE {
            // A record, or a reader's union in which this writer's branch is known.
            *to = self.value(branch.op)?;
            return Ok(());
        }
        let mut inside = Box::new(Value::Null);
        self.value_to_box(branch.op, &mut inside)?;
        *to = Value::Union(branch.wrap, inside);
        Ok(())
    }

    #[inline(never)]
    fn value_to_box(&mut self, op: Op, to: &mut Value) -> Result<()> {
        self.value_to(op, to)
    }

    #[inline(never)]
    fn record_to(&mut self, at: u32, to: &mut Value) -> Result<()> {
        let program = self.program;
        let code = &program.records[at as usize];
        self.enter()?;
        self.count_empty(u64::from(code.empty))?;
        let mut fields = Vec::new();
        fields.resize_with(code.fields as usize, || Value::Null);
        for step in &program.steps[code.steps.start as usize..code.steps.end as usize] {
            let read = match fields.get_mut(step.target as usize) {
                Some(field) => self.value_to(step.op, field),
                None => self.aside(step.op),
            };
            if let Err(fault) = read {
                return Err(self.at_step(fault, code, step));
            }
        }
        for default in &program.defaults[code.defaults.start as usize..code.defaults.end as usize] {
            let bytes = &program.pool[default.bytes.start as usize..default.bytes.end as usize];
            let input = std::mem::replace(&mut self.input, Input::new(bytes));
            let read = self.value_to_box(default.op, &mut fields[default.target as usize]);
            self.input = input;
            read.map_err(|it| self.at_default(it, code, default.target))?;
        }
        self.leave();
        *to = Value::Record(fields);
        Ok(())
    }

    #[inline(never)]
    fn array_to(&mut self, at: u32, to: &mut Value) -> Result<()> {
        let code = &self.program.blocks[at as usize];
        self.enter()?;
        let mut items = Vec::new();
        let mut blocks = Blocks::default();
        let mut read = || {
            while let Some(count) = self.block(&mut blocks, code.empty)? {
                items.reserve(count.min(AHEAD) as usize);
                for _ in 0..count {
                    items.push(Value::Null);
                    if let Some(item) = items.last_mut() {
                        self.value_to(code.op, item)?;
                    }
                }
            }
            Ok(())
        };
        if let Err(fault) = read() {
            return Err(self.at(fault, code.pair));
        }
        self.leave();
        *to = Value::Array(items);
        Ok(())
    }

    #[inline(never)]
    fn map_to(&mut self, at: u32, to: &mut Value) -> Result<()> {
        let code = &self.program.blocks[at as usize];
        self.enter()?;
        let mut entries = Vec::new();
        let mut blocks = Blocks::default();
        let mut read = || {
            while let Some(count) = self.block(&mut blocks, false)? {
                entries.reserve(count.min(AHEAD) as usize);
                for _ in 0..count {
                    entries.push((self.input.string()?.to_owned(), Value::Null));
                    if let Some((_, value)) = entries.last_mut() {
                        self.value_to(code.op, value)?;
                    }
                }
            }
            Ok(())
        };
        if let Err(fault) = read() {
            return Err(self.at(fault, code.pair));
        }
        self.leave();
        *to = Value::Map(entries);
        Ok(())
    }
}
