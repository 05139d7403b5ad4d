//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  simulate_transfers --duration 10
  simulate_transfers --profile hot --connections 16 --batch 1 --json
  simulate_transfers --profile uniform --connections 4 --batch 8190 --transfers 10000000
  simulate_transfers --chaos --duration 30
  simulate_transfers --chaos --fill --rate 20000 --duration 15

Exit codes: 0 all is well; 1 something is not: the server failed, or a cent is missing; 2 wrong arguments.";

/// Sends transfers to a ledger's server and measures; or, with --chaos, starts a server of its own, kills it again and again, and proves
/// that every cent is accounted for.
#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub struct Arguments {
    /// Which accounts and what kind of transfers.
    #[arg(long, value_enum, default_value_t = Profile::Uniform)]
    pub profile: Profile,
    /// By which face of the server.
    #[arg(long, value_enum, default_value_t = Face::Tcp)]
    pub face: Face,
    /// Where the server is. By default where `ledger_api` listens.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub server: Option<SocketAddr>,
    /// The API key. Better in the variable LEDGER_API_KEY, which others cannot see.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// How many connections; each has one request under way, and a thread.
    #[arg(long, default_value_t = 16, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub connections: u16,
    /// How many transfers a request has.
    #[arg(long, default_value_t = 1, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=8_190))]
    pub batch: u32,
    /// How many accounts.
    #[arg(long, default_value_t = 10_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(4..=10_000_000))]
    pub accounts: u32,
    /// How long, in seconds; 10 if no number of transfers is given.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub duration: Option<u64>,
    /// How many transfers.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub transfers: Option<u64>,
    /// How many transfers a second at the most, all connections together.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub rate: Option<u64>,
    /// What ids are like.
    #[arg(long, value_enum, default_value_t = Ids::Time)]
    pub ids: Ids,
    /// What is random follows from it, but for ids.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print one line of JSON, and nothing while it runs.
    #[arg(long)]
    pub json: bool,
    /// Start a server, kill it at random, restart it; at the end prove that every cent is accounted for.
    #[arg(long)]
    pub chaos: bool,
    /// Chaos: how often the server is killed at the least.
    #[arg(long, default_value_t = 5, value_name = "COUNT")]
    pub kills: u32,
    /// Chaos: the server's program. By default `ledger_api` beside this one.
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// Chaos: the server's directory. By default one that is removed at the end, if all is well.
    #[arg(long, value_name = "DIRECTORY")]
    pub data: Option<PathBuf>,
    /// Chaos: let the server's disk run full again and again, too. It is a file system in memory of its own then, which takes `unshare`, and not root. With
    /// --data, the file system of that directory is filled: it must be a small one, and nobody else's.
    #[arg(long, requires = "chaos")]
    pub fill: bool,
    /// Chaos: how large that file system in memory is, in MiB.
    #[arg(long, default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u32).range(128..=2_048))]
    pub disk: u32,
    /// Chaos: where to write what each account has as far as clients know, in CSV, for `ledger reconcile --statement`.
    #[arg(long, value_name = "FILE", requires = "chaos")]
    pub statement: Option<PathBuf>,
    /// In the namespace: where that file system is to be.
    #[arg(long, hide = true, value_name = "DIRECTORY")]
    pub mount: Option<PathBuf>,
}

impl Arguments {
    /// How long it goes on; none if a number of transfers ends it.
    pub fn length(&self) -> Option<Duration> {
        match (self.duration, self.transfers) {
            (Some(seconds), _) => Some(Duration::from_secs(seconds)),
            (None, Some(_)) => None,
            (None, None) => Some(Duration::from_secs(10)),
        }
    }

    /// The API key.
    pub fn api_key(&self) -> String {
        self.key.clone().or_else(|| std::env::var("LEDGER_API_KEY").ok()).unwrap_or_default()
    }
}

/// Which accounts and what kind of transfers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Between any two accounts.
    Uniform,
    /// One account is in every transfer.
    Hot,
    /// A few accounts have most transfers: Zipf's law.
    Zipf,
    /// Every transfer is reserved first, and then posted, posted in part, or voided.
    TwoPhase,
    /// Exchanges between currencies.
    MultiCurrency,
}

impl Profile {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Hot => "hot",
            Self::Zipf => "zipf",
            Self::TwoPhase => "two-phase",
            Self::MultiCurrency => "multi-currency",
        }
    }
}

/// By which face of the server.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Face {
    /// The binary protocol.
    Tcp,
    /// HTTP with JSON.
    Http,
}

/// What ids are like.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ids {
    /// The time in milliseconds, then random bits: as ULIDs are.
    Time,
    /// All random: as UUIDs are.
    Random,
}
