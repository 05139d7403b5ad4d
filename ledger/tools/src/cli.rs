//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Looks into a ledger's data directory, proves its log, exports changes, and reconciles.
#[derive(Debug, Parser)]
#[command(
    name = "ledger",
    version,
    after_help = "\
The directory is a server's data directory; the server must not be running (`feed` can ask a running one).

Examples:
  ledger inspect data                                  what is in it
  ledger verify data                                   read all of it, and check everything
  ledger audit data --out audit.ledger                 the whole log with the proof of its chain
  ledger prove audit.ledger --hash 3f2a...             check such a file, without the directory
  ledger feed data --out changes.jsonl                 what happened, a line of JSON each
  ledger feed --server http://127.0.0.1:7080 --follow --out changes.jsonl
  ledger reconcile data --feed changes.jsonl --statement bank.csv --out proof

With the feature `kafka`:
  ledger feed --server http://127.0.0.1:7080 --follow --kafka broker:9092 --topic changes
  ledger reconcile data --kafka broker:9092 --topic changes

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
    /// Tells what happened, in order: to a file, or to a Kafka topic.
    Feed(Feed),
    /// Derives all balances in other ways, and compares: to the minor unit.
    Reconcile(Reconcile),
}

/// What to tell, and to whom.
#[derive(Debug, Args)]
#[command(
    group(clap::ArgGroup::new("source").required(true).args(["dir", "server"])),
    after_help = "\
A change has a key, OP.INDEX. Ctrl-C ends in order, and says behind which change to go on; a topic is always continued behind its last one.

A topic has one partition, and is written in transactions: consumers with isolation.level=read_committed see each change once, in order. A second
sink of a topic shuts the first one out.

A server that wants a key finds it in the variable LEDGER_API_KEY; the scope `read` is enough."
)]
pub struct Feed {
    /// The data directory, if no server has it open.
    pub dir: Option<PathBuf>,
    /// A server that runs: http://HOST:PORT.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Goes on with what is new, until it is stopped. A server or a broker that is away is asked again.
    #[arg(long, requires = "server")]
    pub follow: bool,
    /// A file that is not there yet.
    #[cfg_attr(not(feature = "kafka"), arg(required = true))]
    #[cfg_attr(
        feature = "kafka",
        arg(required_unless_present = "brokers", conflicts_with = "brokers")
    )]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The first operation, of a target that has nothing yet.
    #[arg(long, value_name = "OP")]
    pub from: Option<u64>,
    /// The key of the last change that was heard: the file gets what is behind it.
    #[arg(long, value_name = "OP.INDEX", conflicts_with = "from")]
    #[cfg_attr(feature = "kafka", arg(conflicts_with = "brokers"))]
    pub after: Option<ledger_json::Key>,
    /// The topic.
    #[cfg(feature = "kafka")]
    #[command(flatten)]
    pub kafka: Kafka,
}

/// A Kafka topic.
#[cfg(feature = "kafka")]
#[derive(Debug, Args)]
pub struct Kafka {
    /// A Kafka cluster: HOST:PORT, several with commas between them.
    #[arg(long = "kafka", value_name = "BROKERS", requires = "topic")]
    pub brokers: Option<String>,
    /// The topic, which has one partition.
    #[arg(long, requires = "brokers")]
    pub topic: Option<String>,
    /// A setting of librdkafka, as security.protocol=ssl (with the features `ssl` and `sasl`).
    #[arg(long = "kafka-set", value_name = "NAME=VALUE", requires = "brokers")]
    pub settings: Vec<String>,
    /// How many seconds a broker may take to answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "brokers", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub patience: u64,
}

#[cfg(feature = "kafka")]
impl Kafka {
    /// What was asked for, if a topic was.
    ///
    /// # Errors
    ///
    /// A setting without `=`.
    pub fn options(&self) -> crate::Result<Option<crate::kafka::KafkaOptions>> {
        let (Some(brokers), Some(topic)) = (&self.brokers, &self.topic) else { return Ok(None) };
        let mut options = crate::kafka::KafkaOptions::new(brokers, topic);
        options.patience = std::time::Duration::from_secs(self.patience);
        for setting in &self.settings {
            let (name, value) = setting.split_once('=').ok_or_else(|| {
                crate::Error::Asked(format!("--kafka-set {setting}: it is NAME=VALUE"))
            })?;
            options.settings.push((name.to_owned(), value.to_owned()));
        }
        Ok(Some(options))
    }
}

/// What to reconcile.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// The data directory.
    pub dir: PathBuf,
    /// The last operation that counts; the newest if it is not said.
    #[arg(long)]
    pub cut: Option<u64>,
    /// A feed that a consumer heard: lines of JSON or a recording of the server's, repeated or not. Without it the feed is made from the directory.
    #[cfg_attr(feature = "kafka", arg(conflicts_with = "brokers"))]
    #[arg(long)]
    pub feed: Option<PathBuf>,
    /// The topic that a consumer hears.
    #[cfg(feature = "kafka")]
    #[command(flatten)]
    pub kafka: Kafka,
    /// What somebody else says: a CSV file, `account_id,debits_posted,credits_posted` in minor units.
    #[arg(long)]
    pub statement: Option<PathBuf>,
    /// Where to leave the proof: `reconciliation.json`, and the table of the batch if it was made.
    #[arg(long)]
    pub out: Option<PathBuf>,
}
