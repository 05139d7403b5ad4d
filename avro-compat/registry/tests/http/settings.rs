//! Compatibility, as it is set.

use serde_json::json;

use super::support::Server;
use super::{record, schema};

#[test]
fn levels_of_subjects_contexts_and_all() {
    let server = Server::start();
    let mut client = server.client();
    assert_eq!(client.get("/config").ok(), json!({"compatibilityLevel": "BACKWARD"}));
    for level in [
        "NONE",
        "BACKWARD",
        "BACKWARD_TRANSITIVE",
        "FORWARD",
        "FORWARD_TRANSITIVE",
        "FULL",
        "FULL_TRANSITIVE",
    ] {
        assert_eq!(
            client.put("/config", &json!({"compatibility": level.to_lowercase()})).ok(),
            json!({"compatibility": level})
        );
        assert_eq!(client.get("/config").ok(), json!({"compatibilityLevel": level}));
    }
    client.put("/config/:.x:", &json!({"compatibility": "NONE"})).ok();
    let mut in_scope = |subject: &str| {
        client.get(&format!("/config/{subject}?defaultToGlobal=true")).ok()["compatibilityLevel"]
            .clone()
    };
    assert_eq!(
        (in_scope("s"), in_scope(":.x:s"), in_scope(":.y:s")),
        (json!("FULL_TRANSITIVE"), json!("NONE"), json!("BACKWARD"))
    );
    client.put("/config/:.__GLOBAL:", &json!({"compatibility": "FORWARD"})).ok();
    assert_eq!(
        client.get("/config/:.y:s?defaultToGlobal=true").ok()["compatibilityLevel"],
        "FORWARD"
    );

    client.put("/config/s", &json!({"compatibility": "FULL", "normalize": true, "alias": null, "compatibilityGroup": "major"})).ok();
    assert_eq!(
        client.get("/config/s").ok(),
        json!({"compatibilityLevel": "FULL", "normalize": true, "compatibilityGroup": "major"})
    );
    client.put("/config/s", &json!({"normalize": null})).ok();
    assert_eq!(
        client.delete("/config/s").ok(),
        json!({"compatibilityLevel": "FULL", "compatibilityGroup": "major"})
    );
    client.delete("/config/s").refused(40401);
    assert_eq!(client.delete("/config").ok(), json!({"compatibilityLevel": "FULL_TRANSITIVE"}));
    assert_eq!(client.get("/config").ok(), json!({"compatibilityLevel": "FORWARD"}));
}

#[test]
fn other_names_of_a_subject() {
    let server = Server::start();
    let mut client = server.client();
    client.post("/subjects/real/versions", &schema("\"int\"")).ok();
    client.put("/config/other", &json!({"alias": "real"})).ok();
    assert_eq!(client.get("/subjects/other/versions/latest").ok()["subject"], "real");
    client.post("/subjects/other/versions", &schema("\"long\"")).ok();
    assert_eq!(client.get("/subjects/real/versions").ok(), json!([1, 2]));
    assert_eq!(client.get("/config/other").ok()["alias"], "real");
    client.put("/config/other", &json!({"alias": ""})).ok();
    client.get("/subjects/other/versions").refused(40401);
}

#[test]
fn versions_are_compatible_within_their_group() {
    let server = Server::start();
    let mut client = server.client();
    client.put("/config/s", &json!({"compatibilityGroup": "major"})).ok();
    let of = |major: &str, fields: &str| {
        let mut body = record(fields);
        body["metadata"] = json!({"properties": {"major": major}});
        body
    };
    client.post("/subjects/s/versions", &of("1", r#"{"name":"a","type":"int"}"#)).ok();
    client.post("/subjects/s/versions", &of("2", r#"{"name":"b","type":"int"}"#)).ok();
    client.post("/subjects/s/versions", &of("1", r#"{"name":"c","type":"int"}"#)).refused(409);
    client.post("/subjects/s/versions", &of("1", r#"{"name":"a","type":"long"}"#)).ok();
}
