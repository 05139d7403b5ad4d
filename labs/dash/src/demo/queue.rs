//! librdkafka's cluster in this process, a producer, a consumer, and the exporter of `queue-chaos lag`.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use queue_chaos::broker::embedded::Embedded;
use queue_chaos::broker::{Cluster as _, NewTopic};
use queue_chaos::history::{Isolation, Sink, Topic, What};
use queue_chaos::lag::{Monitor, metrics};
use queue_chaos::schedule::Action;
use queue_chaos::workload::{Ids, Partitions, Running, Settings, Site, Workload};
use schema_registry::http::{self, Server};

use super::serve::Serving;
use crate::pace::Paced;
use crate::{Error, Result};

const PART: &str = "queue";
const TOPIC: &str = "tweets";
const PARTITIONS: u32 = 4;
const NODES: u32 = 3;
const GROUP: &str = "readers";
/// Messages a second.
const RATE: f64 = 500.0;
/// How often the exporter looks.
const LOOK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);
/// A node is away for one beat in so many.
const BEAT: Duration = Duration::from_secs(6);
const ROUND: u64 = 7;

/// A cluster under load. Its parts end in the order in which they stand here: faults and exporter, load, cluster.
pub struct Queue {
    web: Serving,
    _exporter: Paced,
    _load: Running,
    /// The cluster is with whoever does things to it.
    _faults: Paced,
}

/// Nobody judges this run: nothing is written down.
struct Nowhere(Instant);

impl Sink for Nowhere {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn record(&self, _: u64, _: What) {}
}

impl Queue {
    pub fn start(address: SocketAddr, faults: bool) -> Result<Self> {
        let failed = Error::demo(PART);
        let page = Arc::new(RwLock::new(None::<String>));
        // First what can fail because of others: its port.
        let web = exporter(address, Arc::clone(&page))?;
        let mut cluster = Embedded::start(NODES).map_err(&failed)?;
        let topic = NewTopic {
            name: TOPIC.to_owned(),
            partitions: PARTITIONS,
            replicas: NODES,
            settings: Vec::new(),
        };
        cluster.create_topic(&topic, PATIENCE).map_err(&failed)?;
        let bootstrap = cluster.bootstrap();
        let topics = [Topic { name: TOPIC.to_owned(), partitions: PARTITIONS, replicas: NODES }];
        let site = Arc::new(Site {
            bootstrap,
            client: Settings::new(),
            partitions: Partitions::new(&topics),
            ids: Arc::new(Ids::new()),
            sink: Arc::new(Nowhere(Instant::now())),
        });
        let mut workload = Workload { group: GROUP.to_owned(), ..Workload::default() };
        workload.producer.rate = Some(RATE);
        let load = workload.start(&site).map_err(&failed)?;
        let names = [TOPIC.to_owned()];
        let direct = cluster.direct();
        let mut monitor =
            Monitor::new(&direct, &Settings::new(), GROUP, &names, Isolation::ReadUncommitted)
                .map_err(&failed)?;
        let mut failures = 0;
        let exporter = Paced::start("exporter", LOOK, move |_| {
            let seen = monitor.observe(PATIENCE);
            failures += u64::from(seen.is_err());
            let text = metrics::looks(seen.is_ok(), failures);
            let seen: Vec<_> = seen.into_iter().collect();
            *page.write().unwrap_or_else(PoisonError::into_inner) =
                Some(metrics::render(&seen) + &text);
        })?;
        let faults = Paced::start("faults", BEAT, move |number| {
            // Without faults the cluster is only kept.
            if !faults || number < ROUND {
                return;
            }
            let what = match number % ROUND {
                0 => "stop 2",
                1 => "start 2",
                _ => return,
            };
            if let Ok(action) = what.parse::<Action>() {
                let _ = cluster.apply(&action);
            }
        })?;
        Ok(Self { web, _exporter: exporter, _load: load, _faults: faults })
    }

    pub fn address(&self) -> SocketAddr {
        self.web.address()
    }
}

fn exporter(address: SocketAddr, page: Arc<RwLock<Option<String>>>) -> Result<Serving> {
    let answer = move || async move {
        match page.read().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(text) => Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)),
            None => Err((StatusCode::SERVICE_UNAVAILABLE, "the first look is not over yet\n")),
        }
    };
    let app = Router::new().route("/metrics", get(answer));
    Serving::start(PART, address, |listener, stop| {
        http::serve(listener, app, Server::default(), stop)
    })
}
