//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use hash_ring::Tokens;

use crate::Result;
use crate::count;
use crate::scheme::{Scheme, Schemes};
use crate::settings::{ALLOCATED, RANDOM, at_most};

const EXAMPLES: &str = "\
Examples:
  ring_sim 3 4 1_000_000                    how many of a million keys move when a fourth node joins
  ring_sim 3 4 1_000_000 --algo all         the same by every algorithm, and by hash modulo nodes
  ring_sim 10 9 --algo ring,jump --json     for machines
  ring_sim 3 4 --tokens random --virtual-nodes 160
  ring_sim sweep                            1 to 4096 virtual nodes: balance, memory, lookup time
  ring_sim failure --nodes 10               who takes the keys of a node that fails
  ring_sim weights --weights 1,2,4
  ring_sim zones --zones 3 --nodes-per-zone 3 --replicas 3
  ring_sim hot-keys --exponent 1.1          with and without bounded load
  ring_sim warm-up 3 4 --out out/ring       hit rates of caches after the change, with a plot
  ring_sim lab                              lab 1-6, as the course runner starts it

Options of a study stand behind its name. Tables go to standard output, a progress bar to standard error if that is a terminal.

Exit codes: 0 done; 1 the results could not be written; 2 wrong arguments, or more than this machine may be asked for.";

/// What placing keys on nodes does, in numbers.
#[derive(Debug, Parser)]
#[command(
    name = "ring_sim",
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    subcommand_value_name = "STUDY",
    subcommand_help_heading = "Studies"
)]
pub struct Arguments {
    /// Another study than that of keys that move.
    #[command(subcommand)]
    pub study: Option<Study>,
    /// Keys that move.
    #[command(flatten)]
    pub movement: Option<Movement>,
    /// How placements are built.
    #[command(flatten)]
    pub placing: Placing,
    /// What all studies have.
    #[command(flatten)]
    pub common: Common,
}

/// Keys that move when nodes join or leave.
#[derive(Clone, Debug, Args)]
pub struct Movement {
    /// Nodes before
    #[arg(value_parser = count::parse, allow_negative_numbers = true)]
    pub before: u64,
    /// Nodes after: the youngest leave, or new ones join
    #[arg(value_parser = count::parse, allow_negative_numbers = true)]
    pub after: u64,
    /// Keys in the sample; hashed one by one, never stored
    #[arg(default_value = "1_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub keys: u64,
}

/// What all studies have.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Seed of the keys' hashes and of all traffic
    #[arg(long, global = true, default_value = "0", value_parser = count::parse, allow_negative_numbers = true)]
    pub seed: u64,
    /// Prints one JSON object instead of tables
    #[arg(long, global = true)]
    pub json: bool,
    /// Draws SVG plots into this directory
    #[arg(long, global = true, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Refuses to take more memory than this
    #[arg(long, global = true, default_value = "1024", value_parser = count::parse, value_name = "MIB")]
    pub max_memory_mib: u64,
}

/// How placements are built.
#[derive(Clone, Debug, Args)]
pub struct Placing {
    /// An algorithm, several joined by commas, or all [default: ring; all where algorithms are compared]
    ///
    /// ring, jump, jump-back, rendezvous, skeleton, maglev, anchor, memento, dx, multi-probe, slots, straw2, and modulo, which is what
    /// people do without any of these
    #[arg(long, value_name = "NAME")]
    pub algo: Option<Schemes>,
    /// Points of each node on a ring [default: 32 allocated, 160 random]
    #[arg(long, value_name = "N", value_parser = count::parse, allow_negative_numbers = true)]
    pub virtual_nodes: Option<u64>,
    /// Where the points of a ring come from
    #[arg(long, value_enum, default_value_t = TokensFrom::Allocated)]
    pub tokens: TokensFrom,
}

/// Where the points of a ring come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TokensFrom {
    /// Hashes of the node's name
    Random,
    /// Chosen so that shares come out even
    Allocated,
}

/// A study.
#[derive(Clone, Debug, Subcommand)]
pub enum Study {
    /// Virtual nodes from 1 to 4096: balance, keys that move, memory, lookup time
    Sweep(Sweep),
    /// A node fails: who takes its keys, and how evenly
    Failure(Failure),
    /// Nodes of different weights
    Weights(Weights),
    /// Replicas over zones, and what is left when a zone fails
    Zones(Zones),
    /// Zipf traffic with and without bounded load
    HotKeys(HotKeys),
    /// Caches after a change: hit rate, load of the origin, time to recover
    WarmUp(WarmUp),
    /// Lab 1-6 of the course: JSON events on standard output
    Lab(Lab),
}

/// Virtual nodes from 1 to 4096.
#[derive(Clone, Debug, Args)]
pub struct Sweep {
    /// Nodes
    #[arg(long, default_value = "10", value_parser = count::parse, allow_negative_numbers = true)]
    pub nodes: u64,
    /// The most virtual nodes; the sweep goes there in powers of two
    #[arg(long, default_value = "4096", value_parser = count::parse, allow_negative_numbers = true)]
    pub up_to: u64,
    /// Sets of node names: each gives another ring
    #[arg(long, default_value = "20", value_parser = count::parse, allow_negative_numbers = true)]
    pub trials: u64,
}

/// A node fails.
#[derive(Clone, Debug, Args)]
pub struct Failure {
    /// Nodes, one of which fails
    #[arg(long, default_value = "10", value_parser = count::parse, allow_negative_numbers = true)]
    pub nodes: u64,
    /// Which one, from 0 [default: from the middle]
    #[arg(long, value_parser = count::parse, allow_negative_numbers = true)]
    pub failing: Option<u64>,
    /// Keys in the sample
    #[arg(long, default_value = "1_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub keys: u64,
    /// How placements are built; all algorithms unless told otherwise.
    #[command(flatten)]
    pub placing: Placing,
}

/// Nodes of different weights.
#[derive(Clone, Debug, Args)]
pub struct Weights {
    /// The weight of each node
    #[arg(long, default_value = "1,2,4", value_delimiter = ',', allow_negative_numbers = true)]
    pub weights: Vec<f64>,
    /// Keys in the sample
    #[arg(long, default_value = "1_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub keys: u64,
    /// How placements are built; all algorithms unless told otherwise.
    #[command(flatten)]
    pub placing: Placing,
}

/// Replicas over zones.
#[derive(Clone, Debug, Args)]
pub struct Zones {
    /// Zones
    #[arg(long, default_value = "3", value_parser = count::parse, allow_negative_numbers = true)]
    pub zones: u64,
    /// Nodes in each
    #[arg(long, default_value = "3", value_parser = count::parse, allow_negative_numbers = true)]
    pub nodes_per_zone: u64,
    /// Copies of each key
    #[arg(long, default_value = "3", value_parser = count::parse, allow_negative_numbers = true)]
    pub replicas: u64,
    /// Keys in the sample
    #[arg(long, default_value = "100_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub keys: u64,
    /// How placements are built; all algorithms unless told otherwise.
    #[command(flatten)]
    pub placing: Placing,
}

/// Zipf traffic.
#[derive(Clone, Debug, Args)]
pub struct HotKeys {
    /// Nodes
    #[arg(long, default_value = "10", value_parser = count::parse, allow_negative_numbers = true)]
    pub nodes: u64,
    /// Keys that are asked for
    #[arg(long, default_value = "1_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub keys: u64,
    /// Exponent of Zipf's law: 0 asks for all keys alike
    #[arg(long, default_value = "1.1", allow_negative_numbers = true)]
    pub exponent: f64,
    /// Requests
    #[arg(long, default_value = "1_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub requests: u64,
    /// Requests that are open at a time
    #[arg(long, default_value = "1_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub open: u64,
    /// Capacity factors: no node has more than so many times its share of what is open
    #[arg(
        long,
        default_value = "2,1.5,1.25,1.05",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    pub factors: Vec<f64>,
    /// How placements are built.
    #[command(flatten)]
    pub placing: Placing,
}

/// Caches after a change.
#[derive(Clone, Debug, Args)]
pub struct WarmUp {
    /// Nodes before
    #[arg(default_value = "3", value_parser = count::parse, allow_negative_numbers = true)]
    pub before: u64,
    /// Nodes after: the youngest leave, or new ones join with cold caches
    #[arg(default_value = "4", value_parser = count::parse, allow_negative_numbers = true)]
    pub after: u64,
    /// Keys that are asked for
    #[arg(long, default_value = "1_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub keys: u64,
    /// Entries that the cache of a node holds
    #[arg(long, default_value = "50_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub capacity: u64,
    /// Exponent of Zipf's law: 0 asks for all keys alike
    #[arg(long, default_value = "0.99", allow_negative_numbers = true)]
    pub exponent: f64,
    /// Requests before the change, and again after it
    #[arg(long, default_value = "2_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub requests: u64,
    /// Requests over which a hit rate is taken
    #[arg(long, default_value = "10_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub window: u64,
    /// Also shows what it helps if a node asks the key's old owner before it asks the origin
    #[arg(long)]
    pub peers: bool,
    /// How placements are built; all algorithms unless told otherwise.
    #[command(flatten)]
    pub placing: Placing,
}

/// Lab 1-6.
#[derive(Clone, Debug, Args)]
pub struct Lab {
    /// Keys in the sample, and that are asked for; at least 1,000
    #[arg(long, default_value = "1_000_000", value_parser = count::parse, allow_negative_numbers = true)]
    pub keys: u64,
}

impl Placing {
    /// The schemes that were chosen, or these.
    pub fn schemes(&self, otherwise: &[Scheme]) -> Vec<Scheme> {
        self.algo.as_ref().map_or_else(|| otherwise.to_vec(), |schemes| schemes.0.clone())
    }

    /// The tokens of a ring.
    ///
    /// # Errors
    /// [`OutOfRange`](crate::Error::OutOfRange) for a number of points that no ring has.
    pub fn tokens(&self) -> Result<Tokens> {
        let what = "the number of virtual nodes";
        let virtual_nodes = match (self.virtual_nodes, self.tokens) {
            (Some(count), _) => at_most(what, count, u64::from(Tokens::MAX))? as u32,
            (None, TokensFrom::Allocated) => ALLOCATED,
            (None, TokensFrom::Random) => RANDOM,
        };
        Ok(match self.tokens {
            TokensFrom::Allocated => Tokens::Allocated(virtual_nodes),
            TokensFrom::Random => Tokens::Random(virtual_nodes),
        })
    }
}
