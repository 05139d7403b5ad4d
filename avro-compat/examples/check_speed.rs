//! How long the check of a pair of schemas takes, and what comes after it: `cargo run --release --example check_speed`.

#![allow(clippy::print_stdout, reason = "it is what the example is for")]

use std::hint::black_box;
use std::time::Instant;

use avro_compat::Schema;
use avro_compat::check::{CheckOptions, Severity, check};
use avro_compat::fix::fixes;
use avro_compat::witness::witnesses;

const OLD: &str = r#"{
  "type": "record",
  "name": "Order",
  "namespace": "com.example.shop",
  "doc": "An order as the shop sends it.",
  "fields": [
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "customer", "type": "int"},
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
    let old = Schema::parse(OLD)?;
    // Compatible: a promotion, a field more, a field less, fields in another order.
    let new = OLD
        .replace(r#""name": "customer", "type": "int""#, r#""name": "customer", "type": "long""#)
        .replace(
            r#"{"name": "gift", "type": "boolean", "default": false},"#,
            r#"{"name": "currency", "type": "string", "default": "EUR"},"#,
        );
    let new = Schema::parse(&new)?;
    let broken = Schema::parse(
        &OLD.replace(r#""SENT"], "default": "NEW""#, r#""LOST"]"#)
            .replace("timestamp-millis", "timestamp-micros")
            .replace(r#"["null", "string"], "default": null"#, r#"["null", "int"]"#),
    )?;
    let options = CheckOptions::default();
    let errors = CheckOptions::default().at_least(Severity::Error);
    let java = CheckOptions::java();
    assert_eq!(check(&new, &old, &options).worst(), None);
    assert_eq!(check(&broken, &old, &options).count(Severity::Error), 2);
    measure("the same schema", || {
        check(black_box(&old), black_box(&old), &options).is_compatible()
    });
    measure("a compatible pair", || {
        check(black_box(&new), black_box(&old), &options).is_compatible()
    });
    measure("errors only", || check(black_box(&new), black_box(&old), &errors).is_compatible());
    measure("a broken pair", || {
        !check(black_box(&broken), black_box(&old), &options).is_compatible()
    });
    measure("by Java's rules", || check(black_box(&new), black_box(&old), &java).is_compatible());
    let report = check(&broken, &old, &options);
    measure("its 3 witnesses", || witnesses(black_box(&report)).all(|it| it.1.is_ok()));
    measure("all fixes of one", || {
        let mut errors = report.leaves().filter(|it| it.severity() == Severity::Error);
        errors.next().is_some_and(|it| !fixes(black_box(it)).is_empty())
    });
    Ok(())
}

/// The median of some rounds.
fn measure(what: &str, work: impl Fn() -> bool) {
    const CALLS: u32 = 500;
    let mut rounds: Vec<_> = (0..101)
        .map(|_| {
            let begun = Instant::now();
            (0..CALLS).for_each(|_| assert!(black_box(work())));
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{what:18} {:8.0} ns", rounds[rounds.len() / 2]);
}
