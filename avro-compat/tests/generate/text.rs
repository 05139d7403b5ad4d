//! The text of a schema.

use std::collections::HashSet;

use avro_compat::json::{Layout, OwnedJson, Reading, Writer};

use super::{Attributes, FieldModel, Named, Ty, split};

impl Ty {
    /// The schema as JSON.
    pub fn text(&self) -> String {
        self.text_in(Layout::Compact)
    }

    pub fn text_in(&self, layout: Layout) -> String {
        let mut text = Text { out: Writer::new(layout), begun: HashSet::new() };
        text.ty(self, "");
        text.out.finish()
    }
}

struct Text {
    out: Writer,
    /// Named types whose definitions have begun.
    begun: HashSet<String>,
}

impl Text {
    fn ty(&mut self, ty: &Ty, namespace: &str) {
        match ty {
            Ty::Primitive(name, attributes) if attributes.is_empty() => self.out.string(name),
            Ty::Primitive(name, attributes) => {
                self.out.begin_object();
                self.out.member("type", name);
                self.attributes(attributes);
                self.out.end_object();
            }
            Ty::Array(part, attributes) | Ty::Map(part, attributes) => {
                let array = matches!(ty, Ty::Array(..));
                self.out.begin_object();
                self.attributes(attributes);
                self.out.name(if array { "items" } else { "values" });
                self.ty(part, namespace);
                self.out.member("type", if array { "array" } else { "map" });
                self.out.end_object();
            }
            Ty::Union(branches) => {
                self.out.begin_array();
                branches.iter().for_each(|it| self.ty(it, namespace));
                self.out.end_array();
            }
            Ty::Reference(name) => {
                let name = self.reference(name, namespace);
                self.out.string(&name);
            }
            Ty::Fixed(named, size) => {
                self.begin_named(named, "fixed", namespace);
                self.out.name("size");
                self.out.integer(i64::from(*size));
                self.out.end_object();
            }
            Ty::Enum(named, symbols, default) => {
                self.begin_named(named, "enum", namespace);
                self.strings("symbols", symbols);
                if let Some(default) = default {
                    self.out.member("default", default);
                }
                self.out.end_object();
            }
            Ty::Record(named, fields) => {
                let kind = if named.is_error { "error" } else { "record" };
                self.begin_named(named, kind, namespace);
                self.out.name("fields");
                self.out.begin_array();
                let inside = split(&named.name).0;
                fields.iter().for_each(|it| self.field(it, inside));
                self.out.end_array();
                self.out.end_object();
            }
        }
    }

    fn begin_named(&mut self, named: &Named, kind: &str, namespace: &str) {
        self.begun.insert(named.name.clone());
        let (own, simple) = split(&named.name);
        self.out.begin_object();
        self.out.member("type", kind);
        match named.spelling {
            // A full name makes the namespace beside it count for nothing.
            0 if !own.is_empty() => {
                self.out.member("name", &named.name);
                self.out.member("namespace", "counts.for.nothing");
            }
            1 if own == namespace => self.out.member("name", simple),
            _ => {
                self.out.member("namespace", own);
                self.out.member("name", simple);
            }
        }
        if let Some(doc) = &named.doc {
            self.out.member("doc", doc);
        }
        if !named.aliases.is_empty() {
            self.strings("aliases", &named.aliases);
        }
        self.attributes(&named.attributes);
    }

    fn field(&mut self, field: &FieldModel, namespace: &str) {
        self.out.begin_object();
        self.attributes(&field.attributes);
        if let Some(default) = &field.default {
            self.out.name("default");
            self.json(default);
        }
        self.out.member("name", &field.name);
        self.out.name("type");
        self.ty(&field.ty, namespace);
        if let Some(doc) = &field.doc {
            self.out.member("doc", doc);
        }
        if let Some(order) = field.order {
            self.out.member("order", order);
        }
        if !field.aliases.is_empty() {
            self.strings("aliases", &field.aliases);
        }
        self.out.end_object();
    }

    fn attributes(&mut self, attributes: &Attributes) {
        for (name, value) in attributes {
            self.out.name(name);
            self.json(value);
        }
    }

    fn json(&mut self, text: &str) {
        let value = OwnedJson::read(text, &Reading::default()).unwrap_or_else(|it| panic!("{it}"));
        self.out.value(value.get());
    }

    fn strings(&mut self, name: &str, strings: &[String]) {
        self.out.name(name);
        self.out.begin_array();
        strings.iter().for_each(|it| self.out.string(it));
        self.out.end_array();
    }

    fn reference(&self, name: &str, namespace: &str) -> String {
        let (own, simple) = split(name);
        if own == namespace {
            return simple.to_owned();
        }
        let hidden = own.is_empty() && self.begun.contains(&format!("{namespace}.{simple}"));
        if hidden { format!(".{simple}") } else { name.to_owned() }
    }
}
