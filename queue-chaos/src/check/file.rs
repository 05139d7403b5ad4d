//! Checks of files.

use std::path::Path;

use super::{Checker, Judgement, Options};
use crate::Result;
use crate::history::Reader;

/// Judges a history in a file. One that was cut short is judged as far as it goes, and never better than unknown.
///
/// # Errors
/// [`Error::File`](crate::Error::File); [`Error::History`](crate::Error::History) for a line that is no event, or one that makes no sense after those before it
/// ([`Checker::push`]).
pub fn check_file(path: &Path, options: &Options) -> Result<Judgement> {
    let mut reader = Reader::open(path)?;
    let mut checker = Checker::new(options);
    while let Some(event) = reader.next() {
        if let Err(what) = checker.push(&event?) {
            return Err(reader.error(what));
        }
    }
    Ok(checker.finish())
}
