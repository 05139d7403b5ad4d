//! Java's recursion, with what it would have on its stack in a list.

use std::collections::HashMap;
use std::rc::Rc;

mod found;

use super::{Incompatibility, IncompatibilityType, Outcome};
use crate::matching;
use crate::schema::{Field, Kind, Node, Record, Schema, Type, TypeId};

type Pair = (TypeId, TypeId);

/// A result: which of the incompatibilities found so far, in order; none if compatible.
type Found = Rc<Vec<u32>>;

pub(super) fn run(reader: &Schema, writer: &Schema, max_steps: usize) -> Outcome {
    let mut machine = Machine {
        reader,
        writer,
        steps: max_steps,
        location: Vec::new(),
        base: 0,
        memo: HashMap::new(),
        frames: Vec::new(),
        all: Vec::new(),
        none: Rc::default(),
    };
    match machine.run() {
        Ok(found) if found.is_empty() => Outcome::Compatible,
        Ok(found) => Outcome::Incompatible(
            found.iter().map(|it| machine.all[*it as usize].clone()).collect(),
        ),
        Err(Stop::Throws(message)) => Outcome::Throws(message),
        Err(Stop::TooLarge) => Outcome::TooLarge,
    }
}

enum Stop {
    Throws(String),
    TooLarge,
}

#[derive(Clone, Copy)]
enum Token {
    Root,
    Name(&'static str),
    Index(u32),
}

enum Memo {
    InProgress,
    Known(Found),
}

/// A pair that is being compared.
struct Frame {
    pair: Pair,
    task: Task,
    /// What has been found.
    found: Vec<u32>,
    /// Which part comes next.
    next: u32,
    /// How long the location was before the pair, and where it began.
    mark: usize,
    base: usize,
}

#[derive(Clone, Copy)]
enum Task {
    /// The items of arrays or the values of maps.
    Part(&'static str, Pair),
    Fields,
    /// Each branch of the writer's union with the reader's type, which is no union.
    WriterBranches,
    /// Each branch of the writer's union with all of the reader's.
    BothBranches,
    /// Branches of the reader's union with the writer's type, until one is compatible.
    ReaderBranches,
}

/// What comes next.
enum Step {
    /// A pair, below the location, or with a location of its own.
    Enter { token: Token, pair: Pair, apart: bool },
    /// The pair on top of the list is done.
    Leave(Vec<u32>),
    /// A pair that a frame asked for has a result.
    Return(Found),
}

struct Machine<'s> {
    reader: &'s Schema,
    writer: &'s Schema,
    steps: usize,
    location: Vec<Token>,
    /// Where the location begins that counts.
    base: usize,
    memo: HashMap<Pair, Memo>,
    frames: Vec<Frame>,
    all: Vec<Incompatibility>,
    none: Found,
}

impl<'s> Machine<'s> {
    fn run(&mut self) -> Result<Found, Stop> {
        let pair = (self.reader.root(), self.writer.root());
        let mut step = Step::Enter { token: Token::Root, pair, apart: true };
        loop {
            step = match step {
                Step::Enter { token, pair, apart } => self.enter(token, pair, apart)?,
                Step::Leave(found) => {
                    let Some(frame) = self.frames.pop() else { return Ok(Rc::new(found)) };
                    let found =
                        if found.is_empty() { Rc::clone(&self.none) } else { Rc::new(found) };
                    if self.is_kept(frame.pair) {
                        self.memo.insert(frame.pair, Memo::Known(Rc::clone(&found)));
                    }
                    self.location.truncate(frame.mark);
                    self.base = frame.base;
                    Step::Return(found)
                }
                Step::Return(found) => match self.frames.pop() {
                    Some(frame) => self.resume(frame, &found)?,
                    None => return Ok(found),
                },
            };
        }
    }

    fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        self.steps = self.steps.checked_sub(steps).ok_or(Stop::TooLarge)?;
        Ok(())
    }

    /// Whether a pair can be met again: types without names stand in one place only.
    fn is_kept(&self, pair: Pair) -> bool {
        self.reader[pair.0].kind().is_named() || self.writer[pair.1].kind().is_named()
    }

    fn enter(&mut self, token: Token, pair: Pair, apart: bool) -> Result<Step, Stop> {
        self.spend(1)?;
        let kept = self.is_kept(pair);
        match self.memo.get(&pair).filter(|_| kept) {
            Some(Memo::InProgress) => return Ok(Step::Return(Rc::clone(&self.none))),
            Some(Memo::Known(found)) => return Ok(Step::Return(Rc::clone(found))),
            None if kept => {
                self.memo.insert(pair, Memo::InProgress);
            }
            None => {}
        }
        let (mark, base) = (self.location.len(), self.base);
        if apart {
            self.base = mark;
        }
        self.location.push(token);
        let mut found = Vec::new();
        let task = self.compare(pair, &mut found)?;
        let frame = |task, found| Frame { pair, task, found, next: 0, mark, base };
        match task {
            None => {
                // The list has a frame for each pair in progress.
                self.frames.push(frame(Task::Fields, Vec::new()));
                Ok(Step::Leave(found))
            }
            Some(task) => {
                let frame = frame(task, found);
                self.advance(frame)
            }
        }
    }

    /// What can be said of a pair without a look at its parts, and what is to be done with those.
    fn compare(&mut self, pair: Pair, found: &mut Vec<u32>) -> Result<Option<Task>, Stop> {
        let (readers, writers) = (self.reader, self.writer);
        let (reader, writer) = (&readers[pair.0], &writers[pair.1]);
        Ok(match (reader.ty(), writer.ty()) {
            (Type::Union(_), Type::Union(_)) => Some(Task::BothBranches),
            (_, Type::Union(_)) => Some(Task::WriterBranches),
            (Type::Union(_), _) => Some(Task::ReaderBranches),
            (Type::Array(r), Type::Array(w)) => Some(Task::Part("items", (*r, *w))),
            (Type::Map(r), Type::Map(w)) => Some(Task::Part("values", (*r, *w))),
            (Type::Fixed(r), Type::Fixed(w)) => {
                self.names(pair, found);
                if r.size() != w.size() {
                    let message = format!("expected: {}, found: {}", w.size(), r.size());
                    let ty = IncompatibilityType::FixedSizeMismatch;
                    found.push(self.add(ty, pair, message, Some(Token::Name("size"))));
                }
                None
            }
            (Type::Enum(r), Type::Enum(w)) => {
                self.spend(w.symbols().len())?;
                self.names(pair, found);
                self.symbols(pair, r, w, found);
                None
            }
            (Type::Record(_), Type::Record(_)) => {
                self.names(pair, found);
                self.location.push(Token::Name("fields"));
                Some(Task::Fields)
            }
            _ => {
                let (r, w) = (reader.kind(), writer.kind());
                if r != w && !matching::promotes(w, r) {
                    let message = format!(
                        "reader type: {} not compatible with writer type: {}",
                        upper(r),
                        upper(w)
                    );
                    found.push(self.add(IncompatibilityType::TypeMismatch, pair, message, None));
                }
                None
            }
        })
    }

    /// Goes on with a frame that no part is open of.
    fn advance(&mut self, mut frame: Frame) -> Result<Step, Stop> {
        let (readers, writers) = (self.reader, self.writer);
        let (reader, writer) = (&readers[frame.pair.0], &writers[frame.pair.1]);
        let next = frame.next;
        frame.next += 1;
        let enter = match (frame.task, reader.ty(), writer.ty()) {
            (Task::Part(token, pair), ..) => {
                (next == 0).then_some((Token::Name(token), pair, false))
            }
            (Task::WriterBranches, _, Type::Union(union)) => {
                let branch = union.branches().get(next as usize);
                branch.map(|it| (Token::Index(next), (frame.pair.0, *it), false))
            }
            (Task::BothBranches, _, Type::Union(union)) => {
                let branch = union.branches().get(next as usize);
                branch.map(|it| (Token::Root, (frame.pair.0, *it), true))
            }
            (Task::ReaderBranches, Type::Union(union), _) => {
                let branch = union.branches().get(next as usize);
                if branch.is_none() {
                    frame.found.push(self.lacking(frame.pair, writer, None));
                }
                branch.map(|it| (Token::Root, (*it, frame.pair.1), true))
            }
            (Task::Fields, Type::Record(r), Type::Record(w)) => {
                frame.next = next;
                self.next_field(&mut frame, r, w)?.map(|it| (Token::Name("type"), it, false))
            }
            _ => None,
        };
        Ok(match enter {
            Some((token, pair, apart)) => {
                self.frames.push(frame);
                Step::Enter { token, pair, apart }
            }
            None => {
                let found = std::mem::take(&mut frame.found);
                self.frames.push(frame);
                Step::Leave(found)
            }
        })
    }

    /// Goes on with a frame one of whose parts has a result.
    fn resume(&mut self, mut frame: Frame, found: &Found) -> Result<Step, Stop> {
        match frame.task {
            Task::Part(..) | Task::WriterBranches => {
                self.spend(found.len())?;
                frame.found.extend_from_slice(found);
            }
            Task::Fields => {
                self.spend(found.len())?;
                frame.found.extend_from_slice(found);
                self.location.pop();
            }
            Task::BothBranches if found.is_empty() => {}
            Task::BothBranches => {
                let branch = frame.next - 1;
                if let Type::Union(union) = self.writer[frame.pair.1].ty() {
                    let writers = self.writer;
                    let writer = &writers[union.branches()[branch as usize]];
                    let lacking = self.lacking(frame.pair, writer, Some(Token::Index(branch)));
                    frame.found.push(lacking);
                }
            }
            Task::ReaderBranches if found.is_empty() => {
                self.frames.push(frame);
                return Ok(Step::Leave(Vec::new()));
            }
            Task::ReaderBranches => {}
        }
        self.advance(frame)
    }

    /// The types of the next field that both have; what is wrong with those before it that only the reader has is found.
    fn next_field(
        &mut self,
        frame: &mut Frame,
        r: &'s Record,
        w: &'s Record,
    ) -> Result<Option<Pair>, Stop> {
        while let Some(field) = r.fields().get(frame.next as usize) {
            let index = Token::Index(frame.next);
            frame.next += 1;
            self.spend(1 + field.aliases().len())?;
            match self.written(field, w, frame.pair.1)? {
                Some(written) => {
                    self.location.push(index);
                    return Ok(Some((field.ty(), written.ty())));
                }
                None if field.default().is_some() => {}
                // A quirk: the field's type is compared with the writer's record.
                None if has_default_symbol(&self.reader[field.ty()]) => {
                    self.location.push(index);
                    return Ok(Some((field.ty(), frame.pair.1)));
                }
                None => {
                    let ty = IncompatibilityType::ReaderFieldMissingDefaultValue;
                    let message = field.name().to_owned();
                    frame.found.push(self.add(ty, frame.pair, message, Some(index)));
                }
            }
        }
        self.location.pop();
        Ok(None)
    }

    /// The writer's field that a reader's field names by its name or an alias.
    fn written(
        &self,
        field: &Field,
        record: &'s Record,
        id: TypeId,
    ) -> Result<Option<&'s Field>, Stop> {
        let mut found = record.field(field.name());
        let mut by_alias: Option<&Field> = None;
        for alias in field.aliases() {
            let Some(named) = record.field(alias) else { continue };
            // Java has aliases in a set, where one that is there twice is there once.
            if by_alias.is_some_and(|it| std::ptr::eq(it, named)) {
                continue;
            }
            by_alias = Some(named);
            if found.replace(named).is_some() {
                let at = self.reader_position(field);
                return Err(Stop::Throws(format!(
                    "Reader record field {} type:{} pos:{at} matches multiple fields in writer record schema {}",
                    field.name(),
                    upper(self.reader[field.ty()].kind()),
                    self.writer.at(id).to_json()
                )));
            }
        }
        Ok(found)
    }

    /// The index of the field that is being looked at, in its record.
    fn reader_position(&self, field: &Field) -> usize {
        let of = |node: &'s Node| match node.ty() {
            Type::Record(it) => it.fields().iter().position(|it| std::ptr::eq(it, field)),
            _ => None,
        };
        self.reader.ids().find_map(|it| of(&self.reader[it])).unwrap_or(0)
    }
}

fn has_default_symbol(node: &Node) -> bool {
    matches!(node.ty(), Type::Enum(it) if it.default_index().is_some())
}

fn upper(kind: Kind) -> String {
    kind.as_str().to_uppercase()
}
