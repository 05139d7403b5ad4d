//! The normal form: one text for all that mean the same, whatever order, spelling and layout they have.
//!
//! Full names everywhere; members in one order, unknown ones by name, and so inside of defaults and attributes; aliases by name; orders that
//! are the default left out. Documentation, defaults and attributes stay: it is more than the Parsing Canonical Form.

use std::collections::BTreeMap;

use avro_compat::json::{Json, Kind, Layout, Writer};
use avro_compat::{Field, Node, Order, Schema, Type, TypeId};

/// The normal form of a schema; types that other texts define are only referred to.
pub(super) fn text(schema: &Schema) -> String {
    let mut normal =
        Normal { schema, out: Writer::new(Layout::Compact), defined: vec![false; schema.len()] };
    normal.write();
    normal.out.finish()
}

struct Normal<'s> {
    schema: &'s Schema,
    out: Writer,
    defined: Vec<bool>,
}

/// What is left to do.
enum Step<'s> {
    Type(TypeId),
    /// The field of this index, if there is one, then those behind it.
    Field(&'s Node, usize),
    AfterType(&'s Field),
    EndObject(&'s Node),
    EndUnion,
}

impl<'s> Normal<'s> {
    fn write(&mut self) {
        let schema = self.schema;
        let mut open = vec![Step::Type(schema.root())];
        while let Some(step) = open.pop() {
            match step {
                Step::Type(id) => self.ty(id, &mut open),
                Step::Field(node, at) => self.field(node, at, &mut open),
                Step::AfterType(field) => self.after_type(field),
                Step::EndObject(node) => self.end(node),
                Step::EndUnion => self.out.end_array(),
            }
        }
    }

    fn ty(&mut self, id: TypeId, open: &mut Vec<Step<'s>>) {
        let node = self.schema.node(id);
        match node.ty() {
            Type::Union(union) => {
                self.out.begin_array();
                open.push(Step::EndUnion);
                open.extend(union.branches().iter().rev().map(|it| Step::Type(*it)));
            }
            Type::Array(part) | Type::Map(part) => {
                self.out.begin_object();
                self.out.member("type", node.kind().as_str());
                self.out.name(if matches!(node.ty(), Type::Array(_)) { "items" } else { "values" });
                open.extend([Step::EndObject(node), Step::Type(*part)]);
            }
            Type::Record(_) | Type::Enum(_) | Type::Fixed(_) => self.named(id, node, open),
            _ if node.attributes().is_empty() => self.out.string(node.kind().as_str()),
            _ => {
                self.out.begin_object();
                self.out.member("type", node.kind().as_str());
                self.end(node);
            }
        }
    }

    fn named(&mut self, id: TypeId, node: &'s Node, open: &mut Vec<Step<'s>>) {
        let document = |node: &Node| self.schema.json(node.origin()).document();
        let root = self.schema.node(self.schema.root());
        let foreign = !std::ptr::eq(document(node), document(root));
        if foreign || std::mem::replace(&mut self.defined[id.index()], true) {
            self.out.string(node.branch_name());
            return;
        }
        self.out.begin_object();
        self.out.member("name", node.branch_name());
        let error = matches!(node.ty(), Type::Record(it) if it.is_error());
        self.out.member("type", if error { "error" } else { node.kind().as_str() });
        match node.ty() {
            Type::Enum(it) => {
                self.strings("symbols", it.symbols().iter().map(|it| &**it));
                if let Some(default) = it.default_symbol() {
                    self.out.member("default", default);
                }
            }
            Type::Fixed(it) => {
                self.out.name("size");
                self.out.integer(i64::from(it.size()));
            }
            _ => {
                self.out.name("fields");
                self.out.begin_array();
                open.push(Step::Field(node, 0));
                return;
            }
        }
        self.end(node);
    }

    fn field(&mut self, node: &'s Node, at: usize, open: &mut Vec<Step<'s>>) {
        let Type::Record(record) = node.ty() else { return };
        match record.fields().get(at) {
            Some(field) => {
                self.out.begin_object();
                self.out.member("name", field.name());
                self.out.name("type");
                open.extend([
                    Step::Field(node, at + 1),
                    Step::AfterType(field),
                    Step::Type(field.ty()),
                ]);
            }
            None => {
                self.out.end_array();
                self.end(node);
            }
        }
    }

    fn after_type(&mut self, field: &'s Field) {
        if field.order() != Order::Ascending {
            self.out.member("order", field.order().as_str());
        }
        if let Some(doc) = field.doc() {
            self.out.member("doc", doc);
        }
        self.aliases(field.aliases().iter().map(|it| &**it));
        if let Some(default) = field.default() {
            self.out.name("default");
            self.value(default);
        }
        self.attributes(field.attributes());
        self.out.end_object();
    }

    fn end(&mut self, node: &'s Node) {
        if let Some(doc) = node.doc() {
            self.out.member("doc", doc);
        }
        self.aliases(node.aliases().iter().map(avro_compat::Name::full));
        self.attributes(node.attributes());
        self.out.end_object();
    }

    fn aliases<'a>(&mut self, aliases: impl Iterator<Item = &'a str>) {
        let mut aliases: Vec<_> = aliases.collect();
        aliases.sort_unstable();
        aliases.dedup();
        if !aliases.is_empty() {
            self.strings("aliases", aliases.into_iter());
        }
    }

    fn strings<'a>(&mut self, name: &str, strings: impl Iterator<Item = &'a str>) {
        self.out.name(name);
        self.out.begin_array();
        strings.for_each(|it| self.out.string(it));
        self.out.end_array();
    }

    fn attributes(&mut self, attributes: avro_compat::Attributes<'_>) {
        for (name, value) in attributes.collect::<BTreeMap<_, _>>() {
            self.out.name(&name);
            self.value(value);
        }
    }

    /// Recurses as deep as the text that was parsed, which is bounded.
    fn value(&mut self, value: Json<'_>) {
        match value.kind() {
            Kind::Object => {
                self.out.begin_object();
                let members = value.members().filter_map(|(name, it)| Some((name.as_str()?, it)));
                for (name, member) in members.collect::<BTreeMap<_, _>>() {
                    self.out.name(&name);
                    self.value(member);
                }
                self.out.end_object();
            }
            Kind::Array => {
                self.out.begin_array();
                value.elements().for_each(|it| self.value(it));
                self.out.end_array();
            }
            _ => self.out.value(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        super::text(&Schema::parse(text).unwrap())
    }

    #[test]
    fn one_text_for_one_meaning() {
        let one = normal(
            r#"{"type": "record", "namespace": "a", "name": "R", "x": {"b": 1, "a": [2]}, "aliases": ["S", "b.T"], "fields": [
                {"name": "f", "type": {"type": "enum", "symbols": ["X"], "name": "E"}, "order": "ascending"},
                {"name": "g", "type": "E", "default": "X", "doc": "d"},
                {"name": "h", "type": {"type": "long", "logicalType": "timestamp-millis"}}]}"#,
        );
        let other = normal(
            r#"{"aliases": ["b.T", "a.S"], "name": "a.R", "fields": [
                {"type": {"name": "a.E", "symbols": ["X"], "type": "enum"}, "name": "f"},
                {"default": "X", "doc": "d", "name": "g", "type": "a.E"},
                {"type": {"logicalType": "timestamp-millis", "type": "long"}, "name": "h"}],
                "type": "record", "x": {"a": [2], "b": 1}}"#,
        );
        assert_eq!(one, other);
        assert_eq!(normal(&one), one);
        assert_eq!(Schema::parse(&one).unwrap(), Schema::parse(&other).unwrap());
    }

    #[test]
    fn nothing_is_lost() {
        for text in [
            r#"["null", {"type": "array", "items": {"type": "map", "values": "bytes"}}]"#,
            r#"{"type": "record", "name": "R", "doc": "of R", "fields": [
                {"name": "n", "type": ["null", "R"], "default": null, "order": "ignore", "aliases": ["m"]}]}"#,
            r#"{"type": "fixed", "name": "F", "size": 16, "logicalType": "uuid"}"#,
            r#"{"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A", "doc": ""}"#,
            r#"{"type": "error", "name": "R", "fields": []}"#,
        ] {
            let schema = Schema::parse(text).unwrap();
            assert_eq!(Schema::parse(&super::text(&schema)).unwrap(), schema, "{text}");
        }
    }
}
