//! From JSON to a schema, without recursion: what has begun waits in a list of frames.

mod check;
mod define;
mod frames;
mod hint;
mod logical;
mod members;
mod names;
mod options;
mod settle;

use std::collections::HashMap;
use std::sync::Arc;

pub use options::{NameRules, ParseOptions};

use self::frames::Frame;
use self::settle::Pending;
use super::node::Logical;
use super::table::{Source, Table};
use super::{Name, Node, Origin, Schema, Type, TypeId};
use crate::error::{Location, ParseError, Problem};
use crate::json::{Document, Json, OwnedJson};

/// A schema of one text.
pub(super) fn schema(text: &str, options: &ParseOptions) -> Result<Schema, ParseError> {
    let document = Arc::new(Document::read(text, &options.json)?);
    let sources = vec![Source { name: None, document }];
    let (table, roots) = table(sources, &[0], options)?;
    Ok(Schema::new(table, roots[0]))
}

/// The types of several texts, which may refer to each other, taken in an order; and the root of each text, in the order of the texts.
pub(super) fn table(
    sources: Vec<Source>,
    order: &[usize],
    options: &ParseOptions,
) -> Result<(Arc<Table>, Vec<TypeId>), ParseError> {
    let mut builder = Builder::new(&sources, options);
    let mut roots = vec![TypeId(0); sources.len()];
    for source in order {
        builder.source = *source;
        let root = builder.build(sources[*source].document.root());
        roots[*source] = root.map_err(|it| it.in_source(sources[*source].name.as_ref()))?;
    }
    builder.settle(&mut roots)?;
    builder.check()?;
    let Builder { nodes, names, .. } = builder;
    let defaults_checked = options.check_defaults;
    Ok((Arc::new(Table { nodes, names, sources, defaults_checked }), roots))
}

/// What becomes a table.
struct Builder<'d> {
    options: &'d ParseOptions,
    sources: &'d [Source],
    /// Which of the sources is being taken.
    source: usize,
    nodes: Vec<Node>,
    names: HashMap<Arc<str>, TypeId>,
    /// What has begun and not ended, from the outermost.
    frames: Vec<Frame<'d>>,
    /// The names of the records among the frames, whose namespaces those inside inherit.
    enclosing: Vec<Name>,
    /// Fields, symbols and branches so far.
    fields: usize,
    /// Names that were used and not defined, so far.
    pending: HashMap<Arc<str>, Pending<'d>>,
    /// Types that are defined again, and where they are first.
    repeated: Vec<(TypeId, TypeId)>,
}

/// What comes next.
enum Step<'d> {
    /// A type begins here.
    Enter(Json<'d>),
    /// A type has ended.
    Done(TypeId),
}

impl<'d> Builder<'d> {
    fn new(sources: &'d [Source], options: &'d ParseOptions) -> Self {
        Self {
            options,
            sources,
            source: 0,
            nodes: Vec::with_capacity(16),
            names: HashMap::new(),
            frames: Vec::new(),
            enclosing: Vec::new(),
            fields: 0,
            pending: HashMap::new(),
            repeated: Vec::new(),
        }
    }

    fn build(&mut self, root: Json<'d>) -> Result<TypeId, ParseError> {
        let mut step = Step::Enter(root);
        loop {
            step = match step {
                Step::Enter(value) => self.open(value)?,
                Step::Done(id) => match self.frames.pop() {
                    Some(frame) => self.resume(frame, id)?,
                    None => return Ok(id),
                },
            }
        }
    }

    fn error(problem: Problem, value: Json<'_>) -> ParseError {
        ParseError::new(problem, Location::of(value))
    }

    /// An error about something in a source that need not be the one that is being taken.
    fn error_in(&self, source: usize, problem: Problem, value: Json<'_>) -> ParseError {
        Self::error(problem, value).in_source(self.sources[source].name.as_ref())
    }

    fn document(&self) -> &'d Arc<Document> {
        &self.sources[self.source].document
    }

    /// What stands at an origin.
    fn json(&self, origin: Origin) -> Json<'d> {
        Json::at(&self.sources[origin.source as usize].document, origin.row)
    }

    /// The namespace that a name without one is in.
    fn namespace(&self) -> &str {
        self.enclosing.last().map_or("", Name::namespace)
    }

    fn origin(&self, value: Json<'d>) -> Origin {
        Origin { source: self.source as u32, row: value.row_number() }
    }

    fn keep(&self, value: Json<'d>) -> OwnedJson {
        OwnedJson::new(self.document(), value)
    }

    /// A new type, in place of which stands `null` until it is known.
    fn add(&mut self, value: Json<'d>) -> Result<TypeId, ParseError> {
        let limit = self.options.max_types.min(u32::MAX as usize);
        if self.nodes.len() >= limit {
            return Err(Self::error(Problem::TooManyTypes { limit }, value));
        }
        let id = TypeId(self.nodes.len() as u32);
        let origin = self.origin(value);
        self.nodes.push(Node { ty: Type::Null, logical: Logical::None, extra: None, origin });
        Ok(id)
    }

    /// Counts a field, a symbol or a branch.
    fn count(&mut self, value: Json<'d>) -> Result<(), ParseError> {
        let limit = self.options.max_fields;
        if self.fields >= limit {
            return Err(Self::error(Problem::TooManyFields { limit }, value));
        }
        self.fields += 1;
        Ok(())
    }
}
