//! Avro schemas, and what may be done to them.
//!
//! ```
//! use avro_compat::{Kind, Schema, Type};
//!
//! let schema = Schema::parse(r#"
//!     {"type": "record", "name": "Tweet", "namespace": "example", "fields": [
//!         {"name": "id", "type": "long"},
//!         {"name": "text", "type": "string", "default": ""}
//!     ]}"#)?;
//! let Type::Record(tweet) = schema[schema.root()].ty() else { panic!() };
//! assert_eq!(tweet.name().full(), "example.Tweet");
//! assert_eq!(schema[tweet.fields()[0].ty()].kind(), Kind::Long);
//! # Ok::<(), avro_compat::Error>(())
//! ```
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod error;
mod fingerprint;
pub mod json;
mod schema;

pub use error::{DefaultMismatch, Error, Location, ParseError, Problem, Result};
pub use fingerprint::rabin;
pub use schema::{
    Attributes, Enum, Field, Fixed, IgnoredLogicalType, Kind, LogicalType, Name, NameRules, Node,
    Order, Origin, ParseOptions, Record, Schema, Schemas, Type, TypeId, Union, WriteOptions,
};
