//! Parsing Canonical Form (specification, "Parsing Canonical Form for Schemas").

use std::fmt::Write as _;

use crate::json::quote;
use crate::schema::{Schema, Type, TypeId};

impl Schema {
    /// The Parsing Canonical Form: what of the schema decides how data is written, as text of which every two schemas of one meaning have
    /// the same.
    ///
    /// As in the Java implementation, an `error` becomes a `record`, and strings have the escapes that JSON cannot do without, if
    /// names were taken that need them.
    pub fn canonical_form(&self) -> String {
        let mut canonical = Canonical {
            schema: self,
            out: String::with_capacity(self.len() * 40),
            defined: vec![false; self.len()],
        };
        canonical.write();
        canonical.out
    }

    /// Whether data of the two schemas cannot be told apart: whether their Parsing Canonical Forms are the same.
    pub fn same_canonical_form(&self, other: &Self) -> bool {
        self.canonical_form() == other.canonical_form()
    }
}

struct Canonical<'s> {
    schema: &'s Schema,
    out: String,
    defined: Vec<bool>,
}

/// What is left to do.
enum Step {
    Type(TypeId),
    Field(TypeId, usize),
    Text(&'static str),
}

impl Canonical<'_> {
    fn write(&mut self) {
        let mut open = vec![Step::Type(self.schema.root())];
        while let Some(step) = open.pop() {
            match step {
                Step::Type(id) => self.ty(id, &mut open),
                Step::Field(id, at) => self.field(id, at, &mut open),
                Step::Text(text) => self.out.push_str(text),
            }
        }
    }

    fn ty(&mut self, id: TypeId, open: &mut Vec<Step>) {
        let node = self.schema.node(id);
        match &node.ty {
            Type::Array(items) => {
                self.out.push_str(r#"{"type":"array","items":"#);
                open.extend([Step::Text("}"), Step::Type(*items)]);
            }
            Type::Map(values) => {
                self.out.push_str(r#"{"type":"map","values":"#);
                open.extend([Step::Text("}"), Step::Type(*values)]);
            }
            Type::Union(union) => {
                self.out.push('[');
                open.push(Step::Text("]"));
                for (at, branch) in union.branches.iter().enumerate().rev() {
                    open.push(Step::Type(*branch));
                    if at > 0 {
                        open.push(Step::Text(","));
                    }
                }
            }
            Type::Record(_) | Type::Enum(_) | Type::Fixed(_) => {
                if std::mem::replace(&mut self.defined[id.index()], true) {
                    quote(&mut self.out, node.branch_name());
                } else {
                    self.definition(id, open);
                }
            }
            _ => quote(&mut self.out, node.kind().as_str()),
        }
    }

    fn definition(&mut self, id: TypeId, open: &mut Vec<Step>) {
        let node = self.schema.node(id);
        self.out.push_str(r#"{"name":"#);
        quote(&mut self.out, node.branch_name());
        match &node.ty {
            Type::Record(_) => {
                self.out.push_str(r#","type":"record","fields":["#);
                open.push(Step::Field(id, 0));
            }
            Type::Enum(symbols) => {
                self.out.push_str(r#","type":"enum","symbols":["#);
                for (at, symbol) in symbols.symbols.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    quote(&mut self.out, symbol);
                }
                self.out.push_str("]}");
            }
            Type::Fixed(fixed) => {
                // A String takes whatever is written.
                let _ = write!(self.out, r#","type":"fixed","size":{}}}"#, fixed.size);
            }
            _ => {}
        }
    }

    fn field(&mut self, id: TypeId, at: usize, open: &mut Vec<Step>) {
        let Type::Record(record) = &self.schema.node(id).ty else { return };
        let Some(field) = record.fields.get(at) else {
            self.out.push_str("]}");
            return;
        };
        self.out.push_str(if at > 0 { r#",{"name":"# } else { r#"{"name":"# });
        quote(&mut self.out, &field.name);
        self.out.push_str(r#","type":"#);
        open.extend([Step::Field(id, at + 1), Step::Text("}"), Step::Type(field.ty)]);
    }
}
