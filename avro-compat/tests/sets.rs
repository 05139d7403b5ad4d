//! Schemas of several texts.

use avro_compat::{ParseOptions, Schemas, WriteOptions};

const CITY: &str = r#"{"type":"record","name":"geo.City","fields":[{"name":"at","type":"Point"}]}"#;
const POINT: &str =
    r#"{"type":"record","name":"Point","namespace":"geo","fields":[{"name":"x","type":"int"}]}"#;
const USER: &str = r#"{"type":"record","name":"shop.User","fields":[{"name":"home","type":["null","geo.City"]},{"name":"last","type":"geo.Point"}]}"#;

#[test]
fn whatever_the_order() {
    let texts = [("user", USER), ("city", CITY), ("point", POINT)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let schemas = Schemas::parse(order.map(|it| texts[it])).unwrap();
        assert_eq!(schemas.order().collect::<Vec<_>>(), ["point", "city", "user"]);
        assert_eq!(schemas.iter().map(|it| it.0).collect::<Vec<_>>(), order.map(|it| texts[it].0));
        let mut needed: Vec<_> = schemas.needed_by("user").collect();
        needed.sort_unstable();
        assert_eq!(needed, ["city", "point"]);
        assert_eq!(schemas.needed_by("point").count(), 0);
        let user = schemas.get("user").unwrap();
        assert_eq!(user.text(), USER);
        // Alone, with all that it needs inside.
        let whole = r#"{"type":"record","name":"User","namespace":"shop","fields":[{"name":"home","type":["null",{"type":"record","name":"City","namespace":"geo","fields":[{"name":"at","type":{"type":"record","name":"Point","fields":[{"name":"x","type":"int"}]}}]}]},{"name":"last","type":"geo.Point"}]}"#;
        assert_eq!(user.to_json(), whole);
        let mut own = WriteOptions::default();
        own.own_types_only = true;
        assert_eq!(
            user.to_json_with(&own),
            USER.replace("\"name\":\"shop.User\"", "\"name\":\"User\",\"namespace\":\"shop\"")
        );
        assert_eq!(schemas.find("geo.Point"), schemas.get("point").cloned());
        assert!(schemas.find("geo.Nothing").is_none() && schemas.get("nothing").is_none());
        let origin = user[schemas.find("geo.Point").unwrap().root()].origin();
        assert_eq!(user.location(origin).to_string(), "point: line 1, column 1");
    }
    let alone =
        avro_compat::Schema::parse(&Schemas::parse(texts).unwrap().get("user").unwrap().to_json());
    assert_eq!(Schemas::parse(texts).unwrap().get("user"), alone.ok().as_ref());
}

#[test]
fn circles() {
    let a = r#"{"type":"record","name":"A","fields":[{"name":"b","type":["null","B"],"default":null}]}"#;
    let b = r#"{"type":"record","name":"B","fields":[{"name":"c","type":"C"}]}"#;
    let c = r#"{"type":"record","name":"C","fields":[{"name":"a","type":"A"}]}"#;
    let other = r#"{"type":"array","items":"A"}"#;
    let texts = [("other", other), ("a", a), ("b", b), ("c", c)];
    let error = Schemas::parse(texts).unwrap_err().to_string();
    assert!(error.starts_with("a: line 1, column 1: "), "{error}");
    assert!(error.contains("in a circle") && error.contains("a -> b -> c -> a"), "{error}");
    let mut options = ParseOptions::default();
    options.forward_references = true;
    let schemas = Schemas::parse_with(texts, &options).unwrap();
    let a = schemas.get("a").unwrap();
    assert_eq!(&avro_compat::Schema::parse(&a.to_json()).unwrap(), a);
    assert_eq!(schemas.len(), 4);
}

#[test]
fn errors_name_the_text() {
    let error =
        |texts: &[(&str, &str)]| Schemas::parse(texts.iter().copied()).unwrap_err().to_string();
    assert!(error(&[("a", "\"int\""), ("b", "[")]).starts_with("b: line 1, column 2"));
    assert!(
        error(&[("a", "\"int\""), ("b", "\n\"A\"")])
            .starts_with("b: line 2, column 1: unknown type \"A\"")
    );
    assert!(error(&[("a", "\"int\""), ("a", "\"int\"")]).contains("two texts are named \"a\""));
    let twice = error(&[("a", POINT), ("b", POINT)]);
    assert!(
        twice.starts_with("b: ") && twice.contains("defined already, at a: line 1, column 1"),
        "{twice}"
    );
    let default = POINT.replace("\"int\"", "\"int\",\"default\":null");
    let default = error(&[("b", &default), ("a", CITY)]);
    assert!(default.starts_with("b: line 1, column 96 (/fields/0/default)"), "{default}");
    assert!(Schemas::parse::<&str, &str>([]).unwrap().is_empty());
}

/// A simple name is one of the namespace around it, even if one of the null namespace is in an earlier text.
#[test]
fn nearer_names_of_later_texts() {
    let null = r#"{"type":"fixed","name":"F","size":1}"#;
    let near = r#"{"type":"fixed","name":"n.F","size":2}"#;
    let user = r#"{"type":"record","name":"n.R","fields":[{"name":"f","type":"F"}]}"#;
    let schemas = Schemas::parse([("null", null), ("user", user), ("near", near)]).unwrap();
    assert!(schemas.get("user").unwrap().to_json().contains("\"size\":2"));
    let schemas = Schemas::parse([("user", user), ("null", null)]).unwrap();
    assert!(schemas.get("user").unwrap().to_json().contains("\"size\":1"));
}
