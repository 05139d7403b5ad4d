//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Looks into a ledger's data directory, proves its log, exports changes, and reconciles.
#[derive(Debug, Parser)]
#[command(
    name = "ledger",
    version,
    after_help = "\
The directory is a server's data directory; the server must not be running.

Examples:
  ledger inspect data                                  what is in it
  ledger verify data                                   read all of it, and check everything
  ledger audit data --out audit.ledger                 the whole log with the proof of its chain
  ledger prove audit.ledger --hash 3f2a...             check such a file, without the directory
  ledger feed data --out changes.jsonl                 what happened, a line of JSON each
  ledger reconcile data --feed changes.jsonl --statement bank.csv --out proof

Exit codes: 0 all is well; 1 something differs; 2 it could not be done."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Answer as one JSON document, for machines.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Says what is in a directory: operations, ledgers, accounts, what is pending.
    Inspect {
        /// The data directory.
        dir: PathBuf,
    },
    /// Reads the whole log, and checks its chain, the state's invariants and the archive against it.
    Verify {
        /// The data directory.
        dir: PathBuf,
    },
    /// Writes the log, with the proof of its chain, to a file that can be checked without the directory.
    Audit {
        /// The data directory.
        dir: PathBuf,
        /// The file.
        #[arg(long)]
        out: PathBuf,
        /// The first operation.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// The last operation; the newest if it is not said.
        #[arg(long)]
        to: Option<u64>,
    },
    /// Checks a file that `audit` wrote.
    Prove {
        /// The file.
        file: PathBuf,
        /// The chain's hash after its last operation, as it was written down elsewhere: 64 hexadecimal digits.
        #[arg(long)]
        hash: String,
    },
    /// Writes what happened, a line of JSON each, in order.
    Feed {
        /// The data directory.
        dir: PathBuf,
        /// The file.
        #[arg(long)]
        out: PathBuf,
        /// The first operation.
        #[arg(long, default_value_t = 1)]
        from: u64,
    },
    /// Derives all balances in other ways, and compares: to the minor unit.
    Reconcile(Reconcile),
}

/// What to reconcile.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// The data directory.
    pub dir: PathBuf,
    /// The last operation that counts; the newest if it is not said.
    #[arg(long)]
    pub cut: Option<u64>,
    /// A feed that a consumer heard: lines of JSON, repeated or not. Without it the feed is made from the directory.
    #[arg(long)]
    pub feed: Option<PathBuf>,
    /// What somebody else says: a CSV file, `account_id,debits_posted,credits_posted` in minor units.
    #[arg(long)]
    pub statement: Option<PathBuf>,
    /// Where to leave the proof: `reconciliation.json`, and the table of the batch if it was made.
    #[arg(long)]
    pub out: Option<PathBuf>,
}
