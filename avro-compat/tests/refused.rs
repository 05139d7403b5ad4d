//! Texts that are no schemas: what is said about them, and where.

use avro_compat::{Error, ParseError, ParseOptions, Schema};

fn refusal(text: &str) -> ParseError {
    match Schema::parse(text) {
        Err(Error::Parse(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(schema) => panic!("taken: {schema}"),
    }
}

/// Text, line and column, pointer, and a part of the message.
type Case = (&'static str, (u32, u32), &'static str, &'static str);

fn check(cases: &[Case]) {
    for (text, (line, column), pointer, message) in cases {
        let error = refusal(text);
        let at = error.location();
        let found = ((at.position.line, at.position.column), at.pointer.as_str());
        assert_eq!(found, ((*line, *column), *pointer), "{error}\n{text}");
        assert!(
            error.to_string().contains(message),
            "{error:?} says nothing of {message:?}: {error}"
        );
    }
}

#[test]
fn text_that_is_no_json() {
    check(&[
        ("", (1, 1), "", "there is nothing here"),
        ("  \n ", (2, 2), "", "there is nothing here"),
        (
            "{\"type\": \"record\",\n \"name\": \"R\", \"fields\": [",
            (2, 26),
            "/fields/0",
            "ends inside of an array that begins at line 2, column 25",
        ),
        ("{\"type\": \"rec", (1, 10), "/type", "this string does not end"),
        ("{\"type\"", (1, 8), "/type", "ends inside of an object"),
        ("[\"null\" \"int\"]", (1, 9), "/1", "found '\"', expected `,` or `]`"),
        ("[\"null\",]", (1, 9), "/1", "expected a value"),
        ("{\"type\": \"int\",}", (1, 16), "", "a member's name in double quotes"),
        ("{type: \"int\"}", (1, 2), "", "a member's name in double quotes"),
        ("{\"type\"; \"int\"}", (1, 8), "/type", "`:` after a member's name"),
        ("\"int\" \"long\"", (1, 7), "", "something follows"),
        ("{\"type\": \"int\"}}", (1, 16), "", "something follows"),
        ("{\"type\": \"int\", \"x\": nul}", (1, 22), "/x", "expected a value"),
        ("{\"type\": \"int\", \"x\": nulls}", (1, 22), "/x", "expected a value"),
        ("{\"type\": \"int\", \"x\": 01}", (1, 22), "/x", "\"01\" is not a JSON number"),
        ("{\"type\": \"int\", \"x\": -}", (1, 22), "/x", "is not a JSON number"),
        ("{\"type\": \"int\", \"x\": 1.}", (1, 22), "/x", "is not a JSON number"),
        ("{\"type\": \"int\", \"x\": 1e+}", (1, 22), "/x", "is not a JSON number"),
        ("{\"type\": \"int\", \"x\": .5}", (1, 22), "/x", "expected a value"),
        ("{\"type\": \"int\", \"x\": NaN}", (1, 22), "/x", "expected a value"),
        ("{\"type\": \"int\", \"x\": \"\t\"}", (1, 23), "/x", "control character 0x09"),
        ("{\"type\": \"int\", \"é\": \"\\x\"}", (1, 23), "/é", "is not an escape"),
        ("{\"type\": \"int\", \"x\": \"\\u12g4\"}", (1, 23), "/x", "is not an escape"),
        ("{\"type\": \"int\", \"x\": \"\\ud800\"}", (1, 23), "/x", "half of a surrogate pair"),
        (
            "{\"type\": \"int\", \"x\": \"\\udc00\\ud800\"}",
            (1, 23),
            "/x",
            "half of a surrogate pair",
        ),
        ("// a comment\n\"int\"", (1, 1), "", "JSON has no comments"),
        ("/* a comment", (1, 1), "", "does not end"),
        (
            "{\"type\": \"int\",\n\"t\\u0079pe\": \"long\"}",
            (2, 1),
            "",
            "\"type\" is here a second time, first at line 1, column 2",
        ),
        ("{\"a/b\": {\"~\": [1, 2, {\"c\": x}]}}", (1, 28), "/a~1b/~0/2/c", "expected a value"),
    ]);
}

#[test]
fn json_that_is_no_schema() {
    check(&[
        ("null", (1, 1), "", "null is not a schema"),
        ("42", (1, 1), "", "a number is not a schema"),
        ("[\"int\", 3]", (1, 9), "/1", "a number is not a schema"),
        ("{}", (1, 1), "", "needs \"type\""),
        (
            r#"{"type": 3}"#,
            (1, 10),
            "/type",
            "\"type\" must be the name of a type, and is a number",
        ),
        (
            r#"{"type": {"type": "int"}}"#,
            (1, 10),
            "/type",
            "put that where the object around it is",
        ),
        (r#"{"type": ["null"]}"#, (1, 10), "/type", "put that where the object around it is"),
        (r#"{"type": "array"}"#, (1, 1), "", "an array needs \"items\""),
        (r#"{"type": "map"}"#, (1, 1), "", "a map needs \"values\""),
        (r#"{"type": "record", "fields": []}"#, (1, 1), "", "a record needs \"name\""),
        (r#"{"type": "record", "name": "R"}"#, (1, 1), "", "a record needs \"fields\""),
        (
            r#"{"type": "record", "name": "R", "fields": {}}"#,
            (1, 43),
            "/fields",
            "must be an array, and is an object",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": ["a"]}"#,
            (1, 44),
            "/fields/0",
            "must be an array of objects",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [{"type": "int"}]}"#,
            (1, 44),
            "/fields/0",
            "a field needs \"name\"",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [{"name": "a"}]}"#,
            (1, 44),
            "/fields/0",
            "a field needs \"type\"",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [{"name": 1, "type": "int"}]}"#,
            (1, 53),
            "/fields/0/name",
            "must be a string",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "order": "up"}]}"#,
            (1, 82),
            "/fields/0/order",
            "\"up\" is not an order",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "order": "ASCENDING"}]}"#,
            (1, 82),
            "/fields/0/order",
            "is not an order",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [], "aliases": "Q"}"#,
            (1, 58),
            "/aliases",
            "must be an array of strings",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [], "aliases": [1]}"#,
            (1, 59),
            "/aliases/0",
            "must be an array of strings",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [], "doc": null}"#,
            (1, 54),
            "/doc",
            "must be a string",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [], "namespace": null}"#,
            (1, 60),
            "/namespace",
            "must be a string",
        ),
        (r#"{"type": "fixed", "name": "F"}"#, (1, 1), "", "a fixed needs \"size\""),
        (r#"{"type": "fixed", "name": "F", "size": -1}"#, (1, 40), "/size", "-1 is not a size"),
        (
            r#"{"type": "fixed", "name": "F", "size": 2147483648}"#,
            (1, 40),
            "/size",
            "is not a size",
        ),
        (r#"{"type": "fixed", "name": "F", "size": 1.0}"#, (1, 40), "/size", "is not a size"),
        (r#"{"type": "fixed", "name": "F", "size": "16"}"#, (1, 40), "/size", "without quotes"),
        (r#"{"type": "enum", "name": "E"}"#, (1, 1), "", "an enum needs \"symbols\""),
        (
            r#"{"type": "enum", "name": "E", "symbols": "A"}"#,
            (1, 42),
            "/symbols",
            "must be an array",
        ),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A", 1]}"#,
            (1, 48),
            "/symbols/1",
            "must be an array of strings",
        ),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A", "B", "A"]}"#,
            (1, 53),
            "/symbols/2",
            "has the symbol \"A\" already",
        ),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A-B"]}"#,
            (1, 43),
            "/symbols/0",
            "\"A-B\" is not a valid symbol",
        ),
        (
            r#"{"type": "enum", "name": "n.E", "symbols": ["A"], "default": "B"}"#,
            (1, 62),
            "/default",
            "\"B\" is no symbol of enum \"n.E\"",
        ),
        (
            r#"{"type": "enum", "name": "E", "symbols": ["A"], "default": 1}"#,
            (1, 60),
            "/default",
            "must be a string",
        ),
    ]);
}

#[test]
fn names() {
    check(&[
        (
            r#"{"type": "fixed", "name": "", "size": 1}"#,
            (1, 27),
            "/name",
            "\"\" is not a valid name",
        ),
        (
            r#"{"type": "fixed", "name": "1a", "size": 1}"#,
            (1, 27),
            "/name",
            "\"1a\" is not a valid name",
        ),
        (
            r#"{"type": "fixed", "name": "a-b", "size": 1}"#,
            (1, 27),
            "/name",
            "is not a valid name of a type",
        ),
        (
            r#"{"type": "fixed", "name": "é", "size": 1}"#,
            (1, 27),
            "/name",
            "is not a valid name of a type",
        ),
        (
            r#"{"type": "fixed", "name": "a.", "size": 1}"#,
            (1, 27),
            "/name",
            "\"\" is not a valid name",
        ),
        (
            r#"{"type": "fixed", "name": "a..b", "size": 1}"#,
            (1, 27),
            "/name",
            "\"a.\" is not a valid namespace",
        ),
        (
            r#"{"type": "fixed", "name": ".F", "size": 1}"#,
            (1, 27),
            "/name",
            "\".F\" is not a valid name of a type: it has no dot in front",
        ),
        (
            r#"{"type": "fixed", "name": "A", "namespace": "a b", "size": 1}"#,
            (1, 27),
            "/name",
            "\"a b\" is not a valid namespace",
        ),
        (
            r#"{"type": "fixed", "name": "int", "size": 1}"#,
            (1, 27),
            "/name",
            "names a primitive type",
        ),
        (
            r#"{"type": "fixed", "name": "n.string", "size": 1}"#,
            (1, 27),
            "/name",
            "names a primitive type",
        ),
        (
            r#"{"type": "record", "name": "R", "fields": [{"name": "a.b", "type": "int"}]}"#,
            (1, 53),
            "/fields/0/name",
            "is not a valid name of a field",
        ),
    ]);
}

#[test]
fn types_that_are_unknown_or_defined_twice() {
    check(&[
        ("\"Foo\"", (1, 1), "", "unknown type \"Foo\": define it before"),
        ("\"String\"", (1, 1), "", "did you mean \"string\"?"),
        ("\"integer\"", (1, 1), "", "did you mean \"int\"?"),
        ("\"record\"", (1, 1), "", "a definition is an object"),
        (r#"{"type": "Foo"}"#, (1, 10), "/type", "unknown type \"Foo\""),
        (
            r#"{"type": "record", "name": "n.R", "fields": [{"name": "a", "type": "Foo"},
 {"name": "b", "type": {"type": "fixed", "name": "Foo", "size": 1}}]}"#,
            (1, 68),
            "/fields/0/type",
            "it is defined behind this, at line 2, column 24",
        ),
        (
            r#"[{"type": "fixed", "name": "n.F", "size": 1}, {"type": "array", "items": "F"}]"#,
            (1, 74),
            "/1/items",
            "did you mean \"n.F\"?",
        ),
        (
            r#"[{"type": "fixed", "name": "F", "size": 1},
 {"type": "fixed", "name": "F", "size": 1}]"#,
            (2, 28),
            "/1/name",
            "type \"F\" is defined already, at line 1, column 2 (/0)",
        ),
        (
            r#"{"type": "record", "name": "n.R", "fields": [{"name": "a", "type": {"type": "enum", "name": "R", "symbols": []}}]}"#,
            (1, 93),
            "/fields/0/type/name",
            "type \"n.R\" is defined already",
        ),
        (
            r#"{"type": "record", "name": "n.R", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}"#,
            (1, 85),
            "/fields/1/name",
            "record \"n.R\" has a field \"a\" already",
        ),
    ]);
}

#[test]
fn unions() {
    let date = r#"["int", {"type": "int", "logicalType": "date"}]"#;
    let named = r#"[{"type": "fixed", "name": "F", "size": 1}, "F"]"#;
    let nested = r#"["null", ["int"]]"#;
    let arrays = r#"[{"type": "array", "items": "int"}, {"type": "array", "items": "long"}]"#;
    check(&[
        (
            r#"["null", "int", "null"]"#,
            (1, 17),
            "/2",
            "has a branch \"null\" already: only named types",
        ),
        (date, (1, 9), "/1", "whatever their logical types"),
        (named, (1, 45), "/1", "has a branch \"F\" already: remove one"),
        (arrays, (1, 37), "/1", "has a branch \"array\" already"),
        (nested, (1, 10), "/1", "a union cannot contain a union"),
    ]);
    let many: Vec<_> =
        (0..20).map(|it| format!(r#"{{"type":"fixed","name":"F{it}","size":1}}"#)).collect();
    assert!(Schema::parse(&format!("[{}]", many.join(","))).is_ok());
    let error = refusal(&format!("[{},\"F7\"]", many.join(",")));
    assert_eq!(error.location().pointer, "/20");
}

#[test]
fn limits() {
    let text =
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "int"]}]}"#;
    let refused = |change: &dyn Fn(&mut ParseOptions)| {
        let mut options = ParseOptions::default();
        change(&mut options);
        Schema::parse_with(text, &options).map_err(|it| it.to_string())
    };
    assert!(refused(&|it| it.max_types = 4).is_ok());
    assert!(refused(&|it| it.max_types = 3).unwrap_err().contains("more than 3 types"));
    assert!(refused(&|it| it.max_fields = 3).is_ok());
    assert!(refused(&|it| it.max_fields = 2).unwrap_err().contains("more than 2 fields"));
    assert!(refused(&|it| it.json.max_bytes = text.len()).is_ok());
    let message = refused(&|it| it.json.max_bytes = text.len() - 1).unwrap_err();
    assert!(message.contains("raise `max_bytes`"), "{message}");
    assert!(refused(&|it| it.json.max_depth = 4).is_ok());
    assert!(refused(&|it| it.json.max_depth = 3).unwrap_err().contains("more than 3 deep"));
}

#[test]
fn bytes_that_are_not_utf_8() {
    let options = ParseOptions::default();
    let error = Schema::parse_bytes(b"{\"type\":\n\"\xC3\xA9\xFF\"}", &options).unwrap_err();
    assert!(
        error.to_string().starts_with("line 2, column 3: the bytes from here on are not UTF-8"),
        "{error}"
    );
    assert!(Schema::parse_bytes(b"\xEF\xBB\xBF\"int\"", &options).is_ok(), "a byte order mark");
}
