//! Sums over several devices, given to all of them.

mod communicator;
mod perf;
mod steps;

pub use communicator::Communicator;
pub use perf::{AllReduceRow, all_reduce_perf};

use crate::variant::variants;

variants! {
    /// Which way chunks go in [`Communicator::all_reduce`].
    AllReduce: "all_reduce" {
        /// Round a ring, chunk by chunk: each device sends and receives `2 (N - 1) / N` of the buffer, which is the least there can be
        /// (Patarasuk and Yuan, 2009).
        Ring = "ring",
        /// Up a binomial tree and down again: `2 log2 N` steps with the whole buffer, for short ones.
        Tree = "tree",
        /// Each device reads its slice of all others through peer access and adds; then all read the sums: two steps.
        Direct = "direct",
    }
}
