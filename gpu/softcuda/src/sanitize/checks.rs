//! What a launch is checked for.

use std::str::FromStr;

/// Checks of a launch, each off or on. What the machine always checks (bounds, frees, alignment) has no switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Races in shared memory.
    pub races: bool,
    /// Reads of bytes of shared, local or global memory that nobody has written; of global memory only in allocations made while
    /// [`track_writes`](crate::memory::AddressSpace::track_writes) was on.
    pub uninitialised: bool,
    /// Barriers in divergent code, from different places, with different counts.
    pub barriers: bool,
    /// Races in global memory between blocks. The shadow takes six times the bytes that a kernel touches, and `all` does not mean
    /// it.
    pub global_races: bool,
}

/// Names of checks and what they switch on.
const NAMES: [(&str, Checks); 5] = [
    ("races", Checks { races: true, ..Checks::NONE }),
    ("uninitialised", Checks { uninitialised: true, ..Checks::NONE }),
    ("barriers", Checks { barriers: true, ..Checks::NONE }),
    ("global_races", Checks { global_races: true, ..Checks::NONE }),
    ("all", Checks::ALL),
];

/// A list of checks that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChecksError {
    /// A name that no check has.
    #[error(
        "`{name}` is no check: allowed are `none`, or a list with commas of `all`, `races`, `uninitialised`, `barriers`, `global_races`"
    )]
    Unknown {
        /// What was found.
        name: String,
    },
    /// `none` beside others.
    #[error("`none` stands alone: `{list}` names other checks too")]
    NotAlone {
        /// What was found.
        list: String,
    },
    /// The environment variable is no text.
    #[error("the environment variable {VARIABLE} is no valid Unicode")]
    NotText,
}

/// The environment variable that [`Checks::from_environment`] reads.
pub const VARIABLE: &str = "SOFTCUDA_CHECK";

impl Checks {
    /// No check but what the machine does anyway.
    pub const NONE: Self =
        Self { races: false, uninitialised: false, barriers: false, global_races: false };
    /// Races in shared memory, uninitialised reads, barriers.
    pub const ALL: Self =
        Self { races: true, uninitialised: true, barriers: true, global_races: false };

    /// What `SOFTCUDA_CHECK` says, as [`FromStr`] reads it; none where it is not set.
    ///
    /// # Errors
    /// When it is set to what is no list of checks.
    pub fn from_environment() -> Result<Self, ChecksError> {
        match std::env::var(VARIABLE) {
            Ok(list) => list.parse(),
            Err(std::env::VarError::NotPresent) => Ok(Self::NONE),
            Err(std::env::VarError::NotUnicode(_)) => Err(ChecksError::NotText),
        }
    }

    /// Whether any is on.
    pub fn any(self) -> bool {
        self != Self::NONE
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            races: self.races || other.races,
            uninitialised: self.uninitialised || other.uninitialised,
            barriers: self.barriers || other.barriers,
            global_races: self.global_races || other.global_races,
        }
    }
}

impl FromStr for Checks {
    type Err = ChecksError;

    /// `none` (or nothing), or names with commas: `all`, `races`, `uninitialised`, `barriers`, `global_races`.
    fn from_str(list: &str) -> Result<Self, ChecksError> {
        let names: Vec<&str> = list.split(',').map(str::trim).collect();
        if names == ["none"] || names == [""] {
            return Ok(Self::NONE);
        }
        names.iter().try_fold(Self::NONE, |sum, name| {
            match NAMES.iter().find(|(known, _)| known == name) {
                Some((_, checks)) => Ok(sum.with(*checks)),
                None if *name == "none" => Err(ChecksError::NotAlone { list: list.to_owned() }),
                None => Err(ChecksError::Unknown { name: (*name).to_owned() }),
            }
        })
    }
}

/// How a launch is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What for.
    pub checks: Checks,
    /// Findings that are kept of each worker; further ones are only counted.
    pub limit: usize,
    /// Takes the lanes of a warp as ordered while they run together, as before compute capability 7.0: races between them that
    /// only lockstep prevents are not reported. Otherwise they are warnings.
    pub lockstep: bool,
    /// Reports writes of the same value to the same place, which leave no doubt what is there, as [`Level::Info`](super::Level).
    pub same_value: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { checks: Checks::NONE, limit: 100, lockstep: false, same_value: false }
    }
}

impl From<Checks> for Config {
    fn from(checks: Checks) -> Self {
        Self { checks, ..Self::default() }
    }
}
