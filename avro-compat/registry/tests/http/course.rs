//! What the course's lab does.

use serde_json::json;

use super::schema;
use super::support::Server;

const V1: &str = r#"{"type":"record","name":"Tweet","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"}]}"#;
const V2: &str = r#"{"type":"record","name":"Tweet","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"},{"name":"lang","type":"string","default":"en"}]}"#;
const RENAMED: &str = r#"{"type":"record","name":"Tweet","fields":[{"name":"id","type":"long"},{"name":"body","type":"string"}]}"#;
const ALIASED: &str = r#"{"type":"record","name":"Tweet","fields":[{"name":"id","type":"long"},{"name":"body","type":"string","aliases":["text"]}]}"#;

#[test]
fn a_schema_evolves() {
    let server = Server::start();
    let mut client = server.client();
    let versions = "/subjects/tweets-value/versions";

    let reply = client.post(versions, &schema(V1));
    assert_eq!(reply.header("content-type"), Some("application/vnd.schemaregistry.v1+json"));
    let v1 = reply.ok();
    assert_eq!((&v1["id"], &v1["version"], &v1["schema"]), (&json!(1), &json!(1), &json!(V1)));
    assert_eq!(client.post(versions, &schema(V1)).ok()["id"], 1, "again");
    assert_eq!(client.post(versions, &schema(V2)).ok()["id"], 2);

    assert_eq!(client.get("/subjects").ok(), json!(["tweets-value"]));
    assert_eq!(client.get(versions).ok(), json!([1, 2]));
    let latest = client.get(&format!("{versions}/latest")).ok();
    assert_eq!(latest["subject"], "tweets-value");
    assert_eq!(
        (&latest["version"], &latest["id"], &latest["schema"]),
        (&json!(2), &json!(2), &json!(V2))
    );
    assert_eq!(client.get(&format!("{versions}/-1")).ok(), latest);
    assert_eq!(client.get(&format!("{versions}/1/schema")).body, V1);
    assert_eq!(client.get("/schemas/ids/1").ok()["schema"], V1);
    assert_eq!(client.get("/schemas/ids/1/schema").body, V1);

    let found = client.post("/subjects/tweets-value", &schema(V1)).ok();
    assert_eq!((&found["version"], &found["id"]), (&json!(1), &json!(1)));

    // A rename is no evolution; with an alias it is.
    let check = "/compatibility/subjects/tweets-value/versions/latest";
    assert_eq!(client.post(check, &schema(RENAMED)).ok(), json!({"is_compatible": false}));
    let verbose = client.post(&format!("{check}?verbose=true"), &schema(RENAMED)).ok();
    let messages = verbose["messages"].as_array().unwrap();
    assert!(
        messages[0].as_str().unwrap().contains("READER_FIELD_MISSING_DEFAULT_VALUE"),
        "{verbose}"
    );
    assert_eq!(messages[1], "{oldSchemaVersion: 2}");
    assert_eq!(messages[3], "{validateFields: 'false', compatibility: 'BACKWARD'}");
    assert_eq!(client.post(check, &schema(ALIASED)).ok(), json!({"is_compatible": true}));

    let message = client.post(versions, &schema(RENAMED)).refused(409);
    assert!(message.starts_with("Schema being registered is incompatible with an earlier schema for subject \"tweets-value\""), "{message}");

    assert_eq!(
        client.put("/config/tweets-value", &json!({"compatibility": "NONE"})).ok(),
        json!({"compatibility": "NONE"})
    );
    assert_eq!(client.post(versions, &schema(RENAMED)).ok()["version"], 3);

    assert_eq!(client.delete(&format!("{versions}/3")).ok(), 3);
    assert_eq!(client.get(versions).ok(), json!([1, 2]));
    assert_eq!(client.get("/schemas/ids/3").ok()["schema"], RENAMED, "what is written can be read");
    assert_eq!(client.delete("/subjects/tweets-value").ok(), json!([1, 2]));
    assert_eq!(client.get("/subjects").ok(), json!([]));
    assert_eq!(client.delete("/subjects/tweets-value?permanent=true").ok(), json!([1, 2, 3]));
    client.get("/schemas/ids/1").refused(40403);
    assert_eq!(client.post(versions, &schema(V1)).ok()["id"], 4, "no id is given twice");
}
