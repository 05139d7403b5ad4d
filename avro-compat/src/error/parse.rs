//! What is wrong with a text.

use super::{Location, Problem};

/// The first thing that is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .0.location, .0.problem)]
pub struct ParseError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    problem: Problem,
    location: Location,
}

impl ParseError {
    pub(crate) fn new(problem: Problem, location: Location) -> Self {
        Self(Box::new(Inner { problem, location }))
    }

    /// The same in a text that has a name.
    pub(crate) fn in_source(mut self, source: Option<&std::sync::Arc<str>>) -> Self {
        if self.0.location.source.is_none() {
            self.0.location.source = source.cloned();
        }
        self
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// Where it stands.
    pub fn location(&self) -> &Location {
        &self.0.location
    }
}
