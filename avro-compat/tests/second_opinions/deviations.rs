//! Where others are known to differ. The book's page on the crate has the same list: a test compares the names.

use std::collections::HashMap;

use avro_compat::{Field, Kind, Name, Schema, Type, TypeId, Value};
use serde_json::Value as Json;

use super::case::{Case, Difference};

/// Something that another decoder does in another way.
pub struct Deviation {
    /// How the book calls it.
    pub name: &'static str,
    /// Whether it can be why a datum is read differently.
    pub explains: fn(&Case<'_>) -> bool,
}

/// What ends the process, so that it cannot be asked: a default of a union that could be a record, which is filled in from its own default, and so on.
#[cfg_attr(not(feature = "apache-avro"), allow(dead_code, reason = "it is not asked"))]
pub const ENDLESS: &str = "a default that could be filled in with itself overflows the stack";

#[cfg_attr(not(feature = "apache-avro"), allow(dead_code, reason = "it is not asked"))]
pub fn endless(reader: &Schema) -> bool {
    fields(reader).any(|field| {
        let object = field.default().is_some_and(|it| it.kind() == avro_compat::json::Kind::Object);
        let record = |id: &TypeId| reader[*id].kind() == Kind::Record;
        object && matches!(reader[field.ty()].ty(), Type::Union(it) if it.branches().iter().any(record))
    })
}

/// What is more special stands first: the first that explains a difference is counted.
#[cfg_attr(not(feature = "apache-avro"), allow(dead_code, reason = "it is not asked"))]
pub const APACHE: &[Deviation] = &[
    Deviation {
        name: "bytes that are no UTF-8 are no string",
        explains: |it| {
            let message = ["utf-8", "Could not find matching type in Union"];
            it.difference == Difference::Refuses
                && not_utf8(it.value)
                && message.iter().any(|message| it.error.contains(message))
        },
    },
    Deviation {
        name: "aliases of fields do not count",
        explains: |it| match it.difference {
            // Missing is the field that has an alias; in a union no branch is then left.
            Difference::Refuses => match it.error.strip_prefix("Missing field in record: ") {
                Some(name) => renamed(it, |field| format!("{:?}", field.name()) == name),
                None => {
                    it.error.starts_with("Could not find matching type in Union")
                        && renamed(it, |_| true)
                }
            },
            // Its default is taken instead of what was written.
            Difference::Other => renamed(it, |field| field.default().is_some()),
            Difference::Reads => false,
        },
    },
    Deviation {
        name: "a default of a union is of its first branch",
        explains: |it| {
            let reader = &it.pair.reader;
            let later = |field: &Field| {
                let branch = field.default().and_then(|it| reader.default_branch(field.ty(), it));
                branch.is_some_and(|it| it > 0)
            };
            let messages = ["String expected for fixed", "Could not find matching type in Union"];
            it.difference == Difference::Refuses
                && messages.iter().any(|message| it.error.starts_with(message))
                && fields(reader).any(later)
        },
    },
    Deviation {
        name: "a default of bytes is its UTF-8",
        explains: |it| match (octets(&it.leaves.0), octets(&it.leaves.1)) {
            (Some(ours), Some(theirs)) => {
                let text: String = ours.iter().map(|it| char::from(*it)).collect();
                text.as_bytes() == theirs && !ours.is_ascii()
            }
            _ => false,
        },
    },
    Deviation {
        name: "a union's branch is the first that takes the value",
        explains: |it| it.difference == Difference::Other && unions(&it.pair.reader),
    },
    Deviation {
        name: "a string is a fixed, of any size",
        explains: |it| {
            let invalid = it.leaves.1.get("invalid").and_then(Json::as_str);
            it.difference == Difference::Reads
                && invalid
                    .is_some_and(|it| it.contains("of fixed") && it.contains("found a fixed of"))
                && types(&it.pair.writer).any(|it| matches!(it, Type::String))
        },
    },
    Deviation {
        name: "values are resolved, whatever they were written as",
        explains: |it| it.difference == Difference::Reads && it.leaves.1.get("invalid").is_none(),
    },
];

pub const FASTAVRO: &[Deviation] = &[
    Deviation {
        name: "bytes that are no UTF-8 are no string",
        explains: |it| {
            it.difference == Difference::Refuses
                && not_utf8(it.value)
                && it.error.starts_with("UnicodeDecodeError")
        },
    },
    Deviation {
        name: "types are taken for defined twice",
        explains: |it| {
            it.difference == Difference::Refuses
                && it.error.starts_with("SchemaParseException: redefined named type")
        },
    },
    Deviation {
        name: "a field that is found by its name and by an alias",
        explains: |it| {
            let both = |field: &Field| {
                types(&it.pair.writer).any(|ty| match ty {
                    Type::Record(record) => {
                        let alias = field.aliases().iter().any(|it| record.field(it).is_some());
                        alias && record.field(field.name()).is_some()
                    }
                    _ => false,
                })
            };
            let message = ["KeyError: ", "SchemaResolutionError: Schema mismatch: "];
            it.difference == Difference::Refuses
                && message.iter().any(|message| it.error.starts_with(message))
                && !["{", "'fields'", "'symbols'"].iter().any(|other| it.error.contains(other))
                && renamed(it, both)
        },
    },
    Deviation {
        name: "what could not be in an array or map counts where it is empty",
        explains: |it| {
            it.difference == Difference::Refuses
                && it.error.to_lowercase().contains("schema mismatch")
                && empty(it.value)
        },
    },
    Deviation {
        name: "aliases of types do not count in arrays, maps and unions, nor those of fixed and enums",
        explains: |it| {
            let reader = &it.pair.reader;
            it.difference == Difference::Refuses
                && it.error.to_lowercase().contains("schema mismatch")
                && reader.ids().any(|id| !reader[id].aliases().is_empty())
        },
    },
    Deviation {
        name: "a union without branches reads all",
        explains: |it| {
            let none = |it: &Type| matches!(it, Type::Union(union) if union.branches().is_empty());
            it.difference == Difference::Reads && types(&it.pair.reader).any(none)
        },
    },
    Deviation {
        name: "types of one name match, whatever their kinds",
        explains: |it| {
            let (reader, writer) = (&it.pair.reader, &it.pair.writer);
            it.difference == Difference::Reads
                && reader.ids().map(|it| &reader[it]).any(|ours| {
                    let same = |name: &Name| {
                        ours.name()
                            .into_iter()
                            .chain(ours.aliases())
                            .any(|it| it.simple() == name.simple())
                    };
                    let mut all = writer.ids().map(|it| &writer[it]);
                    all.any(|it| it.name().is_some_and(same) && it.kind() != ours.kind())
                })
        },
    },
    Deviation {
        name: "a default is what JSON has, with nothing filled in",
        explains: |it| {
            let read_as = match &it.leaves {
                (Json::Object(ours), Json::String(_) | Json::Number(_)) => {
                    ours.contains_key("bytes") || ours.contains_key("double")
                }
                (Json::Object(ours), Json::Object(theirs)) => {
                    theirs.keys().all(|key| ours.contains_key(key))
                }
                _ => false,
            };
            it.difference == Difference::Other
                && read_as
                && fields(&it.pair.reader).any(|it| it.default().is_some())
        },
    },
    Deviation {
        name: "a name of the null namespace is looked for in the namespace around alone",
        explains: |it| it.difference == Difference::Refuses && it.error.starts_with("UnknownType"),
    },
    Deviation {
        name: "a reference in a union is not followed",
        explains: |it| {
            it.difference == Difference::Refuses
                && it.error.starts_with("TypeError: string indices")
                && unions(&it.pair.reader)
        },
    },
    Deviation {
        name: "an alias of a branch goes before the name of a later one",
        explains: |it| {
            let reader = &it.pair.reader;
            let mut all = reader.ids().flat_map(|id| reader[id].aliases());
            it.difference == Difference::Refuses
                && it.error.contains("No default value for field")
                && unions(reader)
                && all.any(|it| reader.find(it.full()).is_some())
        },
    },
    Deviation {
        name: "types of one name in several namespaces are mixed up",
        explains: |it| {
            let messages = [
                "KeyError: 'fields'",
                "KeyError: 'symbols'",
                "not found in reader symbol list",
                "No default value for field",
                "chema mismatch",
            ];
            let explained = match it.difference {
                Difference::Refuses => messages.iter().any(|message| it.error.contains(message)),
                // A symbol or a record of another type.
                Difference::Other => matches!(
                    &it.leaves,
                    (Json::String(_), Json::String(_)) | (Json::Object(_), Json::Object(_))
                ),
                Difference::Reads => it.leaves.1.get("members").is_some(),
            };
            explained && homonyms(it)
        },
    },
    Deviation {
        name: "a float holds a double",
        explains: |it| match (double(&it.leaves.0), double(&it.leaves.1)) {
            (Some(ours), Some(theirs)) => f64::from(theirs as f32).to_bits() == ours.to_bits(),
            _ => false,
        },
    },
    Deviation {
        name: "a union's branch is the first that could take it by promotion",
        explains: |it| {
            let promoted = match (&it.leaves.0, &it.leaves.1) {
                (Json::Number(ours), theirs) => {
                    double(theirs).is_some_and(|theirs| ours.as_f64() == Some(theirs))
                }
                (ours, Json::String(theirs)) => {
                    octets(ours).is_some_and(|ours| ours == theirs.as_bytes())
                }
                (Json::String(ours), theirs) => {
                    octets(theirs).is_some_and(|theirs| ours.as_bytes() == theirs)
                }
                _ => false,
            };
            it.difference == Difference::Other && promoted && unions(&it.pair.reader)
        },
    },
];

fn types(schema: &Schema) -> impl Iterator<Item = &Type> {
    schema.ids().map(|it| schema[it].ty())
}

fn fields(schema: &Schema) -> impl Iterator<Item = &Field> {
    types(schema).flat_map(|it| match it {
        Type::Record(record) => record.fields(),
        _ => &[],
    })
}

/// Whether the reader has a field with an alias, of which something else holds.
fn renamed(case: &Case<'_>, also: impl Fn(&Field) -> bool) -> bool {
    fields(&case.pair.reader).any(|it| !it.aliases().is_empty() && also(it))
}

/// Whether there is a union with a choice.
fn unions(schema: &Schema) -> bool {
    types(schema).any(|it| matches!(it, Type::Union(union) if union.branches().len() > 1))
}

/// Whether two types have one name or alias, in different namespaces.
fn homonyms(case: &Case<'_>) -> bool {
    let mut names = HashMap::new();
    let schemas = [&case.pair.reader, &case.pair.writer];
    let nodes = schemas.into_iter().flat_map(|it| it.ids().map(|id| &it[id]));
    let mut all = nodes.flat_map(|it| it.name().into_iter().chain(it.aliases()));
    all.any(|it| *names.entry(it.simple()).or_insert(it.full()) != it.full())
}

fn not_utf8(value: &Value) -> bool {
    anywhere(value, &|it| matches!(it, Value::Bytes(it) if std::str::from_utf8(it).is_err()))
}

fn empty(value: &Value) -> bool {
    anywhere(value, &|it| match it {
        Value::Array(it) => it.is_empty(),
        Value::Map(it) => it.is_empty(),
        _ => false,
    })
}

fn anywhere(value: &Value, is: &dyn Fn(&Value) -> bool) -> bool {
    is(value)
        || match value {
            Value::Record(all) | Value::Array(all) => all.iter().any(|it| anywhere(it, is)),
            Value::Map(all) => all.iter().any(|it| anywhere(&it.1, is)),
            Value::Union(_, inside) => anywhere(inside, is),
            _ => false,
        }
}

fn double(told: &Json) -> Option<f64> {
    u64::from_str_radix(told.get("double")?.as_str()?, 16).ok().map(f64::from_bits)
}

fn octets(told: &Json) -> Option<Vec<u8>> {
    let digits = told.get("bytes")?.as_str()?;
    (0..digits.len() / 2)
        .map(|it| u8::from_str_radix(&digits[2 * it..2 * it + 2], 16).ok())
        .collect()
}
