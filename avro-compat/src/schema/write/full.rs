//! All of a schema, without recursion.

use super::WriteOptions;
use crate::json::Writer;
use crate::schema::{Attributes, Field, Kind, Name, Node, Order, Schema, Type, TypeId};

impl Schema {
    /// The schema as JSON on one line, with everything that is known about it: parsed again it is equal to this one.
    ///
    /// A named type is defined where it is met first, depth first, and referred to from then on. Members are in the order in which the Java
    /// implementation writes them; unknown attributes are in the order of the text, behind the known ones.
    pub fn to_json(&self) -> String {
        self.to_json_with(&WriteOptions::default())
    }

    /// The schema as JSON, as [`Schema::to_json`], with a choice of layout.
    pub fn to_json_with(&self, options: &WriteOptions) -> String {
        let mut full = Full {
            schema: self,
            options,
            out: Writer::new(options.layout),
            defined: vec![false; self.len()],
            namespaces: Vec::new(),
        };
        full.write();
        full.out.finish()
    }
}

impl std::fmt::Display for Schema {
    /// As [`Schema::to_json`]; with `{:#}` indented.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let indented = f.alternate().then(WriteOptions::indented);
        f.write_str(&self.to_json_with(&indented.unwrap_or_default()))
    }
}

struct Full<'s> {
    schema: &'s Schema,
    options: &'s WriteOptions,
    out: Writer,
    /// Types whose definitions have been written, or begun.
    defined: Vec<bool>,
    /// The namespaces of the records around.
    namespaces: Vec<&'s str>,
}

/// What is left to do.
enum Step<'s> {
    Type(TypeId),
    /// The field of this index, if there is one, then those behind it.
    Field(TypeId, usize),
    /// What stands behind a field's type.
    AfterType(&'s Field),
    /// What stands behind the parts of an array or map.
    EndObject(&'s Node),
    EndUnion,
}

impl<'s> Full<'s> {
    fn write(&mut self) {
        let schema = self.schema;
        let mut open = vec![Step::Type(schema.root())];
        while let Some(step) = open.pop() {
            match step {
                Step::Type(id) => self.ty(id, &mut open),
                Step::Field(id, at) => self.field(id, at, &mut open),
                Step::AfterType(field) => self.after_type(field),
                Step::EndObject(node) => {
                    self.attributes(node.attributes());
                    self.out.end_object();
                }
                Step::EndUnion => self.out.end_array(),
            }
        }
    }

    fn ty(&mut self, id: TypeId, open: &mut Vec<Step<'s>>) {
        let node = self.schema.node(id);
        match &node.ty {
            Type::Array(part) | Type::Map(part) => {
                self.out.begin_object();
                self.out.member("type", node.kind().as_str());
                self.out.name(if node.kind() == Kind::Array { "items" } else { "values" });
                open.extend([Step::EndObject(node), Step::Type(*part)]);
            }
            Type::Union(union) => {
                self.out.begin_array();
                open.push(Step::EndUnion);
                open.extend(union.branches.iter().rev().map(|it| Step::Type(*it)));
            }
            Type::Record(_) | Type::Enum(_) | Type::Fixed(_) => self.named(id, node, open),
            _ if node.extra.is_none() => self.out.string(node.kind().as_str()),
            _ => {
                self.out.begin_object();
                self.out.member("type", node.kind().as_str());
                self.attributes(node.attributes());
                self.out.end_object();
            }
        }
    }

    fn named(&mut self, id: TypeId, node: &'s Node, open: &mut Vec<Step<'s>>) {
        let Some(name) = node.name() else { return };
        let root = self.schema[self.schema.root()].origin;
        let foreign = self.options.own_types_only && node.origin.source != root.source;
        if foreign || std::mem::replace(&mut self.defined[id.index()], true) {
            let reference = self.reference(name);
            self.out.string(&reference);
            return;
        }
        self.out.begin_object();
        let error = matches!(&node.ty, Type::Record(it) if it.is_error);
        self.out.member("type", if error { "error" } else { node.kind().as_str() });
        self.out.member("name", name.simple());
        if name.namespace() != self.namespace() {
            self.out.member("namespace", name.namespace());
        }
        if let Some(doc) = node.doc() {
            self.out.member("doc", doc);
        }
        match &node.ty {
            Type::Record(_) => {
                self.out.name("fields");
                self.out.begin_array();
                self.namespaces.push(name.namespace());
                open.push(Step::Field(id, 0));
                return;
            }
            Type::Enum(symbols) => {
                self.strings("symbols", symbols.symbols.iter().map(|it| &**it));
                if let Some(default) = symbols.default_symbol() {
                    self.out.member("default", default);
                }
            }
            Type::Fixed(fixed) => {
                self.out.name("size");
                self.out.integer(i64::from(fixed.size));
            }
            _ => {}
        }
        self.end_named(node, name);
    }

    fn end_named(&mut self, node: &'s Node, name: &Name) {
        self.attributes(node.attributes());
        if !node.aliases().is_empty() {
            let aliases: Vec<_> =
                node.aliases().iter().map(|it| it.relative_to(name.namespace())).collect();
            self.strings("aliases", aliases.iter().map(|it| &**it));
        }
        self.out.end_object();
    }

    fn field(&mut self, id: TypeId, at: usize, open: &mut Vec<Step<'s>>) {
        let node = self.schema.node(id);
        let Type::Record(record) = &node.ty else { return };
        match record.fields.get(at) {
            Some(field) => {
                self.out.begin_object();
                self.out.member("name", &field.name);
                self.out.name("type");
                open.extend([
                    Step::Field(id, at + 1),
                    Step::AfterType(field),
                    Step::Type(field.ty),
                ]);
            }
            None => {
                self.out.end_array();
                self.namespaces.pop();
                self.end_named(node, record.name());
            }
        }
    }

    fn after_type(&mut self, field: &'s Field) {
        if let Some(doc) = field.doc() {
            self.out.member("doc", doc);
        }
        if let Some(default) = field.default() {
            self.out.name("default");
            self.out.value(default);
        }
        if field.order != Order::Ascending {
            self.out.member("order", field.order.as_str());
        }
        if !field.aliases.is_empty() {
            self.strings("aliases", field.aliases.iter().map(|it| &**it));
        }
        self.attributes(field.attributes());
        self.out.end_object();
    }

    fn attributes(&mut self, attributes: Attributes<'_>) {
        for (name, value) in attributes {
            self.out.name(&name);
            self.out.value(value);
        }
    }

    fn strings<'a>(&mut self, name: &str, strings: impl Iterator<Item = &'a str>) {
        self.out.name(name);
        self.out.begin_array();
        strings.for_each(|it| self.out.string(it));
        self.out.end_array();
    }

    fn namespace(&self) -> &'s str {
        self.namespaces.last().copied().unwrap_or("")
    }

    /// How a type is called from where the writer is.
    fn reference(&self, name: &Name) -> String {
        let namespace = self.namespace();
        let simple = name.simple();
        if name.namespace() == namespace {
            // In the null namespace no type has such a name.
            let ambiguous = Kind::primitive(simple).is_some();
            return if ambiguous { name.full() } else { simple }.to_owned();
        }
        if name.namespace().is_empty() {
            // A simple name falls back to the null namespace, unless the one around has it, too.
            let nearer = self.schema.find(&format!("{namespace}.{simple}"));
            let hidden = nearer.is_some_and(|it| self.defined[it.index()]);
            return if hidden { format!(".{simple}") } else { simple.to_owned() };
        }
        name.full().to_owned()
    }
}
