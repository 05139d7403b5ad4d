//! The description is of what is there.

use std::collections::BTreeSet;

use schema_registry::http::ROUTES;
use serde_json::Value;

use super::support::Server;

#[test]
fn every_route_is_described_and_nothing_else() {
    let described = Server::start().client().get("/openapi.json").ok();
    let mut found = BTreeSet::new();
    for (path, operations) in described["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            found.insert((method.to_uppercase(), path.clone()));
            // The parameters of the path, and no others.
            let all = operation["parameters"].as_array().cloned().unwrap_or_default();
            let all: Vec<_> = all.iter().map(|it| resolve(&described, it)).collect();
            let names = |place: &str| -> BTreeSet<String> {
                let within = all.iter().filter(|it| it["in"] == place);
                within.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
            };
            let expected = path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
            assert_eq!(names("path"), expected.map(str::to_owned).collect(), "{method} {path}");
            for response in operation["responses"].as_object().unwrap().values() {
                assert!(
                    resolve(&described, response)["description"].is_string(),
                    "{method} {path}"
                );
            }
        }
    }
    let routes = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(found, routes.collect());
}

fn resolve<'v>(described: &'v Value, value: &'v Value) -> &'v Value {
    match value["$ref"].as_str() {
        Some(reference) => described.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}
