//! To [`Tape`]s.

use super::{Blocks, Result, Run};
use crate::binary::Input;
use crate::error::DecodeProblem;
use crate::resolve::program::{NONE, Op};
use crate::value::{Item, Tape};

impl<'a> Run<'a> {
    pub(crate) fn item(&mut self, op: Op, tape: &mut Tape<'a>) -> Result<Item<'a>> {
        Ok(match op {
            Op::Null => Item::Null,
            Op::Boolean => Item::Boolean(self.input.boolean()?),
            Op::Int => Item::Int(self.input.int()?),
            Op::IntToLong => Item::Long(i64::from(self.input.int()?)),
            Op::IntToFloat => Item::Float(self.input.int()? as f32),
            Op::IntToDouble => Item::Double(f64::from(self.input.int()?)),
            Op::Long => Item::Long(self.input.long()?),
            Op::LongToFloat => Item::Float(self.input.long()? as f32),
            Op::LongToDouble => Item::Double(self.input.long()? as f64),
            Op::Float => Item::Float(self.input.float()?),
            Op::FloatToDouble => Item::Double(f64::from(self.input.float()?)),
            Op::Double => Item::Double(self.input.double()?),
            Op::Bytes => Item::Bytes(self.input.bytes()?),
            Op::String => Item::String(self.input.string()?),
            Op::Fixed(size) => Item::Fixed(self.input.take(size as usize)?),
            Op::Enum(at) => Item::Enum(self.symbol(at)?),
            Op::Record(at) => self.record_item(at, tape)?,
            Op::Array(at) => self.blocks_item(at, false, tape)?,
            Op::Map(at) => self.blocks_item(at, true, tape)?,
            Op::Union(at) => {
                let branch = self.branch(at)?;
                let item = self.item(branch.op, tape)?;
                self.wrap(branch.wrap, item, tape)?
            }
            Op::Wrap(at) => {
                let branch = self.program.wraps[at as usize];
                let item = self.item(branch.op, tape)?;
                self.wrap(branch.wrap, item, tape)?
            }
            Op::Fail(at) => return Err(self.failure(self.input, at)),
            Op::Skip(routine) => {
                self.skip(routine)?;
                Item::Null
            }
        })
    }

    fn wrap(&self, branch: u32, item: Item<'a>, tape: &mut Tape<'a>) -> Result<Item<'a>> {
        if branch == NONE {
            return Ok(item);
        }
        let at = self.number(tape.items.len())?;
        tape.items.push(item);
        Ok(Item::Union { branch, at })
    }

    fn number(&self, index: usize) -> Result<u32> {
        u32::try_from(index).map_err(|_| self.input.fault(DecodeProblem::TooLarge))
    }

    /// Moves the parts of something from the stack to the table.
    fn settle(&self, base: usize, tape: &mut Tape<'a>) -> Result<(u32, u32)> {
        let start = self.number(tape.items.len())?;
        let len = self.number(tape.stack.len() - base)?;
        tape.items.extend_from_slice(&tape.stack[base..]);
        tape.stack.truncate(base);
        Ok((start, len))
    }

    fn record_item(&mut self, at: u32, tape: &mut Tape<'a>) -> Result<Item<'a>> {
        let program = self.program;
        let code = &program.records[at as usize];
        self.enter()?;
        self.count_empty(u64::from(code.empty))?;
        let base = tape.stack.len();
        tape.stack.resize(base + code.fields as usize, Item::Null);
        for step in &program.steps[code.steps.start as usize..code.steps.end as usize] {
            match self.item(step.op, tape) {
                Ok(_) if step.target == NONE => {}
                Ok(item) => tape.stack[base + step.target as usize] = item,
                Err(fault) => return Err(self.at_step(fault, code, step)),
            }
        }
        for default in &program.defaults[code.defaults.start as usize..code.defaults.end as usize] {
            let bytes = &program.pool[default.bytes.start as usize..default.bytes.end as usize];
            let input = std::mem::replace(&mut self.input, Input::new(bytes));
            let item = self.item(default.op, tape);
            self.input = input;
            let item = item.map_err(|it| self.at_default(it, code, default.target))?;
            tape.stack[base + default.target as usize] = item;
        }
        self.leave();
        let (start, len) = self.settle(base, tape)?;
        Ok(Item::Record { start, len })
    }

    fn blocks_item(&mut self, at: u32, map: bool, tape: &mut Tape<'a>) -> Result<Item<'a>> {
        let code = &self.program.blocks[at as usize];
        self.enter()?;
        let base = tape.stack.len();
        let mut blocks = Blocks::default();
        let mut read = || {
            while let Some(count) = self.block(&mut blocks, code.empty)? {
                for _ in 0..count {
                    if map {
                        tape.stack.push(Item::String(self.input.string()?));
                    }
                    let item = self.item(code.op, tape)?;
                    tape.stack.push(item);
                }
            }
            Ok(())
        };
        if let Err(fault) = read() {
            return Err(self.at(fault, code.pair));
        }
        self.leave();
        let (start, len) = self.settle(base, tape)?;
        Ok(if map { Item::Map { start, len } } else { Item::Array { start, len } })
    }
}
