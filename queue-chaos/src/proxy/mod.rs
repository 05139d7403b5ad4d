//! A TCP proxy whose connections can be made slow, thin, cut and silent while they are open.

mod client;
mod connection;
mod flow;
#[expect(clippy::module_inception, reason = "it is what the module is named for")]
mod proxy;
mod random;
mod rule;
mod stage;
#[cfg(test)]
mod stage_tests;
mod text;
mod toxic;
mod wake;

pub use client::ClientId;
#[doc(hidden)]
pub use client::Sniffed;
pub use proxy::{OpenConnection, Options, Proxy, Statistics};
pub use rule::{ClientPattern, Rule, RuleId};
pub use toxic::{Direction, Toxic};
