//! How long a record of ten fields takes to parse, to write and to fingerprint: `cargo run --release --example parse_speed`.

#![allow(clippy::print_stdout, reason = "it is what the example is for")]

use std::hint::black_box;
use std::time::Instant;

use avro_compat::Schema;
use avro_compat::json::{Document, Reading};

const ORDER: &str = r#"{
  "type": "record",
  "name": "Order",
  "namespace": "com.example.shop",
  "doc": "An order as the shop sends it.",
  "fields": [
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "customer", "type": "long"},
    {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "status", "type": {"type": "enum", "name": "Status", "symbols": ["NEW", "PAID", "SENT"], "default": "NEW"}},
    {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "weight", "type": "double", "default": 0},
    {"name": "gift", "type": "boolean", "default": false},
    {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
    {"name": "attributes", "type": {"type": "map", "values": "string"}, "default": {}}
  ]
}"#;

fn main() -> avro_compat::Result<()> {
    let schema = Schema::parse(ORDER)?;
    let reading = Reading::default();
    println!("{} bytes, {} types", ORDER.len(), schema.len());
    measure("json", || Document::read(black_box(ORDER), &reading).is_ok());
    measure("parse", || Schema::parse(black_box(ORDER)).is_ok());
    measure("write", || black_box(&schema).to_json().len() > 100);
    measure("canonical form", || black_box(&schema).canonical_form().len() > 100);
    measure("rabin", || black_box(&schema).rabin() != 0);
    measure("sha-256", || black_box(&schema).sha256()[0] < 255);
    measure("equality", || black_box(&schema) == black_box(&schema.at(schema.root())));
    Ok(())
}

/// The median of some rounds.
fn measure(what: &str, work: impl Fn() -> bool) {
    const CALLS: u32 = 2_000;
    let mut rounds: Vec<_> = (0..51)
        .map(|_| {
            let begun = Instant::now();
            (0..CALLS).for_each(|_| assert!(black_box(work())));
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{what:16} {:8.0} ns", rounds[rounds.len() / 2]);
}
