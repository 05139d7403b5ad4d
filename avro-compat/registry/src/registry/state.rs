//! Everything that a registry knows, and what it is found by.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::{Change, Version};
use crate::model::{
    Config, Context, Digest, Guid, Mode, SchemaId, StoredSchema, Subject, SubjectPrefix,
};

/// Everything that a registry knows. Only [`State::apply`] changes it.
#[derive(Clone, Debug, Default)]
pub struct State {
    contexts: BTreeMap<Context, ContextState>,
    configs: HashMap<Subject, Config>,
    modes: HashMap<Subject, Mode>,
    /// Which schemas refer to a version.
    referrers: HashMap<(Subject, u32), BTreeSet<(Context, SchemaId)>>,
}

/// One context.
#[derive(Clone, Debug)]
struct ContextState {
    listed: bool,
    next_id: u32,
    schemas: BTreeMap<SchemaId, Entry>,
    /// More than one id only where they were imported so; the smallest first.
    by_digest: HashMap<Digest, BTreeSet<SchemaId>>,
    by_guid: HashMap<Guid, BTreeSet<SchemaId>>,
    subjects: BTreeMap<Arc<str>, BTreeMap<u32, Version>>,
}

impl Default for ContextState {
    fn default() -> Self {
        Self {
            listed: false,
            next_id: 1,
            schemas: BTreeMap::new(),
            by_digest: HashMap::new(),
            by_guid: HashMap::new(),
            subjects: BTreeMap::new(),
        }
    }
}

/// A schema, and which versions are of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub stored: Arc<StoredSchema>,
    /// What it is found by.
    pub digest: Digest,
    /// Its id in all registries.
    pub guid: Guid,
    /// Names and versions of the context's subjects, deleted ones included.
    pub versions: BTreeSet<(Arc<str>, u32)>,
}

impl State {
    /// Makes a record what the change says it becomes.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Context { context, listed, next_id } => {
                let state = self.contexts.entry(context.clone()).or_default();
                state.listed = *listed;
                state.next_id = *next_id;
            }
            Change::Schema { context, id, schema: Some(schema) } => {
                self.drop_schema(context, *id);
                self.add_schema(context, *id, schema);
            }
            Change::Schema { context, id, schema: None } => self.drop_schema(context, *id),
            Change::Version { subject, version, state } => {
                self.set_version(subject, *version, *state);
            }
            Change::Config { scope, config } => match config {
                Some(config) => drop(self.configs.insert(scope.clone(), config.clone())),
                None => drop(self.configs.remove(scope)),
            },
            Change::Mode { scope, mode } => match mode {
                Some(mode) => drop(self.modes.insert(scope.clone(), *mode)),
                None => drop(self.modes.remove(scope)),
            },
        }
    }

    fn add_schema(&mut self, context: &Context, id: SchemaId, schema: &Arc<StoredSchema>) {
        for target in targets(context, schema) {
            self.referrers.entry(target).or_default().insert((context.clone(), id));
        }
        let (digest, guid) = (schema.digest(), schema.guid());
        let state = self.contexts.entry(context.clone()).or_default();
        state.by_digest.entry(digest).or_default().insert(id);
        state.by_guid.entry(guid).or_default().insert(id);
        let stored = Arc::clone(schema);
        state.schemas.insert(id, Entry { stored, digest, guid, versions: BTreeSet::new() });
    }

    fn drop_schema(&mut self, context: &Context, id: SchemaId) {
        let Some(state) = self.contexts.get_mut(context) else { return };
        let Some(entry) = state.schemas.remove(&id) else { return };
        remove(&mut state.by_digest, &entry.digest, &id);
        remove(&mut state.by_guid, &entry.guid, &id);
        for target in targets(context, &entry.stored) {
            remove(&mut self.referrers, &target, &(context.clone(), id));
        }
    }

    fn set_version(&mut self, subject: &Subject, version: u32, new: Option<Version>) {
        let state = self.contexts.entry(subject.context().clone()).or_default();
        let name = subject.shared_name();
        let key = (Arc::clone(name), version);
        let old = match new {
            Some(new) => {
                let versions = state.subjects.entry(Arc::clone(name)).or_default();
                versions.insert(version, new)
            }
            None => {
                let versions = state.subjects.get_mut(name);
                let old = versions.and_then(|it| it.remove(&version));
                if state.subjects.get(name).is_some_and(BTreeMap::is_empty) {
                    state.subjects.remove(name);
                }
                old
            }
        };
        if let Some(entry) = old.and_then(|it| state.schemas.get_mut(&it.id)) {
            entry.versions.remove(&key);
        }
        if let Some(entry) = new.and_then(|it| state.schemas.get_mut(&it.id)) {
            entry.versions.insert(key);
        }
    }

    /// The contexts that are listed: the default one, then the others by name.
    pub fn contexts(&self) -> Vec<Context> {
        let listed = self.contexts.iter().filter(|it| it.1.listed).map(|it| it.0.clone());
        let others = listed.filter(|it| !it.is_default());
        std::iter::once(Context::default_context()).chain(others).collect()
    }

    /// Whether a context is listed; the default one always is.
    pub fn is_listed(&self, context: &Context) -> bool {
        context.is_default() || self.contexts.get(context).is_some_and(|it| it.listed)
    }

    /// The id that is given next in a context.
    pub fn next_id(&self, context: &Context) -> u32 {
        self.contexts.get(context).map_or(1, |it| it.next_id)
    }

    /// The schema of an id.
    pub fn entry(&self, context: &Context, id: SchemaId) -> Option<&Entry> {
        self.contexts.get(context)?.schemas.get(&id)
    }

    /// The ids of a schema, the smallest first: one, unless more were imported.
    pub fn ids_of(&self, context: &Context, digest: &Digest) -> impl Iterator<Item = SchemaId> {
        let ids = self.contexts.get(context).and_then(|it| it.by_digest.get(digest));
        ids.into_iter().flatten().copied()
    }

    /// Every context with an id of a schema, and the smallest there.
    pub fn ids_of_guid(&self, guid: Guid) -> impl Iterator<Item = (&Context, SchemaId)> {
        let found = move |it: &ContextState| it.by_guid.get(&guid)?.first().copied();
        self.contexts.iter().filter_map(move |(context, it)| Some((context, found(it)?)))
    }

    /// The versions of a subject in ascending order, deleted ones included; none, if there is no such subject.
    pub fn versions(&self, subject: &Subject) -> impl DoubleEndedIterator<Item = (u32, Version)> {
        let versions =
            self.contexts.get(subject.context()).and_then(|it| it.subjects.get(subject.name()));
        versions.into_iter().flatten().map(|(number, version)| (*number, *version))
    }

    /// A version of a subject, if there is one, deleted or not.
    pub fn version(&self, subject: &Subject, number: u32) -> Option<Version> {
        let subjects = &self.contexts.get(subject.context())?.subjects;
        subjects.get(subject.name())?.get(&number).copied()
    }

    /// The last version that is not deleted.
    pub fn latest(&self, subject: &Subject) -> Option<(u32, Version)> {
        self.versions(subject).rev().find(|it| !it.1.deleted)
    }

    /// Whether a subject has versions, or of a context, any subject does.
    pub fn has_versions(&self, subject: &Subject, deleted: bool) -> bool {
        let any = |it: &BTreeMap<u32, Version>| it.values().any(|it| deleted || !it.deleted);
        let Some(context) = self.contexts.get(subject.context()) else { return false };
        if subject.is_context() {
            context.subjects.values().any(any)
        } else {
            context.subjects.get(subject.name()).is_some_and(any)
        }
    }

    /// The subjects that are asked for, those of the default context first, each context's by name.
    pub fn subjects(&self, prefix: &SubjectPrefix) -> impl Iterator<Item = Subject> {
        let contexts =
            self.contexts.iter().filter(|it| prefix.context().is_none_or(|asked| asked == it.0));
        contexts.flat_map(|(context, state)| {
            let begin = (Bound::Included(prefix.name()), Bound::Unbounded);
            let from = state.subjects.range::<str, _>(begin);
            let names = from.map(|it| it.0).take_while(|it| it.starts_with(prefix.name()));
            names.map(|it| Subject::new(context.clone(), Arc::clone(it)))
        })
    }

    /// The schemas that refer to a version; with `deleted`, also those that are only in deleted versions.
    pub fn referrers(
        &self,
        subject: &Subject,
        version: u32,
        deleted: bool,
    ) -> impl Iterator<Item = &(Context, SchemaId)> {
        let all = self.referrers.get(&(subject.clone(), version)).into_iter().flatten();
        all.filter(move |(context, id)| {
            deleted
                || self.entry(context, *id).is_some_and(|it| {
                    it.versions.iter().any(|(name, number)| {
                        let subject = Subject::new(context.clone(), Arc::clone(name));
                        self.version(&subject, *number).is_some_and(|it| !it.deleted)
                    })
                })
        })
    }

    /// What is set for a subject or a context itself.
    pub fn config(&self, scope: &Subject) -> Option<&Config> {
        self.configs.get(scope)
    }

    /// What holds for a subject or a context: what is set for it, else for its context, else for all.
    pub fn config_in_scope(&self, scope: &Subject) -> Config {
        let around = Subject::new(scope.context().clone(), "");
        let global = Subject::new(Context::global(), "");
        let set = |it: &Subject| self.config(it).cloned().unwrap_or_default();
        set(scope).or(&set(&around)).or(&set(&global))
    }

    /// What is set for a subject or a context itself.
    pub fn mode(&self, scope: &Subject) -> Option<Mode> {
        self.modes.get(scope).copied()
    }

    /// What may be done to a subject or a context: what is set for it, else for its context, else for all; unless all is read-only
    /// whatever is set.
    pub fn mode_in_scope(&self, scope: &Subject) -> Mode {
        let around = Subject::new(scope.context().clone(), "");
        let global = Subject::new(Context::global(), "");
        let top = Subject::top_level();
        let overridden = |it| self.mode(it) == Some(Mode::ReadOnlyOverride);
        if overridden(&top) || overridden(&global) {
            return Mode::ReadOnlyOverride;
        }
        let set = self.mode(scope).or_else(|| self.mode(&around)).or_else(|| self.mode(&global));
        set.unwrap_or_default()
    }

    /// Subjects and contexts that a mode is set for.
    pub fn scopes_with_mode(&self) -> impl Iterator<Item = &Subject> {
        self.modes.keys()
    }

    /// The subject that another name stands for, or the same.
    pub fn resolve_alias(&self, subject: Subject) -> Subject {
        match self.config(&subject).and_then(|it| it.alias.as_deref()) {
            Some(alias) => Subject::parse_beside(alias, &subject),
            None => subject,
        }
    }

    /// Schemas, subjects and versions that are not deleted, for those who measure.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for context in self.contexts.values() {
            counts.schemas += context.schemas.len();
            for versions in context.subjects.values() {
                let live = versions.values().filter(|it| !it.deleted).count();
                counts.versions += live;
                counts.deleted_versions += versions.len() - live;
                counts.subjects += usize::from(live > 0);
            }
        }
        counts
    }

    /// Every record, as changes that make an empty state this one; in no order but that schemas come before their versions.
    pub fn records(&self) -> impl Iterator<Item = Change> {
        let contexts = self.contexts.iter().flat_map(|(context, state)| {
            let own = Change::Context {
                context: context.clone(),
                listed: state.listed,
                next_id: state.next_id,
            };
            let schemas = state.schemas.iter().map(|(id, it)| Change::Schema {
                context: context.clone(),
                id: *id,
                schema: Some(Arc::clone(&it.stored)),
            });
            let versions = state.subjects.iter().flat_map(|(name, versions)| {
                versions.iter().map(|(number, version)| Change::Version {
                    subject: Subject::new(context.clone(), Arc::clone(name)),
                    version: *number,
                    state: Some(*version),
                })
            });
            std::iter::once(own).chain(schemas).chain(versions)
        });
        let configs = self
            .configs
            .iter()
            .map(|(scope, it)| Change::Config { scope: scope.clone(), config: Some(it.clone()) });
        let modes = self
            .modes
            .iter()
            .map(|(scope, it)| Change::Mode { scope: scope.clone(), mode: Some(*it) });
        contexts.chain(configs).chain(modes)
    }
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Schemas of all contexts.
    pub schemas: usize,
    /// Subjects with a version that is not deleted.
    pub subjects: usize,
    /// Versions that are not deleted.
    pub versions: usize,
    /// Versions that are, and not for good.
    pub deleted_versions: usize,
}

/// The versions that a schema of a context refers to.
fn targets(context: &Context, schema: &StoredSchema) -> impl Iterator<Item = (Subject, u32)> {
    let beside = Subject::new(context.clone(), "");
    schema.references.iter().filter_map(move |it| {
        Some((Subject::parse_beside(&it.subject, &beside), u32::try_from(it.version).ok()?))
    })
}

fn remove<K: std::hash::Hash + Eq, V: Ord>(map: &mut HashMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}
