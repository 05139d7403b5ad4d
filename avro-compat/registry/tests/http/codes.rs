//! Every error code, by what it takes to get it.

use std::sync::Arc;

use lsm::fs::sim::SimFs;
use schema_registry::http::{self, HttpOptions};
use schema_registry::registry::{Registry, RegistryOptions};
use schema_registry::store::Store;
use serde_json::json;

use super::support::{Client, Server};
use super::{fixed, record, schema};

const X: &str = r#"{"name":"x","type":"int"}"#;
const Y: &str = r#"{"name":"y","type":"int"}"#;

fn registered() -> (Server, Client) {
    let server = Server::start();
    let mut client = server.client();
    client.post("/subjects/s/versions", &record(X)).ok();
    (server, client)
}

#[test]
fn code_40401_subject_not_found() {
    let (_server, mut client) = registered();
    for path in [
        "/subjects/none/versions",
        "/subjects/none/versions/1",
        "/subjects/none/versions/latest",
        "/subjects/none/versions/1/schema",
        "/subjects/none/versions/1/referencedby",
        "/subjects/none/metadata",
    ] {
        assert_eq!(client.get(path).refused(40401), "Subject 'none' not found.");
    }
    client.post("/subjects/none", &record(X)).refused(40401);
    for path in [
        "/subjects/none",
        "/subjects/none/versions/1",
        "/subjects/none?permanent=true",
        "/config/none",
        "/mode/none",
    ] {
        client.delete(path).refused(40401);
    }
}

#[test]
fn code_40402_version_not_found() {
    let (_server, mut client) = registered();
    for path in ["/subjects/s/versions/2", "/subjects/s/versions/2/schema"] {
        assert_eq!(client.get(path).refused(40402), "Version 2 not found.");
    }
    client.delete("/subjects/s/versions/2").refused(40402);
    client.post("/compatibility/subjects/s/versions/2", &record(X)).refused(40402);
}

#[test]
fn code_40403_schema_not_found() {
    let (_server, mut client) = registered();
    assert_eq!(client.get("/schemas/ids/7").refused(40403), "Schema 7 not found");
    for path in [
        "/schemas/ids/7/schema",
        "/schemas/ids/7/subjects",
        "/schemas/ids/7/versions",
        "/schemas/guids/x",
        "/schemas/guids/00000000-0000-0000-0000-000000000000/ids",
        "/subjects/s/metadata?key=a&value=b",
    ] {
        client.get(path).refused(40403);
    }
    assert_eq!(client.post("/subjects/s", &record(Y)).refused(40403), "Schema not found");
}

#[test]
fn codes_40404_to_40407_deleted_and_not_deleted() {
    let (_server, mut client) = registered();
    client.delete("/subjects/s?permanent=true").refused(40405);
    client.delete("/subjects/s/versions/1?permanent=true").refused(40407);
    client.delete("/subjects/s/versions/1").ok();
    client.delete("/subjects/s/versions/1").refused(40406);
    let message = client.delete("/subjects/s").refused(40404);
    assert_eq!(message, "Subject 's' was soft deleted.Set permanent=true to delete permanently");
    assert_eq!(client.delete("/subjects/s/versions/1?permanent=true").ok(), 1);
    client.delete("/subjects/s?permanent=true").refused(40401);
}

#[test]
fn codes_40408_and_40409_nothing_set() {
    let (_server, mut client) = registered();
    let message = client.get("/config/s").refused(40408);
    assert_eq!(message, "Subject 's' does not have subject-level compatibility configured");
    assert_eq!(
        client.get("/config/s?defaultToGlobal=true").ok(),
        json!({"compatibilityLevel": "BACKWARD"})
    );
    client.get("/mode/s").refused(40409);
    assert_eq!(client.get("/mode/s?defaultToGlobal=true").ok(), json!({"mode": "READWRITE"}));
}

#[test]
fn codes_40410_and_42212_no_associations() {
    let (_server, mut client) = registered();
    client.get("/associations/0").refused(40410);
    client.delete("/associations/resources/0").refused(40410);
    client.post("/associations", &json!({})).refused(42212);
    client.put("/associations", &json!({})).refused(42212);
    assert_eq!(client.get("/associations/subjects/s").ok(), json!([]));
}

#[test]
fn code_409_incompatible() {
    let (_server, mut client) = registered();
    let message = client.post("/subjects/s/versions", &record(&format!("{X},{Y}"))).refused(409);
    assert!(message.contains("The field 'y' at path '/fields/1' in the new schema has no default value and is missing in the old schema"), "{message}");
    client.post("/subjects/s/versions?force=true", &record(&format!("{X},{Y}"))).ok();
}

#[test]
fn code_42201_no_schema() {
    let (_server, mut client) = registered();
    let deep =
        format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(10_000), "}".repeat(10_000));
    for (text, says) in [
        ("", "Empty schema"),
        (r#"{"type":"record","name":"R","fields":[{"name":"a","#, "truncated"),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"integer"}]}"#,
            "did you mean \"int\"",
        ),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
            "rename one",
        ),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":{"type":"fixed","name":"F","size":2}}]}"#,
            "defined already",
        ),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}"#,
            "does not fit",
        ),
        (&deep, "deep"),
        ("not JSON", "Invalid schema of type AVRO"),
    ] {
        let message = client.post("/subjects/s/versions", &schema(text)).refused(42201);
        assert!(message.contains(says), "{message}");
    }
    for ty in ["JSON", "PROTOBUF", "XML"] {
        let body = json!({"schema": "{}", "schemaType": ty});
        let message = client.post("/subjects/s/versions", &body).refused(42201);
        assert!(message.starts_with(&format!("Invalid schema type {ty}")), "{message}");
        client.post("/subjects/s", &body).refused(42201);
        client.post("/compatibility/subjects/s/versions", &body).refused(42201);
    }
    let body = json!({"schema": "\"int\"", "version": 7});
    let message = client.post("/subjects/s/versions?force=true", &body).refused(42201);
    assert_eq!(message, "Version is not one more than previous version");
    client.post("/subjects/s/versions", &json!({})).refused(42201);
    let missing =
        json!({"schema": "\"A\"", "references": [{"name": "A", "subject": "none", "version": 1}]});
    client.post("/subjects/s/versions", &missing).refused(42201);
}

#[test]
fn code_42202_no_version() {
    let (_server, mut client) = registered();
    for version in ["0", "-2", "newest", "2147483648", "1.5"] {
        let message = client.get(&format!("/subjects/s/versions/{version}")).refused(42202);
        assert!(
            message.starts_with(&format!(
                "The specified version '{version}' is not a valid version id."
            )),
            "{message}"
        );
        client.delete(&format!("/subjects/s/versions/{version}")).refused(42202);
        client
            .post(&format!("/compatibility/subjects/s/versions/{version}"), &record(X))
            .refused(42202);
    }
}

#[test]
fn codes_42203_and_42204_no_level_and_no_mode() {
    let (_server, mut client) = registered();
    for level in ["SIDEWAYS", "", "BACKWARDS"] {
        let message = client.put("/config", &json!({"compatibility": level})).refused(42203);
        assert!(
            message.starts_with("Invalid compatibility level. Valid values are none, backward,")
        );
        client.put("/config/s", &json!({"compatibility": level})).refused(42203);
    }
    for mode in ["WRITEONLY", "", "FORWARD"] {
        client.put("/mode", &json!({"mode": mode})).refused(42204);
        client.put("/mode/s", &json!({"mode": mode})).refused(42204);
    }
}

#[test]
fn code_42205_not_permitted() {
    let (_server, mut client) = registered();
    let with_id = json!({"schema": "\"int\"", "id": 5});
    let message = client.post("/subjects/s/versions", &with_id).refused(42205);
    assert_eq!(message, "Subject s in context  is not in import mode");
    client.put("/mode/s", &json!({"mode": "IMPORT"})).refused(42205);
    client.put("/config", &json!({"overrideRuleSet": {}})).refused(42205);
    client.put("/mode", &json!({"mode": "READONLY"})).ok();
    for reply in [
        client.post("/subjects/s/versions", &record(Y)),
        client.delete("/subjects/s"),
        client.delete("/subjects/s/versions/1"),
        client.put("/config", &json!({"compatibility": "FULL"})),
        client.delete("/config"),
    ] {
        reply.refused(42205);
    }
}

#[test]
fn code_42206_reference_exists() {
    let (_server, mut client) = registered();
    let holder = json!({
        "schema": r#"{"type":"record","name":"Holder","fields":[{"name":"r","type":"R"}]}"#,
        "references": [{"name": "R", "subject": "s", "version": 1}]
    });
    client.post("/subjects/holder/versions", &holder).ok();
    let message = client.delete("/subjects/s").refused(42206);
    assert_eq!(
        message,
        "One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=s,version=1}."
    );
    client.delete("/subjects/s/versions/1").refused(42206);
}

#[test]
fn code_42207_another_id() {
    let server = Server::start();
    let mut client = server.client();
    client.put("/mode", &json!({"mode": "IMPORT"})).ok();
    client.post("/subjects/s/versions", &json!({"schema": "\"int\"", "id": 5, "version": 3})).ok();
    client
        .post("/subjects/s/versions", &json!({"schema": "\"long\"", "id": 6, "version": 3}))
        .refused(42207);
    client
        .post("/subjects/s/versions", &json!({"schema": "\"long\"", "id": 5, "version": 4}))
        .refused(42205);
    assert_eq!(client.get("/subjects/s/versions").ok(), json!([3]));
}

#[test]
fn code_42208_no_subject() {
    let (_server, mut client) = registered();
    for subject in [":.ctx:", "a%00b", "a%0Ab", "__GLOBAL", "__EMPTY", ":.__GLOBAL:s", ":*:s"] {
        client.post(&format!("/subjects/{subject}/versions"), &record(X)).refused(42208);
    }
    let long = "x".repeat(5_000);
    client.post(&format!("/subjects/{long}/versions"), &record(X)).refused(42208);
    client.put("/config/a%00b", &json!({"compatibility": "FULL"})).refused(42208);
    client.put("/mode/__GLOBAL", &json!({"mode": "READONLY"})).refused(42208);
}

#[test]
fn code_42209_too_large() {
    let (_server, mut client) = registered();
    let doc = "x".repeat(1 << 20);
    let large = schema(&format!(r#"{{"type":"fixed","name":"F","size":1,"doc":"{doc}"}}"#));
    let message = client.post("/subjects/s/versions", &large).refused(42209);
    assert!(
        message.starts_with("Register operation failed because schema is too large"),
        "{message}"
    );
}

#[test]
fn code_42210_no_rules() {
    let (_server, mut client) = registered();
    let nameless = json!({"schema": "\"int\"", "ruleSet": {"domainRules": [{"type": "CEL"}]}});
    client.post("/subjects/rules/versions", &nameless).refused(42210);
    let twice =
        json!({"schema": "\"int\"", "ruleSet": {"domainRules": [{"name": "a"}, {"name": "a"}]}});
    client.post("/subjects/rules/versions", &twice).refused(42210);
}

#[test]
fn code_42211_context_not_empty() {
    let (_server, mut client) = registered();
    client.post("/subjects/:.ctx:s/versions", &record(X)).ok();
    let message = client.delete("/contexts/:.ctx:").refused(42211);
    assert_eq!(message, "The specified context ':.ctx:' is not empty.");
    client.delete("/contexts/.ctx").refused(42211);
    client.delete("/contexts/.").refused(42211);
}

#[test]
fn code_50001_the_disk_is_full() {
    let fs = SimFs::new();
    let options = lsm::Options::default().file_system(Arc::new(fs.clone())).segment_bytes(1 << 20);
    let (store, state) = Store::open_with("/registry", options).unwrap();
    let registry = Registry::new(store, state, RegistryOptions::default());
    let server = Server::of(registry, HttpOptions::default(), http::Server::default());
    let mut client = server.client();
    client.get("/health").ok();
    fs.set_capacity(Some(fs.used()));
    let refused = (0..100_000).find_map(|size| {
        let reply = client.post(&format!("/subjects/s{size}/versions"), &fixed(size));
        (reply.status != 200).then_some((size, reply))
    });
    let (size, reply) = refused.unwrap();
    reply.refused(50001);
    assert_eq!(client.get("/health").status, 503);
    client.get(&format!("/subjects/s{size}/versions")).refused(40401);
    client.get("/subjects/s0/versions").ok();

    fs.set_capacity(None);
    client.post(&format!("/subjects/s{size}/versions"), &fixed(size)).ok();
    client.get("/health").ok();
}
