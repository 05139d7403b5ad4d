//! The registry itself: what it knows, what may be asked of it, and how that becomes durable. Nothing of HTTP.

mod change;
mod commit;
mod compatibility;
mod delete;
mod ids;
mod register;
mod settings;
mod state;

use std::sync::Arc;

use avro_compat::check::Profile;
use parking_lot::RwLock;

pub use self::change::{Change, Version};
use self::commit::Commits;
use self::compatibility::Checker;
pub use self::register::{Registered, Registration};
pub use self::state::{Counts, Entry, State};
use crate::error::{Error, Result};
use crate::model::{
    Config, ConfigUpdate, Context, Guid, Mode, SchemaId, StoredSchema, Subject, SubjectPrefix,
    VersionId,
};
use crate::store::Store;
use crate::text::{Candidate, Reading, SentSchema, Texts};

/// How a registry decides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistryOptions {
    /// By whose rules schemas are compared: the specification's by default.
    pub profile: Profile,
    /// The longest schema, in bytes, with all that it refers to. 1 MiB by default, as in Confluent's registry.
    pub max_schema_bytes: usize,
    /// Memory for parsed schemas, in bytes, about. 64 MiB by default.
    pub cache_bytes: u64,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self { profile: Profile::Spec, max_schema_bytes: 1 << 20, cache_bytes: 64 << 20 }
    }
}

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

/// A registry that is open. All of it is in memory, and on disk before anybody sees it; any number of threads may use it, and those that
/// change something at the same time share one sync.
///
/// Calls that change something block until that is durable.
pub struct Registry {
    options: RegistryOptions,
    texts: Texts,
    published: RwLock<Arc<State>>,
    commits: Commits,
}

impl Registry {
    /// The registry of a store, which holds what the state says.
    pub fn new(store: Store, state: State, options: RegistryOptions) -> Self {
        Self {
            texts: Texts::new(options.max_schema_bytes, options.cache_bytes),
            options,
            published: RwLock::new(Arc::new(state.clone())),
            commits: Commits::new(store, state),
        }
    }

    /// Reads what is durable. Nothing is published meanwhile, so it should not take long.
    pub fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.published.read())
    }

    /// What is durable, for those who take longer. Others wait a little for them; after that, what they publish costs a copy of the state.
    pub fn snapshot(&self) -> Arc<State> {
        Arc::clone(&self.published.read())
    }

    /// Whether the store still takes changes.
    ///
    /// # Errors
    ///
    /// [`Error::Store`], with what went wrong last.
    pub fn check_health(&self) -> Result<()> {
        self.commits.check_health()
    }

    /// Bytes that the store takes on disk.
    pub fn store_bytes(&self) -> u64 {
        self.commits.store_bytes()
    }

    fn checker(&self) -> Checker<'_> {
        Checker { texts: &self.texts, profile: self.options.profile }
    }

    fn understand(
        &self,
        subject: &Subject,
        sent: &SentSchema,
        reading: Reading,
    ) -> Result<Candidate> {
        if sent.references.is_empty() {
            self.texts.read_alone(sent, reading)
        } else {
            self.texts.read(&self.snapshot(), subject, sent, reading)
        }
    }

    fn write<T>(&self, decide: impl FnOnce(&State) -> Result<(T, Vec<Change>)>) -> Result<T> {
        self.commits.write(&self.published, decide)
    }

    /// Registers a schema as the next version of a subject, unless it is one already; the same schema has the same id under all subjects of
    /// a context.
    ///
    /// # Errors
    ///
    /// [`Error::Incompatible`], [`Error::InvalidSchema`], [`Error::SchemaTooLarge`], [`Error::InvalidSubject`],
    /// [`Error::OperationNotPermitted`] in other modes than its own, [`Error::IdDoesNotMatch`], [`Error::Store`].
    pub fn register(&self, subject: &Subject, request: &Registration) -> Result<Registered> {
        subject.check()?;
        // What can be done beside others is: the text is read, and most requests are about what is registered already.
        let reading = self.read(|state| {
            register::check_mode(state, subject, request)?;
            Ok::<_, Error>(register::reading(state, subject, request.normalize))
        })?;
        let candidate = self.understand(subject, &request.schema, reading)?;
        let known = self.read(|state| register::known(state, subject, request, &candidate));
        if let Some(known) = known {
            return Ok(known);
        }
        self.write(|state| {
            // What it refers to may have changed meanwhile.
            let again = if candidate.stored.references.is_empty() {
                None
            } else {
                let reading = register::reading(state, subject, request.normalize);
                Some(self.texts.read(state, subject, &request.schema, reading)?)
            };
            let candidate = again.as_ref().unwrap_or(&candidate);
            register::register(state, &self.checker(), subject, request, candidate)
        })
    }

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
        if state.has_versions(subject, deleted) {
            Err(Error::SchemaNotFound)
        } else {
            Err(Error::no_subject(subject))
        }
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
                if state.has_versions(subject, deleted) {
                    Err(Error::VersionNotFound { version: asked.to_string() })
                } else {
                    Err(Error::no_subject(subject))
                }
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
            if state.has_versions(subject, deleted) {
                Err(Error::SchemaNotFound)
            } else {
                Err(Error::no_subject(subject))
            }
        })
    }

    /// What keeps a schema from being the next version of a subject, or from being compatible with one of its versions. Nothing, if it is
    /// compatible.
    ///
    /// # Errors
    ///
    /// [`Error::VersionNotFound`], [`Error::InvalidSchema`].
    pub fn incompatibilities(
        &self,
        subject: &Subject,
        against: Option<VersionId>,
        sent: &SentSchema,
        normalize: bool,
    ) -> Result<Vec<String>> {
        let state = self.snapshot();
        let versions: Vec<_> = match against {
            None => state.versions(subject).filter(|it| !it.1.deleted).collect(),
            Some(VersionId::Latest) => state.latest(subject).into_iter().collect(),
            Some(VersionId::Number(number)) => {
                let version = state.version(subject, number).filter(|it| !it.deleted);
                let not_found = || Error::VersionNotFound { version: number.to_string() };
                vec![(number, version.ok_or_else(not_found)?)]
            }
        };
        let reading = register::reading(&state, subject, normalize);
        let candidate = self.texts.read(&state, subject, sent, reading)?;
        self.checker().check(&state, subject, &candidate, &versions)
    }

    /// Deletes a version: not for good, so that its id can still be looked up; then, in a second request, for good.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::VersionNotFound`], [`Error::VersionSoftDeleted`], [`Error::VersionNotSoftDeleted`],
    /// [`Error::ReferenceExists`], [`Error::OperationNotPermitted`], [`Error::Store`].
    pub fn delete_version(
        &self,
        subject: &Subject,
        asked: VersionId,
        permanent: bool,
    ) -> Result<u32> {
        self.write(|state| delete::version(state, subject, asked, permanent))
    }

    /// Deletes all versions of a subject: not for good; then, in a second request, for good. Returns which they were.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::SubjectSoftDeleted`], [`Error::SubjectNotSoftDeleted`], [`Error::ReferenceExists`],
    /// [`Error::OperationNotPermitted`], [`Error::Store`].
    pub fn delete_subject(&self, subject: &Subject, permanent: bool) -> Result<Vec<u32>> {
        self.write(|state| delete::subject(state, subject, permanent))
    }

    /// The subject that another name stands for, or the same.
    pub fn resolve_alias(&self, subject: Subject) -> Subject {
        self.read(|state| state.resolve_alias(subject))
    }

    /// What is set for a subject or a context itself.
    ///
    /// # Errors
    ///
    /// [`Error::NoSubjectConfig`].
    pub fn config(&self, scope: &Subject) -> Result<Config> {
        let found = self.read(|state| settings::config(state, scope));
        found.ok_or_else(|| Error::NoSubjectConfig { subject: scope.to_string() })
    }

    /// What holds for a subject or a context.
    pub fn config_in_scope(&self, scope: &Subject) -> Config {
        let config = self.read(|state| state.config_in_scope(scope));
        Config { compatibility_level: Some(config.level()), ..config }
    }

    /// Changes what is set for a subject or a context, and returns what is then.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSubject`], [`Error::OperationNotPermitted`], [`Error::Store`].
    pub fn update_config(&self, scope: &Subject, update: &ConfigUpdate) -> Result<Config> {
        scope.check_scope()?;
        self.write(|state| settings::update_config(state, scope, update))
    }

    /// Resets what is set for a subject or a context, and returns what was.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::OperationNotPermitted`], [`Error::Store`].
    pub fn delete_config(&self, scope: &Subject) -> Result<Config> {
        self.write(|state| settings::delete_config(state, scope))
    }

    /// What is set for a subject or a context itself.
    ///
    /// # Errors
    ///
    /// [`Error::NoSubjectMode`].
    pub fn mode(&self, scope: &Subject) -> Result<Mode> {
        let found = self.read(|state| settings::mode(state, scope));
        found.ok_or_else(|| Error::NoSubjectMode { subject: scope.to_string() })
    }

    /// What may be done to a subject or a context.
    pub fn mode_in_scope(&self, scope: &Subject) -> Mode {
        self.read(|state| state.mode_in_scope(scope))
    }

    /// Sets what may be done to a subject or a context, or resets it. Importing begins where there are no versions, unless it is forced; deleted
    /// ones then go for good.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSubject`], [`Error::OperationNotPermitted`], [`Error::ReferenceExists`], [`Error::Store`].
    pub fn set_mode(&self, scope: &Subject, mode: Option<Mode>, force: bool) -> Result<()> {
        scope.check_scope()?;
        self.write(|state| Ok(((), settings::set_mode(state, scope, mode, force)?)))
    }

    /// Resets what may be done to a subject or a context, and returns what it was; with `recursive`, of all subjects of the context as well.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectNotFound`], [`Error::Store`].
    pub fn delete_mode(&self, scope: &Subject, recursive: bool) -> Result<Option<Mode>> {
        self.write(|state| settings::delete_mode(state, scope, recursive))
    }

    /// The contexts.
    pub fn contexts(&self) -> Vec<Context> {
        self.read(State::contexts)
    }

    /// Removes a context that has no subjects.
    ///
    /// # Errors
    ///
    /// [`Error::ContextNotEmpty`], [`Error::Store`].
    pub fn delete_context(&self, context: &Context) -> Result<()> {
        self.write(|state| Ok(((), settings::delete_context(state, context)?)))
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

/// A subject without a context, in those that are not the default one.
fn in_other_contexts(state: &State, subject: &Subject) -> impl Iterator<Item = Subject> {
    let contexts = if subject.context().is_default() { state.contexts() } else { Vec::new() };
    let others = contexts.into_iter().filter(|it| !it.is_default());
    others.map(|it| Subject::new(it, Arc::clone(subject.shared_name())))
}
