//! A fault harness for Kafka: it breaks a cluster while messages pass, and tells which of them were lost, doubled, reordered or invented.
//!
//! ```
//! use queue_chaos::broker::embedded::Embedded;
//! use queue_chaos::check::Verdict;
//! use queue_chaos::run::{Options, run};
//! use queue_chaos::schedule::Plan;
//!
//! // A cluster inside of this process. `broker::kafka::Kafka` is a real one.
//! let mut cluster = Embedded::start(1)?;
//! let mut plan = Plan::steps("at 1s for 1s stop 1")?;
//! plan.duration = std::time::Duration::from_secs(3);
//!
//! let out = std::env::temp_dir().join(format!("queue-chaos-{}", std::process::id()));
//! let finished = run(&mut cluster, &Options::new(plan, &out), &Default::default(), |live| println!("{live}"))?;
//! assert_eq!(finished.judgement.verdict, Verdict::Ok, "{}", finished.judgement);
//! assert_eq!(finished.measures.stops, 1);
//! // history.jsonl, report.html, timeline.svg and summary.json are in `out`.
//! # std::fs::remove_dir_all(out).map_err(|source| queue_chaos::Error::File { path: "out".into(), source })?;
//! # Ok::<(), queue_chaos::Error>(())
//! ```
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | [`history`] | what happened in a run, a JSON line an event: written while it happens, read again whenever |
//! | [`schedule`] | what is done to a cluster, and when |
//! | [`proxy`] | a TCP proxy whose connections can be made slow, thin, cut and silent |
//! | [`disk`] | disks that are full, read-only and torn |
//! | [`check`] | whether messages were lost, doubled or reordered |
//! | [`workload`] | producers, consumers and consume-transform-produce loops that write down all they do (the message format without the feature `kafka`) |
//! | [`lag`] | how far groups are behind, in messages and seconds; replicas in sync, elections; metrics for Prometheus |
//! | [`report`] | a page with a timeline, a summary for programs, a recording of the terminal |
//! | [`run`] | all of that together, from the first message to the verdict (feature `kafka`) |
//! | [`broker`] | clusters to break: in this process, real ones as our child processes, and other people's (these with the feature `kafka`) |
//!
//! # Features
//!
//! | | |
//! |---|---|
//! | `kafka` (default) | all that speaks Kafka; builds librdkafka, which takes a C compiler and a minute. Without it: proxy, disks, plans, histories, the checker, reports, the message format |
//! | `ssl`, `sasl` | clusters that ask for TLS or SASL; need OpenSSL, libsasl2 |
//!
//! # What it is careful about
//!
//! - **What is not certain is unknown.** A message whose fate nobody has heard of is neither lost nor there; a history that does not show everything has no
//!   verdict `ok`.
//! - **Nothing outlives it.** Nodes are children that die with this process, however it ends; mounts and ports too.
//! - **Other people's clusters** keep their nodes, disks and topics: only topics that it made itself, with names of its own, are written to.

pub mod broker;
pub mod check;
pub mod disk;
pub mod history;
pub mod id;
pub mod lag;
pub mod proxy;
pub mod report;
#[cfg(feature = "kafka")]
pub mod run;
pub mod schedule;
pub mod workload;

mod error;

pub use error::{Error, Result};
