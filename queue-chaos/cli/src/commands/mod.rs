//! What can be asked, one file a subcommand.

pub mod check;
pub mod cluster;
pub mod completions;
pub mod hello;
pub mod lag;
pub mod movie;
pub mod proxy;
pub mod replicate;
pub mod run;
