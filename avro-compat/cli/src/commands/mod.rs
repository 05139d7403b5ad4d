//! What can be asked, one file a subcommand.

pub mod canonical;
pub mod cat;
pub mod check;
pub mod completions;
pub mod diff;
pub mod dir;
pub mod fingerprint;
pub mod fix;
pub mod fmt;
pub mod registry;
pub mod rename;
pub mod serve;
pub mod witness;
