//! What may be asked of a registry: schemas, versions and subjects, as they are.

use std::sync::Arc;

use super::{Registered, Registry, State, ids, register};
use crate::error::{Error, Result};
use crate::model::{Context, Guid, SchemaId, StoredSchema, Subject, SubjectPrefix, VersionId};
use crate::text::{Reading, SentSchema};

/// A schema that was found by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaOfId {
    /// What it is.
    pub schema: Arc<StoredSchema>,
    /// Its id in all registries.
    pub guid: Guid,
    /// The version that it is of the subject that was asked for.
    pub version: Option<(Subject, u32)>,
    /// The greatest id that was given in its context.
    pub max_id: u32,
}

/// Which versions of a subject are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deleted {
    /// Those that are not deleted.
    #[default]
    Excluded,
    /// All of them.
    Included,
    /// Those that are.
    Only,
}

impl Deleted {
    /// Whether a version is listed.
    pub fn lists(self, deleted: bool) -> bool {
        match self {
            Self::Excluded => !deleted,
            Self::Included => true,
            Self::Only => deleted,
        }
    }
}

impl Registry {
    /// The version of a subject that a schema is. Without a context, the subject is looked for in all of them.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::SchemaNotFound`], [`Error::InvalidSchema`].
    pub fn look_up(
        &self,
        subject: &Subject,
        sent: &SentSchema,
        normalize: bool,
        deleted: bool,
    ) -> Result<Registered> {
        // What fits no type was never registered, or was imported.
        let reading = |state: &State, it: &Subject| Reading {
            check_defaults: false,
            ..register::reading(state, it, normalize)
        };
        let own = self.read(|state| reading(state, subject));
        let candidate = self.understand(subject, sent, own)?;
        let found = self.read(|it| register::by_digest(it, subject, &candidate, deleted));
        if let Some(found) = found {
            return Ok(found);
        }
        let state = self.snapshot();
        let found = register::look_up(&state, &self.texts, subject, &candidate, deleted)?;
        if let Some(found) = found {
            return Ok(found);
        }
        for other in in_other_contexts(&state, subject) {
            // There it may refer to what is not there.
            let candidate = self.texts.read(&state, &other, sent, reading(&state, &other));
            let found = candidate
                .and_then(|it| register::look_up(&state, &self.texts, &other, &it, deleted));
            if let Ok(Some(found)) = found {
                return Ok(found);
            }
        }
        Err(missing(&state, subject, deleted, Error::SchemaNotFound))
    }

    /// A version of a subject. Without a context, the subject is looked for in all of them.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`].
    pub fn version(
        &self,
        subject: &Subject,
        asked: VersionId,
        deleted: bool,
    ) -> Result<Registered> {
        self.read(|state| {
            let found = |subject: &Subject| {
                let (number, version) = match asked {
                    VersionId::Latest => state.latest(subject)?,
                    VersionId::Number(number) => (number, state.version(subject, number)?),
                };
                let counts = deleted || !version.deleted;
                counts.then(|| register::found(state, subject, number, version))
            };
            let others = || in_other_contexts(state, subject).find_map(|it| found(&it));
            found(subject).or_else(others).unwrap_or_else(|| {
                let version = asked.to_string();
                Err(missing(state, subject, deleted, Error::VersionNotFound { version }))
            })
        })
    }

    /// The numbers of a subject's versions, and whether they are deleted.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`].
    pub fn versions(&self, subject: &Subject, deleted: Deleted) -> Result<Vec<(u32, bool)>> {
        self.read(|state| {
            if !state.has_versions(subject, deleted != Deleted::Excluded) {
                return Err(Error::no_subject(subject));
            }
            let versions = state.versions(subject).map(|(number, it)| (number, it.deleted));
            Ok(versions.filter(|it| deleted.lists(it.1)).collect())
        })
    }

    /// The subjects that are asked for. One is deleted if all of its versions are.
    pub fn subjects(&self, prefix: &SubjectPrefix, deleted: Deleted) -> Vec<Subject> {
        let state = self.snapshot();
        let lists = |it: &Subject| deleted.lists(!state.has_versions(it, false));
        state.subjects(prefix).filter(lists).collect()
    }

    /// Versions of the subjects that are asked for: how many to skip, and how many then.
    ///
    /// # Errors
    ///
    /// None that are not bugs.
    pub fn schemas(
        &self,
        prefix: &SubjectPrefix,
        deleted: bool,
        latest_only: bool,
        page: (usize, usize),
    ) -> Result<Vec<Registered>> {
        let state = self.snapshot();
        let versions = state.subjects(prefix).flat_map(|subject| {
            let mut versions: Vec<_> =
                state.versions(&subject).filter(|it| deleted || !it.1.deleted).collect();
            if latest_only {
                versions.drain(..versions.len().saturating_sub(1));
            }
            versions.into_iter().map(move |(number, it)| (subject.clone(), number, it))
        });
        versions
            .skip(page.0)
            .take(page.1)
            .map(|(subject, number, it)| register::found(&state, &subject, number, it))
            .collect()
    }

    /// The schema of an id: in the default context, in the context that is named, or as a version of the subject that is.
    ///
    /// # Errors
    ///
    /// [`Error::IdNotFound`].
    pub fn schema(&self, id: SchemaId, subject: Option<&str>) -> Result<SchemaOfId> {
        self.read(|state| {
            let found = ids::find(state, id, subject)
                .ok_or_else(|| Error::IdNotFound { id: id.to_string() })?;
            Ok(SchemaOfId {
                schema: Arc::clone(&found.entry.stored),
                guid: found.entry.guid,
                max_id: state.next_id(&found.context).saturating_sub(1),
                version: found.version,
            })
        })
    }

    /// The versions that are of an id's schema, by subject.
    ///
    /// # Errors
    ///
    /// [`Error::SchemaNotFound`].
    pub fn versions_of_id(
        &self,
        id: SchemaId,
        subject: Option<&str>,
        deleted: bool,
    ) -> Result<Vec<(Subject, u32)>> {
        self.read(|state| {
            let found = ids::find(state, id, subject).ok_or(Error::SchemaNotFound)?;
            let versions = found.entry.versions.iter();
            let named = versions.map(|(name, number)| {
                (Subject::new(found.context.clone(), Arc::clone(name)), *number)
            });
            let counts = |it: &(Subject, u32)| {
                deleted || state.version(&it.0, it.1).is_some_and(|it| !it.deleted)
            };
            Ok(named.filter(counts).collect())
        })
    }

    /// The contexts that have a schema, and its id there.
    pub fn ids_of_guid(&self, guid: Guid) -> Vec<(Context, SchemaId)> {
        self.read(|state| state.ids_of_guid(guid).map(|(it, id)| (it.clone(), id)).collect())
    }

    /// The ids of the schemas that refer to a version, the smallest first.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`].
    pub fn referenced_by(
        &self,
        subject: &Subject,
        asked: VersionId,
        deleted: bool,
    ) -> Result<Vec<SchemaId>> {
        let version = self.version(subject, asked, true)?;
        Ok(self.read(|state| {
            let referrers = state.referrers(&version.subject, version.version, deleted);
            referrers.map(|it| it.1).collect()
        }))
    }

    /// The last version whose metadata has all of the properties.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::SchemaNotFound`].
    pub fn latest_with_metadata(
        &self,
        subject: &Subject,
        properties: &[(String, String)],
        deleted: bool,
    ) -> Result<Registered> {
        self.read(|state| {
            let versions = state.versions(subject).rev().filter(|it| deleted || !it.1.deleted);
            for (number, version) in versions {
                let found = register::found(state, subject, number, version)?;
                let metadata = found.schema.metadata.as_ref();
                let has = |(name, value): &(String, String)| {
                    metadata.and_then(|it| it.property(name)) == Some(value)
                };
                if metadata.is_some_and(|it| it.properties.is_some()) && properties.iter().all(has)
                {
                    return Ok(found);
                }
            }
            Err(missing(state, subject, deleted, Error::SchemaNotFound))
        })
    }

    /// The text of a kept schema with the types of its references in it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSchema`], if it was imported so.
    pub fn resolved_text(&self, context: &Context, schema: &StoredSchema) -> Result<String> {
        let state = self.snapshot();
        Ok(self.texts.parsed(&state, context, schema.digest(), schema)?.to_json())
    }
}

/// Why there is no such version: there is no such subject, or else `why`.
fn missing(state: &State, subject: &Subject, deleted: bool, why: Error) -> Error {
    if state.has_versions(subject, deleted) { why } else { Error::no_subject(subject) }
}

/// A subject without a context, in those that are not the default one.
fn in_other_contexts(state: &State, subject: &Subject) -> impl Iterator<Item = Subject> {
    let contexts = if subject.context().is_default() { state.contexts() } else { Vec::new() };
    let others = contexts.into_iter().filter(|it| !it.is_default());
    others.map(|it| Subject::new(it, Arc::clone(subject.shared_name())))
}
