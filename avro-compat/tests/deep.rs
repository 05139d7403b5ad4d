//! Nesting without end: an error or an answer, and no stack that overflows. Everything runs on a thread with a small stack.

use avro_compat::json::{Document, OwnedJson, Reading, Writer};
use avro_compat::{ParseOptions, Schema, Type};

const STACK: usize = 256 << 10;

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    assert!(thread.is_ok_and(|it| it.join().is_ok()));
}

fn nested(depth: usize, open: &str, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

fn texts(depth: usize) -> [String; 4] {
    [
        nested(depth, "[", "", "]"),
        nested(depth, r#"{"type":"array","items":"#, "\"int\"", "}"),
        nested(depth, r#"{"a":"#, "1", "}"),
        nested(depth, r#"{"type":"map","values":["null","#, "\"int\"", "]}"),
    ]
}

#[test]
fn ten_thousand_deep_is_an_error() {
    on_a_small_stack(|| {
        for text in texts(10_000) {
            for options in [ParseOptions::default(), ParseOptions::lenient()] {
                let error = Schema::parse_with(&text, &options).unwrap_err().to_string();
                assert!(error.contains("nested more than 512 deep"), "{error}");
            }
            // Cut off in the middle, too.
            assert!(Schema::parse(&text[..text.len() / 2]).is_err());
        }
    });
}

#[test]
fn a_hundred_thousand_deep_where_allowed() {
    on_a_small_stack(|| {
        let mut options = ParseOptions::default();
        options.json.max_depth = usize::MAX;
        options.max_types = usize::MAX;
        let text = nested(100_000, r#"{"type":"array","items":"#, "\"int\"", "}");
        let schema = Schema::parse_with(&text, &options).unwrap();
        let again = Schema::parse_with(&schema.to_json(), &options).unwrap();
        assert_eq!(schema, again);
        assert_eq!(schema.canonical_form(), text);
        assert!(
            schema
                .location(schema[*schema.ids().collect::<Vec<_>>().last().unwrap()].origin())
                .pointer
                .len()
                > 500_000
        );
        let attribute = format!(r#"{{"type":"int","x":{}}}"#, nested(100_000, "[", "7", "]"));
        let schema = Schema::parse_with(&attribute, &options).unwrap();
        assert_eq!(schema.to_json(), attribute);
        assert_eq!(schema, Schema::parse_with(&attribute, &options).unwrap());
        let unions = nested(100_000, "[", "", "]");
        assert!(Schema::parse_with(&unions, &options).unwrap_err().to_string().contains("union"));
    });
}

#[test]
fn json_itself() {
    on_a_small_stack(|| {
        let mut reading = Reading::default();
        reading.max_depth = usize::MAX;
        for text in texts(100_000) {
            let document = Document::read(&text, &reading).unwrap();
            let other = OwnedJson::read(&text, &reading).unwrap();
            assert!(document.root() == other.get());
            let mut writer = Writer::default();
            writer.value(other.get());
            assert_eq!(writer.finish(), text);
        }
    });
}

/// References make a schema deeper than its text: a list of records each of which has the next.
#[test]
fn chains_of_references() {
    on_a_small_stack(|| {
        const LENGTH: usize = 20_000;
        let record = |at: usize| {
            let next =
                if at + 1 < LENGTH { format!("\"R{}\"", at + 1) } else { "\"int\"".to_owned() };
            format!(r#"{{"type":"record","name":"R{at}","fields":[{{"name":"f","type":{next}}}]}}"#)
        };
        let text = format!("[{}]", (0..LENGTH).map(record).collect::<Vec<_>>().join(","));
        assert!(Schema::parse(&text).is_err());
        let schema = Schema::parse_with(&text, &ParseOptions::lenient()).unwrap();
        let Type::Union(union) = schema[schema.root()].ty() else { panic!() };
        assert_eq!(union.branches().len(), LENGTH);
        // Written with definitions before uses, it is as deep as the chain is long.
        let written = schema.to_json();
        let mut options = ParseOptions::default();
        options.json.max_depth = usize::MAX;
        let again = Schema::parse_with(&written, &options).unwrap();
        assert_eq!(schema, again);
        assert_eq!(schema.rabin(), again.rabin());
    });
}

/// A default that is filled in from one default after the other.
#[test]
fn chains_of_defaults() {
    on_a_small_stack(|| {
        let chain = |length: usize, forward: bool| {
            let record = |at: usize| {
                let field = match at {
                    0 => r#"{"name":"f","type":"int","default":1}"#.to_owned(),
                    _ => format!(r#"{{"name":"f","type":"R{}","default":{{}}}}"#, at - 1),
                };
                format!(r#"{{"type":"record","name":"R{at}","fields":[{field}]}}"#)
            };
            let mut records: Vec<_> = (0..length).map(record).collect();
            if forward {
                records.reverse();
            }
            let mut options = ParseOptions::default();
            options.forward_references = true;
            Schema::parse_with(&format!("[{}]", records.join(",")), &options)
        };
        assert!(chain(150, true).is_ok());
        assert!(chain(20_000, false).is_ok(), "what is known already costs no depth");
        let error = chain(20_000, true).unwrap_err().to_string();
        assert!(error.contains("nested more than 200 deep"), "{error}");
    });
}

/// Twice the default of the record before, thirty times over.
#[test]
fn defaults_that_double() {
    let record = |at: usize| {
        let field = |name: &str| match at {
            0 => format!(r#"{{"name":"{name}","type":"int","default":1}}"#),
            _ => format!(r#"{{"name":"{name}","type":"R{}","default":{{}}}}"#, at - 1),
        };
        format!(r#"{{"type":"record","name":"R{at}","fields":[{},{}]}}"#, field("a"), field("b"))
    };
    let text = format!("[{}]", (0..30).map(record).collect::<Vec<_>>().join(","));
    let error = Schema::parse(&text).unwrap_err().to_string();
    assert!(error.contains("consists of more than 100000 values"), "{error}");
}

/// Unions in records in unions: each level could try every branch again.
#[test]
fn unions_that_try_everything() {
    let records: Vec<_> = (0..8)
        .map(|at| {
            let branches: Vec<_> = (0..8).map(|it| format!("\"R{it}\"")).collect();
            format!(
                r#"{{"type":"record","name":"R{at}","fields":[{{"name":"f","type":[{},"null"]}},{{"name":"g{at}","type":"int"}}]}}"#,
                branches.join(",")
            )
        })
        .collect();
    let default = nested(60, r#"{"f":"#, "null", "}");
    let text = format!(
        r#"{{"type":"record","name":"Top","fields":[{{"name":"all","type":[{}]}},{{"name":"d","type":"R0","default":{default}}}]}}"#,
        records.join(",")
    );
    let mut options = ParseOptions::default();
    options.forward_references = true;
    let error = Schema::parse_with(&text, &options).unwrap_err().to_string();
    assert!(error.contains("does not fit"), "{error}");
}

/// A union of records of many fields, tried for value after value, each of which fits none but the last.
#[test]
fn unions_of_large_records() {
    let fields: Vec<_> =
        (0..1_000).map(|it| format!(r#"{{"name":"f{it}","type":"int"}}"#)).collect();
    let records: Vec<_> = (0..90)
        .map(|it| format!(r#"{{"type":"record","name":"R{it}","fields":[{}]}}"#, fields.join(",")))
        .collect();
    let default = vec!["{}"; 50_000].join(",");
    let text = format!(
        r#"{{"type":"record","name":"Top","fields":[{{"name":"f","type":{{"type":"array","items":[{},{{"type":"map","values":"int"}}]}},"default":[{default}]}}]}}"#,
        records.join(",")
    );
    let error = Schema::parse(&text).unwrap_err().to_string();
    assert!(error.contains("takes too long"), "{error}");
}
