//! Two schemas to a program. No recursion: pairs of types that have parts get a number at once, and their code later.

use std::collections::HashMap;

use super::options::{InvalidUtf8, ResolveOptions};
use super::program::{
    BlockCode, Branch, DefaultCode, EnumCode, NONE, Op, Pair, Program, RecordCode, Step, UnionCode,
};
use super::skip::Routines;
use crate::binary::Place;
use crate::encode;
use crate::error::{Mismatch, ResolveError};
use crate::matching;
use crate::schema::{Enum, Field, Kind, Record, Schema, Type, TypeId};
use crate::value::{MAX_DEPTH, default_value};

type Result<T> = std::result::Result<T, ResolveError>;

pub(super) fn compile(
    reader: &Schema,
    writer: &Schema,
    options: &ResolveOptions,
) -> Result<Program> {
    let mut compiler = Compiler {
        reader,
        writer,
        options,
        program: Program::default(),
        known: HashMap::new(),
        later: Vec::new(),
        written: Routines::new(writer),
        filled: Routines::new(reader),
        defaults: HashMap::new(),
    };
    let entry =
        compiler.op(Pair { reader: reader.root(), writer: writer.root(), default: false })?;
    compiler.program.entry = Some(entry);
    // Parts are compiled in the order in which they were met.
    let mut next = 0;
    while let Some((pair, op)) = compiler.later.get(next).copied() {
        compiler.parts(pair, op)?;
        next += 1;
    }
    let Compiler { mut program, written, .. } = compiler;
    written.finish(&mut program, options.max_instructions)?;
    Ok(program)
}

struct Compiler<'s> {
    reader: &'s Schema,
    writer: &'s Schema,
    options: &'s ResolveOptions,
    program: Program,
    known: HashMap<Pair, Op>,
    /// Pairs whose code is to be filled in, and where.
    later: Vec<(Pair, Op)>,
    /// What the writer's types are skipped by.
    written: Routines<'s>,
    /// For the sizes of the reader's types.
    filled: Routines<'s>,
    /// Encoded defaults of the reader's fields.
    defaults: HashMap<(TypeId, usize), std::result::Result<std::ops::Range<u32>, String>>,
}

impl<'s> Compiler<'s> {
    /// The schema that data of the pair's writer were written with.
    fn source(&self, pair: Pair) -> &'s Schema {
        if pair.default { self.reader } else { self.writer }
    }

    /// How many bytes values of the pair's writer have, if always the same number.
    fn size(&mut self, pair: Pair) -> Option<u64> {
        if pair.default { &mut self.filled } else { &mut self.written }.size(pair.writer)
    }

    fn place(&self, pair: Pair) -> Place {
        Place {
            reader: Some(self.reader[pair.reader].origin()),
            writer: (!pair.default).then(|| self.writer[pair.writer].origin()),
        }
    }

    fn fail(&mut self, mismatch: Mismatch, pair: Pair) -> Result<Op> {
        let at = number(self.program.fails.len());
        let place = self.place(pair);
        self.program.fails.push((mismatch, place));
        self.spend()?;
        Ok(Op::Fail(at))
    }

    fn spend(&self) -> Result<()> {
        let program = &self.program;
        let used = program.steps.len()
            + program.names.len()
            + program.branches.len()
            + program.wraps.len()
            + program.symbols.len()
            + program.fails.len()
            + program.records.len()
            + program.blocks.len();
        let limit = self.options.max_instructions;
        if used > limit { Err(ResolveError::TooLarge { limit }) } else { Ok(()) }
    }

    /// The instruction for a pair. Its parts, if it has any, follow later.
    fn op(&mut self, pair: Pair) -> Result<Op> {
        let (reader, writer) = (&self.reader[pair.reader], &self.source(pair)[pair.writer]);
        let simple = match (writer.kind(), reader.kind()) {
            (Kind::Null, Kind::Null) => Some(Op::Null),
            (Kind::Boolean, Kind::Boolean) => Some(Op::Boolean),
            (Kind::Int, Kind::Int) => Some(Op::Int),
            (Kind::Int, Kind::Long) => Some(Op::IntToLong),
            (Kind::Int, Kind::Float) => Some(Op::IntToFloat),
            (Kind::Int, Kind::Double) => Some(Op::IntToDouble),
            (Kind::Long, Kind::Long) => Some(Op::Long),
            (Kind::Long, Kind::Float) => Some(Op::LongToFloat),
            (Kind::Long, Kind::Double) => Some(Op::LongToDouble),
            (Kind::Float, Kind::Float) => Some(Op::Float),
            (Kind::Float, Kind::Double) => Some(Op::FloatToDouble),
            (Kind::Double, Kind::Double) => Some(Op::Double),
            (Kind::Bytes | Kind::String, Kind::Bytes) => Some(Op::Bytes),
            (Kind::String, Kind::String) => Some(Op::String),
            (Kind::Bytes, Kind::String) => Some(match self.options.invalid_utf8 {
                InvalidUtf8::Replace => Op::BytesToString,
                InvalidUtf8::Refuse => Op::String,
            }),
            _ => None,
        };
        if let Some(op) = simple {
            return Ok(op);
        }
        if let Some(op) = self.known.get(&pair) {
            return Ok(*op);
        }
        let op = self.complex(pair)?;
        self.known.insert(pair, op);
        if matches!(op, Op::Record(_) | Op::Array(_) | Op::Map(_) | Op::Union(_) | Op::Wrap(_)) {
            self.later.push((pair, op));
        }
        Ok(op)
    }

    fn complex(&mut self, pair: Pair) -> Result<Op> {
        let (reader, writer) = (&self.reader[pair.reader], &self.source(pair)[pair.writer]);
        if writer.kind() == Kind::Union {
            let at = number(self.program.unions.len());
            self.program.unions.push(UnionCode { pair, branches: 0..0 });
            return Ok(Op::Union(at));
        }
        if let Type::Union(union) = reader.ty() {
            let Some((chosen, _)) = matching::choose(self.reader, union, writer) else {
                let mismatch = Mismatch::NoBranch { writer: writer.branch_name().to_owned() };
                return self.fail(mismatch, pair);
            };
            let at = number(self.program.wraps.len());
            let wrap = number(chosen);
            // The instruction of the branch is put in later.
            self.program.wraps.push(Branch { op: Op::Null, wrap, union: pair.reader });
            self.spend()?;
            return Ok(Op::Wrap(at));
        }
        if let Some(mismatch) = mismatch(reader, writer) {
            return self.fail(mismatch, pair);
        }
        match (reader.ty(), writer.ty()) {
            (Type::Fixed(fixed), _) => Ok(Op::Fixed(fixed.size())),
            (Type::Enum(reader), Type::Enum(writer)) => self.symbols(pair, reader, writer),
            (Type::Record(_), _) => {
                let at = number(self.program.records.len());
                self.program.records.push(RecordCode {
                    pair,
                    steps: 0..0,
                    defaults: 0..0,
                    names: 0,
                    fields: 0,
                    empty: 0,
                });
                Ok(Op::Record(at))
            }
            _ => {
                let at = number(self.program.blocks.len());
                let array = reader.kind() == Kind::Array;
                self.program.blocks.push(BlockCode { pair, op: Op::Null, empty: false });
                self.spend()?;
                Ok(if array { Op::Array(at) } else { Op::Map(at) })
            }
        }
    }

    fn symbols(&mut self, pair: Pair, reader: &Enum, writer: &Enum) -> Result<Op> {
        let start = number(self.program.symbols.len());
        for symbol in writer.symbols() {
            let known = reader.position(symbol).or(reader.default_index());
            self.program.symbols.push(known.map_or(NONE, number));
        }
        self.spend()?;
        let symbols = start..number(self.program.symbols.len());
        let at = number(self.program.enums.len());
        self.program.enums.push(EnumCode { pair, symbols });
        Ok(Op::Enum(at))
    }

    /// What an instruction was promised.
    fn parts(&mut self, pair: Pair, op: Op) -> Result<()> {
        let (reader, source) = (self.reader, self.source(pair));
        match (op, reader[pair.reader].ty(), source[pair.writer].ty()) {
            (Op::Record(at), Type::Record(reader), Type::Record(writer)) => {
                self.record(at, pair, reader, writer)
            }
            (Op::Array(at), Type::Array(reader), Type::Array(writer))
            | (Op::Map(at), Type::Map(reader), Type::Map(writer)) => {
                let inside = Pair { reader: *reader, writer: *writer, ..pair };
                let code = BlockCode {
                    pair,
                    op: self.op(inside)?,
                    empty: matches!(op, Op::Array(_)) && self.size(inside) == Some(0),
                };
                self.program.blocks[at as usize] = code;
                Ok(())
            }
            (Op::Union(at), _, Type::Union(union)) => {
                let mut branches = Vec::with_capacity(union.branches().len());
                for writer in union.branches() {
                    let inside = Pair { writer: *writer, ..pair };
                    // The reader's choice is made here, once.
                    let chosen = match reader[pair.reader].ty() {
                        Type::Union(union) => matching::choose(reader, union, &source[*writer])
                            .map(|(it, _)| (number(it), union.branches()[it])),
                        _ => None,
                    };
                    let (op, wrap) = match chosen {
                        Some((wrap, reader)) => (self.op(Pair { reader, ..inside })?, wrap),
                        None => (self.op(inside)?, NONE),
                    };
                    branches.push(Branch { op, wrap, union: pair.reader });
                }
                let start = number(self.program.branches.len());
                self.program.branches.extend(branches);
                self.spend()?;
                let branches = start..number(self.program.branches.len());
                self.program.unions[at as usize].branches = branches;
                Ok(())
            }
            (Op::Wrap(at), Type::Union(union), _) => {
                let chosen = self.program.wraps[at as usize].wrap as usize;
                let op = self.op(Pair { reader: union.branches()[chosen], ..pair })?;
                self.program.wraps[at as usize].op = op;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn record(
        &mut self,
        at: u32,
        pair: Pair,
        reader: &'s Record,
        writer: &'s Record,
    ) -> Result<()> {
        let mut sources = Vec::new();
        matching::correspond(reader, writer, &mut sources);
        let mut targets = vec![NONE; writer.fields().len()];
        let mut steps = Vec::new();
        let mut missing = Vec::new();
        for (target, source) in sources.iter().enumerate() {
            match source {
                Some(source) => targets[source.field as usize] = number(target),
                None => missing.push(target),
            }
        }
        let mut defaults = Vec::new();
        for target in missing {
            let field = &reader.fields()[target];
            let target = number(target);
            match self.default(pair.reader, target as usize, reader, field)? {
                Ok(bytes) => {
                    let inside = Pair { reader: field.ty(), writer: field.ty(), default: true };
                    defaults.push(DefaultCode { op: self.op(inside)?, target, bytes });
                }
                // Nothing of such a record is read.
                Err(mismatch) => {
                    let op = self.fail(mismatch, pair)?;
                    steps.push(Step { op, target, source: NONE });
                }
            }
        }
        let mut skipped = None;
        for (source, (field, target)) in writer.fields().iter().zip(targets).enumerate() {
            if target == NONE {
                let routine = match skipped {
                    Some(routine) => routine,
                    None => {
                        let routine = self.written.begin();
                        skipped = Some(routine);
                        let source = number(source);
                        steps.push(Step { op: Op::Skip(routine), target: NONE, source });
                        routine
                    }
                };
                self.written.push(routine, field.ty());
            } else {
                skipped = None;
                let reader = reader.fields()[target as usize].ty();
                let op = self.op(Pair { reader, writer: field.ty(), ..pair })?;
                steps.push(Step { op, target, source: number(source) });
            }
        }
        let program = &mut self.program;
        let names = number(program.names.len());
        program.names.extend(reader.fields().iter().map(|it| it.name().into()));
        let first = number(program.steps.len());
        program.steps.extend(&steps);
        let first_default = number(program.defaults.len());
        program.defaults.extend(defaults);
        program.records[at as usize] = RecordCode {
            pair,
            steps: first..number(program.steps.len()),
            defaults: first_default..number(program.defaults.len()),
            names,
            fields: number(reader.fields().len()),
            empty: 0,
        };
        self.spend()?;
        if self.size(pair) == Some(0) {
            self.program.records[at as usize].empty = number(reader.fields().len()) + 1;
        }
        Ok(())
    }

    /// Where in the pool a field's default is, or why it cannot be read.
    fn default(
        &mut self,
        id: TypeId,
        at: usize,
        record: &Record,
        field: &Field,
    ) -> Result<std::result::Result<std::ops::Range<u32>, Mismatch>> {
        let (name, full) = (field.name().to_owned(), record.name().full().to_owned());
        let Some(json) = field.default() else {
            return Ok(Err(Mismatch::MissingField { field: name, record: full }));
        };
        let pool = &mut self.program.pool;
        let found = self.defaults.entry((id, at)).or_insert_with(|| {
            let start = number(pool.len());
            let encoded = default_value(self.reader, field.ty(), json).and_then(|value| {
                encode::write(self.reader, field.ty(), &value, pool, 2 * MAX_DEPTH)
            });
            match encoded {
                Ok(()) => Ok(start..number(pool.len())),
                Err(error) => {
                    pool.truncate(start as usize);
                    Err(error.to_string())
                }
            }
        });
        let limit = self.options.max_default_bytes.min(u32::MAX as usize);
        if pool.len() > limit {
            return Err(ResolveError::Defaults { limit });
        }
        Ok(found.clone().map_err(|reason| Mismatch::Default { field: name, record: full, reason }))
    }
}

/// Why a type cannot be read as another, if neither is a union, nor the one promoted to the other.
fn mismatch(reader: &crate::Node, writer: &crate::Node) -> Option<Mismatch> {
    if reader.kind() != writer.kind() {
        return Some(Mismatch::Type { reader: reader.kind(), writer: writer.kind() });
    }
    if matching::names(reader, writer).is_none() {
        return Some(Mismatch::Name {
            kind: reader.kind(),
            reader: reader.branch_name().to_owned(),
            writer: writer.branch_name().to_owned(),
        });
    }
    match (reader.ty(), writer.ty()) {
        (Type::Fixed(r), Type::Fixed(w)) if r.size() != w.size() => Some(Mismatch::Size {
            name: r.name().full().to_owned(),
            reader: r.size(),
            writer: w.size(),
        }),
        _ => None,
    }
}

/// An index. Programs have fewer instructions than fit, and schemas fewer parts.
pub(super) fn number(index: usize) -> u32 {
    debug_assert!(u32::try_from(index).is_ok());
    index as u32
}
