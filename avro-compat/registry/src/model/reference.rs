//! References from one schema to another.

use serde::{Deserialize, Serialize};

/// A schema that another one takes types from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// The full name of the type that is meant; of Avro schemas it is the types' own names that count.
    pub name: String,
    /// The subject that it is registered under; without a context, in that of the schema that refers to it.
    pub subject: String,
    /// Its version there; -1 in a request is the latest, and is kept as the number that it was.
    pub version: i32,
}
