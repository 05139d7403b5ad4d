//! What a request changes.

use std::sync::Arc;

use crate::model::{Config, Context, Mode, SchemaId, StoredSchema, Subject};

/// One record of the registry, as it becomes. What a request changes is some of them, which take effect together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A context: whether it is listed, and the id that is given next in it.
    Context {
        /// Which.
        context: Context,
        /// Whether it is listed.
        listed: bool,
        /// The id that is given next; it never becomes less.
        next_id: u32,
    },
    /// A schema; none, if nothing refers to it any more.
    Schema {
        /// The context that the id is of.
        context: Context,
        /// Its id.
        id: SchemaId,
        /// What it is.
        schema: Option<Arc<StoredSchema>>,
    },
    /// A version of a subject; none, if it is gone for good.
    Version {
        /// The subject.
        subject: Subject,
        /// The version.
        version: u32,
        /// What it is.
        state: Option<Version>,
    },
    /// Settings of a subject or a context.
    Config {
        /// Of which.
        scope: Subject,
        /// What is set.
        config: Option<Config>,
    },
    /// What may be done to a subject or a context.
    Mode {
        /// To which.
        scope: Subject,
        /// What is set.
        mode: Option<Mode>,
    },
}

/// A version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The id of its schema.
    pub id: SchemaId,
    /// Whether it was deleted, and not for good.
    pub deleted: bool,
}
