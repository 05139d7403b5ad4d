//! The schemas that a schema needs.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{Reference, StoredSchema, Subject, VersionId};
use crate::registry::State;

/// More schemas than this are not put together into one.
const MOST: usize = 1_000;

/// References with the numbers of versions that are asked for as the latest.
///
/// # Errors
///
/// [`Error::InvalidSchema`] if one does not exist.
pub(super) fn numbered(
    state: &State,
    subject: &Subject,
    references: &[Reference],
) -> Result<Vec<Reference>> {
    if references.len() > MOST {
        return Err(too_many());
    }
    let number = |reference: &Reference| {
        let target = Subject::parse_beside(&reference.subject, subject);
        let asked: VersionId =
            reference.version.to_string().parse().map_err(|_| missing(reference))?;
        let version = match asked {
            VersionId::Number(number) => state.version(&target, number).map(|_| number),
            VersionId::Latest => state.latest(&target).map(|it| it.0),
        };
        let version = version.and_then(|it| i32::try_from(it).ok());
        Ok(Reference { version: version.ok_or_else(|| missing(reference))?, ..reference.clone() })
    };
    references.iter().map(number).collect()
}

/// The schemas that references lead to, and those that these lead to, each once, by names for messages.
///
/// # Errors
///
/// [`Error::InvalidSchema`] if one does not exist, or there are too many; [`Error::SchemaTooLarge`] if they are too long together.
pub(super) fn needed(
    state: &State,
    subject: &Subject,
    references: &[Reference],
    max_bytes: usize,
) -> Result<Vec<(String, Arc<StoredSchema>)>> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut open: Vec<_> = references.iter().map(|it| (it.clone(), subject.clone())).collect();
    while let Some((reference, beside)) = open.pop() {
        let target = Subject::parse_beside(&reference.subject, &beside);
        let version = u32::try_from(reference.version).map_err(|_| missing(&reference))?;
        let name = format!("{target} version {version}");
        if !seen.insert(name.clone()) {
            continue;
        }
        if seen.len() > MOST {
            return Err(too_many());
        }
        let version = state.version(&target, version).ok_or_else(|| missing(&reference))?;
        let schema = state
            .entry(target.context(), version.id)
            .map(|it| Arc::clone(&it.stored))
            .ok_or_else(|| missing(&reference))?;
        bytes += schema.schema.len();
        if bytes > max_bytes {
            return Err(Error::SchemaTooLarge { found: bytes, limit: max_bytes });
        }
        open.extend(schema.references.iter().map(|it| (it.clone(), target.clone())));
        found.push((name, schema));
    }
    Ok(found)
}

fn missing(reference: &Reference) -> Error {
    Error::invalid_schema(format!(
        "Invalid schema of type AVRO, details: No schema reference found for subject \"{}\" and version {}",
        reference.subject, reference.version
    ))
}

fn too_many() -> Error {
    Error::invalid_schema(format!(
        "Invalid schema of type AVRO, details: more than {MOST} references"
    ))
}
