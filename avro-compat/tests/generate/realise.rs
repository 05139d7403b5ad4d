//! A shape with names, references and defaults that are right.

use std::collections::HashSet;

use super::draft::{Draft, FieldDraft, Head};
use super::values::{Defined, value};
use super::{Attributes, FieldModel, Named, Ty, split};

const PRIMITIVES: [&str; 8] =
    ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const NAMES: [&str; 6] = ["A", "B", "Point", "record", "_x1", "string_"];
const FIELDS: [&str; 8] = ["a", "b", "c", "id", "type", "name", "null", "_9"];
const NAMESPACES: [&str; 4] = ["", "n", "org.example", "n.m"];

pub fn realise(draft: &Draft) -> Ty {
    let mut state = State::default();
    state.ty(draft, "")
}

#[derive(Default)]
struct State {
    /// All names so far, of types that have ended or only begun, in order.
    names: Vec<String>,
    /// Definitions that have ended.
    defined: Defined,
    counter: usize,
}

impl State {
    fn ty(&mut self, draft: &Draft, namespace: &str) -> Ty {
        match draft {
            Draft::Primitive { kind, attribute } => {
                let kind = PRIMITIVES[usize::from(*kind) % 8];
                Ty::Primitive(kind, primitive_attributes(kind, *attribute))
            }
            Draft::Fixed { head, size, logical } => {
                let mut named = self.named(head, namespace);
                let size = match logical % 8 {
                    0 => 16,
                    1 => 12,
                    _ => *size,
                };
                named.attributes.extend(fixed_attributes(*logical));
                self.end(Ty::Fixed(named, size))
            }
            Draft::Enum { head, symbols, default } => {
                let named = self.named(head, namespace);
                let symbols: Vec<_> = (0..*symbols).map(|it| format!("S{it}")).collect();
                let default = symbols.get(usize::from(*default)).cloned();
                self.end(Ty::Enum(named, symbols, default))
            }
            Draft::Record { head, fields } => {
                let mut named = self.named(head, namespace);
                named.is_error = head.extras & 0xF0 == 0xF0;
                let inside = split(&named.name).0.to_owned();
                let mut names = HashSet::new();
                let fields = fields.iter().map(|it| self.field(it, &inside, &mut names)).collect();
                self.end(Ty::Record(named, fields))
            }
            Draft::Array(items, extras) => {
                Ty::Array(Box::new(self.ty(items, namespace)), attributes(*extras))
            }
            Draft::Map(values, extras) => {
                Ty::Map(Box::new(self.ty(values, namespace)), attributes(*extras))
            }
            Draft::Union(branches) => {
                let mut names = HashSet::new();
                let mut kept = Vec::new();
                for branch in branches {
                    // A definition that is dropped would leave references to it behind.
                    let (count, counter) = (self.names.len(), self.counter);
                    let branch = self.ty(branch, namespace);
                    let fits = !matches!(branch, Ty::Union(_));
                    if fits && names.insert(branch.branch_name().to_owned()) {
                        kept.push(branch);
                    } else {
                        self.counter = counter;
                        self.names.drain(count..).for_each(|it| {
                            self.defined.remove(&it);
                        });
                    }
                }
                Ty::Union(kept)
            }
            Draft::Reference(which) => match self.names.len() {
                0 => Ty::Primitive("long", Vec::new()),
                count => Ty::Reference(self.names[usize::from(*which) % count].clone()),
            },
        }
    }

    fn end(&mut self, ty: Ty) -> Ty {
        self.defined.insert(ty.branch_name().to_owned(), ty.clone());
        ty
    }

    /// A head with a name that is new, which may be referred to from now on.
    fn named(&mut self, head: &Head, around: &str) -> Named {
        let namespace = match usize::from(head.namespace) {
            it if it < NAMESPACES.len() => NAMESPACES[it],
            _ => around,
        };
        let simple = NAMES[usize::from(head.name) % NAMES.len()];
        let join = |simple: &str| match namespace {
            "" => simple.to_owned(),
            _ => format!("{namespace}.{simple}"),
        };
        let mut name = join(simple);
        while self.names.contains(&name) {
            self.counter += 1;
            name = join(&format!("{simple}{}", self.counter));
        }
        self.names.push(name.clone());
        let aliases: &[&str] = match head.extras >> 1 & 7 {
            0 => &["Old", "other.Old", ".Older"],
            1 => &["not a name", ""],
            _ => &[],
        };
        Named {
            name,
            spelling: head.spelling,
            doc: (head.extras & 1 == 1)
                .then(|| format!("A {simple}, \"so\" to\nsay: \u{e9}\u{1f980}\\")),
            aliases: aliases.iter().map(|it| (*it).to_owned()).collect(),
            attributes: attributes(head.extras >> 3),
            is_error: false,
        }
    }

    fn field(
        &mut self,
        draft: &FieldDraft,
        namespace: &str,
        names: &mut HashSet<String>,
    ) -> FieldModel {
        let mut name = FIELDS[usize::from(draft.name) % FIELDS.len()].to_owned();
        while !names.insert(name.clone()) {
            name.push('_');
        }
        let ty = self.ty(&draft.ty, namespace);
        let default = draft.default.and_then(|seed| value(&ty, u64::from(seed), &self.defined, 6));
        let aliases: &[&str] = match draft.extras >> 1 & 7 {
            0 => &["old", "older"],
            1 => &["not a name"],
            _ => &[],
        };
        FieldModel {
            name,
            ty,
            doc: (draft.extras & 1 == 1).then(|| "what it is".to_owned()),
            default,
            order: [None, Some("ascending"), Some("descending"), Some("ignore")]
                [usize::from(draft.extras >> 6)],
            aliases: aliases.iter().map(|it| (*it).to_owned()).collect(),
            attributes: attributes(draft.extras >> 3),
        }
    }
}

/// Attributes that mean nothing.
fn attributes(choice: u8) -> Attributes {
    let attributes: &[(&str, &str)] = match choice % 8 {
        0 => &[("x", "1"), ("y", r#"{"a":[true,null,-1.50e+2,"\u00e9\ud83e\udd80"],"b":{}}"#)],
        1 => &[("precision", "\"none\"")],
        2 => &[("a \"b\"\n", "[]")],
        _ => &[],
    };
    owned(attributes)
}

fn owned(attributes: &[(&str, &str)]) -> Attributes {
    attributes.iter().map(|(name, json)| ((*name).to_owned(), (*json).to_owned())).collect()
}

fn primitive_attributes(kind: &str, choice: u8) -> Attributes {
    let logical: &[&str] = match kind {
        "int" => &["date", "time-millis"],
        "long" => &[
            "time-micros",
            "timestamp-millis",
            "timestamp-micros",
            "timestamp-nanos",
            "local-timestamp-millis",
            "local-timestamp-micros",
            "local-timestamp-nanos",
        ],
        "bytes" => &["decimal", "big-decimal"],
        "string" => &["uuid"],
        _ => &["date"],
    };
    let mut all = match choice % 4 {
        0 => owned(&[(
            "logicalType",
            &format!("{:?}", logical[usize::from(choice / 4) % logical.len()]),
        )]),
        1 => attributes(choice / 4),
        _ => Vec::new(),
    };
    if all.iter().any(|it| it.1 == "\"decimal\"") {
        all.extend(owned(&[("precision", "9"), ("scale", "2")]));
    }
    all
}

fn fixed_attributes(choice: u8) -> Attributes {
    match choice % 8 {
        0 => owned(&[("logicalType", "\"uuid\"")]),
        1 => owned(&[("logicalType", "\"duration\"")]),
        2 => owned(&[("logicalType", "\"decimal\""), ("scale", "0")]),
        _ => Vec::new(),
    }
}
