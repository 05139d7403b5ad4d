//! What is measured, as Prometheus reads it.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry as Registered, Unit};

use crate::registry::Registry;

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From 100 us to 10 s.
const SECONDS: [f64; 11] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answer {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

/// Counters of one server.
pub(crate) struct Metrics {
    registered: Registered,
    answers: Family<Answer, Counter>,
    seconds: Family<Route, Histogram>,
    working: Gauge,
    schemas: Gauge,
    subjects: Gauge,
    versions: Gauge,
    deleted_versions: Gauge,
    store_bytes: Gauge,
    healthy: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registered = Registered::with_prefix("schema_registry");
        let answers = Family::default();
        registered.register("http_requests", "Requests by route and status", answers.clone());
        let new = || Histogram::new(SECONDS);
        let seconds = Family::<Route, Histogram>::new_with_constructor(new);
        let help = "Time to answer by route";
        registered.register_with_unit("http_request", help, Unit::Seconds, seconds.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registered.register(name, help, gauge.clone());
            gauge
        };
        Self {
            working: gauge("http_requests_in_flight", "Requests that are worked on"),
            schemas: gauge("schemas", "Schemas of all contexts"),
            subjects: gauge("subjects", "Subjects with a version that is not deleted"),
            versions: gauge("versions", "Versions that are not deleted"),
            deleted_versions: gauge(
                "deleted_versions",
                "Versions that are deleted, and not for good",
            ),
            store_bytes: gauge("store_bytes", "Bytes of the database on disk"),
            healthy: gauge("healthy", "Whether the last write to the database succeeded"),
            registered,
            answers,
            seconds,
        }
    }
}

/// A request that is worked on, until it is dropped.
pub(crate) struct Working(Gauge);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Counts a request as worked on.
    pub fn working(&self) -> Working {
        self.working.inc();
        Working(self.working.clone())
    }

    /// Counts an answer. What is no route has one name, so that nobody makes names by asking.
    pub fn answered(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        let method = match *method {
            Method::GET | Method::POST | Method::PUT | Method::DELETE | Method::HEAD => {
                method.as_str()
            }
            _ => "other",
        };
        let (method, route) = (method.to_owned(), route.unwrap_or("none").to_owned());
        let answer =
            Answer { method: method.clone(), route: route.clone(), status: status.as_u16() };
        self.answers.get_or_create(&answer).inc();
        self.seconds.get_or_create(&Route { method, route }).observe(took.as_secs_f64());
    }

    /// All of it, the figures of the database below included.
    pub fn text(&self, registry: &Registry) -> String {
        let counts = registry.snapshot().counts();
        let number = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
        self.schemas.set(number(counts.schemas));
        self.subjects.set(number(counts.subjects));
        self.versions.set(number(counts.versions));
        self.deleted_versions.set(number(counts.deleted_versions));
        let store = registry.store_statistics();
        self.store_bytes.set(i64::try_from(store.disk_bytes).unwrap_or(i64::MAX));
        self.healthy.set(registry.check_health().is_ok().into());
        let mut text = String::new();
        // A string takes whatever is written.
        let _ = encode_registry(&mut text, &self.registered);
        text.push_str(&store.open_metrics(&[]));
        let _ = encode_eof(&mut text);
        text
    }
}
