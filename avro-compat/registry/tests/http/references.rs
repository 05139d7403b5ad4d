//! References between schemas.

use serde_json::json;

use super::schema;
use super::support::Server;

const ADDRESS: &str = r#"{"type":"record","name":"Address","namespace":"acme","fields":[{"name":"city","type":"string"}]}"#;
const USER: &str = r#"{"type":"record","name":"User","namespace":"acme","fields":[{"name":"home","type":"Address"}]}"#;

fn reference(name: &str, subject: &str, version: i32) -> serde_json::Value {
    json!({"name": name, "subject": subject, "version": version})
}

#[test]
fn types_of_other_subjects() {
    let server = Server::start();
    let mut client = server.client();
    assert_eq!(client.post("/subjects/address/versions", &schema(ADDRESS)).ok()["id"], 1);
    client.post("/subjects/user/versions", &schema(USER)).refused(42201);
    let user = json!({"schema": USER, "references": [reference("acme.Address", "address", -1)]});
    assert_eq!(client.post("/subjects/user/versions", &user).ok()["id"], 2);
    assert_eq!(client.post("/subjects/user/versions", &user).ok()["version"], 1, "again");

    let found = client.get("/schemas/ids/2").ok();
    assert_eq!(found["schema"], USER);
    assert_eq!(
        found["references"],
        json!([reference("acme.Address", "address", 1)]),
        "the latest was 1"
    );
    assert_eq!(client.get("/subjects/address/versions/1/referencedby").ok(), json!([2]));
    assert_eq!(client.get("/subjects/user/versions/1/referencedby").ok(), json!([]));

    // All in one text is the same schema.
    let whole = client.get("/subjects/user/versions/1/schema?format=resolved").body;
    assert!(whole.contains(r#""name":"city""#), "{whole}");
    assert_eq!(client.post("/subjects/user", &schema(&whole)).ok()["version"], 1);
    assert_eq!(client.post("/subjects/user/versions", &schema(&whole)).ok()["id"], 2);

    // Those that refer to what refers to something.
    let group = json!({
        "schema": r#"{"type":"record","name":"Group","namespace":"acme","fields":[{"name":"users","type":{"type":"array","items":"User"}}]}"#,
        "references": [reference("acme.User", "user", 1)]
    });
    assert_eq!(client.post("/subjects/group/versions", &group).ok()["id"], 3);
    // Unions of what others define, and nothing but the name of it.
    let union = json!({"schema": r#"["acme.User","acme.Address"]"#, "references": [reference("acme.User", "user", 1), reference("acme.Address", "address", 1)]});
    assert_eq!(
        client.post("/subjects/events/versions", &union).ok()["schema"],
        r#"["acme.User","acme.Address"]"#
    );
    let name =
        json!({"schema": r#""acme.User""#, "references": [reference("acme.User", "user", 1)]});
    assert_eq!(client.post("/subjects/name/versions", &name).ok()["schema"], r#""acme.User""#);
    assert_eq!(client.post("/subjects/name?normalize=true", &name).ok()["version"], 1);

    // What changes inside of a reference counts.
    let address =
        ADDRESS.replace(r#"{"name":"city","type":"string"}"#, r#"{"name":"zip","type":"int"}"#);
    client.post("/subjects/address/versions?force=true", &schema(&address)).ok();
    let user = json!({"schema": USER, "references": [reference("acme.Address", "address", 2)]});
    client.post("/subjects/user/versions", &user).refused(409);

    client.delete("/subjects/address/versions/1").refused(42206);
    for subject in ["name", "events", "group", "user"] {
        client.delete(&format!("/subjects/{subject}")).ok();
    }
    client.delete("/subjects/address").ok();
    client.delete("/subjects/address?permanent=true").refused(42206);
    for subject in ["name", "events", "group", "user", "address"] {
        client.delete(&format!("/subjects/{subject}?permanent=true")).ok();
    }
}

#[test]
fn within_a_context_and_across() {
    let server = Server::start();
    let mut client = server.client();
    client.post("/subjects/:.x:address/versions", &schema(ADDRESS)).ok();
    let user = |subject: &str| json!({"schema": USER, "references": [reference("acme.Address", subject, 1)]});
    client.post("/subjects/:.x:user/versions", &user("address")).ok();
    client.post("/subjects/user/versions", &user("address")).refused(42201);
    client.post("/subjects/user/versions", &user(":.x:address")).ok();
    let found = client.get("/subjects/:.x:user/versions/1?referenceFormat=qualified").ok();
    assert_eq!(found["references"][0]["subject"], ":.x:address");
    let referrers = client.get("/subjects/:.x:address/versions/1/referencedby").ok();
    assert_eq!(referrers.as_array().unwrap().len(), 2);
}
