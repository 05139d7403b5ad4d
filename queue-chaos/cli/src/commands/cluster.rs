//! `queue-chaos cluster`: a real cluster on this machine that stays until it is told to go.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use queue_chaos::broker::kafka::{Distribution, Kafka, KafkaOptions};
use queue_chaos::broker::{Cluster as _, NodeState};
use queue_chaos::schedule::Action;
use serde_json::{Value, json};

use crate::control::{Desk, ask};
use crate::exit::{End, Result, complain, print};
use crate::interrupt;

/// Where a cluster lives unless it is told otherwise.
const HOME: &str = "out/queue-chaos/cluster";

/// Starts a real cluster on this machine, does things to it, and stops it
#[derive(Debug, Args)]
pub struct Cluster {
    #[command(subcommand)]
    what: What,
    /// Where its data are, and where it is asked
    #[arg(long, global = true, default_value = HOME)]
    dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Starts it and stays, until ctrl-C or `down`: nothing is left behind then but its data
    Up {
        /// How many nodes
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9))]
        nodes: u32,
        /// A limit on each node's disk, bytes
        #[arg(long)]
        disk: Option<u64>,
    },
    /// Stops it
    Down,
    /// Tells its addresses and nodes
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Does something to it, as plans write it: `kill 2`, `net 1 clients down latency 200ms`, `heal all`
    Do {
        /// What
        action: Vec<String>,
    },
}

impl Cluster {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        match &self.what {
            What::Up { nodes, disk } => self.up(*nodes, *disk),
            What::Down => {
                ask(&self.dir, "down")?;
                print("it is going down\n")?;
                Ok(End::Ok)
            }
            What::Status { json } => {
                let status = ask(&self.dir, "status")?;
                print(&if *json { format!("{status}\n") } else { told(&status) })?;
                Ok(End::Ok)
            }
            What::Do { action } => {
                // What is no action is told without asking.
                let action: Action = action.join(" ").parse()?;
                ask(&self.dir, &action.to_string())?;
                print(&format!("done: {action}\n"))?;
                Ok(End::Ok)
            }
        }
    }

    fn up(&self, nodes: u32, disk: Option<u64>) -> Result<End> {
        let asked = interrupt::asked()?;
        std::fs::create_dir_all(&self.dir).map_err(|it| format!("{}: {it}", self.dir.display()))?;
        let desk = Desk::open(&self.dir)?;
        let mut options = KafkaOptions::new(self.dir.join("data"), Distribution::find()?);
        options.nodes = nodes;
        options.disk_quota = disk;
        let mut cluster = Kafka::start(&options)?;
        print(&format!(
            "{}In another terminal:\n  queue-chaos cluster do 'kill 1' --dir {dir}\n  queue-chaos cluster down --dir {dir}\n",
            told(&status(&cluster)),
            dir = self.dir.display()
        ))?;
        let mut down = false;
        while !down && !interrupt::is_asked(&asked) {
            desk.serve(|line| match line {
                "status" => Ok(status(&cluster)),
                "down" => {
                    down = true;
                    Ok(Value::Null)
                }
                action => {
                    let action: Action = action.parse()?;
                    let done = cluster.apply(&action);
                    if let Err(error) = &done {
                        complain(error);
                    }
                    done?;
                    print(&format!("{action}\n"))?;
                    Ok(Value::Null)
                }
            });
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(End::Ok)
    }
}

fn status(cluster: &Kafka) -> Value {
    let nodes: Vec<_> = cluster
        .nodes()
        .into_iter()
        .map(|(node, state)| {
            let state = match state {
                NodeState::Up => "up",
                NodeState::Paused => "paused",
                NodeState::Down => "down",
            };
            json!({"node": node.0, "state": state})
        })
        .collect();
    json!({"bootstrap": cluster.bootstrap(), "direct": cluster.direct(), "nodes": nodes, "pid": std::process::id()})
}

fn told(status: &Value) -> String {
    let mut text = format!(
        "bootstrap.servers={}   (through the proxies)\nbootstrap.servers={}   (around them)\n",
        status["bootstrap"].as_str().unwrap_or_default(),
        status["direct"].as_str().unwrap_or_default()
    );
    for node in status["nodes"].as_array().into_iter().flatten() {
        text.push_str(&format!(
            "  node {}: {}\n",
            node["node"],
            node["state"].as_str().unwrap_or_default()
        ));
    }
    text
}
