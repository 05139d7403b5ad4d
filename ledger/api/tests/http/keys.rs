//! Who may ask what.

use serde_json::json;

use crate::support::{Server, Setup, keys};

#[test]
fn scopes_and_wrong_keys() {
    let (keys, texts) = keys();
    let server = Server::with(Setup { keys, ..Setup::default() });
    let ledger = json!({"id": 1, "currency": "EUR", "exponent": 2});
    let account = json!({"id": "1", "ledger": 1, "code": 1});
    let [read, write, admin] = [0, 1, 2].map(|at: usize| texts[at].clone());
    let mut near = admin.clone();
    near.pop();
    for wrong in ["", "x", "lk_nobody_00", &near] {
        let reply = server.web().key(wrong).get("/v1/status");
        reply.problem(401, "unauthorized");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    server
        .web()
        .header("Authorization", &format!("Basic {admin}"))
        .get("/v1/status")
        .problem(401, "unauthorized");
    server.web().get("/metrics").problem(401, "unauthorized");
    server.web().key(&read).post("/v1/ledgers", &ledger).problem(403, "forbidden");
    server.web().key(&write).post("/v1/ledgers", &ledger).problem(403, "forbidden");
    server.web().key(&write).post("/v1/checkpoint", &json!({})).problem(403, "forbidden");
    server.web().key(&admin).post("/v1/ledgers", &ledger).ok();
    server.web().key(&read).post("/v1/accounts", &account).problem(403, "forbidden");
    server.web().key(&write).post("/v1/accounts", &account).ok();
    for key in [&read, &write, &admin] {
        server.web().key(key).get("/v1/accounts/1").ok();
        server.web().key(key).post("/v1/query", &json!({})).ok();
    }
    // Not a secret: that it lives, what it is, and the page that asks for a key.
    for path in ["/health", "/openapi.json", "/", "/app/main.js"] {
        assert_eq!(server.web().get(path).status, 200, "{path}");
    }
    // With keys any host name is good: it may stand behind a proxy.
    server.web().key(&read).header("Host", "ledger.example").get("/v1/status").ok();
}
