//! All routes are there, and nothing else is.

use schema_registry::http::ROUTES;

use super::support::Server;

#[test]
fn every_route_is_there() {
    let server = Server::start();
    let mut client = server.client();
    for (method, path) in ROUTES {
        let path = path.replace("{subject}", "s").replace("{version}", "1").replace("{id}", "1");
        let path = path
            .replace("{guid}", "g")
            .replace("{context}", ".c")
            .replace("{namespace}", "n")
            .replace("{name}", "m");
        let body = matches!(*method, "POST" | "PUT").then_some("{}");
        let reply = client.send(method, &path, body).unwrap();
        assert!(
            reply.status != 405 && !reply.body.contains("HTTP 404"),
            "{method} {path}: {reply:?}"
        );
    }
}

#[test]
fn what_is_no_route() {
    let server = Server::start();
    let mut client = server.client();
    client.get("/nothing").refused(404);
    client.get("/subjects/a/versions/1/schema/more").refused(404);
    client.put("/subjects", &serde_json::json!({})).refused(405);
    client.send("PATCH", "/config", None).unwrap().refused(405);
    assert_eq!(client.send("HEAD", "/subjects", None).unwrap().status, 200);
    // Escaped slashes and all of Unicode are names like others.
    client.post("/subjects/a%2Fb%3Fc%20%C3%BC/versions", &super::schema("\"int\"")).ok();
    assert_eq!(client.get("/subjects").ok(), serde_json::json!(["a/b?c \u{fc}"]));
    assert_eq!(client.get("/subjects/%FF/versions").status, 400);
}

#[test]
fn what_is_about_the_server() {
    let server = Server::start();
    let mut client = server.client();
    assert_eq!(client.get("/").ok(), serde_json::json!({}));
    assert_eq!(client.get("/health").ok()["status"], "ok");
    assert_eq!(client.get("/schemas/types").ok(), serde_json::json!(["AVRO"]));
    assert_eq!(client.get("/v1/metadata/version").ok()["version"], env!("CARGO_PKG_VERSION"));
    assert!(client.get("/v1/metadata/id").ok()["scope"].is_object());

    client.post("/subjects/s/versions", &super::fixed(1)).ok();
    client.get("/subjects/secret-name/versions").refused(40401);
    let metrics = client.get("/metrics");
    assert!(metrics.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        r#"schema_registry_http_requests_total{method="POST",route="/subjects/{subject}/versions",status="200"} 1"#,
        r#"schema_registry_http_requests_total{method="GET",route="/subjects/{subject}/versions",status="404"} 1"#,
        "schema_registry_schemas 1",
        "schema_registry_versions 1",
        "schema_registry_healthy 1",
        "# TYPE lsm_flushes counter",
        "lsm_compactions_total 0",
        "# EOF",
    ] {
        assert!(metrics.body.lines().any(|it| it == line), "{line} in {}", metrics.body);
    }
    assert!(metrics.body.ends_with("\n# EOF\n"));
    assert!(!metrics.body.contains("secret-name"));
}
