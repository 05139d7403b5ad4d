//! What was looked for, and what was found.

use serde::Serialize;

/// Something that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is: `C compiler`.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether nothing goes without it.
    pub required: bool,
    /// Whether it is there.
    #[serde(flatten)]
    pub state: State,
}

/// Whether something is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// It is, and this is known of it: a version, a size.
    Found {
        /// What is known.
        detail: String,
    },
    /// It is not.
    Missing {
        /// What happens without it.
        without: String,
        /// How to get it on this system.
        get: String,
    },
}

impl State {
    /// It is there.
    pub fn found(detail: impl Into<String>) -> Self {
        Self::Found { detail: detail.into() }
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_found(&self) -> bool {
        matches!(self, Self::Found { .. })
    }
}

/// What a sync costs where labs write: that is what a durable write waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disk {
    /// The kind of file system, or its number.
    pub file_system: String,
    /// Bytes that are free.
    pub free_bytes: u64,
    /// How often 4 KiB were appended and synced.
    pub syncs: usize,
    /// The median, in microseconds.
    pub sync_median_us: f64,
    /// Nine in ten took no longer, in microseconds.
    pub sync_p90_us: f64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Examination {
    /// The version of this form.
    pub format: u32,
    /// The system's name.
    pub system: String,
    /// The disk.
    pub disk: Disk,
    /// What was looked for, in the order in which it is shown.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// How much is there.
    #[must_use]
    pub fn there(&self) -> usize {
        self.findings.iter().filter(|finding| finding.state.is_found()).count()
    }

    /// What is missing without which nothing goes.
    pub fn lacking(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.required && !finding.state.is_found())
    }
}
