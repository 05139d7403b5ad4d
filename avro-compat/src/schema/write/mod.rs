//! From a schema to JSON.

mod canonical;
mod full;
mod options;

pub use options::WriteOptions;
