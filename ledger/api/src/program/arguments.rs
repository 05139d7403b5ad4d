//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ledger_api::keys::Scope;

const EXAMPLES: &str = "\
Examples:
  ledger_api --data /var/lib/ledger
  curl -s -H 'Content-Type: application/json' http://127.0.0.1:7080/v1/ledgers \\
      --data '{\"id\": 1, \"currency\": \"EUR\", \"exponent\": 2}'

  grpcurl -plaintext -proto ledger/api/proto/ledger/v1/ledger.proto -d '{\"ids\": [\"1\"]}' \\
      127.0.0.1:7090 ledger.v1.Ledger/LookupAccounts

  With keys:
  ledger_api key create --name till-1 --scope write --keys keys
  ledger_api --keys keys

Exit codes: 0 stopped by SIGINT or SIGTERM; 1 it could not start, or the ledger stopped on an error; 2 wrong arguments.";

/// Where gRPC is, if nobody says.
const GRPC: &str = if cfg!(feature = "grpc") { "127.0.0.1:7090" } else { "none" };

/// Where to listen, if anywhere.
#[derive(Clone, Copy)]
pub struct Listen(pub Option<SocketAddr>);

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        if !cfg!(feature = "grpc") {
            return Err("this program was built without the feature grpc".to_owned());
        }
        text.parse().map(|it| Self(Some(it))).map_err(|it| format!("{it}; or say none"))
    }
}

/// A double-entry ledger as a server: a binary protocol over TCP, gRPC, and HTTP with JSON, on one directory.
#[derive(Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve.
    #[command(flatten)]
    pub serve: Serve,
}

/// What to do instead of serving.
#[derive(Subcommand)]
pub enum Command {
    /// API keys.
    Key {
        /// What to do with them.
        #[command(subcommand)]
        command: KeyCommand,
    },
}

/// What to do with keys.
#[derive(Subcommand)]
pub enum KeyCommand {
    /// Makes a key, prints it, and adds its hash to a file.
    Create(Create),
}

/// A key to make.
#[derive(Args)]
pub struct Create {
    /// Its name: from 1 to 32 of a-z, 0-9 and -.
    #[arg(long, default_value = "default")]
    pub name: String,
    /// What it may do: read, write (and read), or admin (and both).
    #[arg(long)]
    pub scope: Scope,
    /// The file of keys; it is made if there is none.
    #[arg(long, default_value = "ledger-keys", value_name = "FILE")]
    pub keys: PathBuf,
}

/// How to serve.
#[derive(Args)]
pub struct Serve {
    /// The directory with the ledger; it is made if there is none.
    #[arg(long, default_value = "ledger-data", value_name = "DIRECTORY")]
    pub data: PathBuf,
    /// Where to listen for the binary protocol. Port 0 is any that is free; the address is printed.
    #[arg(long, default_value = "127.0.0.1:7070", value_name = "ADDRESS:PORT")]
    pub tcp: SocketAddr,
    /// Where to listen for HTTP.
    #[arg(long, default_value = "127.0.0.1:7080", value_name = "ADDRESS:PORT")]
    pub http: SocketAddr,
    /// Where to listen for gRPC; none: nowhere.
    #[arg(long, default_value = GRPC, value_name = "ADDRESS:PORT")]
    pub grpc: Listen,
    /// Who may ask: a file that `ledger_api key create` wrote. Everybody on this machine, if there is none.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Listen beyond this machine even without keys or TLS.
    #[arg(long)]
    pub insecure: bool,
    /// The certificate chain, in PEM, for all faces.
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// How many requests wait at the most; more are told that the server is busy.
    #[arg(long, default_value_t = 8_192, value_name = "COUNT")]
    pub max_requests: usize,
    /// How long a request may take, in seconds; requests can say less.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub timeout: u64,
    /// How many entries are kept in memory before they go to the archive; some 300 bytes each, and twice as many at times.
    #[arg(long, default_value_t = 262_144, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub generation: u32,
    /// The size of a segment of the log, in MiB.
    #[arg(long, default_value_t = 64, value_name = "MIB", value_parser = clap::value_parser!(u64).range(4..=4_096))]
    pub segment: u64,
}
