//! Deleting: first so that nothing new is made of it, then for good.

use std::collections::BTreeSet;

use super::{Change, State, Version};
use crate::error::{Error, Result};
use crate::model::{Context, SchemaId, Subject, VersionId};

/// What deleting one version changes, and which one it was.
pub(super) fn version(
    state: &State,
    subject: &Subject,
    asked: VersionId,
    permanent: bool,
) -> Result<(u32, Vec<Change>)> {
    let not_found = || {
        if state.has_versions(subject, true) {
            Error::VersionNotFound { version: asked.to_string() }
        } else {
            Error::no_subject(subject)
        }
    };
    let (number, version) = match asked {
        VersionId::Latest => state.latest(subject).ok_or_else(not_found)?,
        VersionId::Number(number) => {
            (number, state.version(subject, number).ok_or_else(not_found)?)
        }
    };
    let told = || (subject.to_string(), number.to_string());
    if version.deleted && !permanent {
        let (subject, version) = told();
        return Err(Error::VersionSoftDeleted { subject, version });
    }
    check_writable(state, subject)?;
    check_unreferenced(state, subject, number, permanent, |_| true)?;
    if permanent && !version.deleted {
        let (subject, version) = told();
        return Err(Error::VersionNotSoftDeleted { subject, version });
    }
    let changes = if permanent {
        purge(state, &[(subject.clone(), number)])
    } else {
        vec![soft(subject, number, version)]
    };
    Ok((number, changes))
}

/// What deleting all versions of a subject changes, and which they were.
pub(super) fn subject(
    state: &State,
    subject: &Subject,
    permanent: bool,
) -> Result<(Vec<u32>, Vec<Change>)> {
    if !state.has_versions(subject, true) {
        return Err(Error::no_subject(subject));
    }
    if !permanent && !state.has_versions(subject, false) {
        return Err(Error::SubjectSoftDeleted { subject: subject.to_string() });
    }
    check_writable(state, subject)?;
    let versions: Vec<_> =
        state.versions(subject).filter(|it| permanent || !it.1.deleted).collect();
    for (number, version) in &versions {
        // Its own versions go with it.
        let others = |(context, id): &(Context, SchemaId)| {
            context != subject.context()
                || state
                    .entry(context, *id)
                    .is_some_and(|it| it.versions.iter().any(|it| *it.0 != *subject.name()))
        };
        check_unreferenced(state, subject, *number, permanent, others)?;
        if permanent && !version.deleted {
            return Err(Error::SubjectNotSoftDeleted { subject: subject.to_string() });
        }
    }
    let numbers: Vec<_> = versions.iter().map(|it| it.0).collect();
    let changes = if permanent {
        let gone: Vec<_> = numbers.iter().map(|it| (subject.clone(), *it)).collect();
        purge(state, &gone)
    } else {
        versions.iter().map(|(number, version)| soft(subject, *number, *version)).collect()
    };
    Ok((numbers, changes))
}

/// What is left of a context's subjects, which are all deleted already, goes for good.
pub(super) fn remains(state: &State, scope: &Subject) -> Result<Vec<Change>> {
    let subjects: Vec<_> = if scope.is_context() {
        let prefix = crate::model::SubjectPrefix::parse(&scope.to_string());
        state.subjects(&prefix).collect()
    } else {
        vec![scope.clone()]
    };
    let mut gone = Vec::new();
    for subject in subjects {
        for (number, _) in state.versions(&subject) {
            check_unreferenced(state, &subject, number, true, |_| true)?;
            gone.push((subject.clone(), number));
        }
    }
    Ok(purge_versions(state, &gone))
}

fn soft(subject: &Subject, number: u32, version: Version) -> Change {
    let state = Some(Version { deleted: true, ..version });
    Change::Version { subject: subject.clone(), version: number, state }
}

/// Removes versions, the schemas that only they were of, and the settings of subjects that have no version left.
fn purge(state: &State, gone: &[(Subject, u32)]) -> Vec<Change> {
    let mut changes = purge_versions(state, gone);
    let subjects: BTreeSet<_> = gone.iter().map(|it| &it.0).collect();
    for subject in subjects {
        let left = state.versions(subject).any(|it| !gone.contains(&(subject.clone(), it.0)));
        if left {
            continue;
        }
        if state.config(subject).is_some() {
            changes.push(Change::Config { scope: subject.clone(), config: None });
        }
        if state.mode(subject).is_some() {
            changes.push(Change::Mode { scope: subject.clone(), mode: None });
        }
    }
    changes
}

fn purge_versions(state: &State, gone: &[(Subject, u32)]) -> Vec<Change> {
    let gone: BTreeSet<_> = gone.iter().cloned().collect();
    let mut ids = BTreeSet::new();
    let mut changes = Vec::new();
    for (subject, number) in gone.iter().rev() {
        if let Some(version) = state.version(subject, *number) {
            ids.insert((subject.context().clone(), version.id));
        }
        changes.push(Change::Version { subject: subject.clone(), version: *number, state: None });
    }
    for (context, id) in ids {
        let Some(entry) = state.entry(&context, id) else { continue };
        let mut versions = entry.versions.iter();
        let unused = versions.all(|(name, number)| {
            gone.contains(&(Subject::new(context.clone(), std::sync::Arc::clone(name)), *number))
        });
        if unused {
            changes.push(Change::Schema { context, id, schema: None });
        }
    }
    changes
}

fn check_writable(state: &State, subject: &Subject) -> Result<()> {
    if state.mode_in_scope(subject).is_read_only() {
        Err(Error::read_only(subject))
    } else {
        Ok(())
    }
}

fn check_unreferenced(
    state: &State,
    subject: &Subject,
    version: u32,
    deleted: bool,
    counts: impl FnMut(&(Context, SchemaId)) -> bool,
) -> Result<()> {
    if state.referrers(subject, version, deleted).any(counts) {
        return Err(Error::ReferenceExists { subject: subject.to_string(), version });
    }
    Ok(())
}
