//! The one error type of the crate, with the codes and messages that clients of Confluent's registry know.

use crate::model::{Context, SchemaId, Subject};

/// What the crate's fallible operations return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request is not answered with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// 40401.
    #[error("Subject '{subject}' not found.")]
    SubjectNotFound {
        /// The subject.
        subject: String,
    },
    /// 40402.
    #[error("Version {version} not found.")]
    VersionNotFound {
        /// The version as it was asked for; -1 is the latest.
        version: String,
    },
    /// 40403, for a schema that was sent.
    #[error("Schema not found")]
    SchemaNotFound,
    /// 40403, for an id.
    #[error("Schema {id} not found")]
    IdNotFound {
        /// The id.
        id: String,
    },
    /// 40404.
    #[error("Subject '{subject}' was soft deleted.Set permanent=true to delete permanently")]
    SubjectSoftDeleted {
        /// The subject.
        subject: String,
    },
    /// 40405.
    #[error("Subject '{subject}' was not deleted first before being permanently deleted")]
    SubjectNotSoftDeleted {
        /// The subject.
        subject: String,
    },
    /// 40406.
    #[error(
        "Subject '{subject}' Version {version} was soft deleted.Set permanent=true to delete permanently"
    )]
    VersionSoftDeleted {
        /// The subject.
        subject: String,
        /// The version.
        version: String,
    },
    /// 40407.
    #[error(
        "Subject '{subject}' Version {version} was not deleted first before being permanently deleted"
    )]
    VersionNotSoftDeleted {
        /// The subject.
        subject: String,
        /// The version.
        version: String,
    },
    /// 40408.
    #[error("Subject '{subject}' does not have subject-level compatibility configured")]
    NoSubjectConfig {
        /// The subject.
        subject: String,
    },
    /// 40409.
    #[error("Subject '{subject}' does not have subject-level mode configured")]
    NoSubjectMode {
        /// The subject.
        subject: String,
    },
    /// 40410. This registry has no associations.
    #[error("Association for '{resource}' not found.")]
    AssociationNotFound {
        /// What it would be of.
        resource: String,
    },

    /// 409.
    #[error("Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{}]", messages.join(", "))]
    Incompatible {
        /// The subject.
        subject: String,
        /// All that is incompatible.
        messages: Vec<String>,
    },

    /// 42201.
    #[error("{reason}")]
    InvalidSchema {
        /// What is wrong with it.
        reason: String,
    },
    /// 42202.
    #[error(
        "The specified version '{version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
    )]
    InvalidVersion {
        /// What was given.
        version: String,
    },
    /// 42203.
    #[error(
        "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"
    )]
    InvalidCompatibilityLevel,
    /// 42204.
    #[error("Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE and IMPORT.")]
    InvalidMode,
    /// 42205.
    #[error("{reason}")]
    OperationNotPermitted {
        /// Why not.
        reason: String,
    },
    /// 42206.
    #[error(
        "One or more references exist to the schema {{magic=1,keytype=SCHEMA,subject={subject},version={version}}}."
    )]
    ReferenceExists {
        /// The subject.
        subject: String,
        /// The version.
        version: u32,
    },
    /// 42207.
    #[error("The ID {given} of an imported schema does not match the existing ID {existing}")]
    IdDoesNotMatch {
        /// The id that was asked for.
        given: SchemaId,
        /// The id that the schema has under the subject.
        existing: SchemaId,
    },
    /// 42208.
    #[error("The specified subject '{subject}' is not a valid.")]
    InvalidSubject {
        /// What was given.
        subject: String,
    },
    /// 42209.
    #[error(
        "Register operation failed because schema is too large: {found} bytes are more than the {limit} allowed"
    )]
    SchemaTooLarge {
        /// Its length.
        found: usize,
        /// What is allowed.
        limit: usize,
    },
    /// 42210.
    #[error("{reason}")]
    InvalidRuleSet {
        /// What is wrong with it.
        reason: String,
    },
    /// 42211.
    #[error("The specified context '{context}' is not empty.")]
    ContextNotEmpty {
        /// The context.
        context: String,
    },
    /// 42212. This registry has no associations.
    #[error(
        "The association specified an invalid value for property: '{property}', detail: {detail}"
    )]
    InvalidAssociation {
        /// Which property.
        property: String,
        /// Why.
        detail: String,
    },

    /// 50001: the database refuses; nothing of the request was done, or will be seen before the registry is opened again.
    #[error("Error in the backend data store while {doing}: {reason}")]
    Store {
        /// What for.
        doing: &'static str,
        /// What it says.
        reason: String,
    },
    /// 50001: the database holds what this registry did not write.
    #[error("{place} of the backend data store is damaged: {reason}: restore it from a copy")]
    Damaged {
        /// Keyspace and key.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// 50002.
    #[error("{operation} operation timed out")]
    Timeout {
        /// Which.
        operation: &'static str,
    },
    /// 50003 would be a request that another node failed to answer, and 50004 that none is known; there is one node here. 50005: what the
    /// server did wrong.
    #[error("{reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// The status of the response: the first three digits of the code.
    pub fn status(&self) -> u16 {
        let code = self.code();
        // Codes have three digits, or five.
        if code > 999 { (code / 100) as u16 } else { code as u16 }
    }

    /// Confluent's code.
    pub fn code(&self) -> u32 {
        match self {
            Self::SubjectNotFound { .. } => 40401,
            Self::VersionNotFound { .. } => 40402,
            Self::SchemaNotFound | Self::IdNotFound { .. } => 40403,
            Self::SubjectSoftDeleted { .. } => 40404,
            Self::SubjectNotSoftDeleted { .. } => 40405,
            Self::VersionSoftDeleted { .. } => 40406,
            Self::VersionNotSoftDeleted { .. } => 40407,
            Self::NoSubjectConfig { .. } => 40408,
            Self::NoSubjectMode { .. } => 40409,
            Self::AssociationNotFound { .. } => 40410,
            Self::Incompatible { .. } => 409,
            Self::InvalidSchema { .. } => 42201,
            Self::InvalidVersion { .. } => 42202,
            Self::InvalidCompatibilityLevel => 42203,
            Self::InvalidMode => 42204,
            Self::OperationNotPermitted { .. } => 42205,
            Self::ReferenceExists { .. } => 42206,
            Self::IdDoesNotMatch { .. } => 42207,
            Self::InvalidSubject { .. } => 42208,
            Self::SchemaTooLarge { .. } => 42209,
            Self::InvalidRuleSet { .. } => 42210,
            Self::ContextNotEmpty { .. } => 42211,
            Self::InvalidAssociation { .. } => 42212,
            Self::Store { .. } | Self::Damaged { .. } => 50001,
            Self::Timeout { .. } => 50002,
            Self::Internal { .. } => 50005,
        }
    }

    pub(crate) fn no_subject(subject: &Subject) -> Self {
        Self::SubjectNotFound { subject: subject.to_string() }
    }

    pub(crate) fn not_permitted(reason: impl Into<String>) -> Self {
        Self::OperationNotPermitted { reason: reason.into() }
    }

    pub(crate) fn read_only(subject: &Subject) -> Self {
        let context = subject.context().qualifier();
        Self::not_permitted(format!("Subject {subject} in context {context} is in read-only mode"))
    }

    pub(crate) fn context_not_empty(context: &Context) -> Self {
        Self::ContextNotEmpty { context: context.qualifier() }
    }

    pub(crate) fn invalid_schema(reason: impl Into<String>) -> Self {
        Self::InvalidSchema { reason: reason.into() }
    }
}
