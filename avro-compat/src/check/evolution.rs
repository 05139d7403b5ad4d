//! Compatibility of a new version of a schema with those before it.

use super::{CheckOptions, Report, check};
use crate::error::Error;
use crate::schema::Schema;

/// Which versions must be able to read each other's data, as schema registries name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `NONE`: nothing is checked.
    None,
    /// `BACKWARD`: the new version reads what the last one wrote.
    #[default]
    Backward,
    /// `BACKWARD_TRANSITIVE`: the new version reads what every other wrote.
    BackwardTransitive,
    /// `FORWARD`: the last version reads what the new one writes.
    Forward,
    /// `FORWARD_TRANSITIVE`: every version reads what the new one writes.
    ForwardTransitive,
    /// `FULL`: both of [`Mode::Backward`] and [`Mode::Forward`].
    Full,
    /// `FULL_TRANSITIVE`: both of [`Mode::BackwardTransitive`] and [`Mode::ForwardTransitive`].
    FullTransitive,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::BackwardTransitive,
        Self::Forward,
        Self::ForwardTransitive,
        Self::Full,
        Self::FullTransitive,
    ];

    /// As Confluent's registry spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::Forward => "FORWARD",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::Full => "FULL",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    /// Whether all versions count, not just the last.
    pub fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }

    /// What is checked with each version that counts.
    pub fn directions(self) -> &'static [Direction] {
        match self {
            Self::None => &[],
            Self::Backward | Self::BackwardTransitive => &[Direction::Backward],
            Self::Forward | Self::ForwardTransitive => &[Direction::Forward],
            Self::Full | Self::FullTransitive => &[Direction::Backward, Direction::Forward],
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// As Confluent's registry takes it, in capitals or not.
impl std::str::FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| Error::Mode { found: text.to_owned() })
    }
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The new version reads what an old one wrote.
    Backward,
    /// An old version reads what the new one writes.
    Forward,
}

impl Direction {
    /// In lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A new version against one before it, in one direction.
#[derive(Clone, Debug)]
pub struct VersionReport {
    /// The index of the version in the list.
    pub version: usize,
    /// Who reads.
    pub direction: Direction,
    /// What was found.
    pub report: Report,
}

/// A new version of a schema against those before it.
#[derive(Clone, Debug)]
pub struct Evolution {
    mode: Mode,
    reports: Vec<VersionReport>,
}

impl Evolution {
    /// How the versions were compared.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// True if the new version is compatible with all that it was compared with.
    pub fn is_compatible(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Every comparison, the newest version first, and of two directions backward first.
    pub fn reports(&self) -> &[VersionReport] {
        &self.reports
    }

    /// The comparisons that found errors.
    pub fn failures(&self) -> impl Iterator<Item = &VersionReport> {
        self.reports.iter().filter(|it| !it.report.is_compatible())
    }
}

/// Compares a new version of a schema with those before it, the oldest of which is first in the list.
///
/// All violations with all versions that count are found; nothing stops at the first. Without versions, everything is compatible.
///
/// ```
/// use avro_compat::Schema;
/// use avro_compat::check::{CheckOptions, Mode, check_evolution};
///
/// let versions = [Schema::parse(r#""string""#)?, Schema::parse(r#""int""#)?];
/// let new = Schema::parse(r#""long""#)?;
/// let options = CheckOptions::default();
/// assert!(check_evolution(&new, &versions, Mode::Backward, &options).is_compatible());
///
/// let all = check_evolution(&new, &versions, "FULL_TRANSITIVE".parse()?, &options);
/// let failures: Vec<_> = all.failures().map(|it| (it.version, it.direction.as_str())).collect();
/// assert_eq!(failures, [(1, "forward"), (0, "backward"), (0, "forward")]);
/// # Ok::<(), avro_compat::Error>(())
/// ```
pub fn check_evolution(
    new: &Schema,
    versions: &[Schema],
    mode: Mode,
    options: &CheckOptions,
) -> Evolution {
    let count = if mode.is_transitive() { versions.len() } else { 1 };
    let mut reports = Vec::new();
    for (version, old) in versions.iter().enumerate().rev().take(count) {
        for direction in mode.directions().iter().copied() {
            let report = match direction {
                Direction::Backward => check(new, old, options),
                Direction::Forward => check(old, new, options),
            };
            reports.push(VersionReport { version, direction, report });
        }
    }
    Evolution { mode, reports }
}
