//! Edits that might remove a finding. Whether they do is found out later.

use super::default;
use super::edit::Edit;
use crate::check::{Finding, FindingKind};
use crate::json::{Document, Json, quote};
use crate::matching;
use crate::schema::{Kind, Node, Schema, Type, TypeId};

/// More fields than this are not suggested as the one that another was.
const MOST_FIELDS: usize = 8;

/// More missing symbols than this are not listed.
const MOST_SYMBOLS: usize = 1_000;

/// Edits that belong together, and what they do.
pub(super) struct Candidate<'r> {
    pub title: String,
    /// Of this text.
    pub document: &'r Document,
    pub edits: Vec<Edit>,
}

/// Candidates for a finding, the best first.
pub(super) fn candidates(finding: Finding<'_>) -> Vec<Candidate<'_>> {
    let mut all = Candidates { finding, all: Vec::new() };
    match finding.kind() {
        FindingKind::MissingField => all.missing_field(),
        FindingKind::Default => all.default(),
        FindingKind::Name => {
            let (reader, writer) = (finding.reader_node(), finding.writer_node());
            all.type_alias(reader, writer);
        }
        FindingKind::FixedSize => all.size(),
        FindingKind::Symbols => {
            all.symbols();
            all.default_symbol();
        }
        FindingKind::SymbolsDefaulted => all.symbols(),
        FindingKind::Type => {
            all.widen();
            all.union();
        }
        FindingKind::NoBranch => all.branch(),
        FindingKind::LossyPromotion
        | FindingKind::BytesAsString
        | FindingKind::DecimalScale
        | FindingKind::DecimalPrecision
        | FindingKind::TimeUnit
        | FindingKind::LogicalType
        | FindingKind::LogicalTypeDropped
        | FindingKind::LogicalTypeAdded => all.keep(),
        _ => {}
    }
    all.all
}

struct Candidates<'r> {
    finding: Finding<'r>,
    all: Vec<Candidate<'r>>,
}

impl<'r> Candidates<'r> {
    fn reader(&self) -> &'r Schema {
        self.finding.report().reader()
    }

    fn writer(&self) -> &'r Schema {
        self.finding.report().writer()
    }

    /// The reader's type where it is defined.
    fn definition(&self) -> Json<'r> {
        self.reader().json(self.finding.reader_node().origin())
    }

    /// Edits in the text that a value is in.
    fn add(&mut self, title: String, within: Json<'r>, edits: Vec<Edit>) {
        self.all.push(Candidate { title, document: within.document(), edits });
    }

    fn missing_field(&mut self) {
        let finding = self.finding;
        let (Type::Record(reader), Type::Record(writer), Some(at)) =
            (finding.reader_node().ty(), finding.writer_node().ty(), finding.reader_field())
        else {
            return;
        };
        let field = &reader.fields()[at];
        let object = self.reader().json(field.origin());
        // It may be one of the writer's fields under another name.
        let mut sources = Vec::new();
        matching::correspond(reader, writer, &mut sources);
        let mut free = vec![true; writer.fields().len()];
        sources.iter().flatten().for_each(|it| free[it.field as usize] = false);
        let free = writer.fields().iter().zip(free).filter(|it| it.1).map(|it| it.0);
        let (same, other): (Vec<_>, Vec<_>) =
            free.partition(|it| it.name().eq_ignore_ascii_case(field.name()));
        for written in same.into_iter().chain(other).take(MOST_FIELDS) {
            let title = format!(
                "read the writer's field {:?} as {:?}, by an alias",
                written.name(),
                field.name()
            );
            self.add(title, object, vec![Edit::alias(object, written.name())]);
        }
        if let Some(default) = default::plain(self.reader(), field.ty()) {
            let title = format!("give field {:?} the default {default}", field.name());
            self.add(title, object, vec![Edit::member(object, "default", default)]);
        }
        if let (false, Some(ty)) =
            (matches!(self.reader()[field.ty()].ty(), Type::Union(_)), object.get("type"))
        {
            let title = format!("make field {:?} optional", field.name());
            let union = format!("[\"null\", {}]", ty.text());
            let default = Edit::member(object, "default", "null".to_owned());
            self.add(title, object, vec![Edit::replace(ty, union), default]);
        }
    }

    fn default(&mut self) {
        let (Type::Record(reader), Some(at)) =
            (self.finding.reader_node().ty(), self.finding.reader_field())
        else {
            return;
        };
        let field = &reader.fields()[at];
        if let Some(default) = default::plain(self.reader(), field.ty()) {
            let title = format!("give field {:?} the default {default}", field.name());
            let object = self.reader().json(field.origin());
            self.add(title, object, vec![Edit::member(object, "default", default)]);
        }
    }

    fn type_alias(&mut self, reader: &'r Node, writer: &Node) {
        let (Some(name), Some(written)) = (reader.name(), writer.name()) else { return };
        let title = format!("read {:?} as {:?}, by an alias", written.full(), name.full());
        let definition = self.reader().json(reader.origin());
        let alias = written.relative_to(name.namespace());
        self.add(title, definition, vec![Edit::alias(definition, &alias)]);
    }

    fn size(&mut self) {
        let (Type::Fixed(reader), Type::Fixed(writer)) =
            (self.finding.reader_node().ty(), self.finding.writer_node().ty())
        else {
            return;
        };
        let title = format!("keep the size of {:?}, {} bytes", reader.name().full(), writer.size());
        let size = writer.size().to_string();
        let edit = Edit::member(self.definition(), "size", size);
        self.add(title, self.definition(), vec![edit]);
    }

    fn symbols(&mut self) {
        let missing: Vec<_> = self.finding.missing_symbols().collect();
        let Some(symbols) = self.definition().get("symbols") else { return };
        if missing.len() > MOST_SYMBOLS {
            return;
        }
        let quoted = |it: &&str| {
            let mut text = String::new();
            quote(&mut text, it);
            text
        };
        let edits = match symbols.elements().next() {
            Some(_) => missing.iter().map(|it| Edit::element(symbols, quoted(it))).collect(),
            None => {
                let all: Vec<_> = missing.iter().map(quoted).collect();
                vec![Edit::replace(symbols, format!("[{}]", all.join(", ")))]
            }
        };
        let name = self.finding.reader_node().branch_name();
        let noun = if missing.len() == 1 { "the symbol" } else { "the symbols" };
        let told: Vec<_> = missing.iter().take(8).map(quoted).collect();
        let more = if missing.len() > told.len() { " ..." } else { "" };
        let title = format!("keep {noun} {}{more} of {name:?}", told.join(", "));
        self.add(title, symbols, edits);
    }

    fn default_symbol(&mut self) {
        let Type::Enum(symbols) = self.finding.reader_node().ty() else { return };
        let Some(symbol) = default::symbol(symbols) else { return };
        let name = symbols.name().full();
        let title = format!("read symbols that {name:?} does not have as {symbol:?}");
        let mut quoted = String::new();
        quote(&mut quoted, symbol);
        let edit = Edit::member(self.definition(), "default", quoted);
        self.add(title, self.definition(), vec![edit]);
    }

    /// The least type that both the reader's and the writer's are promoted to without loss.
    fn widen(&mut self) {
        use Kind::{Double, Float, Int, Long};
        let (reader, writer) =
            (self.finding.reader_node().kind(), self.finding.writer_node().kind());
        let wide = match (reader, writer) {
            (Int, Long) => Long,
            (Int | Long | Float, Float | Double) => Double,
            _ => return,
        };
        let used = self.finding.reader_json();
        let title = format!("widen {reader} to {wide}");
        // A logical type of the narrow type would be none of the wide one.
        self.add(title, used, vec![Edit::replace(used, format!("\"{wide}\""))]);
    }

    /// A union of the reader's type and the writer's.
    fn union(&mut self) {
        let used = self.finding.reader_json();
        let Some(written) = self.written() else { return };
        let name = self.finding.writer_node().branch_name();
        let title = format!("make it a union that takes {name}, too");
        let is_null = self.finding.writer_node().kind() == Kind::Null;
        // What is first is what a default is a value of.
        let last = format!("[{}, {written}]", used.text());
        let first = format!("[{written}, {}]", used.text());
        let order = if is_null { [first, last] } else { [last, first] };
        for union in order {
            self.add(title.clone(), used, vec![Edit::replace(used, union)]);
        }
    }

    fn branch(&mut self) {
        let Type::Union(union) = self.finding.reader_node().ty() else { return };
        let writer = self.finding.writer_node();
        if writer.name().is_some() {
            for branch in union.branches() {
                let branch = &self.reader()[*branch];
                if branch.kind() == writer.kind() {
                    self.type_alias(branch, writer);
                }
            }
        }
        let Some(written) = self.written() else { return };
        let title = format!("add the branch {}", writer.branch_name());
        let edit = Edit::element(self.definition(), written);
        self.add(title, self.definition(), vec![edit]);
    }

    fn keep(&mut self) {
        let writer = self.finding.writer_node();
        if writer.kind().is_named() {
            return;
        }
        let used = self.finding.reader_json();
        let Some(written) = self.written() else { return };
        self.add(format!("keep the type {written}"), used, vec![Edit::replace(used, written)]);
    }

    /// The writer's type as the reader's text may have it.
    fn written(&self) -> Option<String> {
        let ty: TypeId = self.finding.writer_type();
        let node = &self.writer()[ty];
        match node.name() {
            // A reference to a type that the reader has.
            Some(name) if self.reader().find(name.full()).is_some() => {
                let mut quoted = String::new();
                quote(&mut quoted, &name.absolute());
                Some(quoted)
            }
            _ => Some(self.writer().at(ty).to_json()),
        }
    }
}
