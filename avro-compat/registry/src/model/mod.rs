//! What a registry is about: subjects, versions, schemas, and settings of them.

mod config;
mod metadata;
mod mode;
mod reference;
mod rules;
mod schema;
mod subject;
mod version;

pub use config::{Config, ConfigUpdate};
pub use metadata::Metadata;
pub use mode::Mode;
pub use reference::Reference;
pub use rules::{Rule, RuleSet};
pub use schema::{Digest, Guid, SchemaId, StoredSchema};
pub use subject::{Context, Subject, SubjectPrefix};
pub use version::VersionId;
