//! The place of a change.

use std::{fmt, str::FromStr};

use ledger::query::Change;

/// The key of a change: its operation, and which of the operation's entries it is. As text `op.index`.
///
/// ```
/// let key: ledger_json::Key = "12.3".parse()?;
/// assert_eq!((key.op, key.index), (12, 3));
/// assert_eq!(key.to_string(), "12.3");
/// # Ok::<(), ledger_json::BadKey>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The operation of the log.
    pub op: u64,
    /// Which of its entries, from 0.
    pub index: u32,
}

/// A text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key of a change: it is OP.INDEX")]
pub struct BadKey(String);

impl Key {
    /// That of a change.
    #[must_use]
    pub fn of(change: &Change) -> Self {
        Self { op: change.op, index: change.index }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.op, self.index)
    }
}

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
        text.split_once('.')
            .filter(|(op, index)| digits(op) && digits(index))
            .and_then(|(op, index)| Some(Self { op: op.parse().ok()?, index: index.parse().ok()? }))
            .ok_or_else(|| BadKey(text.chars().take(48).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert_eq!("7.2".parse(), Ok(Key { op: 7, index: 2 }));
        for bad in ["", "7", "7.", ".2", "a.b", "-1.0", "+1.0", "7.2.3", "7.4294967296", "1 .0"] {
            assert!(bad.parse::<Key>().is_err(), "{bad}");
        }
        assert!(Key { op: 2, index: 0 } > Key { op: 1, index: 9 });
    }
}
