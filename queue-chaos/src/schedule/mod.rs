//! What is done to a cluster, and when.
//!
//! A [`Plan`] is written in TOML, in a line, in Rust, or drawn from a seed ([`Plan::random`]). [`execute`] does it.
//!
//! ```toml
//! name = "a leader dies, a follower is slow"
//! duration = "60s"                    # 10 s after the last step if it is not told
//! seed = 7                            # what `random` nodes are drawn from
//! steps = [
//!     "at 5s for 10s kill leader",
//!     "every 20s from 10s until 50s for 5s net 2 replication latency 200ms jitter 50ms",
//!     "at 55s mark all is well again",
//! ]
//!
//! [cluster]
//! kind = "kafka"                      # embedded, kafka, external
//! nodes = 3
//! min_insync_replicas = 2
//! settings = { "replica.lag.time.max.ms" = 5000 }
//!
//! [[topic]]
//! name = "orders"
//! partitions = 4
//! replicas = 3
//!
//! [workload]                          # what it says is the business of the workload
//! producers = 2
//! ```
//!
//! `steps` can also be one text, with semicolons between the steps.
//!
//! # Steps
//!
//! | | |
//! |---|---|
//! | `at TIME [for TIME] ACTION` | once |
//! | `every TIME [from TIME] [until TIME] [for TIME] ACTION` | again and again: first after one period or at `from`, the last time before `until` or the plan's end |
//!
//! `for` undoes the action after so long, by what the table below says; without such an inverse it is an error. A time is a number and `us`, `ms`, `s`, `m`
//! or `h`.
//!
//! # Actions
//!
//! | | | undone by |
//! |---|---|---|
//! | `stop NODE` | a node is shut down | `start` |
//! | `kill NODE` | `kill -9` | `start` |
//! | `start NODE` | a node that is down is started | |
//! | `pause NODE` | a node is frozen, its connections stay open | `resume` |
//! | `resume NODE` | a frozen node goes on | |
//! | `restart NODE` | stop and start | |
//! | `rolling-restart` | each node in turn | |
//! | `wipe NODE` | a node that is down loses all data | |
//! | `add-node` | one more node joins | |
//! | `reassign` | partitions are spread over all nodes, and copied | |
//! | `begin-reassign` | the same is asked for, and goes on while other things happen | |
//! | `elect-preferred` | partitions are led by their first replicas | |
//! | `net NODE [LINK] [WAY] [from N] TOXIC` | connections to a node get a toxic | `heal` |
//! | `heal NODE` | all toxics of a node are taken away | |
//! | `fill-disk NODE` | a node's disk is full | `free-disk` |
//! | `free-disk NODE` | it is not any more | |
//! | `read-only-disk NODE` | a node's disk cannot be written to | `writable-disk` |
//! | `writable-disk NODE` | it can again | |
//! | `tear-tail NODE BYTES` | a node that is down loses the end of its logs | |
//! | `round-trip NODE TIME` | responses come later (embedded only) | `round-trip NODE 0s` |
//! | `kill-client producer N`, `kill-client consumer N`, `kill-client loop N` | a client of the workload dies (counted from 0) | `start-client` |
//! | `start-client ...` | another one takes its place | |
//! | `produce-errors COUNT` | the next produce requests fail (embedded only) | |
//! | `move-leader PARTITION N` | a partition of the first topic gets another leader (embedded only) | |
//! | `forget` | the cluster forgets all that it has acknowledged (embedded only) | |
//! | `mark TEXT` | nothing; a mark in the history | |
//!
//! NODE is a number or one of `leader`, `follower`, `controller`, `random`, `all`; LINK is `clients`, `replication`, `controller` or `all` (this if it is not told);
//! WAY is `up` (requests), `down` (responses) or `both` (this if it is not told); `from N` are connections that node N has made. A TEXT with quotes,
//! semicolons or control characters in it stands in quotes as a whole, as a JSON string.
//!
//! TOXIC is one of `latency 100ms jitter 20ms`, `bandwidth 200kbit/s`, `slow-close 2s`, `reset after 1s`, `black-hole`, `partition`, `slicer 64 vary 16 pause 5ms`,
//! `limit-data 10000`; see [`Toxic`](crate::proxy::Toxic).

mod action;
pub mod duration;
mod execute;
mod file;
mod grammar;
mod inverse;
mod plan;
mod prng;
mod random;
mod step;
mod timeline;
mod words;

pub use action::{Action, Client, Link, Peer, Target};
pub use execute::{
    Executed, OnFailure, Options, Progress, UNDO_ALL, check_supported, execute, undo_all,
};
pub use plan::{ClusterKind, ClusterPlan, Plan, Setting, TopicPlan};
pub use random::{RandomFault, RandomOptions};
pub use step::{Step, When};
pub use timeline::{Planned, Timeline};
