//! Versions as requests name them.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A version that is asked for: a number from 1 to 2147483647, or the last that is not deleted, spelled `latest` or `-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionId {
    /// The last one that is not deleted.
    Latest,
    /// A certain one.
    Number(u32),
}

impl FromStr for VersionId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bare = text.trim();
        match bare.parse::<i32>() {
            _ if bare.eq_ignore_ascii_case("latest") => Ok(Self::Latest),
            Ok(-1) => Ok(Self::Latest),
            Ok(number @ 1..) => Ok(Self::Number(number.unsigned_abs())),
            _ => Err(Error::InvalidVersion { version: text.chars().take(200).collect() }),
        }
    }
}

/// As numbers alone: -1 for the latest.
impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("-1"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (text, expected) in [
            ("latest", VersionId::Latest),
            ("LATEST", VersionId::Latest),
            ("-1", VersionId::Latest),
            ("1", VersionId::Number(1)),
            ("2147483647", VersionId::Number(i32::MAX.unsigned_abs())),
        ] {
            assert_eq!(text.parse::<VersionId>().unwrap(), expected, "{text}");
        }
        for text in ["0", "-2", "2147483648", "", "newest", "1.0", "earliest"] {
            assert!(text.parse::<VersionId>().is_err(), "{text}");
        }
    }
}
