//! How far groups are behind, in messages and in seconds, and whether partitions have all their replicas.
//!
//! The arithmetic, the rules of [`status`] and the metrics of [`metrics`] are pure; what asks a cluster needs the feature `kafka`.

#[cfg(feature = "kafka")]
mod groups;
pub mod metrics;
#[cfg(feature = "kafka")]
mod monitor;
mod observation;
pub mod replication;
pub mod status;

#[cfg(feature = "kafka")]
pub use groups::groups;
#[cfg(feature = "kafka")]
pub use monitor::Monitor;
pub use observation::{Group, Observation, PartitionLag, messages, seconds};
pub use status::Status;
