//! Schemas to `apache_avro`.

use std::collections::BTreeMap;
use std::str::FromStr;

use apache_avro::Schema as Theirs;
use apache_avro::schema::{
    Alias, ArraySchema, DecimalSchema, EnumSchema, FixedSchema, InnerDecimalSchema, MapSchema,
    Name as TheirName, RecordField, RecordSchema, UnionSchema, UuidSchema,
};

use super::LEVELS;
use crate::error::{ApacheError, ApacheProblem};
use crate::json::{Document, Json, Reading};
use crate::{
    Field, Fixed, LogicalType, Name, Node, Order, Origin, Record, Result, Schema, Type, TypeId,
};

impl Schema {
    /// The schema as an `apache_avro::Schema`, with all that it says.
    ///
    /// # Errors
    ///
    /// The first thing that `apache_avro` has no room for (attributes of primitive types, for one) or does not take (names outside of
    /// ASCII); and if it is nested more than 400 deep.
    pub fn to_apache(&self) -> Result<apache_avro::Schema> {
        let (schema, lost) = self.to_apache_lossy()?;
        match lost.into_iter().next() {
            Some(error) => Err(error.into()),
            None => Ok(schema),
        }
    }

    /// The schema as an `apache_avro::Schema`, and what had to be left out: nothing that changes how data are written.
    ///
    /// # Errors
    ///
    /// If what is left would describe other data, or `apache_avro` does not take it; if it is nested more than 400 deep.
    pub fn to_apache_lossy(&self) -> Result<(apache_avro::Schema, Vec<ApacheError>)> {
        let mut convert = Convert { schema: self, defined: vec![false; self.len()], lost: vec![] };
        let schema = convert.ty(self.root(), "", LEVELS)?;
        Ok((schema, convert.lost))
    }
}

struct Convert<'s> {
    schema: &'s Schema,
    defined: Vec<bool>,
    lost: Vec<ApacheError>,
}

type Converted<T> = std::result::Result<T, ApacheError>;

impl<'s> Convert<'s> {
    fn at(&self, origin: Origin, mut error: ApacheError) -> ApacheError {
        if error.place.is_empty() {
            error.place = self.schema.location(origin).to_string();
        }
        error
    }

    fn lose(&mut self, origin: Origin, what: impl Into<String>) {
        let error = self.at(origin, ApacheError::no_room(what));
        self.lost.push(error);
    }

    fn ty(&mut self, id: TypeId, namespace: &'s str, depth: u32) -> Converted<Theirs> {
        let schema = self.schema;
        let node = &schema[id];
        let found = self.inner(id, node, namespace, depth);
        found.map_err(|it| self.at(node.origin(), it))
    }

    fn inner(
        &mut self,
        id: TypeId,
        node: &'s Node,
        namespace: &'s str,
        depth: u32,
    ) -> Converted<Theirs> {
        let too_deep = || ApacheError::new(ApacheProblem::TooDeep { limit: LEVELS });
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        if let Some(name) = node.name() {
            if name.namespace().is_empty() && !namespace.is_empty() {
                let full = name.full();
                return Err(ApacheError::no_room(format!(
                    "type {full:?}, of the null namespace, inside of namespace {namespace:?}"
                )));
            }
            if std::mem::replace(&mut self.defined[id.index()], true) {
                return Ok(Theirs::Ref { name: their_name(name)? });
            }
        }
        Ok(match node.ty() {
            Type::Array(items) => Theirs::Array(ArraySchema {
                items: Box::new(self.ty(*items, namespace, depth)?),
                attributes: self.attributes(node.origin(), node.attributes(), &[]),
            }),
            Type::Map(values) => Theirs::Map(MapSchema {
                types: Box::new(self.ty(*values, namespace, depth)?),
                attributes: self.attributes(node.origin(), node.attributes(), &[]),
            }),
            Type::Union(union) => {
                let branches = union.branches().iter().map(|it| self.ty(*it, namespace, depth));
                let branches = branches.collect::<Converted<Vec<_>>>()?;
                Theirs::Union(UnionSchema::new(branches).map_err(ApacheError::refused)?)
            }
            Type::Record(record) => Theirs::Record(self.record(node, record, depth)?),
            Type::Enum(it) => Theirs::Enum(EnumSchema {
                name: their_name(it.name())?,
                aliases: self.aliases(node),
                doc: it.doc().map(str::to_owned),
                symbols: it.symbols().iter().map(|it| it.to_string()).collect(),
                default: it.default_symbol().map(str::to_owned),
                attributes: self.attributes(node.origin(), node.attributes(), &[]),
            }),
            Type::Fixed(fixed) => self.fixed(node, fixed)?,
            _ => self.primitive(node),
        })
    }

    fn record(
        &mut self,
        node: &'s Node,
        record: &'s Record,
        depth: u32,
    ) -> Converted<RecordSchema> {
        if record.is_error() {
            self.lose(node.origin(), "a record that is an \"error\"");
        }
        let inside = record.name().namespace();
        let fields = record.fields().iter().map(|it| self.field(it, inside, depth));
        let fields = fields.collect::<Converted<Vec<_>>>()?;
        let mut lookup = BTreeMap::new();
        for (at, field) in record.fields().iter().enumerate() {
            for alias in field.aliases() {
                lookup.entry(alias.to_string()).or_insert(at);
            }
        }
        for (at, field) in record.fields().iter().enumerate() {
            lookup.insert(field.name().to_owned(), at);
        }
        Ok(RecordSchema {
            name: their_name(record.name())?,
            aliases: self.aliases(node),
            doc: record.doc().map(str::to_owned),
            fields,
            lookup,
            attributes: self.attributes(node.origin(), node.attributes(), &[]),
        })
    }

    fn field(&mut self, field: &'s Field, inside: &'s str, depth: u32) -> Converted<RecordField> {
        let schema = self.ty(field.ty(), inside, depth)?;
        let default = match field.default() {
            Some(default) => {
                let value = their_json(default);
                Some(value.ok_or_else(|| {
                    let error = ApacheError::no_room(format!("the default {}", default.text()));
                    self.at(field.origin(), error)
                })?)
            }
            None => None,
        };
        let mut custom_attributes = self.attributes(field.origin(), field.attributes(), &[]);
        if field.order() != Order::Ascending {
            // It keeps what it does not know, as text for others.
            custom_attributes.insert("order".to_owned(), field.order().as_str().into());
        }
        Ok(RecordField {
            name: field.name().to_owned(),
            doc: field.doc().map(str::to_owned),
            aliases: field.aliases().iter().map(|it| it.to_string()).collect(),
            default,
            schema,
            custom_attributes,
        })
    }

    fn fixed(&mut self, node: &'s Node, fixed: &'s Fixed) -> Converted<Theirs> {
        let logical = node.logical_type();
        let but: &[&str] = match logical {
            // Its own parser leaves these among the attributes; then it writes them twice.
            Some(LogicalType::Decimal { .. }) => &["logicalType", "precision", "scale"],
            Some(_) => &["logicalType"],
            None => &[],
        };
        let inner = FixedSchema {
            name: their_name(fixed.name())?,
            aliases: self.aliases(node),
            doc: fixed.doc().map(str::to_owned),
            size: fixed.size() as usize,
            attributes: self.attributes(node.origin(), node.attributes(), but),
        };
        Ok(match logical {
            Some(LogicalType::Decimal { precision, scale }) => Theirs::Decimal(DecimalSchema {
                precision: precision as usize,
                scale: scale as usize,
                inner: InnerDecimalSchema::Fixed(inner),
            }),
            Some(LogicalType::Uuid) => Theirs::Uuid(UuidSchema::Fixed(inner)),
            Some(LogicalType::Duration) => Theirs::Duration(inner),
            _ => Theirs::Fixed(inner),
        })
    }

    fn primitive(&mut self, node: &'s Node) -> Theirs {
        let logical = node.logical_type();
        for (name, value) in node.attributes() {
            let kept = match (&*name, logical) {
                ("logicalType", it) => it.is_some(),
                ("precision" | "scale", it) => matches!(it, Some(LogicalType::Decimal { .. })),
                _ => false,
            };
            if !kept {
                let (text, kind) = (value.text(), node.kind());
                self.lose(node.origin(), format!("the attribute {name:?} ({text}) of {kind}"));
            }
        }
        match (node.ty(), logical) {
            (_, Some(LogicalType::Decimal { precision, scale })) => {
                let (precision, scale) = (precision as usize, scale as usize);
                Theirs::Decimal(DecimalSchema {
                    precision,
                    scale,
                    inner: InnerDecimalSchema::Bytes,
                })
            }
            (_, Some(LogicalType::BigDecimal)) => Theirs::BigDecimal,
            (_, Some(LogicalType::Uuid)) => Theirs::Uuid(UuidSchema::String),
            (_, Some(LogicalType::Date)) => Theirs::Date,
            (_, Some(LogicalType::TimeMillis)) => Theirs::TimeMillis,
            (_, Some(LogicalType::TimeMicros)) => Theirs::TimeMicros,
            (_, Some(LogicalType::TimestampMillis)) => Theirs::TimestampMillis,
            (_, Some(LogicalType::TimestampMicros)) => Theirs::TimestampMicros,
            (_, Some(LogicalType::TimestampNanos)) => Theirs::TimestampNanos,
            (_, Some(LogicalType::LocalTimestampMillis)) => Theirs::LocalTimestampMillis,
            (_, Some(LogicalType::LocalTimestampMicros)) => Theirs::LocalTimestampMicros,
            (_, Some(LogicalType::LocalTimestampNanos)) => Theirs::LocalTimestampNanos,
            (Type::Boolean, _) => Theirs::Boolean,
            (Type::Int, _) => Theirs::Int,
            (Type::Long, _) => Theirs::Long,
            (Type::Float, _) => Theirs::Float,
            (Type::Double, _) => Theirs::Double,
            (Type::Bytes, _) => Theirs::Bytes,
            (Type::String, _) => Theirs::String,
            _ => Theirs::Null,
        }
    }

    fn aliases(&mut self, node: &'s Node) -> Option<Vec<Alias>> {
        let namespace = node.name().map_or("", Name::namespace);
        let mut aliases = Vec::new();
        for alias in node.aliases() {
            let full = alias.full();
            match Alias::new(full) {
                _ if alias.namespace().is_empty() && !namespace.is_empty() => self.lose(
                    node.origin(),
                    format!("the alias {full:?}, of the null namespace, of a type of another"),
                ),
                Ok(it) if it.namespace().unwrap_or("") == alias.namespace() => aliases.push(it),
                _ => self.lose(node.origin(), format!("the alias {full:?}, which is no name")),
            }
        }
        (!aliases.is_empty()).then_some(aliases)
    }

    fn attributes<V: FromStr + std::fmt::Display>(
        &mut self,
        origin: Origin,
        attributes: crate::Attributes<'s>,
        but: &[&str],
    ) -> BTreeMap<String, V> {
        let mut kept = BTreeMap::new();
        for (name, value) in attributes.filter(|it| !but.contains(&&*it.0)) {
            match their_json(value) {
                Some(value) => drop(kept.insert(name.into_owned(), value)),
                None => self.lose(origin, format!("the value of the attribute {name:?}")),
            }
        }
        kept
    }
}

/// JSON as its kind of JSON, if that says the same.
fn their_json<V: FromStr + std::fmt::Display>(value: Json<'_>) -> Option<V> {
    let found = value.text().parse::<V>().ok()?;
    let text = found.to_string();
    let again = Document::read(&text, &Reading::default()).ok()?;
    (again.root() == value).then_some(found)
}

fn their_name(name: &Name) -> Converted<TheirName> {
    TheirName::new(name.full()).map_err(ApacheError::refused)
}
