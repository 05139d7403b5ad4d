//! The schema itself.

use std::collections::HashMap;
use std::ops::Index;
use std::sync::Arc;

use super::{Node, Origin, ParseOptions, TypeId, parse};
use crate::error::{Location, ParseError, Problem, Result};
use crate::json::{Document, Json};

/// An Avro schema: a table of types that refer to each other by [`TypeId`], and one of them that the schema is of.
///
/// Immutable, and cheap to clone. It keeps the text that it was parsed from, and knows where in it everything stands.
///
/// ```
/// use avro_compat::{Schema, Type};
///
/// let schema = Schema::parse(r#"
///     {"type": "record", "name": "List", "namespace": "example", "fields": [
///         {"name": "value", "type": "long"},
///         {"name": "next", "type": ["null", "List"], "default": null}
///     ]}"#)?;
/// let list = schema.root();
/// let Type::Record(record) = schema[list].ty() else { panic!() };
/// assert_eq!(record.name().full(), "example.List");
///
/// let next = record.field("next").unwrap();
/// let Type::Union(union) = schema[next.ty()].ty() else { panic!() };
/// assert_eq!(union.branches()[1], list);                  // recursive: the same type
/// # Ok::<(), avro_compat::Error>(())
/// ```
#[derive(Clone)]
pub struct Schema {
    table: Arc<Table>,
    root: TypeId,
}

/// What schemas that were parsed together share.
pub(crate) struct Table {
    pub(crate) nodes: Vec<Node>,
    pub(crate) names: HashMap<Arc<str>, TypeId>,
    pub(crate) sources: Vec<Source>,
    /// Whether every default was found to be a value of its type.
    pub(crate) defaults_checked: bool,
}

/// A text of a schema.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) document: Arc<Document>,
}

impl Schema {
    /// The schema of a text, by the letter of the specification; see [`ParseOptions`] for what other programs let pass.
    ///
    /// # Errors
    ///
    /// What is wrong with the text first, where, and what to do about it.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_with(text, &ParseOptions::default())
    }

    /// The schema of a text, with limits and tolerances.
    ///
    /// # Errors
    ///
    /// What is wrong with the text first, where, and what to do about it.
    pub fn parse_with(text: &str, options: &ParseOptions) -> Result<Self> {
        Ok(parse::schema(text, options)?)
    }

    /// The schema of bytes, which must be UTF-8.
    ///
    /// # Errors
    ///
    /// What is wrong with the text first, where, and what to do about it.
    pub fn parse_bytes(bytes: &[u8], options: &ParseOptions) -> Result<Self> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse_with(text, options),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let location =
                    Location::new(&String::from_utf8_lossy(before), before.len(), String::new());
                Err(ParseError::new(Problem::NotUtf8, location).into())
            }
        }
    }

    pub(crate) fn new(table: Arc<Table>, root: TypeId) -> Self {
        Self { table, root }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// The type that the schema is of.
    pub fn root(&self) -> TypeId {
        self.root
    }

    /// The schema of one of the types, sharing everything with this one: ids mean the same in both.
    ///
    /// # Panics
    ///
    /// If the id is not one of this schema.
    pub fn at(&self, root: TypeId) -> Self {
        assert!(root.index() < self.len(), "{root} is no type of this schema");
        Self { table: Arc::clone(&self.table), root }
    }

    /// How many types there are, which is more than any id's index. Not all need be reachable from the root.
    #[expect(clippy::len_without_is_empty, reason = "a schema has at least one type")]
    pub fn len(&self) -> usize {
        self.table.nodes.len()
    }

    /// All types, in the order of their ids.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = TypeId> + use<> {
        (0..self.len() as u32).map(TypeId)
    }

    /// A type; `schema[id]` is the same.
    ///
    /// # Panics
    ///
    /// If the id is not one of this schema.
    pub fn node(&self, id: TypeId) -> &Node {
        &self.table.nodes[id.index()]
    }

    /// The type of a full name, if one is defined; O(1).
    pub fn find(&self, full_name: &str) -> Option<TypeId> {
        self.table.names.get(full_name).copied()
    }

    /// What stands at an origin.
    ///
    /// # Panics
    ///
    /// If the origin is not one of this schema.
    pub fn json(&self, origin: Origin) -> Json<'_> {
        Json::at(&self.table.sources[origin.source as usize].document, origin.row)
    }

    /// An origin for people: text, line, column, JSON pointer. Costs a look at the text before it.
    ///
    /// # Panics
    ///
    /// If the origin is not one of this schema.
    pub fn location(&self, origin: Origin) -> Location {
        let source = &self.table.sources[origin.source as usize];
        Location { source: source.name.clone(), ..Location::of(self.json(origin)) }
    }

    /// All texts that it was parsed from, as they were, and their names: one without a name, or several of [`Schemas`](crate::Schemas).
    pub fn texts(&self) -> impl ExactSizeIterator<Item = (Option<&str>, &str)> {
        self.table.sources.iter().map(|it| (it.name.as_deref(), it.document.text()))
    }

    /// The text that it was parsed from, as it was; of several that were parsed together, the one with the root.
    pub fn text(&self) -> &str {
        self.json(self[self.root].origin).document().text()
    }
}

impl Index<TypeId> for Schema {
    type Output = Node;

    fn index(&self, id: TypeId) -> &Node {
        self.node(id)
    }
}

impl std::str::FromStr for Schema {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({:?})", self.json(self[self.root].origin))
    }
}
