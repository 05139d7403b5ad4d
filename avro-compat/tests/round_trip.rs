//! A schema that is written and parsed again is the same schema, whatever is in it.

mod generate;

use avro_compat::json::Layout;
use avro_compat::{Kind, ParseOptions, Schema, Type, WriteOptions};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

proptest! {
    #[test]
    fn what_is_written_parses_to_an_equal_schema(model in generate::schema()) {
        let text = model.text();
        let schema = Schema::parse(&text).unwrap_or_else(|it| panic!("{it}\n{text}"));
        let written = schema.to_json();
        let again = Schema::parse(&written).unwrap_or_else(|it| panic!("{it}\n{text}\n{written}"));
        prop_assert_eq!(&schema, &again, "{}", written);
        prop_assert_eq!(&written, &again.to_json());
        let indented = schema.to_json_with(&WriteOptions::indented());
        let again = Schema::parse(&indented).unwrap_or_else(|it| panic!("{it}\n{text}\n{indented}"));
        prop_assert_eq!(&schema, &again);
        prop_assert_eq!(schema.rabin(), again.rabin());
    }

    #[test]
    fn layout_of_the_text_and_tolerance_make_no_difference(model in generate::schema()) {
        let schema = Schema::parse(&model.text()).unwrap();
        prop_assert_eq!(&schema, &Schema::parse(&model.text_in(Layout::Indented)).unwrap());
        let lenient = Schema::parse_with(&model.text(), &ParseOptions::lenient()).unwrap();
        prop_assert_eq!(&schema, &lenient);
        prop_assert_eq!(schema.len(), lenient.len());
    }

    /// But for schemas with types both in the null namespace and out of it: a canonical form has no namespaces, so that when it is read, a
    /// definition without one is in the namespace around it.
    #[test]
    fn the_canonical_form_of_a_canonical_form_is_itself(model in generate::schema()) {
        let schema = Schema::parse(&model.text()).unwrap();
        let named = || schema.ids().filter_map(|it| schema[it].name());
        let null = named().filter(|it| it.namespace().is_empty()).count();
        if null == 0 || null == named().count() {
            let canonical = schema.canonical_form();
            let again = Schema::parse(&canonical).unwrap_or_else(|it| panic!("{it}\n{canonical}"));
            prop_assert_eq!(&again.canonical_form(), &canonical);
            prop_assert!(again.same_canonical_form(&schema));
            prop_assert_eq!(again.md5(), schema.md5());
        }
    }

    #[test]
    fn another_name_default_or_symbol_is_another_schema(model in generate::schema()) {
        let text = model.text();
        let schema = Schema::parse(&text).unwrap();
        for (from, to) in [("\"a\"", "\"a_other\""), ("\"S0\"", "\"S_0\""), ("2147483647", "214748364"), ("counts.for.nothing", "nothing.at.all")] {
            let changed = text.replace(from, to);
            if let Ok(other) = Schema::parse(&changed) {
                prop_assert_eq!(schema == other, changed == text || from.contains("nothing"), "{}\n{}", text, changed);
            }
        }
    }

    #[test]
    fn ids_names_and_locations_agree(model in generate::schema()) {
        let text = model.text();
        let schema = Schema::parse(&text).unwrap();
        for id in schema.ids() {
            let node = &schema[id];
            if let Some(name) = node.name() {
                prop_assert_eq!(schema.find(name.full()), Some(id));
                prop_assert!(node.kind().is_named());
            }
            let json = schema.json(node.origin());
            prop_assert_eq!(&text[json.span()], json.text());
            let location = schema.location(node.origin());
            prop_assert_eq!(follow(&schema, &location.pointer), Some(json.span()));
            if let Type::Record(record) = node.ty() {
                for (at, field) in record.fields().iter().enumerate() {
                    prop_assert_eq!(record.position(field.name()), Some(at));
                    let there = schema.location(field.origin()).pointer;
                    prop_assert_eq!(there, format!("{}/fields/{at}", location.pointer));
                    if let Some(default) = field.default() {
                        prop_assert!(schema.check_default(field.ty(), default).is_ok());
                        let union = schema[field.ty()].kind() == Kind::Union;
                        prop_assert_eq!(schema.default_branch(field.ty(), default).is_some(), union);
                    }
                }
            }
        }
    }

    /// Any part of a schema cut out, or any character replaced: an error or a schema, never a panic.
    #[test]
    fn damaged_texts_are_refused_or_taken(model in generate::schema(), at in any::<prop::sample::Index>(), len in 0..9_usize, put in "[\\[\\]{}\",:0-9a-z\\\\\u{e9}]{0,3}") {
        let text = model.text();
        let mut damaged: Vec<char> = text.chars().collect();
        let at = at.index(damaged.len());
        let end = (at + len).min(damaged.len());
        damaged.splice(at..end, put.chars());
        let damaged: String = damaged.into_iter().collect();
        for options in [ParseOptions::default(), ParseOptions::lenient()] {
            match Schema::parse_with(&damaged, &options) {
                Ok(schema) => {
                    let written = schema.to_json();
                    let again = Schema::parse_with(&written, &options).unwrap_or_else(|it| panic!("{it}\n{damaged}\n{written}"));
                    prop_assert_eq!(schema, again);
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}

/// The span of what a pointer points to.
fn follow(schema: &Schema, pointer: &str) -> Option<std::ops::Range<usize>> {
    let mut value = schema.json(schema[schema.root()].origin()).document().root();
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = match token.parse::<usize>() {
            Ok(index) if value.kind() == avro_compat::json::Kind::Array => {
                value.elements().nth(index)?
            }
            _ => value.get(&token)?,
        };
    }
    Some(value.span())
}

/// Every construct that the properties above are about is drawn.
#[test]
fn the_generator_draws_everything() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = generate::schema();
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..400 {
        let model = strategy.new_tree(&mut runner).unwrap().current();
        let text = model.text();
        let schema = Schema::parse(&text).unwrap();
        let mut count =
            |what: &'static str, times: usize| *counts.entry(what).or_insert(0) += times;
        for (what, pattern) in [
            ("null namespace in another", "\"namespace\":\"\""),
            ("hidden reference", "\"type\":\"."),
            ("error", "\"type\":\"error\""),
            ("alias that is no name", "\"not a name\""),
            ("alias in the null namespace", "\".Older\""),
            ("default NaN", "\"default\":\"NaN\""),
            ("enum default", "\"default\":\"S"),
            ("default that is an object", "\"default\":{\""),
            ("default of an empty record", "\"default\":{}"),
        ] {
            count(what, text.matches(pattern).count());
        }
        for id in schema.ids() {
            let node = &schema[id];
            count(node.kind().as_str(), 1);
            count("logical type", usize::from(node.logical_type().is_some()));
            count("ignored logical type", usize::from(node.ignored_logical_type().is_some()));
            count("attributes", usize::from(!node.attributes().is_empty()));
            let Type::Record(record) = node.ty() else { continue };
            for field in record.fields() {
                count("field attributes", usize::from(!field.attributes().is_empty()));
                count("default", usize::from(field.default().is_some()));
                count(
                    "reference",
                    usize::from(schema[field.ty()].kind().is_named() && field.ty() <= id),
                );
            }
        }
    }
    let rare: Vec<_> = counts.iter().filter(|it| *it.1 == 0).collect();
    assert!(rare.is_empty() && counts.len() == 29, "{rare:?} of {counts:?}");
}
