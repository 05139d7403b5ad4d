//! The page, and the description for programs.

use std::collections::BTreeSet;

use ledger_api::http::ROUTES;

use crate::support::{Server, Setup};

#[test]
fn the_page_is_of_one_piece_and_takes_nothing_from_elsewhere() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    for (path, media) in
        [("/", "text/html"), ("/app.js", "text/javascript"), ("/app.css", "text/css")]
    {
        let reply = web.get(path);
        assert_eq!(reply.status, 200);
        assert!(reply.header("content-type").unwrap().starts_with(media));
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        for forbidden in ["http://", "https://", "style=", "onclick=", "innerHTML", "eval("] {
            assert!(!reply.body.contains(forbidden), "{path}: {forbidden}");
        }
    }
    let page = web.get("/").body;
    assert!(!page.contains("<script>") && !page.contains("<style>"));
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let description = web.get("/openapi.json").ok();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let described: BTreeSet<(String, String)> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .keys()
                .filter(|it| *it != "parameters")
                .map(move |it| (path.clone(), it.clone()))
        })
        .collect();
    let routes: BTreeSet<(String, String)> = ROUTES
        .iter()
        .flat_map(|(path, methods)| methods.iter().map(|it| ((*path).to_owned(), (*it).to_owned())))
        .collect();
    assert_eq!(described, routes);
    for (path, method) in routes {
        let path = path.replace("{id}", "1");
        if path == "/v1/feed" {
            continue;
        }
        let reply = web.send(&method.to_uppercase(), &path, (method == "post").then_some("[]"));
        assert!(![405, 500].contains(&reply.status), "{method} {path}: {reply:?}");
        let known = reply.status != 404
            || reply.json()["error"]["says"].as_str().is_some_and(|it| !it.contains("route"));
        assert!(known, "{method} {path}: {reply:?}");
    }
    // References lead somewhere.
    let text = description.to_string();
    for reference in text.split("\"#/").skip(1).map(|it| it.split('"').next().unwrap()) {
        assert!(description.pointer(&format!("/{reference}")).is_some(), "#/{reference}");
    }
}
