//! Pairs of types that meet when a value is read, and the way to them.

use crate::json::Json;
use crate::schema::{Node, Schema, Type, TypeId};

/// A reader's type that values of a writer's type are read as. They form a tree: each is met first inside of another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub reader: TypeId,
    pub writer: TypeId,
    /// The pair that it is inside of; itself for the root.
    pub parent: u32,
    /// The innermost pair around it, or itself, that is a branch of a union.
    pub branch: Option<u32>,
    pub step: Step,
}

/// From a pair to one inside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Root,
    Field {
        reader: u32,
        writer: u32,
    },
    Items,
    Values,
    /// A branch of the writer's union; the reader's type stays.
    WriterBranch(u32),
    /// The branch of the reader's union that was chosen; the writer's type stays.
    ReaderBranch(u32),
}

/// A part of a value, as [`Finding::path`](super::Finding::path) names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathStep {
    /// The field of this name in the writer's record.
    Field(String),
    /// Some item of an array.
    Item,
    /// Some value of a map.
    Value,
    /// A value of this branch of the writer's union: the name of a primitive type or `array` or `map`, or the full name of a named type.
    Branch(String),
}

/// A path as text: `.orders[].total<bytes>`; empty for the whole value.
pub(super) fn path_text(path: &[PathStep]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            PathStep::Field(name) => text.extend([".", name]),
            PathStep::Item => text.push_str("[]"),
            PathStep::Value => text.push_str("{}"),
            PathStep::Branch(name) => text.extend(["<", name, ">"]),
        }
    }
    text
}

/// Which of the two schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Reader,
    Writer,
}

/// The pairs of a check with the schemas that their types are of.
#[derive(Clone, Copy)]
pub(crate) struct Pairs<'r> {
    pub reader: &'r Schema,
    pub writer: &'r Schema,
    pub all: &'r [Pair],
}

impl<'r> Pairs<'r> {
    fn schema(self, side: Side) -> &'r Schema {
        match side {
            Side::Reader => self.reader,
            Side::Writer => self.writer,
        }
    }

    pub fn node(self, pair: u32, side: Side) -> &'r Node {
        let pair = &self.all[pair as usize];
        &self.schema(side)[if side == Side::Reader { pair.reader } else { pair.writer }]
    }

    /// Where a type is defined.
    pub fn definition(self, pair: u32, side: Side) -> Json<'r> {
        self.schema(side).json(self.node(pair, side).origin())
    }

    /// A member of the object that defines a type; the object if there is none.
    pub fn member(self, pair: u32, side: Side, name: &str) -> Json<'r> {
        let definition = self.definition(pair, side);
        definition.get(name).unwrap_or(definition)
    }

    /// A member of a field's object; the object if there is none, or no name is given.
    pub fn field(self, pair: u32, side: Side, field: u32, name: Option<&str>) -> Json<'r> {
        let Type::Record(record) = self.node(pair, side).ty() else {
            return self.definition(pair, side);
        };
        let object = self.schema(side).json(record.fields()[field as usize].origin());
        name.and_then(|it| object.get(it)).unwrap_or(object)
    }

    /// Where a type is used: where it is referred to, or defined in place.
    pub fn used(self, pair: u32, side: Side) -> Json<'r> {
        let mut at = pair;
        loop {
            let Pair { parent, step, .. } = self.all[at as usize];
            let found = match step {
                Step::Root => None,
                Step::Field { reader, writer } => {
                    let field = if side == Side::Reader { reader } else { writer };
                    return self.field(parent, side, field, Some("type"));
                }
                Step::Items => self.definition(parent, side).get("items"),
                Step::Values => self.definition(parent, side).get("values"),
                Step::WriterBranch(branch) if side == Side::Writer => {
                    self.branch(parent, side, branch)
                }
                Step::ReaderBranch(branch) if side == Side::Reader => {
                    self.branch(parent, side, branch)
                }
                Step::WriterBranch(_) | Step::ReaderBranch(_) => {
                    at = parent;
                    continue;
                }
            };
            return found.unwrap_or_else(|| self.definition(pair, side));
        }
    }

    fn branch(self, union: u32, side: Side, branch: u32) -> Option<Json<'r>> {
        self.definition(union, side).elements().nth(branch as usize)
    }

    /// The way to a pair, as the writer has it.
    pub fn path(self, pair: u32) -> Vec<PathStep> {
        let mut path = Vec::new();
        let mut at = pair;
        loop {
            let Pair { parent, step, .. } = self.all[at as usize];
            match step {
                Step::Root => break,
                Step::Field { writer, .. } => {
                    if let Type::Record(record) = self.node(parent, Side::Writer).ty() {
                        path.push(PathStep::Field(
                            record.fields()[writer as usize].name().to_owned(),
                        ));
                    }
                }
                Step::Items => path.push(PathStep::Item),
                Step::Values => path.push(PathStep::Value),
                Step::WriterBranch(_) => {
                    let name = self.node(at, Side::Writer).branch_name();
                    path.push(PathStep::Branch(name.to_owned()));
                }
                Step::ReaderBranch(_) => {}
            }
            at = parent;
        }
        path.reverse();
        path
    }
}
