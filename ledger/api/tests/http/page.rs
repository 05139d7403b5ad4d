//! The page, and the description for programs.

use std::collections::BTreeSet;

use ledger_api::http::ROUTES;

use crate::support::{Server, Setup};

/// What a file of the page refers to: in markup by `href` and `src`, in programs by `from`.
fn references(text: &str) -> BTreeSet<String> {
    let after = |mark: &str, prefix: &str| -> Vec<String> {
        let found = text.split(mark).skip(1).filter_map(|it| it.split('"').next());
        found.filter_map(|it| it.strip_prefix(prefix)).map(|it| format!("/app/{it}")).collect()
    };
    [after("href=\"", "/app/"), after("src=\"", "/app/"), after("from \"", "./")]
        .concat()
        .into_iter()
        .collect()
}

#[test]
fn the_page_is_of_one_piece_and_takes_nothing_from_elsewhere() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let (mut open, mut seen) = (vec!["/".to_owned()], BTreeSet::new());
    while let Some(path) = open.pop() {
        let reply = web.get(&path);
        assert_eq!(reply.status, 200, "{path}");
        let media = match path.rsplit_once('.').map(|it| it.1) {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            Some("svg") => "image/svg+xml",
            _ => "text/html",
        };
        assert!(reply.header("content-type").unwrap().starts_with(media), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        let text = reply.body.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for forbidden in [
            "http://",
            "https://",
            "style=",
            "onclick=",
            "innerHTML",
            "eval(",
            "<script>",
            "<style>",
        ] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
        open.extend(references(&text).into_iter().filter(|it| !seen.contains(it)));
        seen.insert(path);
    }
    assert!(seen.len() > 10, "{seen:?}");
    let nothing = web.get("/app/nothing.js");
    assert!(nothing.problem(404, "not_found").contains("part of the page"));
}

#[test]
fn the_page_calculates_with_no_floating_point() {
    let server = Server::start();
    let text = server.web().get("/app/money.js").body;
    for forbidden in ["Number(", "parseFloat", "parseInt", "Math.", "toFixed", "toLocale"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
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
