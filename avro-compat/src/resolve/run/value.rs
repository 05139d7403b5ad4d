//! To [`Value`]s.

use super::{AHEAD, Blocks, Result, Run};
use crate::binary::Input;
use crate::resolve::program::{NONE, Op};
use crate::value::Value;

impl Run<'_> {
    pub(crate) fn value(&mut self, op: Op) -> Result<Value> {
        Ok(match op {
            Op::Null => Value::Null,
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
            Op::Fixed(size) => Value::Fixed(self.input.take(size as usize)?.to_vec()),
            Op::Enum(at) => Value::Enum(self.symbol(at)?),
            Op::Record(at) => self.record(at)?,
            Op::Array(at) => self.array(at)?,
            Op::Map(at) => self.map(at)?,
            Op::Union(at) => {
                let branch = self.branch(at)?;
                let value = self.value(branch.op)?;
                match branch.wrap {
                    NONE => value,
                    wrap => Value::Union(wrap, Box::new(value)),
                }
            }
            Op::Wrap(at) => {
                let branch = self.program.wraps[at as usize];
                Value::Union(branch.wrap, Box::new(self.value(branch.op)?))
            }
            Op::Fail(at) => return Err(self.failure(self.input, at)),
            Op::Skip(routine) => {
                self.skip(routine)?;
                Value::Null
            }
        })
    }

    fn record(&mut self, at: u32) -> Result<Value> {
        let program = self.program;
        let code = &program.records[at as usize];
        self.enter()?;
        self.count_empty(u64::from(code.empty))?;
        let steps = &program.steps[code.steps.start as usize..code.steps.end as usize];
        let mut fields;
        if code.in_order && code.defaults.is_empty() {
            fields = Vec::with_capacity(code.fields as usize);
            for step in steps {
                match self.value(step.op) {
                    Ok(_) if step.target == NONE => {}
                    Ok(value) => fields.push(value),
                    Err(fault) => return Err(self.at_step(fault, code, step)),
                }
            }
        } else {
            fields = vec![Value::Null; code.fields as usize];
            for step in steps {
                match self.value(step.op) {
                    Ok(_) if step.target == NONE => {}
                    Ok(value) => fields[step.target as usize] = value,
                    Err(fault) => return Err(self.at_step(fault, code, step)),
                }
            }
        }
        for default in &program.defaults[code.defaults.start as usize..code.defaults.end as usize] {
            let bytes = &program.pool[default.bytes.start as usize..default.bytes.end as usize];
            let input = std::mem::replace(&mut self.input, Input::new(bytes));
            let value = self.value(default.op);
            self.input = input;
            let value = value.map_err(|it| self.at_default(it, code, default.target))?;
            fields[default.target as usize] = value;
        }
        self.leave();
        Ok(Value::Record(fields))
    }

    fn array(&mut self, at: u32) -> Result<Value> {
        let code = &self.program.blocks[at as usize];
        self.enter()?;
        let mut items = Vec::new();
        let mut blocks = Blocks::default();
        let mut read = || {
            while let Some(count) = self.block(&mut blocks, code.empty)? {
                items.reserve(count.min(AHEAD) as usize);
                for _ in 0..count {
                    items.push(self.value(code.op)?);
                }
            }
            Ok(())
        };
        if let Err(fault) = read() {
            return Err(self.at(fault, code.pair));
        }
        self.leave();
        Ok(Value::Array(items))
    }

    fn map(&mut self, at: u32) -> Result<Value> {
        let code = &self.program.blocks[at as usize];
        self.enter()?;
        let mut entries = Vec::new();
        let mut blocks = Blocks::default();
        let mut read = || {
            while let Some(count) = self.block(&mut blocks, false)? {
                entries.reserve(count.min(AHEAD) as usize);
                for _ in 0..count {
                    let key = self.input.string()?.to_owned();
                    entries.push((key, self.value(code.op)?));
                }
            }
            Ok(())
        };
        if let Err(fault) = read() {
            return Err(self.at(fault, code.pair));
        }
        self.leave();
        Ok(Value::Map(entries))
    }
}
