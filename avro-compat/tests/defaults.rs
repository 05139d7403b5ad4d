//! Defaults: which fit, which do not, and what is said about those.

use avro_compat::json::{OwnedJson, Reading};
use avro_compat::{ParseOptions, Schema};

fn with_default(ty: &str, default: &str) -> Result<Schema, String> {
    let text = format!(
        r#"{{"type":"record","name":"Top","fields":[{{"name":"f","type":{ty},"default":{default}}}]}}"#
    );
    Schema::parse(&text).map_err(|it| it.to_string())
}

fn fits(ty: &str, defaults: &[&str]) {
    for default in defaults {
        let schema = with_default(ty, default).unwrap_or_else(|it| panic!("{ty}: {it}"));
        assert_eq!(Schema::parse(&schema.to_json()).as_ref(), Ok(&schema));
    }
}

fn refused(ty: &str, defaults: &[(&str, &str)]) {
    for (default, reason) in defaults {
        match with_default(ty, default) {
            Ok(_) => panic!("{default} is taken for {ty}"),
            Err(message) => {
                assert!(message.contains(reason), "{message} says nothing of {reason:?}");
                assert!(
                    message
                        .contains("(/fields/0/default): the default of field \"f\" does not fit"),
                    "{message}"
                );
            }
        }
    }
}

#[test]
fn scalars() {
    fits(r#""null""#, &["null"]);
    refused(
        r#""null""#,
        &[("0", "expected null, found a number"), ("\"null\"", "expected null, found a string")],
    );
    fits(r#""boolean""#, &["true", "false"]);
    refused(
        r#""boolean""#,
        &[("\"true\"", "expected a boolean, found a string"), ("null", "found null")],
    );
    fits(r#""int""#, &["0", "-0", "2147483647", "-2147483648"]);
    refused(
        r#""int""#,
        &[
            ("2147483648", "out of the range of int"),
            ("-2147483649", "out of the range of int"),
            ("1.0", "expected int, found a number with fraction or exponent"),
            ("1e3", "expected int, found a number with fraction or exponent"),
            ("\"1\"", "expected a number, found a string"),
            ("99999999999999999999999", "out of the range of int"),
        ],
    );
    fits(r#""long""#, &["9223372036854775807", "-9223372036854775808"]);
    refused(
        r#""long""#,
        &[("9223372036854775808", "out of the range of long"), ("null", "expected a number")],
    );
    fits(
        r#""float""#,
        &["0", "7", "-1.5e3", "3.4028234e38", "1e-99", "\"NaN\"", "\"Infinity\"", "\"-Infinity\""],
    );
    refused(
        r#""float""#,
        &[
            ("3.5e38", "out of the range of float"),
            ("\"1.5\"", "expected a number"),
            ("\"nan\"", "expected a number"),
        ],
    );
    fits(r#""double""#, &["0", "1.7976931348623157e308", "\"NaN\""]);
    refused(r#""double""#, &[("1e309", "out of the range of double"), ("true", "found a boolean")]);
    fits(r#""string""#, &["\"\"", "\"\\u2603\"", "\"NaN\""]);
    refused(r#""string""#, &[("1", "expected a string, found a number")]);
}

#[test]
fn bytes_and_fixed_are_code_points() {
    fits(r#""bytes""#, &["\"\"", "\"\\u00ff\\u0000\"", "\"\u{ff}\""]);
    refused(
        r#""bytes""#,
        &[
            ("\"\\u0100\"", "U+0000 to U+00FF"),
            ("\"\u{1f980}\"", "is no byte"),
            ("[1]", "found an array"),
        ],
    );
    let fixed = r#"{"type":"fixed","name":"F","size":3}"#;
    fits(fixed, &["\"abc\"", "\"\\u00ff\\u00fe\u{e9}\""]);
    refused(
        fixed,
        &[
            ("\"ab\"", "expected 3 bytes, found 2"),
            ("\"abcd\"", "expected 3 bytes, found 4"),
            ("\"ab\\u0100\"", "is no byte"),
        ],
    );
    fits(r#"{"type":"fixed","name":"F","size":0}"#, &["\"\""]);
}

#[test]
fn enums() {
    let ty = r#"{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}"#;
    fits(ty, &["\"B\""]);
    refused(ty, &[("\"C\"", "this is no symbol of enum \"E\""), ("0", "expected a string")]);
    refused(r#"{"type":"enum","name":"E","symbols":[]}"#, &[("\"\"", "no symbol")]);
}

#[test]
fn arrays_and_maps() {
    let array = r#"{"type":"array","items":{"type":"map","values":"int"}}"#;
    fits(array, &["[]", "[{}]", r#"[{"a":1,"b":2},{"a":3}]"#]);
    refused(
        array,
        &[
            ("{}", "expected an array, found an object"),
            (r#"[{"a":1},{"b":[2]}]"#, "at /1/b in it: expected a number, found an array"),
            (r#"[{"a":1},2]"#, "at /1 in it: expected an object"),
        ],
    );
}

#[test]
fn unions_take_what_a_branch_takes() {
    fits(r#"["null","string"]"#, &["null", "\"x\""]);
    fits(r#"["string","null"]"#, &["null"]);
    fits(r#"["double","string"]"#, &["\"NaN\"", "1"]);
    refused(
        r#"["null","int"]"#,
        &[("\"x\"", "a string fits none of the union's branches"), ("[]", "an array fits none")],
    );
    refused(r#"["int"]"#, &[("1.5", "expected int, found a number with fraction")]);
    refused("[]", &[("null", "null fits none")]);
    refused(r#"["null","double"]"#, &[("\"NaN\"", "fits none")]);
}

#[test]
fn branches_of_defaults() {
    let schema = Schema::parse(
        r#"["null","int","long","string",{"type":"fixed","name":"F","size":2},{"type":"map","values":"int"},
            {"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"int","default":1}]}]"#,
    )
    .unwrap();
    let branch = |text: &str| {
        let value = OwnedJson::read(text, &Reading::default()).unwrap();
        schema.default_branch(schema.root(), value.get())
    };
    assert_eq!(branch("null"), Some(0));
    assert_eq!(branch("1"), Some(1));
    assert_eq!(branch("3000000000"), Some(2));
    assert_eq!(branch("\"ab\""), Some(3), "the first that fits");
    assert_eq!(branch(r#"{"a":1}"#), Some(5));
    assert_eq!(branch(r#"{"a":"x"}"#), Some(6));
    assert_eq!(branch("1.5"), None);
    let int =
        schema.at(schema.ids().find(|it| schema[*it].kind() == avro_compat::Kind::Int).unwrap());
    let value = OwnedJson::read("1", &Reading::default()).unwrap();
    assert_eq!(int.default_branch(int.root(), value.get()), None, "no union");
}

#[test]
fn records_are_filled_in() {
    let ty = r#"{"type":"record","name":"R","fields":[
        {"name":"a","type":"int"},
        {"name":"b","type":"string","default":"b"},
        {"name":"c","type":["null","R"],"default":null}]}"#;
    fits(
        ty,
        &[
            r#"{"a":1}"#,
            r#"{"a":1,"b":"x"}"#,
            r#"{"b":"x","a":2,"c":{"a":3,"c":{"a":4}}}"#,
            r#"{"a":1,"no field":[]}"#,
        ],
    );
    refused(
        ty,
        &[
            ("{}", "field \"a\" of record \"R\" is missing, and has no default itself"),
            (r#"{"a":1,"b":null}"#, "at /b in it: expected a string"),
            (
                r#"{"a":1,"c":{"a":"x"}}"#,
                "at /c in it: an object fits none of the union's branches",
            ),
            ("[1]", "expected an object, found an array"),
        ],
    );
}

/// A field's default may be of a record that is still being defined.
#[test]
fn recursive_defaults() {
    let text = r#"{"type":"record","name":"R","fields":[
        {"name":"next","type":["null","R"],"default":{"value":1,"next":null}},
        {"name":"value","type":"int"}]}"#;
    // The first branch that fits is the record.
    assert!(Schema::parse(text).is_ok());
    let wrong = text.replace(r#"{"value":1,"next":null}"#, r#"{"next":null}"#);
    let error = Schema::parse(&wrong).unwrap_err().to_string();
    assert!(error.contains("fits none"), "{error}");
}

#[test]
fn defaults_without_end() {
    let own = r#"{"type":"record","name":"R","fields":[{"name":"r","type":"R","default":{}}]}"#;
    let error = Schema::parse(own).unwrap_err().to_string();
    assert!(error.contains("it never ends"), "{error}");
    let mutual = r#"{"type":"record","name":"A","fields":[{"name":"b","default":{},"type":
        {"type":"record","name":"B","fields":[{"name":"a","type":"A","default":{}}]}}]}"#;
    assert!(Schema::parse(mutual).unwrap_err().to_string().contains("it never ends"));
    // Filled in with null, it ends.
    let text = r#"{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"],"default":null},
        {"name":"s","type":["R","null"],"default":{"s":null}}]}"#;
    assert!(Schema::parse(text).is_ok());
}

#[test]
fn what_is_filled_in_wrongly_is_told() {
    let schema = Schema::parse_with(
        r#"[{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}]"#,
        &ParseOptions::lenient(),
    )
    .unwrap();
    let value = OwnedJson::read("{}", &Reading::default()).unwrap();
    let record = schema.find("R").unwrap();
    let mismatch = schema.check_default(record, value.get()).unwrap_err();
    assert_eq!((mismatch.pointer(), mismatch.is_inside()), ("/0/fields/0/default", false));
    assert_eq!(
        mismatch.to_string(),
        "filled in from /0/fields/0/default: expected a number, found a string"
    );
}
