//! The description of the interface for programs.

/// The file, as it is served.
pub(super) const TEXT: &str = include_str!("openapi.json");
