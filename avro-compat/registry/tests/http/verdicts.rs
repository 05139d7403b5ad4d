//! Whether schemas are compatible, by the specification and by Java.

use avro_compat::check::Profile;
use schema_registry::http::HttpOptions;
use schema_registry::registry::RegistryOptions;
use serde_json::{Value, json};

use super::support::{Client, Server};
use super::{record, schema};

fn java() -> Server {
    let mut options = RegistryOptions::default();
    options.profile = Profile::Java;
    Server::with(HttpOptions::default(), options)
}

fn verdict(client: &mut Client, old: &str, new: &str) -> Value {
    client.post("/subjects/s/versions?force=true", &schema(old)).ok();
    client.post("/compatibility/subjects/s/versions/latest?verbose=true", &schema(new)).ok()
}

/// J1 of the anchors: Java's checker lets pass what its decoder cannot read.
#[test]
fn an_enum_of_another_namespace_in_a_union() {
    let old = r#"{"type":"enum","name":"a.E","symbols":["A"]}"#;
    let new = r#"[{"type":"enum","name":"b.E","symbols":["A","B"]},"null"]"#;
    let sound = verdict(&mut Server::start().client(), old, new);
    let javas = verdict(&mut java().client(), old, new);
    assert_eq!(javas["is_compatible"], true);
    // What is right is what the decoder does, which avro-compat is tested for; here, that its verdict is the one that counts.
    let parse = |text: &str| avro_compat::Schema::parse(text).unwrap();
    let expected = avro_compat::check::check(
        &parse(new),
        &parse(old),
        &avro_compat::check::CheckOptions::default(),
    );
    assert_eq!(sound["is_compatible"], expected.is_compatible());
}

/// J2: the decoder commits to the branch of the same full name.
#[test]
fn a_record_that_another_branch_would_take() {
    let old = r#"{"type":"record","name":"a.R","fields":[{"name":"x","type":"int"}]}"#;
    let new = r#"[{"type":"record","name":"a.R","fields":[{"name":"y","type":"int"}]},{"type":"record","name":"b.R","fields":[{"name":"x","type":"int"}]}]"#;
    let sound = verdict(&mut Server::start().client(), old, new);
    assert_eq!(sound["is_compatible"], false);
    let message = sound["messages"][0].as_str().unwrap();
    assert!(
        message.starts_with("{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'"),
        "{message}"
    );
    assert_eq!(verdict(&mut java().client(), old, new)["is_compatible"], true);
}

#[test]
fn messages_have_confluents_form() {
    let old = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}"#;
    let new = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}"#;
    let expected = json!({"is_compatible": false, "messages": [
        "{errorType:'TYPE_MISMATCH', description:'The type (path '/fields/0/type') of a field in the new schema does not match with the old schema', additionalInfo:'reader type: INT not compatible with writer type: STRING'}",
        "{oldSchemaVersion: 1}",
        format!("{{oldSchema: '{old}'}}"),
        "{validateFields: 'false', compatibility: 'BACKWARD'}",
    ]});
    assert_eq!(verdict(&mut Server::start().client(), old, new), expected);
    assert_eq!(verdict(&mut java().client(), old, new), expected);
}

#[test]
fn every_level_against_what_it_counts() {
    let fields = |names: &[&str]| {
        let all: Vec<_> = names
            .iter()
            .map(|it| match it.strip_suffix('?') {
                Some(it) => format!(r#"{{"name":"{it}","type":"int","default":0}}"#),
                None => format!(r#"{{"name":"{it}","type":"int"}}"#),
            })
            .collect();
        record(&all.join(","))
    };
    // Versions, a new one, and the levels that take it.
    for (versions, new, takes) in [
        // A field without default is added.
        (vec![vec!["a"]], vec!["a", "b"], "FORWARD FORWARD_TRANSITIVE"),
        // One is removed.
        (vec![vec!["a", "b"]], vec!["a"], "BACKWARD BACKWARD_TRANSITIVE"),
        // One with a default is added.
        (
            vec![vec!["a"]],
            vec!["a", "b?"],
            "BACKWARD BACKWARD_TRANSITIVE FORWARD FORWARD_TRANSITIVE FULL FULL_TRANSITIVE",
        ),
        // What was removed comes back, in need of a value.
        (
            vec![vec!["a"], vec!["a", "b?"]],
            vec!["a", "b"],
            "BACKWARD FORWARD FORWARD_TRANSITIVE FULL",
        ),
        (
            vec![],
            vec!["a"],
            "BACKWARD BACKWARD_TRANSITIVE FORWARD FORWARD_TRANSITIVE FULL FULL_TRANSITIVE",
        ),
    ] {
        let server = Server::start();
        let mut client = server.client();
        for version in &versions {
            client.post("/subjects/s/versions?force=true", &fields(version)).ok();
        }
        for level in [
            "NONE",
            "BACKWARD",
            "BACKWARD_TRANSITIVE",
            "FORWARD",
            "FORWARD_TRANSITIVE",
            "FULL",
            "FULL_TRANSITIVE",
        ] {
            client.put("/config", &json!({"compatibility": level})).ok();
            let verdict = client.post("/compatibility/subjects/s/versions", &fields(&new)).ok();
            let expected = level == "NONE" || takes.split(' ').any(|it| it == level);
            assert_eq!(verdict["is_compatible"], expected, "{versions:?} to {new:?} under {level}");
        }
    }
}

#[test]
fn all_versions_that_fail_are_told_about() {
    let server = Server::start();
    let mut client = server.client();
    client.put("/config", &json!({"compatibility": "BACKWARD_TRANSITIVE"})).ok();
    for ty in ["int", "long", "string"] {
        client.post("/subjects/s/versions?force=true", &schema(&format!("\"{ty}\""))).ok();
    }
    let verdict =
        client.post("/compatibility/subjects/s/versions?verbose=true", &schema("\"boolean\"")).ok();
    let messages: Vec<_> = verdict["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it.as_str().unwrap().starts_with("{oldSchemaVersion"))
        .collect();
    assert_eq!(
        messages,
        ["{oldSchemaVersion: 3}", "{oldSchemaVersion: 2}", "{oldSchemaVersion: 1}"]
    );
    let broken = client.post("/compatibility/subjects/s/versions?verbose=true", &schema("{")).ok();
    assert_eq!(broken["is_compatible"], false);
    client.post("/compatibility/subjects/s/versions", &schema("{")).refused(42201);
    // Without versions to compare with, everything is.
    assert_eq!(
        client.post("/compatibility/subjects/new/versions", &schema("\"int\"")).ok()["is_compatible"],
        true
    );
    assert_eq!(
        client.post("/compatibility/subjects/new/versions/latest", &schema("\"int\"")).ok()["is_compatible"],
        true
    );
}
