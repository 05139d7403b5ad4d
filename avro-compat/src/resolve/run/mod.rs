//! Running a program over bytes. What all targets have in common is here; each has a file.
//!
//! Nothing is believed that the bytes say of themselves: lengths are compared with what is left, counts too, and nesting is limited.

#[cfg(feature = "serde")]
pub(super) mod serde;
mod tape;
mod value;

use super::program::{
    Branch, EnumCode, NONE, Op, Pair, Program, RecordCode, Skip, Step, UnionCode,
};
use crate::binary::{Fault, Input, Place, fault, mismatch};
use crate::error::{DecodeProblem, Mismatch};
use crate::schema::{Schema, Type};

type Result<T> = std::result::Result<T, Box<Fault>>;

/// How many items memory is taken for before any has been read.
const AHEAD: u64 = 256;

/// One datum being read.
pub(crate) struct Run<'a> {
    pub program: &'a Program,
    pub reader: &'a Schema,
    pub writer: &'a Schema,
    pub input: Input<'a>,
    /// How much deeper it may nest.
    pub depth: u32,
    pub max_depth: u32,
    /// How many more values without bytes there may be.
    pub empty: u64,
    pub max_empty: u64,
}

impl<'a> Run<'a> {
    /// Enters a record, an array or a map.
    #[inline]
    fn enter(&mut self) -> Result<()> {
        match self.depth.checked_sub(1) {
            Some(depth) => {
                self.depth = depth;
                Ok(())
            }
            None => Err(self.input.fault(DecodeProblem::TooDeep { limit: self.max_depth })),
        }
    }

    #[inline]
    fn leave(&mut self) {
        self.depth += 1;
    }

    #[inline]
    fn count_empty(&mut self, count: u64) -> Result<()> {
        match self.empty.checked_sub(count) {
            Some(left) => {
                self.empty = left;
                Ok(())
            }
            None => Err(self.input.fault(DecodeProblem::TooManyEmpty { limit: self.max_empty })),
        }
    }

    #[inline]
    fn symbol(&mut self, at: u32) -> Result<u32> {
        let code = &self.program.enums[at as usize];
        let symbols = &self.program.symbols[code.symbols.start as usize..code.symbols.end as usize];
        let before = self.input.offset();
        if let Some(symbol) = self.input.small().and_then(|it| symbols.get(it))
            && *symbol != NONE
        {
            return Ok(*symbol);
        }
        self.input.back_to(before);
        self.rare_symbol(code, symbols)
    }

    #[inline(never)]
    fn rare_symbol(&mut self, code: &EnumCode, symbols: &[u32]) -> Result<u32> {
        let before = self.input.offset();
        let found = self.input.int()?;
        match usize::try_from(found).ok().and_then(|it| symbols.get(it)) {
            Some(symbol) if *symbol != NONE => Ok(*symbol),
            Some(_) => Err(self.unknown_symbol(before, code.pair, found)),
            None => {
                let symbols = symbols.len();
                Err(self.at(fault(before, DecodeProblem::Symbol { found, symbols }), code.pair))
            }
        }
    }

    #[cold]
    fn unknown_symbol(&self, before: usize, pair: Pair, found: i32) -> Box<Fault> {
        let symbol = match self.source(pair)[pair.writer].ty() {
            Type::Enum(it) => it.symbols().get(found as usize).map(|it| it.to_string()),
            _ => None,
        };
        let why = Mismatch::Symbol {
            symbol: symbol.unwrap_or_default(),
            name: self.reader[pair.reader].branch_name().to_owned(),
        };
        mismatch(before, why, self.place(pair))
    }

    #[inline]
    fn branch(&mut self, at: u32) -> Result<&'a Branch> {
        let code = &self.program.unions[at as usize];
        let all = &self.program.branches[code.branches.start as usize..code.branches.end as usize];
        let before = self.input.offset();
        if let Some(branch) = self.input.small().and_then(|it| all.get(it))
            && !matches!(branch.op, Op::Fail(_))
        {
            return Ok(branch);
        }
        self.input.back_to(before);
        self.rare_branch(code, all)
    }

    #[inline(never)]
    fn rare_branch(&mut self, code: &UnionCode, all: &'a [Branch]) -> Result<&'a Branch> {
        let before = self.input.offset();
        let found = self.input.int()?;
        match usize::try_from(found).ok().and_then(|it| all.get(it)) {
            Some(branch) => {
                if let Op::Fail(at) = branch.op {
                    // The value begins with the number of its branch.
                    return Err(self.failure(before, at));
                }
                Ok(branch)
            }
            None => {
                let branches = all.len();
                Err(self.at(fault(before, DecodeProblem::Branch { found, branches }), code.pair))
            }
        }
    }

    #[cold]
    fn failure(&self, before: usize, at: u32) -> Box<Fault> {
        let (why, place) = &self.program.fails[at as usize];
        mismatch(before, why.clone(), *place)
    }

    /// The number of items of the next block; none at the end.
    #[inline]
    fn block(&mut self, blocks: &mut Blocks, empty: bool) -> Result<Option<u64>> {
        if blocks.announced.is_none() && !empty {
            let before = self.input.offset();
            match self.input.small() {
                Some(0) => return Ok(None),
                Some(count) if count <= self.input.left() => return Ok(Some(count as u64)),
                _ => self.input.back_to(before),
            }
        }
        self.rare_block(blocks, empty)
    }

    #[inline(never)]
    fn rare_block(&mut self, blocks: &mut Blocks, empty: bool) -> Result<Option<u64>> {
        if let Some((size, left)) = blocks.announced.take() {
            let found = (left - self.input.left()) as u64;
            if size != found {
                return Err(self.input.fault(DecodeProblem::BlockSize { given: size, found }));
            }
        }
        let before = self.input.offset();
        let count = self.input.long()?;
        if count == 0 {
            return Ok(None);
        }
        if count < 0 {
            let size = self.input.long()?;
            let Ok(size) = u64::try_from(size) else {
                return Err(fault(before, DecodeProblem::Length { found: size }));
            };
            blocks.announced = Some((size, self.input.left()));
        }
        let count = count.unsigned_abs();
        if empty {
            self.count_empty(count)?;
        } else if count > self.input.left() as u64 {
            // Each item has at least a byte.
            let left = self.input.left();
            return Err(fault(before, DecodeProblem::Block { count, left }));
        }
        Ok(Some(count))
    }

    fn skip(&mut self, routine: u32) -> Result<()> {
        self.enter()?;
        let program = self.program;
        let range = &program.routines[routine as usize];
        for code in &program.skips[range.start as usize..range.end as usize] {
            match *code {
                Skip::Bytes(size) => self.input.skip(size)?,
                Skip::Varint => {
                    self.input.long()?;
                }
                Skip::Prefixed => {
                    self.input.bytes()?;
                }
                Skip::Routine(routine) => self.skip(routine)?,
                Skip::Array(items) => self.skip_blocks(items, false)?,
                Skip::Map(values) => self.skip_blocks(values, true)?,
                Skip::Union(first, count) => {
                    let before = self.input.offset();
                    let found = self.input.int()?;
                    match u32::try_from(found) {
                        Ok(branch) if branch < count => self.skip(first + branch)?,
                        _ => {
                            let branches = count as usize;
                            return Err(fault(before, DecodeProblem::Branch { found, branches }));
                        }
                    }
                }
            }
        }
        self.leave();
        Ok(())
    }

    fn skip_blocks(&mut self, routine: u32, keys: bool) -> Result<()> {
        let program = self.program;
        let range = &program.routines[routine as usize];
        let size = match &program.skips[range.start as usize..range.end as usize] {
            [] => Some(0),
            [Skip::Bytes(size)] => Some(*size),
            _ => None,
        };
        loop {
            let before = self.input.offset();
            let count = self.input.long()?;
            match (count, size) {
                (0, _) => return Ok(()),
                (..0, _) => {
                    let size = self.input.long()?;
                    let Ok(size) = u64::try_from(size) else {
                        return Err(fault(before, DecodeProblem::Length { found: size }));
                    };
                    self.input.skip(size)?;
                }
                (count, Some(size)) if !keys => {
                    self.input.skip((count as u64).saturating_mul(size))?;
                }
                (count, _) => {
                    let (count, left) = (count as u64, self.input.left());
                    if count > left as u64 {
                        return Err(fault(before, DecodeProblem::Block { count, left }));
                    }
                    for _ in 0..count {
                        if keys {
                            self.input.bytes()?;
                        }
                        self.skip(routine)?;
                    }
                }
            }
        }
    }

    /// What has no place in the reader's record.
    fn aside(&mut self, op: Op) -> Result<()> {
        match op {
            Op::Skip(routine) => self.skip(routine),
            Op::Fail(at) => Err(self.failure(self.input.offset(), at)),
            // There are no others.
            _ => Ok(()),
        }
    }

    fn source(&self, pair: Pair) -> &'a Schema {
        if pair.default { self.reader } else { self.writer }
    }

    fn place(&self, pair: Pair) -> Place {
        Place {
            reader: Some(self.reader[pair.reader].origin()),
            writer: (!pair.default).then(|| self.writer[pair.writer].origin()),
        }
    }

    /// A fault that has happened inside of a pair, unless it is known to be deeper inside.
    #[cold]
    fn at(&self, mut fault: Box<Fault>, pair: Pair) -> Box<Fault> {
        fault.place.get_or_insert_with(|| self.place(pair));
        fault
    }

    /// A fault that has happened in a field, unless it is known to be deeper inside.
    #[cold]
    #[inline(never)]
    fn at_step(&self, mut fault: Box<Fault>, code: &RecordCode, step: &Step) -> Box<Fault> {
        if fault.place.is_none() {
            let pair = code.pair;
            let origin = |schema: &Schema, ty, at: u32| match schema[ty].ty() {
                Type::Record(record) if at != NONE => {
                    record.fields().get(at as usize).map(|it| it.origin())
                }
                _ => None,
            };
            fault.place = Some(Place {
                reader: origin(self.reader, pair.reader, step.target),
                writer: match pair.default {
                    true => None,
                    false => origin(self.writer, pair.writer, step.source),
                },
            });
        }
        fault
    }

    /// A fault that has happened in a default.
    #[cold]
    fn at_default(&self, mut fault: Box<Fault>, code: &RecordCode, target: u32) -> Box<Fault> {
        fault.offset = self.input.offset();
        fault.place = None;
        let op = Op::Null;
        self.at_step(fault, code, &Step { op, target, source: NONE })
    }
}

/// What is known of the blocks of an array or a map.
#[derive(Default)]
struct Blocks {
    /// The size of the present block, and how many bytes were left at its beginning.
    announced: Option<(u64, usize)>,
}
