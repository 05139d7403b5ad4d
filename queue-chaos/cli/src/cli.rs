//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{check, cluster, completions, hello, lag, movie, proxy, replicate, run};
use crate::exit::{End, Result};

const EXAMPLES: &str = "\
Examples:
  queue-chaos hello                                     a broker goes away and comes back; nothing is lost
  queue-chaos run --broker kafka --nodes 3 --plan queue-chaos/plans/kill-leader.toml
  queue-chaos run --broker kafka --nodes 3 --seed 7 --duration 2m
  queue-chaos run --steps 'at 3s stop 1; at 6s start 1' --duration 12s
  queue-chaos check out/queue-chaos/run/history.jsonl   judges a history again
  queue-chaos movie out/queue-chaos/run/run.cast        its recording as an SVG that moves
  queue-chaos lag --bootstrap localhost:9092 --watch 2s
  queue-chaos lag --bootstrap localhost:9092 --listen 127.0.0.1:9308
  queue-chaos cluster up --nodes 3                      in one terminal,
  queue-chaos cluster do 'kill 2'                       and in another
  queue-chaos proxy --listen 127.0.0.1:19092 --upstream 127.0.0.1:9092 --toxic 'down latency 200ms jitter 50ms'
  queue-chaos replicate                                 replication lag, with three real brokers

Exit codes:
  0  done, nothing is wrong
  1  an anomaly: messages lost, doubled, reordered; or a group that does not keep up
  2  could not be run, or not enough was seen to say that nothing is wrong";

/// Breaks a Kafka cluster and tells what was lost.
#[derive(Debug, Parser)]
#[command(name = "queue-chaos", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// What is asked.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A producer, a consumer, and a broker that goes away and comes back (lab 00-B)
    Hello(hello::Hello),
    /// Load, faults by a plan or by chance, and the verdict
    Run(run::Run),
    /// Judges the history of a run again
    Check(check::Check),
    /// How far groups are behind, in messages and seconds; also as an exporter for Prometheus
    Lag(lag::Lag),
    /// Starts a real cluster on this machine, does things to it, and stops it
    Cluster(cluster::Cluster),
    /// A TCP proxy that makes connections slow, thin, cut and silent
    Proxy(proxy::ProxyCommand),
    /// A broker joins, and its replication is throttled: partitions are under-replicated, and recover (lab 1-5)
    Replicate(replicate::Replicate),
    /// Makes a moving picture of a recording of a terminal
    Movie(movie::Movie),
    /// Prints completions for a shell
    Completions(completions::Completions),
}

impl Command {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        match self {
            Self::Hello(it) => it.run(),
            Self::Run(it) => it.run(),
            Self::Check(it) => it.run(),
            Self::Lag(it) => it.run(),
            Self::Cluster(it) => it.run(),
            Self::Proxy(it) => it.run(),
            Self::Replicate(it) => it.run(),
            Self::Movie(it) => it.run(),
            Self::Completions(it) => it.run(),
        }
    }
}
