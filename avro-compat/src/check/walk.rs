//! The check by the specification: which pairs of types values meet, and what is wrong with each.
//!
//! A reader's branch is chosen by the writer's type alone ([`matching`]), so that a pair leads to the same further pairs whatever
//! is inside of them. "Compatible", the greatest fixpoint of "this pair is well, and so are all that it leads to", is therefore the same as
//! "no pair that can be reached is unwell": one walk finds all that is wrong, and no result ever leans on an assumption. A pair that is reached
//! has values: the writer's types without any are left out, and any value can be completed to one of the whole schema.

use std::collections::{HashMap, HashSet};

use super::inhabited::Inhabited;
use super::pair::{Pair, Step};
use super::report::Entries;
use super::{CheckOptions, FindingKind, Severity, meaning};
use crate::matching::{self, Match, Source};
use crate::schema::{Enum, Field, Record, Schema, Type, TypeId};

/// More pairs of named types than this are remembered in a table.
const FEW: usize = 24;

/// Every pair that a value can meet, and what is wrong with them.
///
/// O(pairs + their fields, symbols and branches), up to a logarithm for looking up names; at most `max_steps`.
pub(super) fn walk(
    reader: &Schema,
    writer: &Schema,
    options: &CheckOptions,
) -> (Vec<Pair>, Entries) {
    let inhabited = Inhabited::of(&writer.table().nodes);
    let mut walk = Walk {
        reader,
        writer,
        inhabited,
        least: options.least,
        steps: options.max_steps,
        pairs: Vec::with_capacity(32),
        open: Vec::with_capacity(16),
        few: Vec::new(),
        many: HashSet::new(),
        sources: Vec::new(),
        defaults: HashMap::new(),
        entries: Entries::default(),
    };
    walk.run();
    (walk.pairs, walk.entries)
}

struct Walk<'s> {
    reader: &'s Schema,
    writer: &'s Schema,
    inhabited: Inhabited,
    least: Severity,
    /// How many more.
    steps: usize,
    pairs: Vec<Pair>,
    /// Pairs that have been found and not been looked at; the next is the last.
    open: Vec<Pair>,
    /// Pairs of named types that have been looked at: all others are reached in one way only.
    few: Vec<(TypeId, TypeId)>,
    many: HashSet<(TypeId, TypeId)>,
    sources: Vec<Option<Source>>,
    /// Whether defaults fit that nobody has checked, by record and field.
    defaults: HashMap<(TypeId, u32), bool>,
    entries: Entries,
}

impl<'s> Walk<'s> {
    fn run(&mut self) {
        let (reader, writer) = (self.reader.root(), self.writer.root());
        let root = Pair { reader, writer, parent: 0, branch: None, step: Step::Root };
        if !self.inhabited.has(writer) {
            self.pairs.push(root);
            self.found(0, FindingKind::NoValues, 0);
            return;
        }
        self.open.push(root);
        while let Some(pair) = self.open.pop() {
            let at = self.pairs.len() as u32;
            self.pairs.push(pair);
            if matches!(pair.step, Step::WriterBranch(_) | Step::ReaderBranch(_)) {
                self.pairs[at as usize].branch = Some(at);
            }
            if !self.spend(1) {
                self.found(at, FindingKind::Undecided, 0);
                return;
            }
            self.pair(at, pair);
        }
    }

    /// Whether so many steps may be taken. None may, once one may not.
    fn spend(&mut self, steps: usize) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    fn found(&mut self, pair: u32, kind: FindingKind, at: u32) {
        self.found_in(pair, kind, at, None);
    }

    /// Something about a field of the reader's that has a source.
    fn found_in(&mut self, pair: u32, kind: FindingKind, at: u32, source: Option<u32>) {
        if kind.severity().is_none_or(|it| it >= self.least) {
            self.entries.add(&self.pairs, pair, kind, at, source);
        }
    }

    /// A pair inside of another, if there are values of its writer's type.
    fn inside(&mut self, at: u32, reader: TypeId, writer: TypeId, step: Step) {
        if self.inhabited.has(writer) {
            let branch = self.pairs[at as usize].branch;
            self.open.push(Pair { reader, writer, parent: at, branch, step });
        }
    }

    fn pair(&mut self, at: u32, pair: Pair) {
        let (schema, writers) = (self.reader, self.writer);
        let (reader, writer) = (&schema[pair.reader], &writers[pair.writer]);
        let first = self.open.len();
        match (reader.ty(), writer.ty()) {
            (_, Type::Union(union)) => {
                self.steps = self.steps.saturating_sub(union.branches().len());
                for (branch, ty) in union.branches().iter().enumerate() {
                    self.inside(at, pair.reader, *ty, Step::WriterBranch(branch as u32));
                }
            }
            (Type::Union(union), _) => {
                let aliases = union.branches().iter().map(|it| 1 + schema[*it].aliases().len());
                self.steps = self.steps.saturating_sub(aliases.sum());
                match matching::choose(schema, union, writer) {
                    Some((branch, _)) => {
                        let step = Step::ReaderBranch(branch as u32);
                        self.inside(at, union.branches()[branch], pair.writer, step);
                    }
                    None => self.found(at, FindingKind::NoBranch, 0),
                }
                return;
            }
            (Type::Array(r), Type::Array(w)) => self.inside(at, *r, *w, Step::Items),
            (Type::Map(r), Type::Map(w)) => self.inside(at, *r, *w, Step::Values),
            (Type::Record(_), Type::Record(_))
            | (Type::Enum(_), Type::Enum(_))
            | (Type::Fixed(_), Type::Fixed(_)) => self.named(at, pair),
            _ if reader.kind() == writer.kind() && !reader.kind().is_named() => {
                self.meaning(at, pair);
            }
            _ if matching::promotes(writer.kind(), reader.kind()) => {
                if let Some(kind) = meaning::promotion(reader.kind(), writer.kind()) {
                    self.found(at, kind, 0);
                }
                self.meaning(at, pair);
            }
            _ => self.found(at, FindingKind::Type, 0),
        }
        self.open[first..].reverse();
    }

    fn meaning(&mut self, at: u32, pair: Pair) {
        let (reader, writer) = (&self.reader[pair.reader], &self.writer[pair.writer]);
        if let Some(kind) = meaning::logical(reader, writer) {
            self.found(at, kind, 0);
        }
    }

    /// Named types of one kind, if they meet for the first time.
    fn named(&mut self, at: u32, pair: Pair) {
        if !self.remember((pair.reader, pair.writer)) {
            return;
        }
        let (schema, writers) = (self.reader, self.writer);
        let (reader, writer) = (&schema[pair.reader], &writers[pair.writer]);
        let names = matching::names(reader, writer);
        match names {
            Some(Match::Same | Match::Promotion) => {}
            Some(Match::Alias) => self.found(at, FindingKind::TypeAlias, 0),
            Some(Match::Unqualified) => self.found(at, FindingKind::Namespace, 0),
            None => self.found(at, FindingKind::Name, 0),
        }
        if self.least == Severity::Warning && reader.doc() != writer.doc() {
            self.found(at, FindingKind::Doc, DOC_OF_TYPE);
        }
        match (reader.ty(), writer.ty()) {
            (Type::Record(r), Type::Record(w)) => self.record(at, r, w),
            (Type::Enum(r), Type::Enum(w)) => self.symbols(at, r, w, names.is_some()),
            (Type::Fixed(r), Type::Fixed(w)) if r.size() != w.size() => {
                self.found(at, FindingKind::FixedSize, 0);
            }
            // What cannot be read means nothing.
            _ if names.is_some() => self.meaning(at, pair),
            _ => {}
        }
    }

    fn remember(&mut self, pair: (TypeId, TypeId)) -> bool {
        if self.few.len() < FEW {
            let new = !self.few.contains(&pair);
            if new {
                self.few.push(pair);
            }
            return new;
        }
        if self.many.is_empty() {
            self.many.extend(self.few.iter().copied());
        }
        self.many.insert(pair)
    }

    fn symbols(&mut self, at: u32, reader: &Enum, writer: &Enum, is_read: bool) {
        self.steps = self.steps.saturating_sub(writer.symbols().len());
        if reader.symbols() != writer.symbols() && missing_symbols(reader, writer).next().is_some()
        {
            match reader.default_index() {
                Some(_) if is_read => self.found(at, FindingKind::SymbolsDefaulted, 0),
                // What cannot be read does not become anything.
                Some(_) => {}
                None => self.found(at, FindingKind::Symbols, 0),
            }
        }
    }

    fn record(&mut self, at: u32, reader: &'s Record, writer: &'s Record) {
        self.steps = self.steps.saturating_sub(reader.fields().len());
        let mut sources = std::mem::take(&mut self.sources);
        matching::correspond(reader, writer, &mut sources);
        for (index, (field, source)) in reader.fields().iter().zip(&sources).enumerate() {
            let index = index as u32;
            match source {
                Some(source) => self.field(at, index, field, writer, *source),
                None => self.absent(at, index, field),
            }
        }
        self.sources = sources;
    }

    fn field(&mut self, at: u32, index: u32, field: &Field, writer: &Record, source: Source) {
        let written = &writer.fields()[source.field as usize];
        let step = Step::Field { reader: index, writer: source.field };
        if self.least == Severity::Warning {
            if source.alias {
                self.found_in(at, FindingKind::FieldAlias, index, Some(source.field));
            }
            self.steps = self.steps.saturating_sub(field.aliases().len());
            if !field.aliases().is_empty() && names_of(field, writer) > 1 {
                self.found_in(at, FindingKind::AmbiguousField, index, Some(source.field));
            }
            if field.order() != written.order() {
                self.found_in(at, FindingKind::Order, index, Some(source.field));
            }
            if field.doc() != written.doc() {
                self.found_in(at, FindingKind::Doc, index, Some(source.field));
            }
        }
        self.inside(at, field.ty(), written.ty(), step);
    }

    /// A field that the writer's record does not have.
    fn absent(&mut self, at: u32, index: u32, field: &Field) {
        let Some(default) = field.default() else {
            return self.found(at, FindingKind::MissingField, index);
        };
        let reader = self.reader;
        let fits = reader.table().defaults_checked || {
            let key = (self.pairs[at as usize].reader, index);
            let fits = || reader.check_default(field.ty(), default).is_ok();
            *self.defaults.entry(key).or_insert_with(fits)
        };
        if !fits {
            self.found(at, FindingKind::Default, index);
        }
    }
}

/// Stands for a field's index where documentation is a type's.
pub(super) const DOC_OF_TYPE: u32 = u32::MAX;

/// The writer's symbols that the reader does not have, in the writer's order.
pub(super) fn missing_symbols<'a>(
    reader: &'a Enum,
    writer: &'a Enum,
) -> impl Iterator<Item = &'a str> {
    writer.symbols().iter().map(|it| &**it).filter(|it| reader.position(it).is_none())
}

/// How many fields of the writer's the name and the aliases of a reader's field name. An alias that is the name counts, as in Java.
fn names_of(field: &Field, writer: &Record) -> usize {
    let names = std::iter::once(field.name()).chain(field.aliases().iter().map(|it| &**it));
    names.filter(|it| writer.position(it).is_some()).count()
}
