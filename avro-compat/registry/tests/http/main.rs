//! The interface over a real socket: every route, every parameter, every error.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

#[path = "../support/mod.rs"]
mod support;

mod auth;
mod codes;
mod course;
mod curl;
mod ids;
mod limits;
mod listing;
mod modes;
mod openapi;
mod references;
mod routes;
mod settings;
mod verdicts;

use serde_json::{Value, json};

/// A body with an Avro schema.
fn schema(text: &str) -> Value {
    json!({ "schema": text })
}

/// A body with a record `R` of some fields.
fn record(fields: &str) -> Value {
    schema(&format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#))
}

/// A body with a fixed of a size: as many different schemas as there are numbers.
fn fixed(size: usize) -> Value {
    schema(&format!(r#"{{"type":"fixed","name":"F","size":{size}}}"#))
}
