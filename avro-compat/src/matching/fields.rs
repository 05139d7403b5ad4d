//! Which field of a writer's record a field of a reader's record takes its values from.
//!
//! A field takes those of the field of its name, and if there is none, those of the first of its aliases that names a field of the writer's
//! record which is not taken already: fields that have their own name there come first, then the reader's fields in their order. So a writer's
//! field is read into one field of the reader's at most, as it is if aliases rename the writer's fields; and aliases that are swapped with names (`a` with
//! alias `b`, and `b` with alias `a`) do no harm.

use crate::schema::Record;

/// Where one of the reader's fields takes its values from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The writer's field.
    pub field: u32,
    /// Whether it was found by an alias.
    pub alias: bool,
}

/// For each of the reader's fields where it takes its values from; none if the writer's record has no such field.
///
/// `sources` is emptied first, so that it can be used again. O(n log n) for n fields and aliases.
pub fn correspond(reader: &Record, writer: &Record, sources: &mut Vec<Option<Source>>) {
    sources.clear();
    let mut aliases = false;
    for (at, field) in reader.fields().iter().enumerate() {
        // Most are where they were.
        let same = writer.fields().get(at).is_some_and(|it| it.name() == field.name());
        let found = if same { Some(at) } else { writer.position(field.name()) };
        aliases |= found.is_none() && !field.aliases().is_empty();
        sources.push(found.map(|it| Source { field: it as u32, alias: false }));
    }
    if aliases {
        by_alias(reader, writer, sources);
    }
}

fn by_alias(reader: &Record, writer: &Record, sources: &mut [Option<Source>]) {
    let mut taken = vec![false; writer.fields().len()];
    for source in sources.iter().flatten() {
        taken[source.field as usize] = true;
    }
    for (field, source) in reader.fields().iter().zip(sources) {
        if source.is_some() {
            continue;
        }
        let mut named = field.aliases().iter().filter_map(|it| writer.position(it));
        if let Some(found) = named.find(|it| !taken[*it]) {
            taken[found] = true;
            *source = Some(Source { field: found as u32, alias: true });
        }
    }
}
