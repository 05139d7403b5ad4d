//! Ids: one for a schema, never two schemas for one.

use serde_json::json;

use super::support::Server;
use super::{fixed, schema};

#[test]
fn the_same_schema_has_one_id() {
    let server = Server::start();
    let mut client = server.client();
    assert_eq!(client.post("/subjects/a/versions", &fixed(1)).ok()["id"], 1);
    assert_eq!(client.post("/subjects/b/versions", &fixed(1)).ok()["id"], 1);
    // Blanks, orders of members and qualified spellings are all the same schema once it is read.
    let other = schema("{ \"name\" : \"F\", \"size\": 1, \"type\" : \"fixed\" }");
    assert_eq!(client.post("/subjects/c/versions", &other).ok()["id"], 1);
    assert_eq!(client.post("/subjects/b/versions?force=true", &fixed(2)).ok()["id"], 2);

    assert_eq!(client.get("/schemas/ids/1/subjects").ok(), json!(["a", "b", "c"]));
    assert_eq!(client.get("/schemas/ids/1/subjects?offset=1&limit=1").ok(), json!(["b"]));
    let versions = json!([{"subject": "a", "version": 1}, {"subject": "b", "version": 1}, {"subject": "c", "version": 1}]);
    assert_eq!(client.get("/schemas/ids/1/versions").ok(), versions);
    client.delete("/subjects/a").ok();
    assert_eq!(client.get("/schemas/ids/1/subjects").ok(), json!(["b", "c"]));
    assert_eq!(client.get("/schemas/ids/1/subjects?deleted=true").ok(), json!(["a", "b", "c"]));
    assert_eq!(client.get("/schemas/ids/1?fetchMaxId=true").ok()["maxId"], 2);
    assert_eq!(client.get("/schemas/ids/2?subject=b").ok()["version"], 2);
    assert_eq!(client.get("/schemas/ids/x").status, 404);
}

#[test]
fn guids_are_the_same_everywhere() {
    let server = Server::start();
    let mut client = server.client();
    let guid = client.post("/subjects/a/versions", &schema("\"string\"")).ok()["guid"].clone();
    assert_eq!(guid, "095d71cf-1255-6b9d-5e33-0ad575b3df5d");
    let guid = guid.as_str().unwrap();
    client.post("/subjects/:.x:b/versions", &fixed(1)).ok();
    client.post("/subjects/:.x:c/versions", &schema("\"string\"")).ok();
    assert_eq!(client.get(&format!("/schemas/guids/{guid}")).ok()["schema"], "\"string\"");
    let ids = json!([{"context": ".", "id": 1}, {"context": ".x", "id": 2}]);
    assert_eq!(client.get(&format!("/schemas/guids/{guid}/ids")).ok(), ids);
}

#[test]
fn contexts_have_ids_of_their_own() {
    let server = Server::start();
    let mut client = server.client();
    client.post("/subjects/a/versions", &fixed(1)).ok();
    assert_eq!(client.post("/subjects/:.x:a/versions", &fixed(2)).ok()["id"], 1);
    assert_eq!(client.get("/contexts").ok(), json!([".", ".x"]));
    assert_eq!(client.get("/contexts?contextPrefix=.x").ok(), json!([".x"]));
    let text = |size: usize| fixed(size)["schema"].clone();
    assert_eq!(client.get("/schemas/ids/1").ok()["schema"], text(1));
    assert_eq!(client.get("/schemas/ids/1?subject=:.x:").ok()["schema"], text(2));
    assert_eq!(client.get("/schemas/ids/1?subject=:.x:a").ok()["schema"], text(2));
    client.get("/schemas/ids/1?subject=:.x:b").refused(40403);
    // A subject without a context is found wherever it is.
    client.post("/subjects/:.x:only/versions", &fixed(3)).ok();
    assert_eq!(client.get("/subjects/only/versions/1").ok()["subject"], ":.x:only");
    assert_eq!(client.post("/subjects/only", &fixed(3)).ok()["subject"], ":.x:only");

    for subject in [":.x:a", ":.x:only"] {
        client.delete(&format!("/subjects/{subject}")).ok();
        client.delete(&format!("/subjects/{subject}?permanent=true")).ok();
    }
    assert_eq!(client.delete("/contexts/.x").status, 204);
    assert_eq!(client.get("/contexts").ok(), json!(["."]));
    assert_eq!(client.post("/subjects/:.x:a/versions", &fixed(9)).ok()["id"], 3, "not 1 again");
}

#[test]
fn normalised_schemas_are_one() {
    let server = Server::start();
    let mut client = server.client();
    let one = schema(
        r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["A"],"x":1,"b":2}}]}"#,
    );
    let other = schema(
        r#"{"type":"record","name":"n.R","fields":[{"name":"a","order":"ascending","type":{"b":2,"x":1,"type":"enum","name":"n.E","symbols":["A"]}}]}"#,
    );
    assert_eq!(client.post("/subjects/plain/versions", &one).ok()["id"], 1);
    assert_eq!(client.post("/subjects/plain/versions", &other).ok()["id"], 2);
    assert_eq!(client.post("/subjects/normal/versions?normalize=true", &one).ok()["id"], 3);
    assert_eq!(client.post("/subjects/normal/versions?normalize=true", &other).ok()["id"], 3);
    assert_eq!(client.post("/subjects/normal?normalize=true", &other).ok()["version"], 1);
    client.post("/subjects/normal", &other).refused(40403);
    client.put("/config/normal", &json!({"normalize": true})).ok();
    assert_eq!(client.post("/subjects/normal", &other).ok()["version"], 1);
}

#[test]
fn metadata_and_rules_are_part_of_a_schema() {
    let server = Server::start();
    let mut client = server.client();
    let with = |owner: &str| json!({"schema": "\"int\"", "metadata": {"properties": {"owner": owner}}, "ruleSet": {"domainRules": [{"name": "r", "kind": "CONDITION", "type": "CEL", "mode": "WRITE", "expr": "true"}]}});
    assert_eq!(client.post("/subjects/s/versions", &with("a")).ok()["id"], 1);
    assert_eq!(client.post("/subjects/s/versions", &with("b")).ok()["id"], 2);
    assert_eq!(client.post("/subjects/s/versions", &with("a")).ok()["id"], 1);
    let found = client.get("/subjects/s/metadata?key=owner&value=a").ok();
    assert_eq!(
        (&found["version"], &found["metadata"]["properties"]["owner"]),
        (&json!(1), &json!("a"))
    );
    assert_eq!(client.get("/schemas/ids/2").ok()["ruleSet"]["domainRules"][0]["name"], "r");
    client.post("/subjects/s", &schema("\"int\"")).refused(40403);
}
