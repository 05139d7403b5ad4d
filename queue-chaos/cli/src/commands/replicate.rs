//! `queue-chaos replicate`: lab 1-5.

use std::time::Duration;

use clap::Args;
use queue_chaos::broker::kafka::Distribution;
use queue_chaos::schedule::Plan;

use super::run::replay;
use crate::cluster::{Choice, Kind};
use crate::conduct::{Conduct, HISTORY_LIMIT, MEASURES, Telling};
use crate::exit::{End, Result};
use crate::protocol::Protocol;

const PLAN: (&str, &str) = (include_str!("../plans/replicate.toml"), "replicate.toml");
/// A broker joins, and its replication is throttled to 200 kbit/s
#[derive(Debug, Args)]
pub struct Replicate {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    telling: Telling,
}

impl Replicate {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        let plan = Plan::parse(PLAN.0, PLAN.1)?;
        if self.choice.kind(Kind::Kafka)? != Kind::Kafka {
            return Err(
                "replicas that fall behind are found on real brokers only: --broker kafka".into()
            );
        }
        let out = self.telling.directory("replicate");
        let protocol = Protocol::new(self.telling.json);
        let found = Distribution::find()
            .and_then(|_| Distribution::java_version(&Distribution::java()).map(|_| ()));
        if let (Err(error), true) = (&found, protocol.is_on()) {
            for (measure, _) in MEASURES {
                protocol.not_measured(measure, &format!("no real Kafka: {error}"))?;
            }
            return Ok(End::Ok);
        }
        found?;
        let conduct = Conduct {
            title: &plan.name.clone(),
            replay: replay(),
            settings: Vec::new(),
            allow: &[],
            patience: Duration::from_secs(60),
            history_limit: HISTORY_LIMIT,
            protocol,
            out: &out,
            plan: plan.clone(),
        };
        let nodes = plan.cluster.nodes.unwrap_or(2);
        let finished =
            conduct.run(|| self.choice.start(Kind::Kafka, nodes, &plan, &out.join("cluster")))?;
        Ok(match protocol.is_on() {
            true => End::Ok,
            false => finished.judgement.verdict.into(),
        })
    }
}
