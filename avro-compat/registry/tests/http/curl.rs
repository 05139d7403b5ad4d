//! The course's commands, as people type them.

use std::process::Command;

use super::support::Server;

#[test]
fn by_curl() {
    let server = Server::start();
    let url = format!("http://{}", server.address);
    let curl = |arguments: &[&str]| {
        let output =
            Command::new("curl").args(["-sS", "--max-time", "30"]).args(arguments).output();
        let output = output.ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    };
    let Some(root) = curl(&[&url]) else {
        assert_ne!(
            std::env::var("SCHEMA_REGISTRY_CLIENTS").as_deref(),
            Ok("require"),
            "there is no curl"
        );
        eprintln!("skipped: there is no curl");
        return;
    };
    assert_eq!(root, serde_json::json!({}));
    let versions = format!("{url}/subjects/tweets-value/versions");
    let registered = curl(&[
        "-X",
        "POST",
        "-H",
        "Content-Type: application/vnd.schemaregistry.v1+json",
        "--data",
        r#"{"schema": "{\"type\": \"record\", \"name\": \"Tweet\", \"fields\": [{\"name\": \"text\", \"type\": \"string\"}]}"}"#,
        &versions,
    ]);
    assert_eq!(registered.unwrap()["id"], 1);
    assert_eq!(curl(&[&format!("{versions}/latest")]).unwrap()["version"], 1);
    assert_eq!(
        curl(&["-X", "DELETE", &format!("{url}/subjects/tweets-value")]).unwrap(),
        serde_json::json!([1])
    );
}
