//! What schemas mean: names, references, attributes, logical types.

use avro_compat::{IgnoredLogicalType, Kind, LogicalType, Name, Order, Schema, Type, TypeId};

fn parse(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|it| panic!("{it}\n{text}"))
}

fn field(schema: &Schema, record: TypeId, name: &str) -> TypeId {
    let Type::Record(record) = schema[record].ty() else { panic!("no record") };
    record.field(name).unwrap_or_else(|| panic!("no field {name}")).ty()
}

#[test]
fn primitives_as_strings_and_as_objects() {
    for kind in ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] {
        let schema = parse(&format!("{kind:?}"));
        assert_eq!(schema, parse(&format!("{{\"type\": {kind:?}}}")));
        assert_eq!(schema[schema.root()].kind().as_str(), kind);
        assert_eq!(Kind::primitive(kind), Some(schema[schema.root()].kind()));
        assert_eq!(schema.len(), 1);
    }
}

/// The example of the specification, "Names".
#[test]
fn full_names_of_the_specification() {
    let schema = parse(
        r#"{"type": "record", "name": "Example", "fields": [
            {"name": "inheritNull", "type": {"type": "enum", "name": "Simple", "symbols": ["a", "b"]}},
            {"name": "explicitNamespace", "type": {"type": "fixed", "name": "Simple", "namespace": "explicit", "size": 12}},
            {"name": "fullName", "type": {"type": "record", "name": "a.full.Name", "namespace": "ignored", "fields": [
                {"name": "inheritNamespace", "type": {"type": "enum", "name": "Understanding", "symbols": ["d", "e"]}}]}}]}"#,
    );
    let names: Vec<_> = schema.ids().filter_map(|it| schema[it].name()).map(Name::full).collect();
    assert_eq!(
        names,
        ["Example", "Simple", "explicit.Simple", "a.full.Name", "a.full.Understanding"]
    );
    let understanding = schema[schema.find("a.full.Understanding").unwrap()].name().unwrap();
    assert_eq!((understanding.namespace(), understanding.simple()), ("a.full", "Understanding"));
    assert_eq!(schema.find("Understanding"), None);
}

#[test]
fn namespaces_are_inherited_and_left() {
    let schema = parse(
        r#"{"type": "record", "name": "R", "namespace": "n", "fields": [
            {"name": "own", "type": {"type": "fixed", "name": "A", "size": 1}},
            {"name": "null", "type": {"type": "record", "name": "B", "namespace": "", "fields": [
                {"name": "inside", "type": {"type": "fixed", "name": "C", "size": 1}}]}},
            {"name": "after", "type": {"type": "fixed", "name": "D", "size": 1}},
            {"name": "a", "type": "A"}, {"name": "full", "type": "n.A"},
            {"name": "fallback", "type": "C"}, {"name": "self", "type": ["null", "R"]}]}"#,
    );
    let root = schema.root();
    for (name, full) in [
        ("own", "n.A"),
        ("null", "B"),
        ("after", "n.D"),
        ("a", "n.A"),
        ("full", "n.A"),
        ("fallback", "C"),
    ] {
        assert_eq!(schema[field(&schema, root, name)].branch_name(), full, "{name}");
    }
    assert_eq!(
        field(&schema, root, "a"),
        field(&schema, root, "own"),
        "a reference is the type itself"
    );
    let Type::Union(union) = schema[field(&schema, root, "self")].ty() else { panic!() };
    assert_eq!(union.branches()[1], root);
}

/// A type of the null namespace that one of the same simple name hides is still written so that it is found.
#[test]
fn hidden_names() {
    let schema = parse(
        r#"{"type": "record", "name": "R", "fields": [
            {"name": "a", "type": {"type": "fixed", "name": "F", "size": 1}},
            {"name": "b", "type": {"type": "record", "name": "n.S", "fields": [
                {"name": "before", "type": "F"},
                {"name": "hides", "type": {"type": "fixed", "name": "F", "size": 2}},
                {"name": "near", "type": "F"},
                {"name": "far", "type": ".F"}]}}]}"#,
    );
    let record = field(&schema, schema.root(), "b");
    let sizes = ["before", "hides", "near", "far"].map(|it| {
        match schema[field(&schema, record, it)].ty() {
            Type::Fixed(fixed) => fixed.size(),
            _ => panic!(),
        }
    });
    assert_eq!(sizes, [1, 2, 2, 1]);
    assert!(schema.to_json().contains(r#"{"name":"far","type":".F"}"#));
    assert_eq!(parse(&schema.to_json()), schema);
}

#[test]
fn complex_type_names_are_no_reserved_names() {
    let schema = parse(
        r#"{"type": "record", "name": "record", "fields": [
            {"name": "array", "type": {"type": "enum", "name": "union", "symbols": ["enum"]}},
            {"name": "again", "type": ["null", "record", "union"]}]}"#,
    );
    let Type::Union(union) = schema[field(&schema, schema.root(), "again")].ty() else { panic!() };
    assert_eq!(union.branches()[1], schema.root());
    assert_eq!(parse(&schema.to_json()), schema);
}

#[test]
fn aliases() {
    let schema = parse(
        r#"{"type": "record", "name": "a.b", "aliases": ["c", "x.y", ".z", "no name!", ""], "fields": [
            {"name": "f", "type": "int", "aliases": ["g", "no name!"]}]}"#,
    );
    let node = &schema[schema.root()];
    let aliases: Vec<_> = node.aliases().iter().map(Name::full).collect();
    assert_eq!(aliases, ["a.c", "x.y", "z", "a.no name!", "a."]);
    let Type::Record(record) = node.ty() else { panic!() };
    assert_eq!(record.fields()[0].aliases(), ["g".into(), "no name!".into()]);
    assert_eq!(parse(&schema.to_json()), schema);
}

#[test]
fn everything_else_that_a_schema_says() {
    let schema = parse(
        r#"{"type": "error", "name": "E", "doc": "what", "x": [1], "fields": [
            {"name": "d", "type": {"type": "enum", "name": "S", "symbols": ["A", "B"], "default": "B", "order": 1}, "order": "descending", "doc": "why"},
            {"name": "i", "type": "int", "order": "ignore", "logicalType": "date", "size": 3, "default": 7}],
            "symbols": null, "default": 0}"#,
    );
    let node = &schema[schema.root()];
    let Type::Record(record) = node.ty() else { panic!() };
    assert!(record.is_error());
    assert_eq!((record.doc(), node.doc()), (Some("what"), Some("what")));
    let names: Vec<_> = node.attributes().map(|it| it.0).collect();
    assert_eq!(names, ["x", "symbols", "default"]);
    assert_eq!(node.attributes().get("default").unwrap().text(), "0");
    let [d, i] = record.fields() else { panic!() };
    assert_eq!((d.order(), i.order()), (Order::Descending, Order::Ignore));
    assert_eq!(d.doc(), Some("why"));
    let Type::Enum(symbols) = schema[d.ty()].ty() else { panic!() };
    assert_eq!((symbols.default_symbol(), symbols.default_index()), (Some("B"), Some(1)));
    assert_eq!(schema[d.ty()].attributes().get("order").unwrap().text(), "1");
    // A logical type beside the type of a field is an attribute of the field, and nothing more.
    assert_eq!(schema[i.ty()].logical_type(), None);
    assert_eq!(
        i.attributes().map(|it| it.0.into_owned()).collect::<Vec<_>>(),
        ["logicalType", "size"]
    );
    assert_eq!(i.default().unwrap().text(), "7");
}

#[test]
fn logical_types() {
    let valid = [
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
            LogicalType::Decimal { precision: 4, scale: 2 },
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":2147483647}"#,
            LogicalType::Decimal { precision: i32::MAX as u32, scale: 0 },
        ),
        (
            r#"{"type":"fixed","name":"F","size":8,"logicalType":"decimal","precision":18,"scale":18}"#,
            LogicalType::Decimal { precision: 18, scale: 18 },
        ),
        (r#"{"type":"bytes","logicalType":"big-decimal"}"#, LogicalType::BigDecimal),
        (r#"{"type":"string","logicalType":"uuid"}"#, LogicalType::Uuid),
        (r#"{"type":"fixed","name":"F","size":16,"logicalType":"uuid"}"#, LogicalType::Uuid),
        (r#"{"type":"int","logicalType":"date"}"#, LogicalType::Date),
        (r#"{"type":"int","logicalType":"time-millis"}"#, LogicalType::TimeMillis),
        (r#"{"type":"long","logicalType":"time-micros"}"#, LogicalType::TimeMicros),
        (r#"{"type":"long","logicalType":"timestamp-millis"}"#, LogicalType::TimestampMillis),
        (r#"{"type":"long","logicalType":"timestamp-micros"}"#, LogicalType::TimestampMicros),
        (r#"{"type":"long","logicalType":"timestamp-nanos"}"#, LogicalType::TimestampNanos),
        (
            r#"{"type":"long","logicalType":"local-timestamp-millis"}"#,
            LogicalType::LocalTimestampMillis,
        ),
        (
            r#"{"type":"long","logicalType":"local-timestamp-micros"}"#,
            LogicalType::LocalTimestampMicros,
        ),
        (
            r#"{"type":"long","logicalType":"local-timestamp-nanos"}"#,
            LogicalType::LocalTimestampNanos,
        ),
        (
            r#"{"type":"fixed","name":"F","size":12,"logicalType":"duration"}"#,
            LogicalType::Duration,
        ),
    ];
    for (text, logical) in valid {
        let schema = parse(text);
        assert_eq!(schema[schema.root()].logical_type(), Some(logical), "{text}");
        assert_eq!(schema[schema.root()].ignored_logical_type(), None);
        assert_eq!(
            schema
                .json(schema[schema.root()].origin())
                .get("logicalType")
                .unwrap()
                .as_str()
                .unwrap(),
            logical.as_str()
        );
        assert_eq!(parse(&schema.to_json()), schema);
    }
}

#[test]
fn logical_types_without_effect() {
    let ignored = [
        (
            r#"{"type":"string","logicalType":"decimal","precision":4}"#,
            "is for bytes and fixed, and stands on string",
        ),
        (r#"{"type":"bytes","logicalType":"decimal"}"#, "needs a precision"),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":0}"#,
            "the decimal's precision is 0",
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":"4"}"#,
            "the decimal's precision is \"4\"",
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":2147483648}"#,
            "expected an integer",
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":5}"#,
            "scale 5 is larger than its precision 4",
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":-1}"#,
            "the decimal's scale is -1",
        ),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":1.5}"#,
            "the decimal's scale is 1.5",
        ),
        (
            r#"{"type":"fixed","name":"F","size":8,"logicalType":"decimal","precision":19}"#,
            "8 bytes hold at most 18 decimal digits",
        ),
        (
            r#"{"type":"fixed","name":"F","size":0,"logicalType":"decimal","precision":1}"#,
            "0 bytes hold at most 0",
        ),
        (
            r#"{"type":"fixed","name":"F","size":15,"logicalType":"uuid"}"#,
            "needs a fixed of 16 bytes, and this one has 15",
        ),
        (
            r#"{"type":"fixed","name":"F","size":16,"logicalType":"duration"}"#,
            "needs a fixed of 12 bytes",
        ),
        (r#"{"type":"bytes","logicalType":"uuid"}"#, "is for string and fixed"),
        (r#"{"type":"long","logicalType":"date"}"#, "is for int, and stands on long"),
        (r#"{"type":"int","logicalType":"time-micros"}"#, "is for long, and stands on int"),
        (r#"{"type":"map","values":"int","logicalType":"date"}"#, "stands on map"),
        (r#"{"type":"array","items":"int","logicalType":"set"}"#, "\"set\" is no logical type"),
        (r#"{"type":"record","name":"R","fields":[],"logicalType":"uuid"}"#, "stands on record"),
        (r#"{"type":"int","logicalType":7}"#, "must be a string, and is a number"),
    ];
    for (text, reason) in ignored {
        let schema = parse(text);
        let node = &schema[schema.root()];
        assert_eq!(node.logical_type(), None, "{text}");
        let found = node.ignored_logical_type().map(IgnoredLogicalType::to_string).unwrap();
        assert!(found.contains(reason), "{found}");
        // As the specification wants it: read as if it were not there, but kept.
        assert_eq!(parse(&schema.to_json()), schema);
        assert!(node.attributes().get("logicalType").is_some());
    }
}

#[test]
fn unions() {
    let schema = parse(
        r#"["null", {"type": "fixed", "name": "F", "size": 1}, {"type": "fixed", "name": "n.F", "size": 1},
            {"type": "array", "items": ["null"]}, {"type": "map", "values": []}, {"type": "int", "logicalType": "date"}]"#,
    );
    let Type::Union(union) = schema[schema.root()].ty() else { panic!() };
    let names: Vec<_> = union.branches().iter().map(|it| schema[*it].branch_name()).collect();
    assert_eq!(names, ["null", "F", "n.F", "array", "map", "int"]);
}

#[test]
fn many_fields_and_symbols_are_found() {
    let names: Vec<_> = (0..500).map(|it| format!("f{}", it * 7919 % 1000)).collect();
    let fields: Vec<_> =
        names.iter().map(|it| format!(r#"{{"name":"{it}","type":"int"}}"#)).collect();
    let symbols: Vec<_> = names.iter().map(|it| format!("{it:?}")).collect();
    let record =
        parse(&format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(",")));
    let symbols =
        parse(&format!(r#"{{"type":"enum","name":"E","symbols":[{}]}}"#, symbols.join(",")));
    let (Type::Record(record), Type::Enum(symbols)) =
        (record[record.root()].ty(), symbols[symbols.root()].ty())
    else {
        panic!()
    };
    for (at, name) in names.iter().enumerate() {
        assert_eq!((record.position(name), symbols.position(name)), (Some(at), Some(at)));
    }
    assert_eq!((record.position("f"), symbols.position("g1")), (None, None));
}

#[test]
fn parts_share_the_table() {
    let schema = parse(
        r#"{"type": "record", "name": "R", "fields": [{"name": "next", "type": ["null", "R"]}]}"#,
    );
    let next = schema.at(field(&schema, schema.root(), "next"));
    assert_eq!(
        next.to_json(),
        r#"["null",{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}]"#
    );
    assert_eq!(next.find("R"), Some(schema.root()));
    assert!(next != schema && next.at(schema.root()) == schema);
}

#[test]
fn schemas_can_be_used_by_any_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Schema>();
    check::<avro_compat::Schemas>();
    check::<avro_compat::Error>();
}

#[test]
fn many_attributes_in_any_order() {
    let text = |names: &mut dyn Iterator<Item = usize>, value: usize| {
        let members: String = names.map(|it| format!(",\"a{it}\":{}", it.max(value))).collect();
        format!("{{\"type\":\"int\"{members}}}")
    };
    let schema = parse(&text(&mut (0..5_000), 0));
    assert_eq!(schema, parse(&text(&mut (0..5_000).rev(), 0)));
    assert_ne!(schema, parse(&text(&mut (0..5_000).rev(), 1)));
    assert_ne!(schema, parse(&text(&mut (0..4_999), 0)));
    assert_ne!(schema, parse(&text(&mut (1..5_001), 0)));
}
