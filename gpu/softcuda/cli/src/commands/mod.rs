//! What can be asked.

pub mod check;
pub mod completions;
pub mod disasm;
pub mod list;
pub mod profile;
pub mod run;
pub mod support;
