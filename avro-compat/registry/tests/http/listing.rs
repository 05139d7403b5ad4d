//! Lists, and what of them is asked for.

use serde_json::json;

use super::fixed;
use super::support::Server;

#[test]
fn subjects_by_prefix_page_and_state() {
    let server = Server::start();
    let mut client = server.client();
    for (at, subject) in ["a1", "a2", "b1", ":.x:a1", ":.x:c1"].iter().enumerate() {
        client.post(&format!("/subjects/{subject}/versions"), &fixed(at)).ok();
    }
    client.delete("/subjects/a2").ok();
    for (query, expected) in [
        ("", json!(["a1", "b1", ":.x:a1", ":.x:c1"])),
        ("?subjectPrefix=a", json!(["a1"])),
        ("?subjectPrefix=", json!(["a1", "b1"])),
        ("?subjectPrefix=:.x:", json!([":.x:a1", ":.x:c1"])),
        ("?subjectPrefix=:*:a", json!(["a1", ":.x:a1"])),
        ("?subjectPrefix=:.y:", json!([])),
        ("?deleted=true&subjectPrefix=a", json!(["a1", "a2"])),
        ("?deletedOnly=true", json!(["a2"])),
        ("?offset=1&limit=2", json!(["b1", ":.x:a1"])),
        ("?limit=-1&offset=-5&subjectPrefix=a", json!(["a1"])),
        ("?limit=0", json!([])),
    ] {
        assert_eq!(client.get(&format!("/subjects{query}")).ok(), expected, "{query}");
    }
    for query in ["?deleted=maybe", "?offset=x", "?limit=99999999999"] {
        client.get(&format!("/subjects{query}")).refused(400);
    }
}

#[test]
fn versions_by_state_and_page() {
    let server = Server::start();
    let mut client = server.client();
    for size in 1..=4 {
        client.post("/subjects/s/versions?force=true", &fixed(size)).ok();
    }
    client.delete("/subjects/s/versions/2").ok();
    for (query, expected) in [
        ("", json!([1, 3, 4])),
        ("?deleted=true", json!([1, 2, 3, 4])),
        ("?deletedOnly=true", json!([2])),
        ("?deletedAsNegative=true", json!([1, -2, 3, 4])),
        ("?offset=1&limit=1", json!([3])),
    ] {
        assert_eq!(client.get(&format!("/subjects/s/versions{query}")).ok(), expected, "{query}");
    }
    client.get("/subjects/s/versions/2").refused(40402);
    assert_eq!(client.get("/subjects/s/versions/2?deleted=true").ok()["deleted"], true);
    client.post("/subjects/s", &fixed(2)).refused(40403);
    assert_eq!(client.post("/subjects/s?deleted=true", &fixed(2)).ok()["version"], 2);
    // It comes back as a new version with its old id, and the deleted one is gone.
    assert_eq!(client.post("/subjects/s/versions?force=true", &fixed(2)).ok()["id"], 2);
    assert_eq!(client.get("/subjects/s/versions?deleted=true").ok(), json!([1, 3, 4, 5]));
}

#[test]
fn schemas_by_prefix_latest_and_page() {
    let server = Server::start();
    let mut client = server.client();
    for (subject, size) in [("a", 1), ("a", 2), ("b", 3), (":.x:a", 4)] {
        client.post(&format!("/subjects/{subject}/versions?force=true"), &fixed(size)).ok();
    }
    let mut listed = |query: &str| {
        let found = client.get(&format!("/schemas{query}")).ok();
        let found = found.as_array().unwrap().iter();
        found
            .map(|it| format!("{}/{}", it["subject"].as_str().unwrap(), it["version"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(""), ["a/1", "a/2", "b/1"]);
    assert_eq!(listed("?latestOnly=true"), ["a/2", "b/1"]);
    assert_eq!(listed("?subjectPrefix=:*:"), ["a/1", "a/2", "b/1", ":.x:a/1"]);
    assert_eq!(listed("?subjectPrefix=b"), ["b/1"]);
    assert_eq!(listed("?offset=1&limit=1"), ["a/2"]);
    client.delete("/subjects/a/versions/2").ok();
    let mut listed =
        |query: &str| client.get(&format!("/schemas{query}")).ok().as_array().unwrap().len();
    assert_eq!((listed(""), listed("?deleted=true")), (2, 3));
}
