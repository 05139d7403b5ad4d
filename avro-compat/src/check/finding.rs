//! One thing that was found.

use super::pair::{PathStep, Side, Step, path_text};
use super::report::Entry;
use super::walk::DOC_OF_TYPE;
use super::{FindingKind, Report, Severity, java};
use crate::error::Location;
use crate::json::Json;
use crate::schema::{Node, Type, TypeId};

/// Something that a check found; as cheap to copy as a reference.
#[derive(Clone, Copy)]
pub struct Finding<'r> {
    pub(super) report: &'r Report,
    pub(super) at: usize,
}

impl<'r> Finding<'r> {
    pub(super) fn entry(self) -> Entry {
        self.report.entries[self.at]
    }

    /// What is the matter.
    pub fn kind(self) -> FindingKind {
        self.entry().kind
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        self.entry().severity
    }

    /// Below how many others it is.
    pub fn depth(self) -> usize {
        self.entry().depth as usize
    }

    /// The findings directly below, in order; only those of kind [`FindingKind::Branch`] have some. O(all that are below).
    pub fn causes(self) -> impl Iterator<Item = Self> {
        let depth = self.depth();
        let below =
            self.report.findings().skip(self.at + 1).take_while(move |it| it.depth() > depth);
        below.filter(move |it| it.depth() == depth + 1)
    }

    /// The findings that it is below, the innermost first.
    pub fn around(self) -> impl Iterator<Item = Self> {
        let above = move |it: &Self| Some(Self { at: it.entry().parent? as usize, ..*it });
        std::iter::successors(above(&self), above)
    }

    /// The reader's type in question; for a field, the record.
    pub fn reader_type(self) -> TypeId {
        self.report.pairs[self.entry().pair as usize].reader
    }

    /// The writer's type in question; for a field, the record.
    pub fn writer_type(self) -> TypeId {
        self.report.pairs[self.entry().pair as usize].writer
    }

    /// The index of the reader's field in question, if it is about a field.
    pub fn reader_field(self) -> Option<usize> {
        let Entry { kind, at, .. } = self.entry();
        match kind {
            FindingKind::MissingField
            | FindingKind::Default
            | FindingKind::FieldAlias
            | FindingKind::AmbiguousField
            | FindingKind::Order => Some(at as usize),
            FindingKind::Doc => (at != DOC_OF_TYPE).then_some(at as usize),
            FindingKind::Java(java::IncompatibilityType::ReaderFieldMissingDefaultValue) => {
                self.java()?.location_tokens().next_back()?.parse().ok()
            }
            _ => None,
        }
    }

    /// The index of the writer's field in question, if it is about a field that the writer's record has.
    pub fn writer_field(self) -> Option<usize> {
        self.entry().source.map(|it| it as usize)
    }

    /// The writer's symbols that the reader does not have, if that is what it is about.
    pub fn missing_symbols(self) -> impl Iterator<Item = &'r str> {
        let enums = match (self.kind(), self.reader_node().ty(), self.writer_node().ty()) {
            (
                FindingKind::Symbols | FindingKind::SymbolsDefaulted,
                Type::Enum(r),
                Type::Enum(w),
            ) => Some((r, w)),
            _ => None,
        };
        enums.into_iter().flat_map(|(r, w)| super::walk::missing_symbols(r, w))
    }

    /// For a finding of kind [`FindingKind::Branch`], the index of the branch of the writer's union, if there is one.
    pub fn writer_branch(self) -> Option<usize> {
        self.branches().0
    }

    /// For a finding of kind [`FindingKind::Branch`], the index of the branch of the reader's union that is chosen, if there is one.
    pub fn reader_branch(self) -> Option<usize> {
        self.branches().1
    }

    fn branches(self) -> (Option<usize>, Option<usize>) {
        let Entry { kind, pair, .. } = self.entry();
        if kind != FindingKind::Branch {
            return (None, None);
        }
        let pairs = &self.report.pairs;
        let inner = pairs[pair as usize];
        let writer = |step| match step {
            Step::WriterBranch(it) => Some(it as usize),
            _ => None,
        };
        match inner.step {
            Step::ReaderBranch(it) => {
                (writer(pairs[inner.parent as usize].step), Some(it as usize))
            }
            step => (writer(step), None),
        }
    }

    /// What Java says, under [`Profile::Java`](super::Profile::Java).
    pub fn java(self) -> Option<&'r java::Incompatibility> {
        match (self.kind(), self.report.java()?) {
            (FindingKind::Java(_), java::Outcome::Incompatible(all)) => {
                all.get(self.entry().at as usize)
            }
            _ => None,
        }
    }

    /// The report that it is of.
    pub fn report(self) -> &'r Report {
        self.report
    }

    pub(crate) fn pair(self) -> u32 {
        self.entry().pair
    }

    pub(crate) fn reader_node(self) -> &'r Node {
        &self.report.reader[self.reader_type()]
    }

    pub(crate) fn writer_node(self) -> &'r Node {
        &self.report.writer[self.writer_type()]
    }

    /// What it is about in the reader's text.
    pub fn reader_json(self) -> Json<'r> {
        self.json(Side::Reader)
    }

    /// What it is about in the writer's text.
    pub fn writer_json(self) -> Json<'r> {
        self.json(Side::Writer)
    }

    fn json(self, side: Side) -> Json<'r> {
        let pairs = self.report.pairs();
        let pair = self.entry().pair;
        let reader = side == Side::Reader;
        let field = if reader { self.reader_field() } else { self.writer_field() };
        let field = |member: Option<&str>| match field {
            Some(it) => pairs.field(pair, side, it as u32, member),
            None => pairs.member(pair, side, "fields"),
        };
        match self.kind() {
            FindingKind::Name | FindingKind::Namespace => pairs.member(pair, side, "name"),
            FindingKind::TypeAlias => {
                pairs.member(pair, side, if reader { "aliases" } else { "name" })
            }
            FindingKind::FixedSize => pairs.member(pair, side, "size"),
            FindingKind::Symbols | FindingKind::SymbolsDefaulted => {
                pairs.member(pair, side, "symbols")
            }
            FindingKind::MissingField => field(None),
            FindingKind::Default => field(reader.then_some("default")),
            FindingKind::FieldAlias | FindingKind::AmbiguousField => {
                field(Some(if reader { "aliases" } else { "name" }))
            }
            FindingKind::Order => field(Some("order")),
            FindingKind::Doc if self.reader_field().is_some() => field(Some("doc")),
            FindingKind::Doc => pairs.member(pair, side, "doc"),
            FindingKind::Java(ty) => match ty.member() {
                _ if self.reader_field().is_some() => field(None),
                Some(member) => pairs.member(pair, side, member),
                None => pairs.definition(pair, side),
            },
            _ => pairs.used(pair, side),
        }
    }

    /// Where it is in the reader's text. Costs a look at the text before it.
    pub fn reader_location(self) -> Location {
        self.location(Side::Reader)
    }

    /// Where it is in the writer's text. Costs a look at the text before it.
    pub fn writer_location(self) -> Location {
        self.location(Side::Writer)
    }

    fn location(self, side: Side) -> Location {
        let reader = side == Side::Reader;
        let schema = if reader { &self.report.reader } else { &self.report.writer };
        let json = self.json(side);
        let mut sources = schema.table().sources.iter();
        let source = sources.find(|it| std::ptr::eq(&*it.document, json.document()));
        Location { source: source.and_then(|it| it.name.clone()), ..Location::of(json) }
    }

    /// The part of the written value that it is about.
    pub fn path(self) -> Vec<PathStep> {
        self.report.pairs().path(self.entry().pair)
    }

    /// The part of the written value that it is about, as text: `.orders[].total`; empty for all of it.
    pub fn path_text(self) -> String {
        path_text(&self.path())
    }

    /// What is the matter, and what it means, in a sentence.
    pub fn message(self) -> String {
        super::message::message(self)
    }
}

impl std::fmt::Debug for Finding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message(), self.kind())
    }
}

/// `error at .total: ...`
impl std::fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.severity())?;
        let path = self.path_text();
        if !path.is_empty() {
            write!(f, " at {path}")?;
        }
        write!(f, ": {}", self.message())
    }
}
