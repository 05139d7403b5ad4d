//! Names of fields in defaults.

use std::ops::Range;

use crate::fix::edit::Edit;
use crate::json::Json;
use crate::schema::{Schema, Type, TypeId};

/// Edits of the defaults in which values of a record have a member that is one of its fields, under another name.
pub(super) fn renamed(schema: &Schema, record: TypeId, old: &str, quoted: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    for id in schema.ids() {
        let Type::Record(around) = schema[id].ty() else { continue };
        for field in around.fields() {
            let Some(default) = field.default() else { continue };
            let names = members(schema, (field.ty(), default), record, old);
            if !names.is_empty() {
                edits.push(Edit::replace(default, with(default, names, quoted)));
            }
        }
    }
    edits
}

/// Where in a default the member's name stands.
fn members(
    schema: &Schema,
    default: (TypeId, Json<'_>),
    record: TypeId,
    old: &str,
) -> Vec<Range<usize>> {
    let mut names = Vec::new();
    let mut open = vec![default];
    while let Some((id, value)) = open.pop() {
        match schema[id].ty() {
            Type::Array(items) => open.extend(value.elements().map(|it| (*items, it))),
            Type::Map(values) => open.extend(value.members().map(|it| (*values, it.1))),
            Type::Union(union) => {
                let branch = schema.default_branch(id, value);
                open.extend(branch.map(|it| (union.branches()[it], value)));
            }
            Type::Record(fields) => {
                for (name, part) in value.members() {
                    let Some(text) = name.as_str() else { continue };
                    if id == record && text == old {
                        names.push(name.span());
                    }
                    open.extend(fields.field(&text).map(|it| (it.ty(), part)));
                }
            }
            _ => {}
        }
    }
    names
}

/// A value's text with another in some places.
fn with(value: Json<'_>, mut places: Vec<Range<usize>>, replacement: &str) -> String {
    places.sort_by_key(|it| it.start);
    let text = value.document().text();
    let mut new = String::new();
    let mut at = value.span().start;
    for place in places {
        new.push_str(&text[at..place.start]);
        new.push_str(replacement);
        at = place.end;
    }
    new.push_str(&text[at..value.span().end]);
    new
}
