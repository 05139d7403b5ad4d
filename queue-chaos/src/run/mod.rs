//! A run from beginning to end: topics, load, faults, recovery, reading everything back, the verdict, the report.
//!
//! ```no_run
//! use queue_chaos::broker::Embedded;
//! use queue_chaos::run::{Options, run};
//! use queue_chaos::schedule::Plan;
//!
//! let mut cluster = Embedded::start(1)?;
//! let plan = Plan::steps("at 3s stop 1; at 6s start 1")?;
//! let finished = run(&mut cluster, &Options::new(plan, "out/my-run"), &Default::default(), |live| println!("{live}"))?;
//! assert!(finished.judgement.anomalies.is_empty());
//! # Ok::<(), queue_chaos::Error>(())
//! ```
//!
//! | phase | what happens | ends |
//! |---|---|---|
//! | [`Phase::Topics`] | the topics are made | when all partitions have leaders |
//! | [`Phase::Load`] | producers and consumers work, faults come and go | with the plan |
//! | [`Phase::Heal`] | all that is still broken is mended | when all nodes answer |
//! | [`Phase::Flush`] | producers stop, and hear about what they have sent | with the last outcome, or their deadline |
//! | [`Phase::Drain`] | consumers read what is left | at the end of all partitions, or at a deadline |
//! | [`Phase::ReadAll`] | a consumer of its own reads everything from the beginning | at the end of all partitions |
//! | [`Phase::Judge`] | the history is read again and checked, the report is written | |

mod live;
mod observer;
mod stage;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use live::{Live, Phase};

use crate::broker::{Cluster, NewTopic};
use crate::check::{AnomalyKind, Judgement, check_file};
use crate::history::{Isolation, Run, Sink, Topic, What, Writer};
use crate::schedule::{Executed, Plan};
use crate::workload::{Partitions, Settings, Workload, WorkloadOptions};
use crate::{Error, Result, check, report, schedule, workload};
