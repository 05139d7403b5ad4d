//! What the owner of a cluster can do to its disks.
//!
//! | | needs |
//! |---|---|
//! | [`Quota`]: a data directory of limited size, that can be filled to the last byte and made read-only | Linux, root |
//! | [`deny_writes`]: a process that runs cannot write to any file any more | Linux, the same user |
//! | [`tear_tail`]: the last bytes of a log are gone | a node that is down |
//! | [`clean`]: what a killed run has left mounted is unmounted | Linux, root |

mod mounts;
mod quota;
mod tail;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
use elsewhere as system;

pub use mounts::clean;
pub use quota::{Quota, Unavailable, deny_writes};
pub use tail::{Torn, tear_tail};
