//! Which cluster is meant, and starting it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use queue_chaos::broker::Cluster;
use queue_chaos::broker::embedded::Embedded;
use queue_chaos::broker::external::External;
use queue_chaos::broker::kafka::{Distribution, Kafka, KafkaOptions};
use queue_chaos::schedule::Plan;

use crate::exit::Result;

/// A kind of cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// librdkafka's own, inside of this process: nothing has to be installed
    Embedded,
    /// Apache Kafka in processes of its own, on this machine: needs Java 17 (jars: `scripts/kafka_jars.sh`, or KAFKA_HOME)
    Kafka,
    /// Somebody's: needs `--bootstrap`. Nothing is done to its nodes
    External,
}

/// Which cluster.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub struct Choice {
    /// What kind
    #[arg(long, value_enum)]
    pub broker: Option<Kind>,
    /// How many nodes
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=9))]
    pub nodes: Option<u32>,
    /// Where a cluster of somebody else's listens: HOST:PORT,...
    #[arg(long)]
    pub bootstrap: Option<String>,
    /// A setting of librdkafka for a cluster of somebody else's: NAME=VALUE. May be given several times; secrets belong into a file
    #[arg(long, value_name = "NAME=VALUE")]
    pub config: Vec<String>,
    /// A file of such settings, one a line
    #[arg(long, value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// A limit on the disk of each node of a real cluster, bytes: what `fill-disk` and `read-only-disk` need
    #[arg(long, value_name = "BYTES")]
    pub disk: Option<u64>,
}

impl Choice {
    /// The kind: as asked, or as follows from what else was said.
    pub fn kind(&self, default: Kind) -> Result<Kind> {
        match (self.broker, &self.bootstrap) {
            (None, Some(_)) | (Some(Kind::External), Some(_)) => Ok(Kind::External),
            (Some(Kind::External), None) => {
                Err("--broker external needs --bootstrap HOST:PORT".into())
            }
            (Some(_), Some(_)) => Err("--bootstrap is for --broker external".into()),
            (kind, None) => Ok(kind.unwrap_or(default)),
        }
    }

    /// What clients of a cluster of somebody else's are told.
    pub fn settings(&self) -> Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        let mut add = |line: &str, place: String| match line.split_once('=') {
            Some((name, value)) => {
                all.push((name.trim().to_owned(), value.trim().to_owned()));
                Ok(())
            }
            None => Err(format!("{place}: expected NAME=VALUE")),
        };
        if let Some(path) = &self.config_file {
            let text =
                std::fs::read_to_string(path).map_err(|it| format!("{}: {it}", path.display()))?;
            for (at, line) in text.lines().enumerate() {
                let line = line.trim();
                if !line.is_empty() && !line.starts_with('#') {
                    add(line, format!("{}, line {}", path.display(), at + 1))?;
                }
            }
        }
        for (at, line) in self.config.iter().enumerate() {
            // The text may be a secret.
            add(line, format!("--config, {}. time", at + 1))?;
        }
        Ok(all)
    }

    /// Starts or reaches it, as a plan wants it; a real one has its data in `dir`.
    pub fn start(
        &self,
        kind: Kind,
        nodes: u32,
        plan: &Plan,
        dir: &Path,
    ) -> Result<Box<dyn Cluster>> {
        Ok(match kind {
            Kind::Embedded => Box::new(Embedded::start(nodes)?),
            Kind::Kafka => {
                let mut options = KafkaOptions::new(dir, Distribution::find()?);
                options.nodes = nodes;
                options.disk_quota = self.disk;
                let settings = plan.cluster.settings.iter();
                options.server_properties =
                    settings.map(|(name, it)| (name.clone(), it.to_string())).collect();
                let mut kafka = Kafka::start(&options)?;
                kafka.set_seed(plan.seed.unwrap_or_default());
                Box::new(kafka)
            }
            Kind::External => {
                let bootstrap = self.bootstrap.as_deref().or(plan.cluster.bootstrap.as_deref());
                let bootstrap = bootstrap.ok_or("--broker external needs --bootstrap HOST:PORT")?;
                Box::new(External::connect(bootstrap, self.settings()?)?)
            }
        })
    }
}
