//! What a run can find.

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{promise}: {found}")]
pub struct Failure {
    /// Which promise; one of few words, by which a shrunk run is known to fail in the same way.
    pub promise: &'static str,
    /// What was found instead.
    pub found: String,
    /// Whether it is an error of the ledger's that says what is wrong with its files.
    pub damage: bool,
}

impl Failure {
    pub(super) fn new(promise: &'static str, found: impl Into<String>) -> Self {
        Self { promise, found: found.into(), damage: false }
    }

    /// A panic, with what it said.
    pub(crate) fn panic(said: String) -> Self {
        Self::new("nothing panics", said)
    }

    /// An error where there should be none.
    pub(super) fn error(promise: &'static str, error: &ledger::Error) -> Self {
        Self { promise, found: error.to_string(), damage: names_damage(error) }
    }
}

/// Whether an error says which file is damaged, or that files do not belong together.
pub(super) fn names_damage(error: &ledger::Error) -> bool {
    match error {
        ledger::Error::Corruption { path, found, .. } => {
            path.file_name().is_some() && !found.is_empty()
        }
        ledger::Error::Version { path, .. } => path.file_name().is_some(),
        ledger::Error::Mismatch(what) => !what.is_empty(),
        _ => false,
    }
}

/// Compares two things that should be equal.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    promise: &'static str,
    what: &str,
    ledger: &T,
    oracle: &T,
) -> Result<(), Failure> {
    if ledger == oracle {
        return Ok(());
    }
    Err(Failure::new(promise, format!("{what}: the ledger says {ledger:?}, the oracle {oracle:?}")))
}
