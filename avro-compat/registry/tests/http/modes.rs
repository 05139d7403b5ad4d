//! Modes.

use serde_json::json;

use super::fixed;
use super::support::Server;

#[test]
fn imports_keep_ids_and_versions() {
    let server = Server::start();
    let mut client = server.client();
    assert_eq!(client.put("/mode", &json!({"mode": "IMPORT"})).ok(), json!({"mode": "IMPORT"}));
    let import = |size: usize, id: u32, version: u32| {
        let mut body = fixed(size);
        body["id"] = id.into();
        body["version"] = version.into();
        body
    };
    client.post("/subjects/s/versions", &fixed(1)).refused(42205);
    assert_eq!(client.post("/subjects/s/versions", &import(1, 100, 7)).ok()["id"], 100);
    assert_eq!(client.post("/subjects/s/versions", &import(1, 100, 7)).ok()["version"], 7, "again");
    client.post("/subjects/s/versions", &import(2, 50, 3)).ok();
    client.post("/subjects/s/versions", &import(3, 100, 8)).refused(42205);
    assert_eq!(client.get("/subjects/s/versions").ok(), json!([3, 7]));
    client.put("/mode", &json!({"mode": "READWRITE"})).ok();
    assert_eq!(client.post("/subjects/t/versions", &fixed(9)).ok()["id"], 101);
    assert_eq!(client.post("/subjects/s/versions?force=true", &fixed(9)).ok()["version"], 8);
    client.put("/mode", &json!({"mode": "IMPORT"})).refused(42205);
    client.put("/mode?force=true", &json!({"mode": "IMPORT"})).ok();
}

#[test]
fn importing_begins_without_what_was_deleted() {
    let server = Server::start();
    let mut client = server.client();
    client.post("/subjects/s/versions", &fixed(1)).ok();
    client.delete("/subjects/s").ok();
    client.put("/mode/s", &json!({"mode": "IMPORT"})).ok();
    client.get("/schemas/ids/1").refused(40403);
    client.get("/subjects/s/versions?deleted=true").refused(40401);
}

#[test]
fn modes_of_subjects_contexts_and_all() {
    let server = Server::start();
    let mut client = server.client();
    let mut allowed = |subject: &str, size: usize| {
        client.post(&format!("/subjects/{subject}/versions?force=true"), &fixed(size)).status == 200
    };
    assert!(allowed("s", 1) && allowed(":.x:s", 1));
    let mut other = server.client();
    other.put("/mode/:.x:", &json!({"mode": "READONLY"})).ok();
    assert!(allowed("s", 2) && !allowed(":.x:s", 2));
    other.put("/mode/:.x:s", &json!({"mode": "READWRITE"})).ok();
    assert!(allowed(":.x:s", 3) && !allowed(":.x:t", 3));
    other.put("/mode", &json!({"mode": "READONLY_OVERRIDE"})).ok();
    assert!(!allowed("s", 4) && !allowed(":.x:s", 4), "whatever they say");
    assert_eq!(other.delete("/mode").ok(), json!({"mode": "READONLY_OVERRIDE"}));
    assert!(allowed(":.x:s", 5));
    assert_eq!(other.delete("/mode/:.x:?recursive=true").ok(), json!({"mode": "READONLY"}));
    other.get("/mode/:.x:s").refused(40409);
    assert!(allowed(":.x:t", 6));
    assert_eq!(other.put("/mode/s", &json!({})).ok(), json!({}), "none is the default");
}
