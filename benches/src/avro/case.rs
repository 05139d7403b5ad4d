//! What is read and written.

use std::collections::HashMap;

use avro_compat::{Encoder, Schema, Value};
use serde::Deserialize;

use super::Result;
use crate::random::Random;

/// An event of an online shop, as it was written.
pub const WRITER: &str = r#"{"type": "record", "name": "Event", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"},
    {"name": "user", "type": "string"},
    {"name": "amount", "type": "float"},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["VIEW", "CART", "BUY"]}},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "items", "type": {"type": "array", "items": "long"}},
    {"name": "labels", "type": {"type": "map", "values": "string"}}
]}"#;

/// The same as it is wanted: another order, a promotion, a symbol and a field more. Nothing is renamed: apache-avro reads no aliases of fields.
pub const READER: &str = r#"{"type": "record", "name": "Event", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["VIEW", "CART", "WISH", "BUY"]}},
    {"name": "user", "type": "string"},
    {"name": "amount", "type": "double"},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "items", "type": {"type": "array", "items": "long"}},
    {"name": "labels", "type": {"type": "map", "values": "string"}},
    {"name": "channel", "type": "string", "default": "web"}
]}"#;

/// A record of ten fields, to be parsed.
pub const OLD_ORDER: &str = r#"{
  "type": "record", "name": "Order", "namespace": "com.example.shop", "doc": "An order as the shop sends it.",
  "fields": [
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "customer", "type": "int"},
    {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "status", "type": {"type": "enum", "name": "Status", "symbols": ["NEW", "PAID", "SENT"], "default": "NEW"}},
    {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "weight", "type": "double", "default": 0.0},
    {"name": "gift", "type": "boolean", "default": false},
    {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
    {"name": "attributes", "type": {"type": "map", "values": "string"}, "default": {}}
  ]
}"#;

/// A version of it that can read it: a promotion, a field more, a field less.
#[must_use]
pub fn new_order() -> String {
    OLD_ORDER.replace(r#""customer", "type": "int""#, r#""customer", "type": "long""#).replace(
        r#"{"name": "gift", "type": "boolean", "default": false}"#,
        r#"{"name": "currency", "type": "string", "default": "EUR"}"#,
    )
}

/// How many records a container file has.
pub const RECORDS: usize = 20_000;

/// How long the blocks of container files are.
pub const BLOCK_BYTES: usize = 64 << 10;

/// Everything that contestants are given.
#[derive(Debug)]
pub struct Case {
    /// [`WRITER`].
    pub writer: Schema,
    /// [`READER`].
    pub reader: Schema,
    /// One record.
    pub value: Value,
    /// The same, encoded.
    pub bytes: Vec<u8>,
    /// The records of the container files.
    pub values: Vec<Value>,
    /// How many bytes they have, encoded.
    pub plain_bytes: usize,
}

impl Case {
    /// All of it.
    ///
    /// # Errors
    /// None.
    pub fn new() -> Result<Self> {
        let (writer, reader) = (Schema::parse(WRITER)?, Schema::parse(READER)?);
        let value = Value::Record(vec![
            Value::Long(1_723_456_789_012),
            text("user-0041723"),
            Value::Float(129.5),
            Value::Enum(2),
            Value::Union(1, Box::new(text("leave at the door"))),
            Value::Array([17, 4242, 900_001].map(Value::Long).to_vec()),
            Value::Map(vec![
                ("region".into(), text("eu-west-1")),
                ("device".into(), text("phone")),
            ]),
        ]);
        let encoder = Encoder::new(&writer);
        let bytes = encoder.encode(&value)?;
        let mut random = Random::new(0x6176_726f);
        let values: Vec<Value> = (0..RECORDS).map(|_| event(&mut random)).collect();
        let mut plain = Vec::new();
        for value in &values {
            encoder.encode_to(value, &mut plain)?;
        }
        Ok(Self { writer, reader, value, bytes, values, plain_bytes: plain.len() })
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// Some event.
fn event(random: &mut Random) -> Value {
    const NOTES: [&str; 4] =
        ["leave at the door", "a gift", "bitte nicht klingeln, Kind schläft", "as last time"];
    let pick =
        |random: &mut Random, all: &[&str]| text(all[random.below(all.len() as u64) as usize]);
    let id = 1_700_000_000_000 + random.below(100_000_000_000) as i64;
    let user = format!("user-{:07}", random.below(1_000_000));
    let note = match random.below(2) {
        0 => Value::Union(0, Box::new(Value::Null)),
        _ => Value::Union(1, Box::new(pick(random, &NOTES))),
    };
    let items = (0..random.below(6)).map(|_| Value::Long(random.below(1_000_000) as i64)).collect();
    let labels = [
        ("region".to_owned(), pick(random, &["eu-west-1", "eu-north-1", "us-east-2"])),
        ("device".to_owned(), pick(random, &["phone", "tablet", "desktop"])),
    ];
    let count = random.below(3) as usize;
    Value::Record(vec![
        Value::Long(id),
        Value::String(user),
        Value::Float(random.below(100_000) as f32 / 100.0),
        Value::Enum(random.below(3) as u32),
        note,
        Value::Array(items),
        Value::Map(labels.into_iter().take(count).collect()),
    ])
}

/// The record as a struct that borrows from the bytes.
#[derive(Debug, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "they are the schema's")]
pub struct Borrowed<'a> {
    pub id: i64,
    pub kind: Kind,
    pub user: &'a str,
    pub amount: f64,
    #[serde(borrow)]
    pub note: Option<&'a str>,
    pub items: Vec<i64>,
    #[serde(borrow)]
    pub labels: Labels<'a>,
    #[serde(default)]
    pub channel: &'a str,
}

/// The record as most people would write it.
#[derive(Debug, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "they are the schema's")]
pub struct Owned {
    pub id: i64,
    pub kind: Kind,
    pub user: String,
    pub amount: f64,
    pub note: Option<String>,
    pub items: Vec<i64>,
    pub labels: HashMap<String, String>,
    #[serde(default)]
    pub channel: String,
}

/// Symbols of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are the schema's")]
pub enum Kind {
    View,
    Cart,
    Wish,
    Buy,
}

/// A map that keeps its entries in a list.
#[derive(Debug, PartialEq)]
pub struct Labels<'a>(pub Vec<(&'a str, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(&'de str, &'de str)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(2));
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Visitor).map(Self)
    }
}

/// What must come out.
#[must_use]
pub fn expected() -> Borrowed<'static> {
    Borrowed {
        id: 1_723_456_789_012,
        kind: Kind::Buy,
        user: "user-0041723",
        amount: 129.5,
        note: Some("leave at the door"),
        items: vec![17, 4242, 900_001],
        labels: Labels(vec![("region", "eu-west-1"), ("device", "phone")]),
        channel: "web",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_has_83_bytes() {
        assert_eq!(Case::new().unwrap().bytes.len(), 83);
    }
}
