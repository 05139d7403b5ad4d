//! The parts of records, arrays, maps and unions.

use serde_core::de::value::BorrowedStrDeserializer;
use serde_core::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::fault::{SerdeFault, offset};
use super::{One, Result};
use crate::binary::Input;
use crate::resolve::program::{BlockCode, NONE, Op, RecordCode, Step};
use crate::resolve::run::{AHEAD, Blocks, Run};

/// The fields of a record: those that were written, in the writer's order, then the defaults.
pub(super) struct Fields<'r, 'de> {
    pub run: &'r mut Run<'de>,
    code: &'de RecordCode,
    steps: &'de [Step],
    step: Option<&'de Step>,
    default: u32,
    now: Option<u32>,
}

impl<'r, 'de> Fields<'r, 'de> {
    #[inline]
    pub fn new(run: &'r mut Run<'de>, code: &'de RecordCode) -> Self {
        let steps = &run.program.steps[code.steps.start as usize..code.steps.end as usize];
        Self { run, code, steps, step: None, default: code.defaults.start, now: None }
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = SerdeFault;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let program = self.run.program;
        let target = loop {
            match self.steps {
                [step, rest @ ..] => {
                    self.steps = rest;
                    match step.op {
                        Op::Skip(routine) => {
                            let skipped = self.run.skip(routine);
                            skipped.map_err(|it| self.run.at_step(it, self.code, step))?;
                        }
                        // The field that it is of has no name that was written.
                        Op::Fail(at) if step.source == NONE => {
                            return Err(self.run.failure(self.run.input.offset(), at).into());
                        }
                        _ => {
                            self.step = Some(step);
                            break step.target;
                        }
                    }
                }
                [] if self.default < self.code.defaults.end => {
                    self.now = Some(self.default);
                    self.default += 1;
                    break program.defaults[self.default as usize - 1].target;
                }
                [] => return Ok(None),
            }
        };
        let name = &program.names[(self.code.names + target) as usize];
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        if let Some(step) = self.step.take() {
            let before = self.run.input.offset();
            return seed.deserialize(One { run: self.run, op: step.op }).map_err(|fault| {
                self.run.at_step(offset(fault, before).0, self.code, step).into()
            });
        }
        let program = self.run.program;
        let Some(default) = self.now.take().map(|it| &program.defaults[it as usize]) else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        let bytes = &program.pool[default.bytes.start as usize..default.bytes.end as usize];
        let input = std::mem::replace(&mut self.run.input, Input::new(bytes));
        let value = seed.deserialize(One { run: self.run, op: default.op });
        self.run.input = input;
        value.map_err(|it| self.run.at_default(it.0, self.code, default.target).into())
    }
}

/// The items of an array, or the entries of a map.
pub(super) struct Blocked<'r, 'de> {
    pub run: &'r mut Run<'de>,
    code: &'de BlockCode,
    blocks: Blocks,
    left: u64,
    ended: bool,
}

impl<'r, 'de> Blocked<'r, 'de> {
    #[inline]
    pub fn new(run: &'r mut Run<'de>, code: &'de BlockCode) -> Self {
        Self { run, code, blocks: Blocks::default(), left: 0, ended: false }
    }

    /// Looks at the first block, so that it is known how many items there are.
    #[inline]
    pub fn begin(&mut self) -> Result<()> {
        match self.run.block(&mut self.blocks, self.code.empty)? {
            Some(count) => self.left = count,
            None => self.ended = true,
        }
        Ok(())
    }

    #[inline]
    pub fn more(&mut self) -> Result<bool> {
        if self.left == 0 && !self.ended {
            match self.run.block(&mut self.blocks, self.code.empty)? {
                Some(count) => self.left = count,
                None => self.ended = true,
            }
        }
        let more = self.left > 0;
        self.left = self.left.saturating_sub(1);
        Ok(more)
    }

    #[inline]
    pub fn item<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let before = self.run.input.offset();
        seed.deserialize(One { run: self.run, op: self.code.op })
            .map_err(|fault| offset(fault, before))
    }
}

impl<'de> SeqAccess<'de> for Blocked<'_, 'de> {
    type Error = SerdeFault;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.more()? { self.item(seed).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        // Of the present block: it is no more than there are bytes, but for those without.
        (self.left > 0).then(|| self.left.min(AHEAD) as usize)
    }
}

impl<'de> MapAccess<'de> for Blocked<'_, 'de> {
    type Error = SerdeFault;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.more()? {
            return Ok(None);
        }
        seed.deserialize(One { run: self.run, op: Op::String }).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.item(seed)
    }
}

/// A branch of a union, as a variant of an enum.
pub(super) struct Variant<'r, 'de> {
    pub name: &'de str,
    pub one: One<'r, 'de>,
}

impl<'r, 'de> EnumAccess<'de> for Variant<'r, 'de> {
    type Error = SerdeFault;
    type Variant = One<'r, 'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, One<'r, 'de>)> {
        let name = BorrowedStrDeserializer::<SerdeFault>::new(self.name);
        Ok((seed.deserialize(name)?, self.one))
    }
}

impl<'de> VariantAccess<'de> for One<'_, 'de> {
    type Error = SerdeFault;

    fn unit_variant(self) -> Result<()> {
        de::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }
}
