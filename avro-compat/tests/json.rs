//! The JSON reader and writer, beside another implementation.

use avro_compat::json::{Document, Json, Kind, Layout, OwnedJson, Reading, Writer};
use proptest::prelude::*;
use serde_json::Value;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        "[\"\\\\\n\t\u{0}-\u{1f}/é\u{1f980}]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..24).prop_map(Value::from),
            prop::collection::btree_map(".{0,3}", inner, 0..24)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

/// Whether ours is what theirs is.
fn same(ours: Json<'_>, theirs: &Value) -> bool {
    match theirs {
        Value::Null => ours.is_null(),
        Value::Bool(it) => ours.as_bool() == Some(*it),
        Value::Number(it) => ours
            .as_number()
            .is_some_and(|ours| // Theirs has no integer -0.
            it.as_i64().is_none_or(|it| ours.as_i64() == Some(it)) && Some(ours.as_f64()) == it.as_f64()),
        Value::String(it) => ours.as_str().is_some_and(|ours| ours == *it),
        Value::Array(it) => {
            ours.kind() == Kind::Array
                && ours.elements().count() == it.len()
                && ours.elements().zip(it).all(|(ours, theirs)| same(ours, theirs))
        }
        Value::Object(it) => {
            ours.kind() == Kind::Object
                && ours.members().count() == it.len()
                && it.iter().all(|(name, theirs)| ours.get(name).is_some_and(|it| same(it, theirs)))
        }
    }
}

proptest! {
    #[test]
    fn reads_what_others_write(value in value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let document = Document::read(&text, &Reading::default()).unwrap_or_else(|it| panic!("{it}\n{text}"));
        prop_assert!(same(document.root(), &value), "{}", text);
    }

    #[test]
    fn writes_what_others_read(value in value()) {
        let ours = OwnedJson::read(&value.to_string(), &Reading::default()).unwrap();
        for layout in [Layout::Compact, Layout::Indented] {
            let mut writer = Writer::new(layout);
            writer.value(ours.get());
            let text = writer.finish();
            prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value);
            let again = OwnedJson::read(&text, &Reading::default()).unwrap();
            prop_assert_eq!(&again, &ours);
            if layout == Layout::Compact {
                prop_assert_eq!(&text, &ours_compact(&ours));
            } else {
                // Members and elements have lines of their own; strings have no line feeds but escaped ones.
                let has_parts = value.as_array().is_some_and(|it| !it.is_empty())
                    || value.as_object().is_some_and(|it| !it.is_empty());
                prop_assert!(has_parts || text == ours_compact(&ours), "{}", text);
            }
        }
    }

    /// Texts that are nearly JSON: both take them, or neither.
    #[test]
    fn takes_what_others_take(value in value(), at in any::<prop::sample::Index>(), len in 0..4_usize, put in "[\\[\\]{}\",:0-9eE.+nulltrue\\\\ \n\u{1}-]{0,4}") {
        let mut characters: Vec<char> = value.to_string().chars().collect();
        let at = at.index(characters.len() + 1);
        let end = (at + len).min(characters.len());
        characters.splice(at..end, put.chars());
        let text: String = characters.into_iter().collect();
        let mut reading = Reading::default();
        reading.repeated_members = true;
        let ours = OwnedJson::read(&text, &reading);
        match serde_json::from_str::<Value>(&text) {
            Ok(theirs) => prop_assert!(ours.is_ok_and(|it| same(it.get(), &theirs)), "{}", text),
            // Ours keeps numbers of any size.
            Err(error) if error.to_string().contains("number out of range") => {}
            Err(error) => {
                let ours = ours.err();
                prop_assert!(ours.is_some(), "taken, though {}: {}", error, text);
                let offset = ours.map(|it| it.location().offset);
                prop_assert!(offset.is_some_and(|it| text.is_char_boundary(it)));
            }
        }
    }

    #[test]
    fn equal_is_what_says_the_same(a in value(), b in value()) {
        let read = |it: &Value| OwnedJson::read(&it.to_string(), &Reading::default()).unwrap();
        prop_assert!(read(&a) == read(&a));
        if a != b {
            prop_assert!(read(&a) != read(&b), "{} {}", a, b);
        }
    }

    #[test]
    fn pointers_lead_back(value in value()) {
        let text = value.to_string();
        let document = Document::read(&text, &Reading::default()).unwrap();
        let mut open = vec![document.root()];
        while let Some(it) = open.pop() {
            let found = value.pointer(&it.pointer()).unwrap();
            prop_assert!(same(it, found));
            open.extend(it.elements());
            open.extend(it.members().map(|it| it.1));
        }
    }
}

fn ours_compact(value: &OwnedJson) -> String {
    let mut writer = Writer::default();
    writer.value(value.get());
    writer.finish()
}

#[test]
fn numbers_are_equal_by_value() {
    let read = |text: &str| OwnedJson::read(text, &Reading::default()).unwrap();
    for (a, b) in [
        ("1", "1.0"),
        ("1", "10e-1"),
        ("0", "0.000"),
        ("0e99", "0"),
        ("-1.50", "-15E-1"),
        ("1e400", "10e399"),
        ("100", "1e2"),
        ("1e99999999999999999999999", "1e9999999999999999999999"),
    ] {
        assert!(read(a) == read(b), "{a} {b}");
    }
    for (a, b) in [
        ("1", "-1"),
        ("0", "-0"),
        ("9007199254740993", "9007199254740992"),
        ("1", "1.0000000000000000000001"),
        ("1e400", "1e401"),
        ("0.1", "0.01"),
        ("12", "21"),
    ] {
        assert!(read(a) != read(b), "{a} {b}");
    }
    assert_eq!(read("[1,2]"), read(" [ 1.0 , 2 ] "));
    assert_eq!(read(r#"{"a":1,"b":"\u0062"}"#), read(r#"{"b":"b","\u0061":1}"#));
    assert_ne!(read("[1,2]"), read("[2,1]"));
    assert_ne!(read("[1]"), read("[1,1]"));
}

#[test]
fn empty_and_nested_layouts() {
    let value =
        OwnedJson::read(r#"{"a":[],"b":{},"c":[1,{"d":null}]}"#, &Reading::default()).unwrap();
    let mut writer = Writer::new(Layout::Indented);
    writer.value(value.get());
    let wanted = "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": null\n    }\n  ]\n}";
    assert_eq!(writer.finish(), wanted);
}
