//! `queue-chaos check`: the history of a run, judged again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use queue_chaos::check::{self, AnomalyKind};

use crate::exit::{End, Result, print};

/// Judges the history of a run again
#[derive(Debug, Args)]
pub struct Check {
    /// The history: `history.jsonl` in the directory of a run
    pub history: PathBuf,
    /// A kind of anomaly that is none here, as `duplicate` where retries may double. May be given several times
    #[arg(long, value_parser = kind, value_name = "KIND")]
    pub allow: Vec<AnomalyKind>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// A kind by its name.
pub fn kind(name: &str) -> Result<AnomalyKind, String> {
    AnomalyKind::ALL.iter().copied().find(|it| it.as_str() == name).ok_or_else(|| {
        let names: Vec<_> = AnomalyKind::ALL.iter().map(|it| it.as_str()).collect();
        format!("the kinds are {}", names.join(", "))
    })
}

/// What may be found without being an anomaly.
pub fn allowed(kinds: &[AnomalyKind]) -> check::Options {
    check::Options {
        allow: kinds.iter().copied().collect::<BTreeSet<_>>(),
        ..check::Options::default()
    }
}

impl Check {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        let judgement = check::check_file(&self.history, &allowed(&self.allow))?;
        print(&if self.json {
            format!("{}\n", serde_json::to_string(&judgement)?)
        } else {
            format!("{judgement}\n")
        })?;
        Ok(judgement.verdict.into())
    }
}
