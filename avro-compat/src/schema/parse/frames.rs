//! What has begun: records, arrays, maps and unions whose parts are being read.

use std::collections::HashSet;

use super::members::{self, Definition, Member, wrong_type};
use super::{Builder, Step};
use crate::error::{ParseError, Problem};
use crate::json::{self, Elements, Json};
use crate::schema::attributes::Level;
use crate::schema::lookup::Lookup;
use crate::schema::{Field, Order, Type, TypeId, Union};

/// A type that has begun, waiting for the type of one of its parts.
pub(super) enum Frame<'d> {
    Array(TypeId),
    Map(TypeId),
    Union {
        id: TypeId,
        /// The branches that have not begun.
        rest: Elements<'d>,
        branches: Vec<TypeId>,
        /// The branch that has begun.
        current: Json<'d>,
    },
    Record {
        id: TypeId,
        /// The fields that have not begun.
        rest: Elements<'d>,
        /// Those that have ended, and, last, the one whose type is awaited.
        fields: Vec<Field>,
    },
}

impl<'d> Builder<'d> {
    /// Goes on with a frame, now that a part's type is known.
    pub(super) fn resume(
        &mut self,
        frame: Frame<'d>,
        part: TypeId,
    ) -> Result<Step<'d>, ParseError> {
        match frame {
            Frame::Array(id) => {
                self.nodes[id.index()].ty = Type::Array(part);
                Ok(Step::Done(id))
            }
            Frame::Map(id) => {
                self.nodes[id.index()].ty = Type::Map(part);
                Ok(Step::Done(id))
            }
            Frame::Union { id, rest, mut branches, current } => {
                if matches!(self.nodes[part.index()].ty, Type::Union(_)) {
                    return Err(Self::error(Problem::NestedUnion, current));
                }
                branches.push(part);
                self.next_branch(id, rest, branches)
            }
            Frame::Record { id, rest, mut fields } => {
                if let Some(field) = fields.last_mut() {
                    field.ty = part;
                }
                self.next_field(id, rest, fields)
            }
        }
    }

    pub(super) fn next_branch(
        &mut self,
        id: TypeId,
        mut rest: Elements<'d>,
        branches: Vec<TypeId>,
    ) -> Result<Step<'d>, ParseError> {
        if let Some(current) = rest.next() {
            self.count(current)?;
            self.frames.push(Frame::Union { id, rest, branches, current });
            return Ok(Step::Enter(current));
        }
        if let Some((at, problem)) = self.repeated_branch(&branches) {
            let union = self.json(self.nodes[id.index()].origin);
            return Err(Self::error(problem, union.elements().nth(at).unwrap_or(union)));
        }
        self.nodes[id.index()].ty = Type::Union(Union { branches: branches.into() });
        Ok(Step::Done(id))
    }

    /// The first branch that one before it cannot be told apart from, and what to say about it.
    pub(super) fn repeated_branch(&self, branches: &[TypeId]) -> Option<(usize, Problem)> {
        let name = |it: &TypeId| self.nodes[it.index()].branch_name();
        let at = if branches.len() <= 8 {
            let repeated =
                |at: &usize| branches[..*at].iter().any(|it| name(it) == name(&branches[*at]));
            (1..branches.len()).find(repeated)?
        } else {
            let mut seen = HashSet::with_capacity(branches.len());
            branches.iter().position(|it| !seen.insert(name(it)))?
        };
        let hint = if self.nodes[branches[at].index()].kind().is_named() {
            "remove one"
        } else {
            "only named types can be there more than once, whatever their logical types"
        };
        Some((at, Problem::DuplicateBranch { branch: name(&branches[at]).to_owned(), hint }))
    }

    pub(super) fn next_field(
        &mut self,
        id: TypeId,
        mut rest: Elements<'d>,
        mut fields: Vec<Field>,
    ) -> Result<Step<'d>, ParseError> {
        if let Some(value) = rest.next() {
            self.count(value)?;
            let (field, ty) = self.field(value)?;
            fields.push(field);
            self.frames.push(Frame::Record { id, rest, fields });
            return Ok(Step::Enter(ty));
        }
        let lookup = Lookup::new(&fields, |it| &it.name).map_err(|at| {
            let record = self.nodes[id.index()].branch_name().to_owned();
            let field = fields[at].name.to_string();
            let value = self.json(fields[at].origin);
            let value = value.get("name").unwrap_or(value);
            Self::error(Problem::DuplicateField { record, field }, value)
        })?;
        if let Type::Record(record) = &mut self.nodes[id.index()].ty {
            record.lookup = lookup;
            record.fields = fields.into();
        }
        self.enclosing.pop();
        Ok(Step::Done(id))
    }

    /// A field, all but its type, and where that stands.
    fn field(&self, value: Json<'d>) -> Result<(Field, Json<'d>), ParseError> {
        if value.kind() != json::Kind::Object {
            return Err(wrong_type(value, Member::Fields, "an array of objects"));
        }
        let definition = Definition::new(value);
        let name_value = definition.required(Member::Name, "a field")?;
        let name = members::string(name_value, Member::Name)?;
        let check = self.options.names.check(&name, "name of a field");
        check.map_err(|it| Self::error(it, name_value))?;
        let ty = definition.required(Member::Type, "a field")?;
        let field = Field {
            name: name.into(),
            ty: TypeId(0),
            doc: self.doc(&definition)?,
            aliases: self.aliases(&definition, |it| it.into())?,
            order: self.order(&definition)?,
            default: definition.get(Member::Default).map(|it| self.keep(it)),
            extra: definition.has_extra(Level::Field).then(|| self.keep(value)),
            origin: self.origin(value),
        };
        Ok((field, ty))
    }

    fn order(&self, definition: &Definition<'d>) -> Result<Order, ParseError> {
        let Some(value) = definition.get(Member::Order) else { return Ok(Order::default()) };
        let text = members::string(value, Member::Order)?;
        let order = if self.options.loose_attributes {
            Order::parse(&text.to_ascii_lowercase())
        } else {
            Order::parse(&text)
        };
        order.ok_or_else(|| Self::error(Problem::Order { found: text.into_owned() }, value))
    }
}
