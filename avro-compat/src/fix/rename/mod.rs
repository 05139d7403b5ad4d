//! Renaming that breaks no reader: the old name stays as an alias.

mod defaults;

use super::edit::{self, Edit};
use super::texts::Texts;
use crate::check::{CheckOptions, FindingKind, Impact, Severity, check};
use crate::error::{RenameError, Result};
use crate::json::{Json, Kind, quote};
use crate::schema::{Schema, Type, TypeId};

/// A schema in which something has another name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Renamed {
    /// The edits: the name, the alias, every reference to a type, and every default that has a field.
    pub edits: Vec<Edit>,
    /// The text with the edits.
    pub text: String,
    /// That text parsed.
    pub schema: Schema,
    /// Whom it breaks. Those who read with the new schema find no worse than a warning: implementations need not honour aliases, and those that
    /// compare full names only do not find a type. Those who have the old one do not know the alias.
    pub impact: Impact,
}

/// What is renamed.
enum Target<'s> {
    Type(TypeId),
    /// A field of a record, and its object.
    Field(TypeId, Json<'s>),
}

/// Renames a named type or a field, with the old name as an alias, so that whoever reads with the new schema reads old data as before.
///
/// `target` is the JSON pointer of the type's definition or of the field's object, or the full name of a type. A type stays in its namespace: to move
/// it would move what is defined inside. All references to it in the text are renamed, too, and a field is in defaults that
/// have it.
///
/// ```
/// use avro_compat::Schema;
/// use avro_compat::check::Severity;
/// use avro_compat::fix::rename;
///
/// let schema = Schema::parse(r#"{"type": "record", "name": "ex.Node", "fields": [
///     {"name": "next", "type": ["null", "Node"]}]}"#)?;
/// let renamed = rename(&schema, "ex.Node", "Entry")?;
/// assert_eq!(renamed.text, r#"{"type": "record", "name": "ex.Entry", "fields": [
///     {"name": "next", "type": ["null", "Entry"]}], "aliases": ["Node"]}"#);
/// assert_eq!(renamed.impact.new_readers, Some(Severity::Warning));
///
/// let renamed = rename(&schema, "/fields/0", "following")?;
/// assert_eq!(renamed.impact.old_readers, Some(Severity::Error));   // they miss `next`
/// # Ok::<(), avro_compat::Error>(())
/// ```
///
/// # Errors
///
/// If there is no such thing, or if the new name cannot be its name: it is none, or taken, or means another type somewhere.
pub fn rename(schema: &Schema, target: &str, name: &str) -> Result<Renamed> {
    let texts = Texts::of(schema).filter(Texts::is_one).ok_or(RenameError::NotOneText)?;
    let edits = match find(schema, target) {
        Some(Target::Type(id)) => rename_type(schema, id, name)?,
        Some(Target::Field(record, object)) => rename_field(schema, record, object, name),
        None => return Err(RenameError::NotFound { target: target.to_owned() }.into()),
    };
    let unusable = |reason: String| RenameError::Unusable { name: name.to_owned(), reason };
    let text = edit::apply(schema.text(), &edits)
        .ok_or_else(|| unusable("the definition and a reference are one".to_owned()))?;
    let document = schema.json(schema[schema.root()].origin()).document();
    let renamed = texts.with(document, &text).map_err(|error| unusable(error.to_string()))?;
    // Nothing but the name has changed, if there are as many types, and each reads what it read.
    let report = check(&renamed, schema, &CheckOptions::default());
    let other = report.leaves().find(|it| {
        it.severity() >= Severity::Hazard
            || matches!(it.kind(), FindingKind::AmbiguousField | FindingKind::Namespace)
    });
    if let Some(other) = other {
        return Err(unusable(other.message()).into());
    }
    if renamed.len() != schema.len() {
        return Err(unusable("it means another type where it is referred to".to_owned()).into());
    }
    let impact = Impact::between(schema, &renamed);
    Ok(Renamed { edits, text, schema: renamed, impact })
}

fn find<'s>(schema: &'s Schema, target: &str) -> Option<Target<'s>> {
    if let Some(id) = schema.find(target) {
        return Some(Target::Type(id));
    }
    let object = schema.json(schema[schema.root()].origin()).document().find(target)?;
    let is_here = |it: Json<'_>| it.row_number() == object.row_number();
    schema.ids().find_map(|id| {
        let node = &schema[id];
        if node.name().is_some() && is_here(schema.json(node.origin())) {
            return Some(Target::Type(id));
        }
        let Type::Record(record) = node.ty() else { return None };
        let mut fields = record.fields().iter().map(|it| schema.json(it.origin()));
        fields.find(|it| is_here(*it)).map(|it| Target::Field(id, it))
    })
}

fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    quote(&mut quoted, text);
    quoted
}

fn rename_field(schema: &Schema, record: TypeId, object: Json<'_>, name: &str) -> Vec<Edit> {
    let old = object.get("name").and_then(Json::as_str).unwrap_or_default();
    let mut edits = vec![Edit::member(object, "name", quoted(name)), Edit::alias(object, &old)];
    edits.extend(defaults::renamed(schema, record, &old, &quoted(name)));
    edits
}

fn rename_type(schema: &Schema, id: TypeId, name: &str) -> Result<Vec<Edit>> {
    let node = &schema[id];
    let Some(old) = node.name() else { return Ok(Vec::new()) };
    let simple = match name.rsplit_once('.') {
        Some((namespace, simple)) if namespace == old.namespace() => simple,
        Some(_) => {
            let (name, old) = (name.to_owned(), old.full().to_owned());
            return Err(RenameError::Namespace { name, old }.into());
        }
        None => name,
    };
    // As it is spelt: with its namespace, or without.
    let spelt = |text: &str| match text.rsplit_once('.') {
        Some((namespace, _)) => quoted(&format!("{namespace}.{simple}")),
        None => quoted(simple),
    };
    let object = schema.json(node.origin());
    let written = object.get("name").and_then(Json::as_str).unwrap_or_default();
    let mut edits =
        vec![Edit::member(object, "name", spelt(&written)), Edit::alias(object, old.simple())];
    for used in references(schema, id) {
        let text = used.as_str().unwrap_or_default();
        edits.push(Edit::replace(used, spelt(&text)));
    }
    Ok(edits)
}

/// The strings by which a type is referred to.
fn references(schema: &Schema, target: TypeId) -> Vec<Json<'_>> {
    let mut found = Vec::new();
    let mut used = |part: TypeId, place: Option<Json<'_>>| {
        let Some(place) = place.filter(|_| part == target) else { return };
        match place.kind() {
            Kind::String => found.push(place.row_number()),
            // `{"type": "Name"}`, but not the definition.
            Kind::Object
                if place.row_number() != schema.json(schema[target].origin()).row_number() =>
            {
                let inner = place.get("type").filter(|it| it.kind() == Kind::String);
                found.extend(inner.map(Json::row_number));
            }
            _ => {}
        }
    };
    for id in schema.ids() {
        let node = &schema[id];
        let here = schema.json(node.origin());
        match node.ty() {
            Type::Record(record) => {
                for field in record.fields() {
                    used(field.ty(), schema.json(field.origin()).get("type"));
                }
            }
            Type::Array(part) => used(*part, here.get("items")),
            Type::Map(part) => used(*part, here.get("values")),
            Type::Union(union) => {
                union.branches().iter().zip(here.elements()).for_each(|it| used(*it.0, Some(it.1)));
            }
            _ => {}
        }
    }
    let document = schema.json(schema[target].origin()).document();
    found.into_iter().map(|it| Json::at(document, it)).collect()
}
