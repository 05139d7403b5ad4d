//! `queue-chaos lag`: how far groups are behind, once, again and again, or as an exporter.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use queue_chaos::history::Isolation;
use queue_chaos::lag::{Monitor, Observation, Status, groups, metrics};
use queue_chaos::schedule::duration;
use queue_chaos::workload::Settings;
use serde_json::{Value, json};

use crate::cluster::{Choice, Kind};
use crate::exit::{End, Result, complain, print};
use crate::interrupt;

/// How long the cluster may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often an exporter looks, unless it is told otherwise.
const EVERY: Duration = Duration::from_secs(10);

/// How far groups are behind, in messages and seconds
#[derive(Debug, Args)]
pub struct Lag {
    #[command(flatten)]
    choice: Choice,
    /// A group. May be given several times; all that the cluster lists without it
    #[arg(long)]
    group: Vec<String>,
    /// Again and again, with so long a pause
    #[arg(long, value_parser = duration::parse, value_name = "TIME")]
    watch: Option<Duration>,
    /// Serves metrics for Prometheus at this address, under /metrics, and looks every `--watch` (10s). 127.0.0.1:9308 is where kafka_exporter listens
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<SocketAddr>,
    /// As JSON, a line a look
    #[arg(long, conflicts_with = "listen")]
    json: bool,
}

impl Lag {
    /// Does it.
    pub fn run(&self) -> Result<End> {
        if self.choice.kind(Kind::External)? != Kind::External {
            return Err("lag looks at a cluster that runs: --bootstrap HOST:PORT".into());
        }
        let bootstrap = self
            .choice
            .bootstrap
            .as_deref()
            .ok_or("lag looks at a cluster that runs: --bootstrap HOST:PORT")?;
        let asked = interrupt::asked()?;
        let settings: Settings = self.choice.settings()?.into_iter().collect();
        let mut monitors: Vec<Monitor> = Vec::new();
        let page = Arc::new(RwLock::new(None));
        if let Some(address) = self.listen {
            let at = serve(address, Arc::clone(&page))?;
            print(&format!("metrics at http://{at}/metrics; ctrl-C ends it\n"))?;
        }
        let pause = self.watch.or(self.listen.map(|_| EVERY));
        let mut known: Vec<String> = Vec::new();
        let mut failures = 0;
        loop {
            let mut failed = 0;
            // An exporter lives longer than its cluster is well.
            let mut miss = |error: queue_chaos::Error| -> Result<()> {
                if pause.is_none() {
                    return Err(error.into());
                }
                failed += 1;
                complain(&error);
                Ok(())
            };
            let wanted = match self.group.is_empty() {
                false => self.group.clone(),
                true => match groups(bootstrap, &settings, PATIENCE) {
                    Ok(all) => all.into_iter().map(|it| it.name).collect(),
                    Err(error) => {
                        miss(error)?;
                        Vec::new()
                    }
                },
            };
            for group in wanted {
                if !known.contains(&group) {
                    let monitor =
                        Monitor::new(bootstrap, &settings, &group, &[], Isolation::ReadCommitted)?;
                    monitors.push(monitor);
                    known.push(group);
                }
            }
            let mut seen = Vec::new();
            for monitor in &mut monitors {
                match monitor.observe(PATIENCE) {
                    Ok(observation) => seen.push(observation),
                    Err(error) => miss(error)?,
                }
            }
            failures += failed;
            if self.listen.is_some() {
                let text = metrics::render(&seen) + &metrics::looks(failed == 0, failures);
                *page.write().unwrap_or_else(PoisonError::into_inner) = Some(text);
            } else if self.json {
                print(&format!("{}\n", Value::from_iter(seen.iter().map(told))))?;
            } else {
                print(&format!("{}\n", table(&seen)))?;
            }
            let Some(pause) = pause else {
                let behind = |it: &Observation| it.status() > Status::Warn;
                return Ok(if seen.iter().any(behind) { End::Anomaly } else { End::Ok });
            };
            let until = std::time::Instant::now() + pause;
            while std::time::Instant::now() < until {
                if interrupt::is_asked(&asked) {
                    return Ok(End::Ok);
                }
                std::thread::sleep(Duration::from_millis(50).min(pause));
            }
        }
    }
}

/// What is served: the metrics of the last look. A thread of its own that ends with the process.
fn serve(address: SocketAddr, page: Arc<RwLock<Option<String>>>) -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind(address).map_err(|it| format!("{address}: {it}"))?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let metrics = move || async move {
        match page.read().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(text) => Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)),
            None => Err((
                axum::http::StatusCode::SERVICE_UNAVAILABLE,
                "the first look is not over yet\n",
            )),
        }
    };
    let app = Router::new()
        .route("/metrics", get(metrics))
        .route("/", get(|| async { "see /metrics\n" }));
    std::thread::Builder::new().name("metrics".into()).spawn(move || {
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, app).await
        })
    })?;
    Ok(at)
}

fn told(observation: &Observation) -> Value {
    let partitions: Vec<Value> = observation
        .partitions
        .iter()
        .map(|it| {
            json!({
                "topic": it.topic, "partition": it.partition, "low": it.low, "high": it.high, "committed": it.committed,
                "lag": it.lag, "seconds": it.seconds, "status": it.status.name(),
            })
        })
        .collect();
    json!({
        "group": observation.group, "at": observation.at, "members": observation.members, "lag": observation.lag(),
        "seconds": observation.seconds(), "status": observation.status().name(),
        "under_replicated": observation.cluster.under_replicated(), "partitions": partitions,
    })
}

fn table(seen: &[Observation]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "group",
        "topic",
        "partition",
        "committed",
        "end",
        "lag",
        "seconds",
        "status",
    ]);
    let number = |it: Option<u64>| it.map_or_else(|| "?".to_owned(), |it| it.to_string());
    for observation in seen {
        for it in &observation.partitions {
            table.add_row([
                observation.group.clone(),
                it.topic.clone(),
                it.partition.to_string(),
                it.committed.map_or_else(|| "-".to_owned(), |it| it.to_string()),
                number(it.high),
                number(it.lag),
                it.seconds.map_or_else(|| "?".to_owned(), |it| format!("{it:.1}")),
                it.status.name().to_owned(),
            ]);
        }
    }
    for column in 2..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
