//! Values of records.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::SchemaId;
use crate::registry::Version;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContextRecord {
    pub listed: bool,
    pub next_id: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct VersionRecord {
    pub id: SchemaId,
    pub deleted: bool,
}

impl From<Version> for VersionRecord {
    fn from(version: Version) -> Self {
        Self { id: version.id, deleted: version.deleted }
    }
}

impl From<VersionRecord> for Version {
    fn from(record: VersionRecord) -> Self {
        Self { id: record.id, deleted: record.deleted }
    }
}

pub(super) fn read<T: DeserializeOwned>(keyspace: &str, key: &[u8], value: &[u8]) -> Result<T> {
    serde_json::from_slice(value).map_err(|error| damaged(keyspace, key, &error.to_string()))
}

pub(super) fn damaged(keyspace: &str, key: &[u8], reason: &str) -> Error {
    Error::Damaged {
        place: format!("key {:?} in {keyspace}", key.escape_ascii().to_string()),
        reason: reason.to_owned(),
    }
}
