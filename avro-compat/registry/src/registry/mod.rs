//! The registry itself: what it knows, what may be asked of it, and how that becomes durable. Nothing of HTTP.

mod change;
mod commit;
mod compatibility;
mod delete;
mod ids;
mod look_up;
mod register;
mod settings;
mod state;

use std::sync::Arc;

use avro_compat::check::Profile;
use parking_lot::RwLock;

pub use self::change::{Change, Version};
use self::commit::Commits;
use self::compatibility::Checker;
pub use self::look_up::{Deleted, SchemaOfId};
pub use self::register::{Registered, Registration};
pub use self::state::{Counts, Entry, State};
use crate::error::{Error, Result};
use crate::model::{Config, ConfigUpdate, Context, Mode, Subject, VersionId};
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

    /// What the store's database has done since it was opened, and what it takes.
    pub fn store_statistics(&self) -> lsm::Statistics {
        self.commits.store_statistics()
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
}
