//! `queue-chaos run`: load, faults, and the verdict.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};
use queue_chaos::check::AnomalyKind;
use queue_chaos::schedule::{ClusterKind, Plan, RandomOptions, duration};

use super::check::kind;
use crate::cluster::{Choice, Kind};
use crate::conduct::{Conduct, HISTORY_LIMIT, Telling};
use crate::exit::{End, Result, print};
use crate::protocol::Protocol;

/// Load, faults by a plan or by chance, and the verdict
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["plan", "steps", "seed"]))]
pub struct Run {
    /// A plan: a file of TOML
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// A plan in a line: 'at 3s kill 2; at 8s start 2'
    #[arg(long, value_name = "STEPS", conflicts_with = "plan")]
    steps: Option<String>,
    /// A plan by chance; the same seed is the same plan
    ///
    /// With `--plan`: cluster, topics and workload of that one, and other steps.
    #[arg(long, conflicts_with = "steps")]
    seed: Option<u64>,
    /// How long the load lasts: 90s, 2m. Of a plan that says so otherwise, too
    #[arg(long, value_parser = duration::parse, value_name = "TIME")]
    duration: Option<Duration>,
    /// Replicas that must have a message before it is acknowledged to who asks for all of them
    #[arg(long, value_name = "N")]
    min_insync: Option<u32>,
    /// Prints the plan and does nothing
    #[arg(long)]
    dry: bool,
    /// A kind of anomaly that is none here, as `duplicate` where retries may double. May be given several times
    #[arg(long, value_parser = kind, value_name = "KIND")]
    allow: Vec<AnomalyKind>,
    /// How long each phase after the load may take
    #[arg(long, value_parser = duration::parse, value_name = "TIME", default_value = "2m")]
    patience: Duration,
    /// MiB of history after which the load ends early
    #[arg(long, value_name = "MIB", default_value_t = HISTORY_LIMIT, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    history_limit: u64,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    telling: Telling,
}

impl Run {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        let mut plan = self.plan()?;
        let mut choice = self.choice.clone();
        if choice.bootstrap.is_none() && choice.broker.is_none() {
            choice.bootstrap.clone_from(&plan.cluster.bootstrap);
        }
        let kind = choice.kind(match plan.cluster.kind {
            ClusterKind::Kafka => Kind::Kafka,
            _ => Kind::Embedded,
        })?;
        let many = kind == Kind::Kafka || self.seed.is_some();
        let nodes = self.choice.nodes.or(plan.cluster.nodes).unwrap_or(if many { 3 } else { 1 });
        if self.min_insync.is_some() {
            plan.cluster.min_insync_replicas = self.min_insync;
        }
        if let Some(duration) = self.duration {
            plan.duration = duration;
        }
        plan.cluster.nodes = Some(nodes);
        if self.choice.disk.is_some() && kind != Kind::Kafka {
            return Err("--disk is for --broker kafka".into());
        }
        let out = self.telling.directory("run");
        let mut cluster = None;
        if let Some(seed) = self.seed {
            // What can be drawn depends on what the cluster can take.
            let started = choice.start(kind, nodes, &plan, &out.join("cluster"))?;
            let mut options =
                RandomOptions { nodes, duration: plan.duration, ..RandomOptions::default() };
            options.keep_supported(&*started);
            let random = Plan::random(seed, &options)?;
            plan = Plan {
                cluster: plan.cluster,
                topics: plan.topics,
                workload: plan.workload,
                ..random
            };
            cluster = Some(started);
        }
        plan.check()?;
        if self.dry {
            print(&plan.to_toml()?)?;
            return Ok(End::Ok);
        }
        // A node of Kafka wants a directory. The others do not, and what they cannot do is said before anything is made.
        if kind != Kind::Kafka {
            let mut started = match cluster {
                Some(started) => started,
                None => choice.start(kind, nodes, &plan, &out.join("cluster"))?,
            };
            queue_chaos::run::check_supported(&plan, &mut *started)?;
            cluster = Some(started);
        }
        let conduct = Conduct {
            title: &plan.name.clone(),
            replay: replay(),
            settings: choice.settings()?,
            allow: &self.allow,
            patience: self.patience,
            history_limit: self.history_limit,
            protocol: Protocol::new(self.telling.json),
            out: &out,
            plan: plan.clone(),
        };
        let finished = conduct.run(|| match cluster {
            Some(cluster) => Ok(cluster),
            None => choice.start(kind, nodes, &plan, &out.join("cluster")),
        })?;
        Ok(finished.judgement.verdict.into())
    }

    fn plan(&self) -> Result<Plan> {
        if let Some(path) = &self.plan {
            let text =
                std::fs::read_to_string(path).map_err(|it| format!("{}: {it}", path.display()))?;
            return Ok(Plan::parse(&text, &path.display().to_string())?);
        }
        if let Some(steps) = &self.steps {
            return Ok(Plan::steps(steps)?);
        }
        // Filled when the cluster is there.
        Ok(Plan::new("random", self.duration.unwrap_or(Duration::from_secs(60))))
    }
}

/// How this program was started, as one would type it.
pub fn replay() -> String {
    let mut line = "queue-chaos".to_owned();
    let mut hide = false;
    for argument in std::env::args().skip(1) {
        // A setting can be a secret.
        let shown = if hide { "NAME=VALUE".to_owned() } else { argument.clone() };
        hide = argument == "--config";
        let shown =
            if shown.starts_with("--config=") { "--config=NAME=VALUE".to_owned() } else { shown };
        let plain = |it: char| it.is_ascii_alphanumeric() || "-_./:=,".contains(it);
        line.push(' ');
        if !shown.is_empty() && shown.chars().all(plain) {
            line.push_str(&shown);
        } else {
            line.push_str(&format!("'{}'", shown.replace('\'', "'\\''")));
        }
    }
    line
}
