//! How long a record takes to be read with a schema that has evolved, to each target, and to be written:
//! `cargo run --release --features serde -p avro-compat --example decode_speed`.
//!
//! The record: an event of an online shop with seven fields, 83 bytes. The reader's schema has another order, a promotion, an alias, a default, a symbol
//! more, and leaves out nothing.

#![allow(clippy::print_stdout, reason = "it is what the example is for")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use avro_compat::{Decoder, Encoder, Resolver, Schema, Tape, Value};
use serde::Deserialize;

const WRITER: &str = r#"{"type": "record", "name": "Event", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"},
    {"name": "user", "type": "string"},
    {"name": "amount", "type": "float"},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["VIEW", "CART", "BUY"]}},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "items", "type": {"type": "array", "items": "long"}},
    {"name": "labels", "type": {"type": "map", "values": "string"}}
]}"#;

const READER: &str = r#"{"type": "record", "name": "Event", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["VIEW", "CART", "WISH", "BUY"]}},
    {"name": "customer", "aliases": ["user"], "type": "string"},
    {"name": "amount", "type": "double"},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "items", "type": {"type": "array", "items": "long"}},
    {"name": "labels", "type": {"type": "map", "values": "string"}},
    {"name": "channel", "type": "string", "default": "web"}
]}"#;

#[derive(Deserialize)]
#[allow(dead_code, reason = "nobody looks at what was read")]
struct Borrowed<'a> {
    id: i64,
    kind: Kind,
    customer: &'a str,
    amount: f64,
    #[serde(borrow)]
    note: Option<&'a str>,
    items: Vec<i64>,
    #[serde(borrow)]
    labels: Labels<'a>,
    channel: &'a str,
}

/// As most people would write it.
#[derive(Deserialize)]
#[allow(dead_code, reason = "nobody looks at what was read")]
struct Owned {
    id: i64,
    kind: Kind,
    customer: String,
    amount: f64,
    note: Option<String>,
    items: Vec<i64>,
    labels: HashMap<String, String>,
    channel: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    View,
    Cart,
    Wish,
    Buy,
}

/// A map that keeps its entries in a list.
#[allow(dead_code, reason = "nobody looks at what was read")]
struct Labels<'a>(Vec<(&'a str, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(&'de str, &'de str)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
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

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn main() -> avro_compat::Result<()> {
    let only = std::env::args().nth(1).unwrap_or_default();
    let writer = Schema::parse(WRITER)?;
    let reader = Schema::parse(READER)?;
    let value = Value::Record(vec![
        Value::Long(1_723_456_789_012),
        text("user-0041723"),
        Value::Float(129.5),
        Value::Enum(2),
        Value::Union(1, Box::new(text("leave at the door"))),
        Value::Array([17, 4242, 900_001].map(Value::Long).to_vec()),
        Value::Map(vec![("region".into(), text("eu-west-1")), ("device".into(), text("phone"))]),
    ]);
    let encoder = Encoder::new(&writer);
    let bytes = encoder.encode(&value)?;
    println!("{} bytes", bytes.len());
    let resolver = Resolver::new(&reader, &writer)?;
    let decoder = Decoder::new(&writer)?;

    let mut tape = Tape::new();
    measure(&only, "resolve to ValueRef", || {
        black_box(resolver.decode_ref(black_box(&bytes), &mut tape)).is_ok()
    });
    measure(&only, "resolve to a struct that borrows", || {
        black_box(resolver.decode_as::<Borrowed<'_>>(black_box(&bytes))).is_ok()
    });
    measure(&only, "resolve to a struct that owns", || {
        black_box(resolver.decode_as::<Owned>(black_box(&bytes))).is_ok()
    });
    measure(&only, "resolve to Value", || black_box(resolver.decode(black_box(&bytes))).is_ok());
    measure(&only, "decode to Value", || black_box(decoder.decode(black_box(&bytes))).is_ok());
    let none = Schema::parse(r#"{"type": "record", "name": "Event", "fields": []}"#)?;
    let none = Resolver::new(&none, &writer)?;
    measure(&only, "skip", || black_box(none.decode(black_box(&bytes))).is_ok());
    let mut out = Vec::new();
    measure(&only, "encode", || {
        out.clear();
        encoder.encode_to(black_box(&value), &mut out).is_ok()
    });
    measure(&only, "compile", || Resolver::new(black_box(&reader), black_box(&writer)).is_ok());
    Ok(())
}

/// The median of some rounds, and the fastest.
fn measure(only: &str, what: &str, mut work: impl FnMut() -> bool) {
    const CALLS: u32 = 5_000;
    if !what.contains(only) {
        return;
    }
    let mut rounds: Vec<_> = (0..101)
        .map(|_| {
            let begun = Instant::now();
            (0..CALLS).for_each(|_| assert!(black_box(work())));
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{what:34} {:8.1} ns, {:8.1} at best", rounds[rounds.len() / 2], rounds[0]);
}
