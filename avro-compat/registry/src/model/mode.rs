//! What may be done to subjects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What may be done to a subject, a context, or all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Everything but choosing ids.
    #[default]
    #[serde(rename = "READWRITE")]
    ReadWrite,
    /// Nothing is registered, deleted or configured.
    #[serde(rename = "READONLY")]
    ReadOnly,
    /// The same, and at the top level whatever subjects say.
    #[serde(rename = "READONLY_OVERRIDE")]
    ReadOnlyOverride,
    /// Schemas are registered under given ids and versions, and nothing is checked for compatibility: for what comes from another registry.
    #[serde(rename = "IMPORT")]
    Import,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ReadWrite, Self::ReadOnly, Self::ReadOnlyOverride, Self::Import];

    /// As requests spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadWrite => "READWRITE",
            Self::ReadOnly => "READONLY",
            Self::ReadOnlyOverride => "READONLY_OVERRIDE",
            Self::Import => "IMPORT",
        }
    }

    /// Whether nothing may be changed.
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::ReadOnly | Self::ReadOnlyOverride)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// In capitals or not.
impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(text));
        found.ok_or(Error::InvalidMode)
    }
}
