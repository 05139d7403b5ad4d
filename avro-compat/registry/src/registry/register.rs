//! Registering, and looking up what was registered.

use std::sync::Arc;

use super::compatibility::Checker;
use super::{Change, State, Version};
use crate::error::{Error, Result};
use crate::model::{Guid, Mode, SchemaId, StoredSchema, Subject};
use crate::text::{Candidate, Reading, SentSchema, Texts};

/// A request to register a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// The schema.
    pub schema: SentSchema,
    /// The id that it is to have; for imports only.
    pub id: Option<u32>,
    /// The version that it is to be; -1 and 0 are the next one. Outside of imports it must be the next one.
    pub version: Option<i32>,
    /// Whether its text is normalised first.
    pub normalize: bool,
    /// Whether it may be incompatible.
    pub force: bool,
}

/// A schema as a version of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The subject.
    pub subject: Subject,
    /// Its version there.
    pub version: u32,
    /// Its id in the subject's context.
    pub id: SchemaId,
    /// Its id in all registries.
    pub guid: Guid,
    /// The schema.
    pub schema: Arc<StoredSchema>,
    /// Whether the version is deleted, and not for good.
    pub deleted: bool,
}

/// What registering a schema changes; nothing, if it is registered already.
pub(super) fn register(
    state: &State,
    checker: &Checker<'_>,
    subject: &Subject,
    request: &Registration,
    candidate: &Candidate,
) -> Result<(Registered, Vec<Change>)> {
    let mode = check_mode(state, subject, request)?;
    let context = subject.context();
    let asked = request.id.map(SchemaId);

    if let Some(known) = known(state, subject, request, candidate) {
        return Ok((known, Vec::new()));
    }
    if unversioned(request)
        && let Some(found) = equivalent(state, checker.texts, subject, candidate, false)?
        && asked.is_none_or(|it| it == found.id)
    {
        return Ok((found, Vec::new()));
    }

    if mode != Mode::Import && !request.force {
        let previous: Vec<_> = state.versions(subject).filter(|it| !it.1.deleted).collect();
        let messages = checker.check(state, subject, candidate, &previous)?;
        if !messages.is_empty() {
            return Err(Error::Incompatible { subject: subject.to_string(), messages });
        }
    }

    let next = state.versions(subject).next_back().map_or(1, |it| it.0.saturating_add(1));
    let version = match request.version {
        Some(version @ 1..) => version.unsigned_abs(),
        _ => next,
    };
    if version > i32::MAX.unsigned_abs() {
        return Err(Error::not_permitted(format!("Subject {subject} has no versions left")));
    }
    if version != next && mode != Mode::Import {
        return Err(Error::invalid_schema("Version is not one more than previous version"));
    }

    let known = id_of(state, subject, request, candidate);
    let mut changes = Vec::new();
    let mut next_id = state.next_id(context);
    let id = match (asked, known) {
        (Some(id), _) => {
            check_id(state, subject, id, candidate)?;
            id
        }
        (None, Some(id)) => id,
        // Ids that were imported lie below the next one.
        (None, None) if next_id > SchemaId::MAX.0 => {
            return Err(Error::not_permitted(format!("Context {context} has no ids left")));
        }
        (None, None) => SchemaId(next_id),
    };
    if let Some(existing) = state.version(subject, version)
        && !(existing.deleted && existing.id == id)
    {
        if existing.id != id {
            return Err(Error::IdDoesNotMatch { given: id, existing: existing.id });
        }
        return Ok((found(state, subject, version, existing)?, Vec::new()));
    }

    next_id = next_id.max(id.0.saturating_add(1));
    if next_id != state.next_id(context) || !state.is_listed(context) {
        changes.push(Change::Context { context: context.clone(), listed: true, next_id });
    }
    if state.entry(context, id).is_none() {
        let schema = Some(Arc::clone(&candidate.stored));
        changes.push(Change::Schema { context: context.clone(), id, schema });
    }
    changes.push(Change::Version {
        subject: subject.clone(),
        version,
        state: Some(Version { id, deleted: false }),
    });
    // What was deleted before it came back is gone, unless somebody refers to it by its version.
    let older =
        state.versions(subject).filter(|it| it.0 < version && it.1.deleted && it.1.id == id);
    for (older, _) in older {
        if state.referrers(subject, older, true).next().is_none() {
            changes.push(Change::Version { subject: subject.clone(), version: older, state: None });
        }
    }
    let schema = Arc::clone(&candidate.stored);
    let guid = schema.guid();
    let registered =
        Registered { subject: subject.clone(), version, id, guid, schema, deleted: false };
    Ok((registered, changes))
}

fn unversioned(request: &Registration) -> bool {
    request.version.unwrap_or(0) <= 0
}

/// The id that a schema has in the subject's context, if it is the one that is asked for.
fn id_of(
    state: &State,
    subject: &Subject,
    request: &Registration,
    candidate: &Candidate,
) -> Option<SchemaId> {
    let mut ids = state.ids_of(subject.context(), &candidate.digest);
    ids.find(|it| request.id.is_none_or(|asked| asked == it.0))
}

/// The version that a schema is already, if no certain one is asked for.
pub(super) fn known(
    state: &State,
    subject: &Subject,
    request: &Registration,
    candidate: &Candidate,
) -> Option<Registered> {
    let id = id_of(state, subject, request, candidate).filter(|_| unversioned(request))?;
    version_of(state, subject, id, false)
}

/// How a schema that is sent for a subject is taken.
pub(super) fn reading(state: &State, subject: &Subject, normalize: bool) -> Reading {
    let importing = state.mode_in_scope(subject) == Mode::Import;
    let configured = || state.config_in_scope(subject).normalize.unwrap_or_default();
    Reading { check_defaults: !importing, normalize: !importing && (normalize || configured()) }
}

/// The mode, if it lets a request be.
pub(super) fn check_mode(state: &State, subject: &Subject, request: &Registration) -> Result<Mode> {
    let mode = state.mode_in_scope(subject);
    let context = subject.context().qualifier();
    let not_in = |what| {
        Error::not_permitted(format!(
            "Subject {subject} in context {context} is not in {what} mode"
        ))
    };
    match (mode, request.id) {
        (Mode::ReadOnly | Mode::ReadOnlyOverride, _) => Err(Error::read_only(subject)),
        (Mode::ReadWrite, Some(_)) => Err(not_in("import")),
        (Mode::Import, None) => Err(not_in("read-write")),
        (Mode::ReadWrite, None) | (Mode::Import, Some(_)) => Ok(mode),
    }
}

/// Fails if the id that is asked for is another schema's, or none.
fn check_id(state: &State, subject: &Subject, id: SchemaId, candidate: &Candidate) -> Result<()> {
    let context = subject.context();
    if id > SchemaId::MAX {
        return Err(Error::not_permitted(format!("Id {id} is more than {}", SchemaId::MAX)));
    }
    match state.entry(context, id) {
        Some(entry) if entry.digest != candidate.digest => Err(Error::not_permitted(format!(
            "Overwrite new schema with id {id} in context {} is not permitted.",
            context.qualifier()
        ))),
        _ => Ok(()),
    }
}

/// The last version of a subject that is of a schema.
fn version_of(state: &State, subject: &Subject, id: SchemaId, deleted: bool) -> Option<Registered> {
    let mut versions = state.versions(subject).rev();
    let version = versions.find(|it| it.1.id == id && (deleted || !it.1.deleted))?;
    found(state, subject, version.0, version.1).ok()
}

/// A version with its schema.
pub(super) fn found(
    state: &State,
    subject: &Subject,
    version: u32,
    which: Version,
) -> Result<Registered> {
    let entry = state.entry(subject.context(), which.id).ok_or_else(|| Error::Damaged {
        place: format!("subject {subject}, version {version}"),
        reason: format!("there is no schema {}", which.id),
    })?;
    Ok(Registered {
        subject: subject.clone(),
        version,
        id: which.id,
        guid: entry.guid,
        schema: Arc::clone(&entry.stored),
        deleted: which.deleted,
    })
}

/// The last version that says the same with references, where the candidate has what they lead to in itself.
fn equivalent(
    state: &State,
    texts: &Texts,
    subject: &Subject,
    candidate: &Candidate,
    deleted: bool,
) -> Result<Option<Registered>> {
    if !candidate.stored.references.is_empty() {
        return Ok(None);
    }
    for (number, version) in state.versions(subject).rev() {
        let Some(entry) = state.entry(subject.context(), version.id) else { continue };
        let same_kind = !entry.stored.references.is_empty()
            && entry.stored.metadata == candidate.stored.metadata
            && entry.stored.rule_set == candidate.stored.rule_set;
        if (version.deleted && !deleted) || !same_kind {
            continue;
        }
        let parsed = texts.parsed(state, subject.context(), entry.digest, &entry.stored)?;
        if parsed == candidate.parsed {
            return found(state, subject, number, version).map(Some);
        }
    }
    Ok(None)
}

/// The version of a subject that is of a schema, if there is one.
pub(super) fn look_up(
    state: &State,
    texts: &Texts,
    subject: &Subject,
    candidate: &Candidate,
    deleted: bool,
) -> Result<Option<Registered>> {
    match by_digest(state, subject, candidate, deleted) {
        Some(found) => Ok(Some(found)),
        None => equivalent(state, texts, subject, candidate, deleted),
    }
}

/// The same among those that say it in the same words.
pub(super) fn by_digest(
    state: &State,
    subject: &Subject,
    candidate: &Candidate,
    deleted: bool,
) -> Option<Registered> {
    let mut ids = state.ids_of(subject.context(), &candidate.digest);
    ids.find_map(|id| version_of(state, subject, id, deleted))
}
