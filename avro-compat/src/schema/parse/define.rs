//! The beginning of a type: all of it, if nothing is inside.

use std::collections::hash_map::Entry;

use super::frames::Frame;
use super::members::{self, Definition, Member, wrong_type};
use super::{Builder, NameRules, Step};
use crate::error::{ParseError, Problem};
use crate::json::{self, Json};
use crate::schema::attributes::Level;
use crate::schema::lookup::Lookup;
use crate::schema::named::Named;
use crate::schema::{Enum, Fixed, Kind, Name, Record, Type, TypeId};

/// Stands for a part whose type has not ended.
const UNKNOWN: TypeId = TypeId(0);

impl<'d> Builder<'d> {
    pub(super) fn open(&mut self, value: Json<'d>) -> Result<Step<'d>, ParseError> {
        match value.kind() {
            json::Kind::String => {
                let name = value.as_str().unwrap_or_default();
                self.by_name(&name, value)
            }
            json::Kind::Array => {
                let id = self.add(value)?;
                self.next_branch(id, value.elements(), Vec::new())
            }
            json::Kind::Object => self.open_object(value),
            other => Err(Self::error(Problem::NotASchema { found: other.described() }, value)),
        }
    }

    fn open_object(&mut self, object: Json<'d>) -> Result<Step<'d>, ParseError> {
        let definition = Definition::new(object);
        let ty = definition.required(Member::Type, "a definition of a type")?;
        let Some(word) = ty.as_str() else { return self.nested_type(ty) };
        match &*word {
            "record" | "error" => self.record(&definition, &*word == "error"),
            "enum" => self.enumeration(&definition).map(Step::Done),
            "fixed" => self.fixed(&definition).map(Step::Done),
            "array" => {
                let items = definition.required(Member::Items, "an array")?;
                let id = self.complete(&definition, Type::Array(UNKNOWN), Level::Array)?;
                self.logical_type(id, &definition);
                self.frames.push(Frame::Array(id));
                Ok(Step::Enter(items))
            }
            "map" => {
                let values = definition.required(Member::Values, "a map")?;
                let id = self.complete(&definition, Type::Map(UNKNOWN), Level::Map)?;
                self.logical_type(id, &definition);
                self.frames.push(Frame::Map(id));
                Ok(Step::Enter(values))
            }
            name => match Kind::primitive(name) {
                Some(kind) => {
                    let id = self.complete(&definition, primitive(kind), Level::Primitive)?;
                    self.logical_type(id, &definition);
                    Ok(Step::Done(id))
                }
                None => self.by_name(name, ty),
            },
        }
    }

    /// A type that is known by its name.
    fn by_name(&mut self, name: &str, value: Json<'d>) -> Result<Step<'d>, ParseError> {
        if let Some(kind) = Kind::primitive(name) {
            let id = self.add(value)?;
            self.nodes[id.index()].ty = primitive(kind);
            return Ok(Step::Done(id));
        }
        let full = Name::resolve(name, self.namespace());
        // A type of the null namespace could not be referred to from inside any other, if simple names did not fall back to it; so
        // they do in all implementations.
        let found = self.names.get(full.full()).or_else(|| self.names.get(name));
        match found {
            Some(id) => Ok(Step::Done(*id)),
            None if self.options.forward_references => {
                self.await_type(full, !name.contains('.'), value)
            }
            None => Err(Self::error(self.unknown_type(&full), value)),
        }
    }

    /// A type with what its definition says beyond it.
    fn complete(
        &mut self,
        definition: &Definition<'d>,
        ty: Type,
        level: Level,
    ) -> Result<TypeId, ParseError> {
        let id = self.add(definition.object)?;
        let extra = definition.has_extra(level).then(|| self.keep(definition.object));
        let node = &mut self.nodes[id.index()];
        (node.ty, node.extra) = (ty, extra);
        Ok(id)
    }

    /// The name of a definition.
    fn name(&self, definition: &Definition<'d>, of: &'static str) -> Result<Name, ParseError> {
        let value = definition.required(Member::Name, of)?;
        let spelt = members::string(value, Member::Name)?;
        // In references this is how to name a type past another that hides it; the specification has no such names.
        if spelt.starts_with('.') && self.options.names == NameRules::Specification {
            let (name, of, rule) = (spelt.into_owned(), "name of a type", "it has no dot in front");
            return Err(Self::error(Problem::InvalidName { name, of, rule }, value));
        }
        let namespace = self.optional_string(definition, Member::Namespace)?;
        let name = Name::resolve(&spelt, namespace.as_deref().unwrap_or(self.namespace()));
        self.options.names.check_full(&name).map_err(|it| Self::error(it, value))?;
        Ok(name)
    }

    /// Makes a named type known, so that what follows, and what is inside, may refer to it.
    fn register(
        &mut self,
        name: &Name,
        id: TypeId,
        definition: &Definition<'d>,
    ) -> Result<(), ParseError> {
        match self.names.entry(name.shared().clone()) {
            Entry::Vacant(entry) => {
                entry.insert(id);
                Ok(())
            }
            Entry::Occupied(entry) if self.options.repeated_definitions => {
                self.repeated.push((id, *entry.get()));
                Ok(())
            }
            Entry::Occupied(entry) => {
                let first = *entry.get();
                Err(self.duplicate_type(name, first, definition))
            }
        }
    }

    fn named(&self, definition: &Definition<'d>, name: &Name) -> Result<Named, ParseError> {
        Ok(Named {
            name: name.clone(),
            aliases: self.aliases(definition, |it| Name::resolve(&it, name.namespace()))?,
            doc: self.doc(definition)?,
        })
    }

    fn fixed(&mut self, definition: &Definition<'d>) -> Result<TypeId, ParseError> {
        let name = self.name(definition, "a fixed")?;
        let value = definition.required(Member::Size, "a fixed")?;
        let size = value.as_number().and_then(json::Number::as_i64);
        let Some(size) = size.and_then(|it| i32::try_from(it).ok()?.try_into().ok()) else {
            let found = value.text().chars().take(40).collect();
            return Err(Self::error(Problem::FixedSize { found }, value));
        };
        let named = self.named(definition, &name)?;
        let ty = Type::Fixed(Box::new(Fixed { named, size }));
        let id = self.complete(definition, ty, Level::Fixed)?;
        self.logical_type(id, definition);
        self.register(&name, id, definition)?;
        Ok(id)
    }

    fn enumeration(&mut self, definition: &Definition<'d>) -> Result<TypeId, ParseError> {
        let name = self.name(definition, "an enum")?;
        let list = definition.required(Member::Symbols, "an enum")?;
        let list = members::array(list, Member::Symbols)?;
        let mut symbols: Vec<Box<str>> = Vec::new();
        for value in list.elements() {
            self.count(value)?;
            let Some(symbol) = value.as_str() else {
                return Err(wrong_type(value, Member::Symbols, "an array of strings"));
            };
            let check = self.options.names.check(&symbol, "symbol of an enum");
            check.map_err(|it| Self::error(it, value))?;
            symbols.push(symbol.into());
        }
        let symbols = symbols.into_boxed_slice();
        let lookup = Lookup::new(&symbols, |it| it).map_err(|at| {
            let symbol = symbols[at].to_string();
            let problem = Problem::DuplicateSymbol { name: name.full().to_owned(), symbol };
            Self::error(problem, list.elements().nth(at).unwrap_or(list))
        })?;
        let named = self.named(definition, &name)?;
        let mut ty = Enum { named, symbols, lookup, default: None };
        if let Some(default) = self.optional_string(definition, Member::Default)? {
            let Some(at) = ty.position(&default) else {
                let (name, symbol) = (name.full().to_owned(), default.into_owned());
                let value = definition.get(Member::Default).unwrap_or(definition.object);
                return Err(Self::error(Problem::UnknownSymbol { name, symbol }, value));
            };
            ty.default = Some(at as u32);
        }
        let id = self.complete(definition, Type::Enum(Box::new(ty)), Level::Enum)?;
        self.logical_type(id, definition);
        self.register(&name, id, definition)?;
        Ok(id)
    }

    fn record(
        &mut self,
        definition: &Definition<'d>,
        is_error: bool,
    ) -> Result<Step<'d>, ParseError> {
        let name = self.name(definition, "a record")?;
        let fields = definition.required(Member::Fields, "a record")?;
        let fields = members::array(fields, Member::Fields)?;
        let named = self.named(definition, &name)?;
        let lookup = Lookup::default();
        // Known without its fields, for those inside that refer to it.
        let record = Record { named, fields: Box::default(), lookup, is_error };
        let id = self.complete(definition, Type::Record(Box::new(record)), Level::Record)?;
        self.logical_type(id, definition);
        self.register(&name, id, definition)?;
        self.enclosing.push(name);
        self.next_field(id, fields.elements(), Vec::new())
    }
}

fn primitive(kind: Kind) -> Type {
    match kind {
        Kind::Boolean => Type::Boolean,
        Kind::Int => Type::Int,
        Kind::Long => Type::Long,
        Kind::Float => Type::Float,
        Kind::Double => Type::Double,
        Kind::Bytes => Type::Bytes,
        Kind::String => Type::String,
        _ => Type::Null,
    }
}
