//! What to do about names that are unknown, or known already.

use super::Builder;
use super::members::{Definition, Member};
use crate::error::{Location, ParseError, Problem};
use crate::json::Json;
use crate::schema::{Name, TypeId};

impl<'d> Builder<'d> {
    pub(super) fn unknown_type(&self, name: &Name) -> Problem {
        Problem::UnknownType { name: name.full().to_owned(), hint: self.hint(name) }
    }

    fn hint(&self, name: &Name) -> String {
        let lower = name.simple().to_ascii_lowercase();
        let meant = match lower.as_str() {
            "integer" | "int32" | "int16" | "int8" | "short" | "byte" => "int",
            "bigint" | "int64" => "long",
            "str" | "text" | "varchar" => "string",
            "bool" => "boolean",
            "number" | "float64" | "real" => "double",
            "float32" => "float",
            "binary" | "blob" => "bytes",
            "none" | "nil" => "null",
            "record" | "enum" | "fixed" | "array" | "map" => {
                return format!(": a definition is an object, {{\"type\": {lower:?}, ...}}");
            }
            "union" => return ": a union is an array of its branches".to_owned(),
            other if crate::schema::Kind::primitive(other).is_some() => other,
            _ => "",
        };
        if !meant.is_empty() {
            return format!(": did you mean {meant:?}?");
        }
        if let Some(row) = self.defined_later(name) {
            let at = Location::of(row).position;
            return format!(
                ": it is defined behind this, at line {}, column {}, and must be before; put the definition at the first use",
                at.line, at.column
            );
        }
        let mut similar: Vec<_> = self
            .names
            .keys()
            .filter(|it| it.rsplit('.').next() == Some(name.simple()))
            .map(|it| &**it)
            .collect();
        similar.sort_unstable();
        match similar.first() {
            Some(full) => format!(": did you mean {full:?}? A name without dots is in the namespace around it"),
            None => ": define it before its first use, or parse it together with the text that does (`Schemas`)".to_owned(),
        }
    }

    /// The object that looks like the definition.
    fn defined_later(&self, name: &Name) -> Option<Json<'d>> {
        let mut open = vec![self.document().root()];
        while let Some(value) = open.pop() {
            let defines = value
                .get("type")
                .and_then(Json::as_str)
                .is_some_and(|it| matches!(&*it, "record" | "error" | "enum" | "fixed"));
            if defines
                && value
                    .get("name")
                    .and_then(Json::as_str)
                    .is_some_and(|it| &*it == name.full() || &*it == name.simple())
                && !self.is_known(value)
            {
                return Some(value);
            }
            open.extend(value.elements());
            open.extend(value.members().map(|it| it.1));
        }
        None
    }

    fn is_known(&self, definition: Json<'d>) -> bool {
        self.names.values().any(|it| {
            let origin = self.nodes[it.index()].origin;
            origin.source as usize == self.source && origin.row == definition.row_number()
        })
    }

    pub(super) fn duplicate_type(
        &self,
        name: &Name,
        first: TypeId,
        definition: &Definition<'d>,
    ) -> ParseError {
        let origin = self.nodes[first.index()].origin;
        let mut first = Location::of(self.json(origin));
        if origin.source as usize != self.source {
            first.source = self.sources[origin.source as usize].name.clone();
        }
        let first = first.to_string();
        let problem = Problem::DuplicateType { name: name.full().to_owned(), first };
        Self::error(problem, definition.get(Member::Name).unwrap_or(definition.object))
    }
}
