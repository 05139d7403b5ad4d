//! Schemas and values from and to those of `apache_avro`, the Apache project's own crate (feature `apache-avro`).
//!
//! ```
//! use avro_compat::{Schema, Value};
//!
//! let theirs = apache_avro::Schema::parse_str(r#"{"type": "map", "values": {"type": "int", "logicalType": "date"}}"#).unwrap();
//! let schema = Schema::from_apache(&theirs)?;
//! assert_eq!(schema.to_apache()?, theirs);
//!
//! let value = Value::Map(vec![("landing".to_owned(), Value::Int(-165))]);
//! let date = apache_avro::types::Value::Date(-165);
//! assert_eq!(value.to_apache(&schema)?, apache_avro::types::Value::Map([("landing".to_owned(), date)].into()));
//! assert_eq!(Value::from_apache(&schema, &value.to_apache(&schema)?)?, value);
//! # Ok::<(), avro_compat::Error>(())
//! ```
//!
//! # What is lost
//!
//! From `apache_avro` nothing is lost but what it makes of names: a type without namespace is in that of the record around it. To it, these have no
//! counterpart, and are errors of [`Schema::to_apache`](crate::Schema::to_apache); all but long numbers in defaults and the last are left out by
//! [`Schema::to_apache_lossy`](crate::Schema::to_apache_lossy), which says so:
//!
//! - attributes of primitive types, such as Java's `avro.java.string`, and logical types of these that have no effect;
//! - that a record is an `error`;
//! - aliases that are no names, or that are in the null namespace where the type is in another;
//! - numbers in attributes and defaults with more digits than it keeps;
//! - types in the null namespace inside of a record that is in another.
//!
//! Not told apart are a `scale` of 0 that is written and one that is not. A map of its values has no order and no key twice.

mod from;
mod from_value;
mod to;
mod to_value;

/// How deep schemas are converted, and values: both sides recurse so deep.
const LEVELS: u32 = 400;
