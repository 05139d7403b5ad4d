//! The shapes of bodies, as clients write and read them.

use serde::{Deserialize, Deserializer, Serialize};

use super::Problem;
use crate::error::Error;
use crate::model::{Config, ConfigUpdate, Metadata, Mode, Reference, RuleSet};
use crate::registry::{Registered, Registration};
use crate::text::SentSchema;

/// A schema that is sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SchemaRequest {
    schema: Option<String>,
    schema_type: Option<String>,
    references: Option<Vec<Reference>>,
    metadata: Option<Metadata>,
    rule_set: Option<RuleSet>,
    id: Option<i32>,
    version: Option<i32>,
}

impl SchemaRequest {
    pub fn sent(self) -> SentSchema {
        SentSchema {
            schema_type: self.schema_type,
            schema: self.schema.unwrap_or_default(),
            references: self.references.unwrap_or_default(),
            metadata: self.metadata,
            rule_set: self.rule_set,
        }
    }

    pub fn registration(self, normalize: bool, force: bool) -> Registration {
        // What is negative is what some clients send for none.
        let id = self.id.and_then(|it| u32::try_from(it).ok());
        Registration { id, version: self.version, normalize, force, schema: self.sent() }
    }
}

/// A schema as a version of a subject.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionReply<'a> {
    pub subject: Option<String>,
    pub version: u32,
    pub id: u32,
    pub guid: String,
    #[serde(flatten)]
    pub schema: SchemaReply<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl<'a> VersionReply<'a> {
    pub fn of(found: &'a Registered) -> Self {
        Self {
            subject: Some(found.subject.to_string()),
            version: found.version,
            id: found.id.0,
            guid: found.guid.to_string(),
            schema: SchemaReply::of(&found.schema),
            deleted: found.deleted,
        }
    }
}

/// What is answered to a registration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegisteredReply<'a> {
    pub id: u32,
    pub version: u32,
    pub guid: String,
    #[serde(flatten)]
    pub schema: SchemaReply<'a>,
}

/// A schema.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SchemaReply<'a> {
    pub schema_type: &'static str,
    pub schema: std::borrow::Cow<'a, str>,
    #[serde(skip_serializing_if = "<[Reference]>::is_empty")]
    pub references: std::borrow::Cow<'a, [Reference]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<&'a RuleSet>,
}

impl<'a> SchemaReply<'a> {
    pub fn of(schema: &'a crate::model::StoredSchema) -> Self {
        Self {
            schema_type: "AVRO",
            schema: schema.schema.as_str().into(),
            references: schema.references.as_slice().into(),
            metadata: schema.metadata.as_ref(),
            rule_set: schema.rule_set.as_ref(),
        }
    }
}

/// A schema that was found by its id.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SchemaOfIdReply<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    pub guid: String,
    #[serde(flatten)]
    pub schema: SchemaReply<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_id: Option<u32>,
}

/// Whether a schema is compatible.
#[derive(Debug, Serialize)]
pub(super) struct CompatibilityReply {
    pub is_compatible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<String>>,
}

/// Settings that are sent: what is not there stays, what is null goes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigRequest {
    #[serde(default, deserialize_with = "given")]
    alias: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    normalize: Option<Option<bool>>,
    #[serde(default, deserialize_with = "given")]
    compatibility: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    compatibility_level: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    compatibility_group: Option<Option<String>>,
    alias_for_deks: Option<serde_json::Value>,
    validate_fields: Option<bool>,
    validate_new_schemas: Option<bool>,
    validate_rules: Option<bool>,
    compatibility_policy: Option<String>,
    default_metadata: Option<serde_json::Value>,
    override_metadata: Option<serde_json::Value>,
    default_rule_set: Option<serde_json::Value>,
    override_rule_set: Option<serde_json::Value>,
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ConfigRequest {
    pub fn update(self) -> Result<ConfigUpdate, Problem> {
        let policy = self.compatibility_policy.as_deref().is_some_and(|it| it != "STRICT");
        for (name, is_set) in [
            ("aliasForDeks", self.alias_for_deks.is_some()),
            ("validateFields", self.validate_fields == Some(true)),
            // Defaults of new schemas are checked in any case.
            ("validateNewSchemas", self.validate_new_schemas == Some(false)),
            ("validateRules", self.validate_rules == Some(true)),
            ("compatibilityPolicy", policy),
            ("defaultMetadata", self.default_metadata.is_some()),
            ("overrideMetadata", self.override_metadata.is_some()),
            ("defaultRuleSet", self.default_rule_set.is_some()),
            ("overrideRuleSet", self.override_rule_set.is_some()),
        ] {
            if is_set {
                let reason = format!("{name} is nothing that this registry can do: leave it out");
                return Err(Error::OperationNotPermitted { reason }.into());
            }
        }
        let level = self.compatibility.or(self.compatibility_level);
        let parse = |it: String| it.parse().map_err(|_| Error::InvalidCompatibilityLevel);
        let level = level.map(|it| it.map(parse).transpose()).transpose()?;
        Ok(ConfigUpdate {
            alias: self.alias,
            normalize: self.normalize,
            compatibility_level: level,
            compatibility_group: self.compatibility_group,
        })
    }
}

/// Settings, as they are echoed to those who set them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigEcho<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    normalize: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatibility: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatibility_group: Option<&'a str>,
}

impl<'a> ConfigEcho<'a> {
    pub fn of(config: &'a Config) -> Self {
        Self {
            alias: config.alias.as_deref(),
            normalize: config.normalize,
            compatibility: config.compatibility_level.map(|it| it.as_str()),
            compatibility_group: config.compatibility_group.as_deref(),
        }
    }
}

/// A mode that is sent.
#[derive(Debug, Deserialize)]
pub(super) struct ModeRequest {
    mode: Option<String>,
}

impl ModeRequest {
    pub fn mode(self) -> Result<Option<Mode>, Problem> {
        Ok(self.mode.map(|it| it.parse()).transpose()?)
    }
}

/// A mode, or none.
#[derive(Debug, Serialize)]
pub(super) struct ModeReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
}

impl ModeReply {
    pub fn of(mode: Option<Mode>) -> Self {
        Self { mode: mode.map(Mode::as_str) }
    }
}
