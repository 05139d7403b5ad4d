//! From ids back to subjects.

use super::State;
use super::state::Entry;
use crate::model::{Context, SchemaId, Subject};

/// A schema that was found by its id.
pub(super) struct Found<'s> {
    pub context: Context,
    pub entry: &'s Entry,
    /// The version that it is of the subject that was asked for.
    pub version: Option<(Subject, u32)>,
}

/// The schema of an id: in the default context, or in the one that is named, or as a version of the subject that is named. If that has
/// no context, it is looked for in all of them; if it has no such version, what the default context has under the id is it.
pub(super) fn find<'s>(state: &'s State, id: SchemaId, asked: Option<&str>) -> Option<Found<'s>> {
    let subject = asked.map_or_else(Subject::top_level, Subject::parse);
    if subject.is_context() {
        let entry = state.entry(subject.context(), id)?;
        return Some(Found { context: subject.context().clone(), entry, version: None });
    }
    let as_version = |subject: Subject| {
        let entry = state.entry(subject.context(), id)?;
        let versions = entry.versions.iter().rev();
        let (_, version) = versions.into_iter().find(|it| *it.0 == *subject.name())?;
        Some(Found {
            context: subject.context().clone(),
            entry,
            version: Some((subject, *version)),
        })
    };
    if !subject.context().is_default() {
        return as_version(subject);
    }
    let beside = |context| Subject::new(context, subject.shared_name().clone());
    let found = state.contexts().into_iter().map(beside).find_map(as_version);
    found.or_else(|| {
        let context = Context::default_context();
        let entry = state.entry(&context, id)?;
        Some(Found { context, entry, version: None })
    })
}
