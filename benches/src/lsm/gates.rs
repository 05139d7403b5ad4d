//! Which work answers which gate.
//!
//! Work comes in stages; the pieces of a stage share databases. [`plan()`] holds the gates, each with the piece of work it
//! reads and how; [`run`] does the stages that the chosen gates need, and [`measurements()`] turns outcomes into what the
//! judge reads. Thresholds are in `gates.toml` and nowhere here.

mod choice;
mod measurements;
mod plan;
mod scaling;
mod stages;
mod table;

pub use self::choice::Choice;
pub use self::measurements::measurements;
pub use self::plan::{Reading, Rivals, plan};
pub use self::scaling::apart;
pub use self::stages::{BACKGROUND_WRITES, Unlimited, run};
pub use self::table::table;
