//! What is on disk: an `lsm` database whose records are the registry's.
//!
//! Every commit is one batch over all keyspaces, synced before it returns. Numbers in keys are big-endian, so that they sort; names end
//! at a zero byte, which no name contains; values are JSON.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `meta` | `format` | `1` |
//! | `contexts` | context | `{"listed": true, "nextId": 7}`: the id that is given next; stays when the context goes, so that no id is given again |
//! | `schemas` | context `00` id (4 bytes) | `{"schema": "...", "references": [{"name", "subject", "version"}], "metadata": {}, "ruleSet": {}}`; what is empty is left out |
//! | `versions` | context `00` subject's name `00` version (4 bytes) | `{"id": 3, "deleted": false}` |
//! | `configs` | context `00` subject's name | `{"compatibilityLevel": "FULL", "normalize": true, "alias": "...", "compatibilityGroup": "..."}` |
//! | `modes` | context `00` subject's name | `"READONLY"` |
//!
//! The default context is `.`. A name that is empty is the context itself: settings of `.` and no name are those of the top level.

mod keys;
mod records;

use std::path::Path;

use lsm::{Batch, Db, Durability, Keyspace, KeyspaceOptions, Options};
use serde::Serialize;

use self::records::{ContextRecord, VersionRecord};
use crate::error::{Error, Result};
use crate::registry::{Change, State};

/// The format that is written here.
const FORMAT: &[u8] = b"1";

/// An open database of a registry. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    contexts: Keyspace,
    schemas: Keyspace,
    versions: Keyspace,
    configs: Keyspace,
    modes: Keyspace,
}

impl Store {
    /// What suits a registry: all of it is in memory; the database needs little to write and nothing to read again.
    #[must_use]
    pub fn options() -> Options {
        Options::default().write_buffer_bytes(4 << 20).cache_bytes(4 << 20)
    }

    /// Opens the registry in a directory, or makes one there, and reads all of it.
    ///
    /// # Errors
    ///
    /// [`Error::Store`], if another process has it open, or it is no database; [`Error::Damaged`], if it is another's.
    pub fn open(dir: impl AsRef<Path>) -> Result<(Self, State)> {
        Self::open_with(dir, Self::options())
    }

    /// The same with options of the database.
    ///
    /// # Errors
    ///
    /// As [`Store::open`].
    pub fn open_with(dir: impl AsRef<Path>, options: Options) -> Result<(Self, State)> {
        let db = Db::open(dir, options).map_err(opening)?;
        let keyspace = |name| db.keyspace(name, KeyspaceOptions::default()).map_err(opening);
        let meta = keyspace("meta")?;
        match meta.get(b"format").map_err(opening)? {
            None => meta.put_with(b"format", FORMAT, Durability::Sync).map_err(opening)?,
            Some(format) if &*format == FORMAT => {}
            Some(format) => {
                let found = String::from_utf8_lossy(&format).into_owned();
                let reason = format!("it has format {found}, and this program reads format 1");
                return Err(Error::Store { doing: "opening it", reason });
            }
        }
        let store = Self {
            contexts: keyspace("contexts")?,
            schemas: keyspace("schemas")?,
            versions: keyspace("versions")?,
            configs: keyspace("configs")?,
            modes: keyspace("modes")?,
            db,
        };
        let state = store.read()?;
        Ok((store, state))
    }

    /// Makes changes durable, all or none of them.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]: nothing of them is there, unless a sync failed: then nothing more is written, and whether they are there shows when it
    /// is opened again.
    pub fn commit(&self, changes: &[Change]) -> Result<()> {
        let mut batch = Batch::new();
        for change in changes {
            self.put(&mut batch, change)?;
        }
        self.db.write(batch, Durability::Sync).map_err(committing)
    }

    /// Closes the database, with what is written in tables.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; what was committed is as safe as before.
    pub fn close(self) -> Result<()> {
        self.db
            .close()
            .map_err(|error| Error::Store { doing: "closing it", reason: error.to_string() })
    }

    /// What the database has done since it was opened, and what it takes.
    #[must_use]
    pub fn statistics(&self) -> lsm::Statistics {
        self.db.statistics()
    }

    fn put(&self, batch: &mut Batch, change: &Change) -> Result<()> {
        let (keyspace, key, value) = match change {
            Change::Context { context, listed, next_id } => {
                let record = ContextRecord { listed: *listed, next_id: *next_id };
                (&self.contexts, keys::context(context), Some(json(&record)?))
            }
            Change::Schema { context, id, schema } => {
                let value = schema.as_deref().map(json).transpose()?;
                (&self.schemas, keys::schema(context, *id), value)
            }
            Change::Version { subject, version, state } => {
                let record = state.map(VersionRecord::from);
                let value = record.as_ref().map(json).transpose()?;
                (&self.versions, keys::version(subject, *version), value)
            }
            Change::Config { scope, config } => {
                let value = config.as_ref().map(json).transpose()?;
                (&self.configs, keys::scope(scope), value)
            }
            Change::Mode { scope, mode } => {
                let value = mode.as_ref().map(json).transpose()?;
                (&self.modes, keys::scope(scope), value)
            }
        };
        match value {
            Some(value) => batch.put(keyspace, &key, &value),
            None => batch.delete(keyspace, &key),
        }
        .map_err(committing)
    }

    /// Everything that is there, which must make sense.
    fn read(&self) -> Result<State> {
        let mut state = State::default();
        for item in self.contexts.range::<&[u8]>(..) {
            let (key, value) = item.map_err(opening)?;
            let record: ContextRecord = records::read("contexts", &key, &value)?;
            let context = keys::read_context(&key)?;
            state.apply(&Change::Context {
                context,
                listed: record.listed,
                next_id: record.next_id,
            });
        }
        for item in self.schemas.range::<&[u8]>(..) {
            let (key, value) = item.map_err(opening)?;
            let (context, id) = keys::read_schema(&key)?;
            if id.0 >= state.next_id(&context) {
                return Err(records::damaged("schemas", &key, "its id is none that was given"));
            }
            let schema = std::sync::Arc::new(records::read("schemas", &key, &value)?);
            state.apply(&Change::Schema { context, id, schema: Some(schema) });
        }
        for item in self.versions.range::<&[u8]>(..) {
            let (key, value) = item.map_err(opening)?;
            let (subject, version) = keys::read_version(&key)?;
            let record: VersionRecord = records::read("versions", &key, &value)?;
            if state.entry(subject.context(), record.id).is_none() {
                return Err(records::damaged("versions", &key, "its schema is not there"));
            }
            state.apply(&Change::Version { subject, version, state: Some(record.into()) });
        }
        for item in self.configs.range::<&[u8]>(..) {
            let (key, value) = item.map_err(opening)?;
            let config = Some(records::read("configs", &key, &value)?);
            state.apply(&Change::Config { scope: keys::read_scope("configs", &key)?, config });
        }
        for item in self.modes.range::<&[u8]>(..) {
            let (key, value) = item.map_err(opening)?;
            let mode = Some(records::read("modes", &key, &value)?);
            state.apply(&Change::Mode { scope: keys::read_scope("modes", &key)?, mode });
        }
        Ok(state)
    }
}

fn json(record: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(record)
        .map_err(|error| Error::Internal { reason: format!("a record cannot be written: {error}") })
}

fn opening(error: lsm::Error) -> Error {
    Error::Store { doing: "opening it", reason: error.to_string() }
}

fn committing(error: lsm::Error) -> Error {
    Error::Store { doing: "writing", reason: error.to_string() }
}
