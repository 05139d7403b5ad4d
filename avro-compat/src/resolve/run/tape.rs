//! To [`Tape`]s.
//!
//! Items are made where they are to be: what is returned is copied, and copies of what has just been written part by part are slow. The parts of
//! something get places side by side before they are read.

use std::borrow::Cow;

use super::{Blocks, Result, Run};
use crate::binary::Input;
use crate::error::DecodeProblem;
use crate::resolve::program::{Branch, NONE, Op};
use crate::value::{Item, Tape};

/// How many places are taken at once for items that may not be there.
const CHUNK: u64 = 32;

impl<'a> Run<'a> {
    /// A value, and all of it in the tape.
    pub(crate) fn item(&mut self, op: Op, tape: &mut Tape<'a>) -> Result<Item<'a>> {
        tape.items.push(Item::Null);
        self.item_to(op, tape, 0)?;
        Ok(tape.items[0])
    }

    /// Puts a value in a place where there is a null.
    #[inline(always)]
    fn item_to(&mut self, op: Op, tape: &mut Tape<'a>, to: usize) -> Result<()> {
        let input = &mut self.input;
        tape.items[to] = match op {
            Op::Null => return Ok(()),
            Op::Boolean => Item::Boolean(input.boolean()?),
            Op::Int => Item::Int(input.int()?),
            Op::IntToLong => Item::Long(i64::from(input.int()?)),
            Op::IntToFloat => Item::Float(input.int()? as f32),
            Op::IntToDouble => Item::Double(f64::from(input.int()?)),
            Op::Long => Item::Long(input.long()?),
            Op::LongToFloat => Item::Float(input.long()? as f32),
            Op::LongToDouble => Item::Double(input.long()? as f64),
            Op::Float => Item::Float(input.float()?),
            Op::FloatToDouble => Item::Double(f64::from(input.float()?)),
            Op::Double => Item::Double(input.double()?),
            Op::Bytes => Item::Bytes(input.bytes()?),
            Op::String => Item::String(input.string()?),
            Op::Fixed(size) => Item::Fixed(input.take(size as usize)?),
            _ => return self.complex_item(op, tape, to),
        };
        Ok(())
    }

    #[inline(never)]
    fn complex_item(&mut self, op: Op, tape: &mut Tape<'a>, to: usize) -> Result<()> {
        tape.items[to] = match op {
            Op::BytesToString => self.replaced_item(tape)?,
            Op::Enum(at) => Item::Enum(self.symbol(at)?),
            Op::Record(at) => return self.record_item(at, tape, to),
            Op::Array(at) => return self.blocks_item(at, false, tape, to),
            Op::Map(at) => return self.blocks_item(at, true, tape, to),
            Op::Union(at) => {
                let branch = self.branch(at)?;
                return self.branch_item(branch, tape, to);
            }
            Op::Wrap(at) => return self.branch_item(&self.program.wraps[at as usize], tape, to),
            Op::Fail(at) => return Err(self.failure(self.input.offset(), at)),
            Op::Skip(routine) => return self.skip(routine),
            // The others have no parts.
            _ => return Ok(()),
        };
        Ok(())
    }

    #[inline(never)]
    fn branch_item(&mut self, branch: &Branch, tape: &mut Tape<'a>, to: usize) -> Result<()> {
        if branch.wrap == NONE {
            return self.item_to_called(branch.op, tape, to);
        }
        let at = tape.items.len();
        tape.items[to] = Item::Union { branch: branch.wrap, at: self.number(at)? };
        tape.items.push(Item::Null);
        self.item_to(branch.op, tape, at)
    }

    #[inline(never)]
    fn item_to_called(&mut self, op: Op, tape: &mut Tape<'a>, to: usize) -> Result<()> {
        self.item_to(op, tape, to)
    }

    #[inline(never)]
    fn replaced_item(&mut self, tape: &mut Tape<'a>) -> Result<Item<'a>> {
        Ok(match String::from_utf8_lossy(self.input.bytes()?) {
            Cow::Borrowed(text) => Item::String(text),
            Cow::Owned(text) => {
                let at = self.number(tape.replaced.len())?;
                tape.replaced.push(text.into());
                Item::Replaced(at)
            }
        })
    }

    #[inline]
    fn number(&self, index: usize) -> Result<u32> {
        u32::try_from(index).map_err(|_| self.input.fault(DecodeProblem::TooLarge))
    }

    #[inline(never)]
    fn record_item(&mut self, at: u32, tape: &mut Tape<'a>, to: usize) -> Result<()> {
        let program = self.program;
        let code = &program.records[at as usize];
        self.enter()?;
        self.count_empty(u64::from(code.empty))?;
        let base = tape.items.len();
        let start = self.number(base)?;
        tape.items[to] = Item::Record { start, len: code.fields };
        tape.items.resize(base + code.fields as usize, Item::Null);
        for step in &program.steps[code.steps.start as usize..code.steps.end as usize] {
            let read = match step.target {
                NONE => self.aside(step.op),
                target => self.item_to(step.op, tape, base + target as usize),
            };
            if let Err(fault) = read {
                return Err(self.at_step(fault, code, step));
            }
        }
        for default in &program.defaults[code.defaults.start as usize..code.defaults.end as usize] {
            let bytes = &program.pool[default.bytes.start as usize..default.bytes.end as usize];
            let input = std::mem::replace(&mut self.input, Input::new(bytes));
            let read = self.item_to_called(default.op, tape, base + default.target as usize);
            self.input = input;
            read.map_err(|it| self.at_default(it, code, default.target))?;
        }
        self.leave();
        Ok(())
    }

    /// Longs or strings, and the keys before them. There are no more than there are bytes.
    #[inline(never)]
    fn plain_items(&mut self, op: Op, map: bool, count: u64, tape: &mut Tape<'a>) -> Result<()> {
        let input = &mut self.input;
        for _ in 0..count {
            if map {
                tape.items.push(Item::String(input.string()?));
            }
            tape.items.push(match op {
                Op::Long => Item::Long(input.long()?),
                _ => Item::String(input.string()?),
            });
        }
        Ok(())
    }

    #[inline(never)]
    fn blocks_item(&mut self, at: u32, map: bool, tape: &mut Tape<'a>, to: usize) -> Result<()> {
        let code = &self.program.blocks[at as usize];
        self.enter()?;
        let parts = 1 + usize::from(map);
        let mut start = tape.items.len();
        // Behind the last of the items; what is inside of them may follow.
        let mut end = start;
        let base = tape.stack.len();
        let mut blocks = Blocks::default();
        let mut read = || {
            while let Some(mut count) = self.block(&mut blocks, code.empty)? {
                // What is most common has no parts, so that nothing comes between.
                if code.op == Op::Long || code.op == Op::String {
                    self.plain_items(code.op, map, count, tape)?;
                    end = tape.items.len();
                    continue;
                }
                while count > 0 {
                    if end != tape.items.len() {
                        // Something is between: the items are put together when all are there.
                        tape.stack.extend_from_slice(&tape.items[start..end]);
                        start = tape.items.len();
                        end = start;
                    }
                    let some = count.min(CHUNK);
                    count -= some;
                    let first = end;
                    end += some as usize * parts;
                    tape.items.resize(end, Item::Null);
                    let mut place = first;
                    while place < end {
                        if map {
                            tape.items[place] = Item::String(self.input.string()?);
                        }
                        self.item_to(code.op, tape, place + parts - 1)?;
                        place += parts;
                    }
                }
            }
            Ok(())
        };
        if let Err(fault) = read() {
            return Err(self.at(fault, code.pair));
        }
        self.leave();
        if tape.stack.len() > base {
            tape.stack.extend_from_slice(&tape.items[start..end]);
            start = tape.items.len();
            end = start + tape.stack.len() - base;
            tape.items.extend_from_slice(&tape.stack[base..]);
            tape.stack.truncate(base);
        }
        let (start, len) = (self.number(start)?, self.number(end - start)?);
        tape.items[to] = if map { Item::Map { start, len } } else { Item::Array { start, len } };
        Ok(())
    }
}
