//! Users.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schema_registry::http::{HttpOptions, Users, hash_password};
use schema_registry::registry::RegistryOptions;

use super::support::Server;

fn guarded() -> Server {
    let hash = hash_password("p:ässword").unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains("ssword"));
    let mut options = HttpOptions::default();
    options.users = Some(Users::new(HashMap::from([("ada".to_owned(), hash)])).unwrap());
    Server::with(options, RegistryOptions::default())
}

#[test]
fn who_may_ask() {
    let server = guarded();
    let basic = |user: &str| format!("Basic {}", STANDARD.encode(user));
    let reply = server.client().get("/subjects");
    reply.refused(401);
    assert!(reply.header("www-authenticate").unwrap().starts_with("Basic realm="));
    for value in [
        basic("ada:p:assword"),
        basic("ada:"),
        basic("ada"),
        basic("bob:p:ässword"),
        basic("nobody:nobody"),
        "Basic ???".to_owned(),
        format!("Bearer {}", STANDARD.encode("ada:p:ässword")),
    ] {
        server.client().header("Authorization", &value).get("/subjects").refused(401);
        server.client().header("Authorization", &value).get("/metrics").refused(401);
    }
    for _ in 0..3 {
        server.client().header("Authorization", &basic("ada:p:ässword")).get("/subjects").ok();
    }
    // Once known, still only with the password.
    server.client().header("Authorization", &basic("ada:p:assword")).get("/subjects").refused(401);
    server.client().get("/health").ok();
}

#[test]
fn files_of_users() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users");
    std::fs::write(&path, format!("# people\n\nada:{}\n", hash_password("x").unwrap())).unwrap();
    assert!(Users::read(&path).is_ok());
    std::fs::write(&path, "ada:x\n").unwrap();
    let error = Users::read(&path).err().unwrap().to_string();
    assert!(error.starts_with("line 1 of ") && error.contains("hash-password"), "{error}");
    assert!(Users::read(&dir.path().join("none")).is_err());
}
