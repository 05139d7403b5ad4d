//! Schemas from `apache_avro`: what they say is written as JSON with full names, and parsed.

use std::collections::HashMap;

use apache_avro::Schema as Theirs;
use apache_avro::schema::{
    Alias, DecimalSchema, FixedSchema, InnerDecimalSchema, Name, RecordField, UuidSchema,
};

use super::LEVELS;
use crate::error::{ApacheError, ApacheProblem};
use crate::json::{Layout, Writer};
use crate::{NameRules, ParseOptions, Result, Schema};

impl Schema {
    /// The schema of an `apache_avro::Schema`, with all that it says.
    ///
    /// A reference to an alias of a type that is defined before it, which `apache_avro` takes, becomes one to the type.
    ///
    /// # Errors
    ///
    /// If it refers to types that it does not define, or is no valid schema in another way, such as by a default that does not fit: the
    /// error is about the schema as JSON. If it is nested more than 400 deep.
    pub fn from_apache(schema: &apache_avro::Schema) -> Result<Self> {
        let mut write = Write { out: Writer::new(Layout::Compact), names: HashMap::new() };
        write.ty(schema, None, LEVELS)?;
        let mut options = ParseOptions::default();
        options.json.max_depth = usize::MAX;
        // What is referred to with an attribute beside it is there as a second definition.
        options.repeated_definitions = true;
        options.names = NameRules::Unicode;
        Self::parse_with(&write.out.finish(), &options)
    }
}

struct Write {
    out: Writer,
    /// Full names, and what types are called that have these as names or aliases.
    names: HashMap<String, String>,
}

type Done = std::result::Result<(), ApacheError>;

impl Write {
    fn ty(&mut self, schema: &Theirs, namespace: Option<&str>, depth: u32) -> Done {
        let too_deep = || ApacheError::new(ApacheProblem::TooDeep { limit: LEVELS });
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match schema {
            Theirs::Null => self.out.string("null"),
            Theirs::Boolean => self.out.string("boolean"),
            Theirs::Int => self.out.string("int"),
            Theirs::Long => self.out.string("long"),
            Theirs::Float => self.out.string("float"),
            Theirs::Double => self.out.string("double"),
            Theirs::Bytes => self.out.string("bytes"),
            Theirs::String => self.out.string("string"),
            Theirs::Date => self.logical("int", "date"),
            Theirs::TimeMillis => self.logical("int", "time-millis"),
            Theirs::TimeMicros => self.logical("long", "time-micros"),
            Theirs::TimestampMillis => self.logical("long", "timestamp-millis"),
            Theirs::TimestampMicros => self.logical("long", "timestamp-micros"),
            Theirs::TimestampNanos => self.logical("long", "timestamp-nanos"),
            Theirs::LocalTimestampMillis => self.logical("long", "local-timestamp-millis"),
            Theirs::LocalTimestampMicros => self.logical("long", "local-timestamp-micros"),
            Theirs::LocalTimestampNanos => self.logical("long", "local-timestamp-nanos"),
            Theirs::BigDecimal => self.logical("bytes", "big-decimal"),
            Theirs::Uuid(UuidSchema::Bytes) => self.logical("bytes", "uuid"),
            Theirs::Uuid(UuidSchema::String) => self.logical("string", "uuid"),
            Theirs::Uuid(UuidSchema::Fixed(fixed)) => {
                self.fixed(fixed, Some("uuid"), None, namespace);
            }
            Theirs::Duration(fixed) => self.fixed(fixed, Some("duration"), None, namespace),
            Theirs::Fixed(fixed) => self.fixed(fixed, None, None, namespace),
            Theirs::Decimal(decimal) => self.decimal(decimal, namespace),
            Theirs::Array(array) => {
                self.begin("array");
                self.out.name("items");
                self.ty(&array.items, namespace, depth)?;
                self.end(&array.attributes);
            }
            Theirs::Map(map) => {
                self.begin("map");
                self.out.name("values");
                self.ty(&map.types, namespace, depth)?;
                self.end(&map.attributes);
            }
            Theirs::Union(union) => {
                self.out.begin_array();
                for branch in union.variants() {
                    self.ty(branch, namespace, depth)?;
                }
                self.out.end_array();
            }
            Theirs::Enum(it) => {
                self.begin("enum");
                self.named(&it.name, it.aliases.as_deref(), it.doc.as_deref(), namespace);
                self.strings("symbols", it.symbols.iter().map(|it| &**it));
                if let Some(default) = &it.default {
                    self.out.member("default", default);
                }
                self.end(&it.attributes);
            }
            Theirs::Record(it) => {
                self.begin("record");
                let (aliases, doc) = (it.aliases.as_deref(), it.doc.as_deref());
                let name = self.named(&it.name, aliases, doc, namespace);
                let inside = name.rsplit_once('.').map(|it| it.0);
                self.out.name("fields");
                self.out.begin_array();
                for field in &it.fields {
                    self.field(field, inside, depth)?;
                }
                self.out.end_array();
                self.end(&it.attributes);
            }
            Theirs::Ref { name } => {
                let full = name.fully_qualified_name(namespace);
                let full: &str = (*full).as_ref();
                self.out.string(self.names.get(full).map_or(full, |it| it));
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &RecordField, namespace: Option<&str>, depth: u32) -> Done {
        self.out.begin_object();
        self.out.member("name", &field.name);
        self.out.name("type");
        self.ty(&field.schema, namespace, depth).map_err(|it| it.inside(&field.name))?;
        if let Some(doc) = &field.doc {
            self.out.member("doc", doc);
        }
        if let Some(default) = &field.default {
            self.out.name("default");
            self.out.raw(&default.to_string());
        }
        if !field.aliases.is_empty() {
            self.strings("aliases", field.aliases.iter().map(|it| &**it));
        }
        self.end(&field.custom_attributes);
        Ok(())
    }

    fn logical(&mut self, kind: &str, logical: &str) {
        self.begin(kind);
        self.out.member("logicalType", logical);
        self.out.end_object();
    }

    fn decimal(&mut self, decimal: &DecimalSchema, namespace: Option<&str>) {
        match &decimal.inner {
            InnerDecimalSchema::Bytes => {
                self.begin("bytes");
                self.out.member("logicalType", "decimal");
                self.digits(decimal, decimal.scale != 0);
                self.out.end_object();
            }
            InnerDecimalSchema::Fixed(fixed) => {
                self.fixed(fixed, Some("decimal"), Some(decimal), namespace);
            }
        }
    }

    fn digits(&mut self, decimal: &DecimalSchema, scale: bool) {
        self.out.name("precision");
        self.out.raw(&decimal.precision.to_string());
        if scale {
            self.out.name("scale");
            self.out.raw(&decimal.scale.to_string());
        }
    }

    fn fixed(
        &mut self,
        fixed: &FixedSchema,
        logical: Option<&str>,
        decimal: Option<&DecimalSchema>,
        namespace: Option<&str>,
    ) {
        self.begin("fixed");
        self.named(&fixed.name, fixed.aliases.as_deref(), fixed.doc.as_deref(), namespace);
        self.out.name("size");
        self.out.raw(&fixed.size.to_string());
        let mut attributes = fixed.attributes.clone();
        if let Some(logical) = logical {
            attributes.remove("logicalType");
            self.out.member("logicalType", logical);
        }
        if let Some(decimal) = decimal {
            // Its parser leaves them among the attributes, too.
            attributes.remove("precision");
            let written = attributes.remove("scale").is_some();
            self.digits(decimal, written || decimal.scale != 0);
        }
        self.end(&attributes);
    }

    /// Name, aliases and documentation; and the full name.
    fn named(
        &mut self,
        name: &Name,
        aliases: Option<&[Alias]>,
        doc: Option<&str>,
        namespace: Option<&str>,
    ) -> String {
        let name = name.fully_qualified_name(namespace);
        let full: &str = (*name).as_ref();
        self.out.member("name", full);
        let aliases: Vec<String> = aliases
            .unwrap_or_default()
            .iter()
            .map(|it| it.fully_qualified_name(name.namespace()).fullname(None))
            .collect();
        if !aliases.is_empty() {
            self.strings("aliases", aliases.iter().map(|it| &**it));
        }
        if let Some(doc) = doc {
            self.out.member("doc", doc);
        }
        for alias in aliases {
            self.names.entry(alias).or_insert_with(|| full.to_owned());
        }
        self.names.insert(full.to_owned(), full.to_owned());
        full.to_owned()
    }

    fn begin(&mut self, kind: &str) {
        self.out.begin_object();
        self.out.member("type", kind);
    }

    /// The attributes, and the end of the object.
    fn end<'a, V: std::fmt::Display + 'a>(
        &mut self,
        attributes: impl IntoIterator<Item = (&'a String, &'a V)>,
    ) {
        for (name, value) in attributes {
            self.out.name(name);
            self.out.raw(&value.to_string());
        }
        self.out.end_object();
    }

    fn strings<'a>(&mut self, name: &str, strings: impl Iterator<Item = &'a str>) {
        self.out.name(name);
        self.out.begin_array();
        strings.for_each(|it| self.out.string(it));
        self.out.end_array();
    }
}
