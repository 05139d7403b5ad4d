//! `queue-chaos hello`: lab 00-B, and with `--twice` lab 1-1.

use std::time::Duration;

use clap::Args;
use queue_chaos::schedule::Plan;

use super::run::replay;
use crate::cluster::{Choice, Kind};
use crate::conduct::{Conduct, HISTORY_LIMIT, Telling};
use crate::exit::{End, Result};
use crate::protocol::Protocol;

/// One stop and start.
const ONCE: (&str, &str) = (include_str!("../plans/hello.toml"), "hello.toml");
/// Two, with more of everything.
const TWICE: (&str, &str) = (include_str!("../plans/stop-start.toml"), "stop-start.toml");

/// A producer, a consumer, and a broker that goes away and comes back
#[derive(Debug, Args)]
pub struct Hello {
    /// Twice, with two producers and two consumers (lab 1-1)
    #[arg(long)]
    twice: bool,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    telling: Telling,
}

impl Hello {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        let (text, file) = if self.twice { TWICE } else { ONCE };
        let plan = Plan::parse(text, file)?;
        let kind = self.choice.kind(Kind::Embedded)?;
        if kind == Kind::External {
            return Err(
                "this lab stops the broker, which is not done to clusters of somebody else's"
                    .into(),
            );
        }
        let out = self.telling.directory(if self.twice { "stop-start" } else { "hello" });
        let protocol = Protocol::new(self.telling.json);
        protocol.note(&format!(
            "on the {} broker",
            if kind == Kind::Kafka { "real" } else { "embedded" }
        ))?;
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
        let nodes = self.choice.nodes.unwrap_or(1);
        let finished =
            conduct.run(|| self.choice.start(kind, nodes, &plan, &out.join("cluster")))?;
        Ok(match protocol.is_on() {
            // The runner judges.
            true => End::Ok,
            false => finished.judgement.verdict.into(),
        })
    }
}
