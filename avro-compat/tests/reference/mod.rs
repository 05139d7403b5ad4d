//! What can be read, by example: values of a writer's schema, and a naive resolver. It shares nothing with the library but the schemas' types.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod resolver;
mod values;

#[allow(unused_imports, reason = "each test uses a part")]
pub use {resolver::resolve, values::values};
