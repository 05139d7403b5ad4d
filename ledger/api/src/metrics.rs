//! What is measured, as Prometheus reads it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ledger::archive::LsmArchive;
use ledger::model::{Code, Reply};
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::service::Progress;

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From 100 us to 10 s.
const SECONDS: [f64; 11] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
/// Batches of a group.
const GROUPS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 1024.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Event {
    kind: &'static str,
    code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Face {
    face: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Http {
    method: &'static str,
    route: String,
    status: u16,
}

#[cfg(feature = "grpc")]
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Grpc {
    call: &'static str,
    code: String,
}

/// Counters of one server.
pub struct Metrics {
    registry: Registry,
    events: Family<Event, Counter>,
    /// Success is what happens most: without looking its label up each time.
    fine: [Counter; 4],
    groups: Histogram,
    seconds: Histogram,
    busy: Counter,
    expired: Counter,
    connections: Family<Face, Gauge>,
    cut: Family<Face, Counter>,
    http: Family<Http, Counter>,
    #[cfg(feature = "grpc")]
    grpc: Family<Grpc, Counter>,
    now: Mutex<Gauges>,
    archive: OnceLock<Arc<LsmArchive>>,
}

struct Gauges {
    op: Gauge,
    accounts: Gauge,
    pending: Gauge,
    waiting: Gauge,
    healthy: Gauge,
}

/// The kinds of events, as they are called in labels.
const KINDS: [&str; 4] = ["ledger", "account", "transfer", "transaction"];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("ledger");
        let events = Family::<Event, Counter>::default();
        registry.register("events", "Events by kind and what became of them", events.clone());
        let fine =
            KINDS.map(|kind| events.get_or_create(&Event { kind, code: Code::Ok.name() }).clone());
        let groups = Histogram::new(GROUPS);
        registry.register("group_batches", "Batches that shared one sync", groups.clone());
        let seconds = Histogram::new(SECONDS);
        let help = "Time from taking a group to its answers";
        registry.register_with_unit("group", help, Unit::Seconds, seconds.clone());
        let busy = Counter::default();
        registry.register("busy", "Requests refused because the queue was full", busy.clone());
        let expired = Counter::default();
        let help = "Batches whose deadline passed before they were logged";
        registry.register("expired", help, expired.clone());
        let connections = Family::default();
        registry.register("connections", "Connections that are open", connections.clone());
        let cut = Family::default();
        let help = "Connections that were cut: garbage, or too slow";
        registry.register("connections_cut", help, cut.clone());
        let http = Family::default();
        registry.register("http_requests", "HTTP requests by route and status", http.clone());
        #[cfg(feature = "grpc")]
        let grpc = Family::default();
        #[cfg(feature = "grpc")]
        registry.register("grpc_calls", "gRPC calls by name and code", grpc.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let now = Mutex::new(Gauges {
            op: gauge("op", "The last operation"),
            accounts: gauge("accounts", "Accounts"),
            pending: gauge("pending_transfers", "Transfers that are pending"),
            waiting: gauge("queue_requests", "Requests that wait"),
            healthy: gauge("healthy", "Whether the ledger takes requests"),
        });
        let archive = OnceLock::new();
        Self {
            registry,
            events,
            fine,
            groups,
            seconds,
            busy,
            expired,
            connections,
            cut,
            http,
            #[cfg(feature = "grpc")]
            grpc,
            now,
            archive,
        }
    }
}

impl Metrics {
    /// From now on [`text`](Self::text) tells what this archive's database does, too (`lsm_*`). Only the first one counts.
    pub fn watch_archive(&self, archive: Arc<LsmArchive>) {
        let _ = self.archive.set(archive);
    }

    /// Counts the events of a reply, and says how many there are.
    pub(crate) fn replied(&self, reply: &Reply) -> u64 {
        match reply {
            Reply::Ledgers(all) => self.count(0, all.iter().map(|it| it.code)),
            Reply::Accounts(all) => self.count(1, all.iter().map(|it| it.code)),
            Reply::Transfers(all) => self.count(2, all.iter().map(|it| it.code)),
            Reply::Transactions(all) => self.count(3, all.iter().map(|it| it.code)),
            Reply::Tick => 0,
        }
    }

    /// A batch is thousands of events and a handful of codes: labels are looked up once for each code.
    fn count(&self, kind: usize, codes: impl Iterator<Item = Code>) -> u64 {
        let mut counts = [0_u64; 128];
        let mut all = 0;
        for code in codes {
            all += 1;
            if let Some(count) = counts.get_mut(usize::from(code.number())) {
                *count += 1;
            }
        }
        for code in Code::ALL {
            let count = counts.get(usize::from(code.number())).copied().unwrap_or_default();
            match (self.fine.get(kind), KINDS.get(kind)) {
                _ if count == 0 => {}
                (Some(counter), _) if *code == Code::Ok => drop(counter.inc_by(count)),
                (_, Some(kind)) => {
                    self.events.get_or_create(&Event { kind, code: code.name() }).inc_by(count);
                }
                _ => {}
            }
        }
        all
    }

    pub(crate) fn committed(&self, batches: usize, took: Duration) {
        self.groups.observe(batches as f64);
        self.seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn busy(&self) {
        self.busy.inc();
    }

    pub(crate) fn expired(&self) {
        self.expired.inc();
    }

    pub(crate) fn connected(&self, face: &'static str) {
        self.connections.get_or_create(&Face { face }).inc();
    }

    pub(crate) fn disconnected(&self, face: &'static str) {
        self.connections.get_or_create(&Face { face }).dec();
    }

    pub(crate) fn cut(&self, face: &'static str) {
        self.cut.get_or_create(&Face { face }).inc();
    }

    /// Counts an answer. What is no route has one name, so that nobody makes names by asking.
    pub(crate) fn answered(&self, method: &axum::http::Method, route: Option<&str>, status: u16) {
        let method = match method.as_str() {
            "GET" => "GET",
            "POST" => "POST",
            _ => "other",
        };
        let route = route.unwrap_or("none").to_owned();
        self.http.get_or_create(&Http { method, route, status }).inc();
    }

    /// Counts a call. What is no call has one name, as above.
    #[cfg(feature = "grpc")]
    pub(crate) fn called(&self, call: &'static str, code: tonic::Code) {
        let code = format!("{code:?}");
        self.grpc.get_or_create(&Grpc { call, code }).inc();
    }

    /// All of it, in the text format of OpenMetrics.
    pub fn text(&self, progress: &Progress, waiting: usize, healthy: bool) -> String {
        let number = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
        let now = self.now.lock();
        now.op.set(number(progress.op));
        now.accounts.set(number(progress.accounts));
        now.pending.set(number(progress.pending));
        now.waiting.set(number(waiting as u64));
        now.healthy.set(healthy.into());
        let mut text = String::new();
        // A string takes whatever is written.
        let _ = encode_registry(&mut text, &self.registry);
        if let Some(archive) = self.archive.get() {
            text.push_str(&archive.statistics().open_metrics(&[]));
        }
        let _ = encode_eof(&mut text);
        text
    }
}
