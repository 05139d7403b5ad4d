//! The figures as Prometheus reads them.

#![allow(clippy::cast_precision_loss, reason = "the format has floating-point numbers")]

use std::fmt::Write as _;

use super::statistics::Statistics;
use crate::fs::Purpose;

const NANOS: f64 = 1e9;

impl Statistics {
    /// The figures in the text format of OpenMetrics, which Prometheus reads, without the `# EOF` at its end: a server adds them to its own. All names begin
    /// with `lsm_`; times are in seconds, sizes in bytes, and what ends in `_total` only grows until the database is opened again.
    ///
    /// What tells one database of a process from another is left to whoever asks: `labels` are put on every line. Their values are escaped; names are taken as
    /// they are.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// let db = lsm::Db::open(dir.path(), lsm::Options::default())?;
    /// let text = db.statistics().open_metrics(&[("database", "orders")]);
    /// assert!(text.contains("\nlsm_flushes_total{database=\"orders\"} 0\n"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn open_metrics(&self, labels: &[(&str, &str)]) -> String {
        let mut page = Page {
            labels: labels.iter().map(|it| label(it.0, it.1)).collect(),
            text: String::new(),
        };
        page.counter("lsm_flushes", "", "Memtables that became tables", self.flushes as f64);
        page.counter(
            "lsm_compactions",
            "",
            "Compactions of tables, and collections of values",
            self.compactions as f64,
        );
        page.counter(
            "lsm_user_bytes",
            "bytes",
            "Bytes of keys and values that were committed",
            self.user_bytes as f64,
        );
        page.bytes_by_purpose("lsm_written_bytes", "Bytes written, by purpose", |purpose| {
            self.io.of(purpose).bytes_written
        });
        page.bytes_by_purpose("lsm_read_bytes", "Bytes read, by purpose of the file", |purpose| {
            self.io.of(purpose).bytes_read
        });
        page.counter(
            "lsm_stalls",
            "",
            "Times that a writer had to wait for a flush or a compaction",
            self.stalls as f64,
        );
        let stalled = (self.stall_nanos + self.slowed_nanos) as f64 / NANOS;
        page.counter(
            "lsm_stall_seconds",
            "seconds",
            "Time that writers waited or were slowed down",
            stalled,
        );
        page.counter("lsm_cache_hits", "", "Blocks found in the cache", self.cache_hits as f64);
        page.counter(
            "lsm_cache_misses",
            "",
            "Blocks not found in the cache",
            self.cache_misses as f64,
        );
        page.gauge("lsm_memtable_bytes", "bytes", "Bytes in memtables", self.memtable_bytes as f64);
        page.gauge(
            "lsm_unflushed_log_bytes",
            "bytes",
            "Bytes of log that the next open would read",
            self.unflushed_log_bytes as f64,
        );
        page.gauge(
            "lsm_disk_bytes",
            "bytes",
            "Bytes of tables and of records in segments",
            self.disk_bytes as f64,
        );
        let tables: usize = self.levels.iter().map(|level| level.tables).sum();
        page.gauge("lsm_tables", "", "Tables", tables as f64);
        page.text
    }
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Log => "log",
        Purpose::Flush => "flush",
        Purpose::Compaction => "compaction",
        Purpose::Collection => "collection",
        Purpose::Manifest => "manifest",
        Purpose::Other => "other",
    }
}

fn label(name: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{escaped}\"")
}

struct Page {
    labels: Vec<String>,
    text: String,
}

// Writing to a string cannot fail.
impl Page {
    fn family(&mut self, name: &str, kind: &str, unit: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}.\n# TYPE {name} {kind}");
        if !unit.is_empty() {
            let _ = writeln!(self.text, "# UNIT {name} {unit}");
        }
    }

    fn line(&mut self, name: &str, more: Option<(&str, &str)>, value: f64) {
        let mut labels = self.labels.clone();
        labels.extend(more.map(|(name, value)| label(name, value)));
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }

    fn counter(&mut self, name: &str, unit: &str, help: &str, value: f64) {
        self.family(name, "counter", unit, help);
        self.line(&format!("{name}_total"), None, value);
    }

    fn bytes_by_purpose(&mut self, name: &str, help: &str, bytes: impl Fn(Purpose) -> u64) {
        self.family(name, "counter", "bytes", help);
        for purpose in Purpose::ALL {
            let label = Some(("purpose", word(purpose)));
            self.line(&format!("{name}_total"), label, bytes(purpose) as f64);
        }
    }

    fn gauge(&mut self, name: &str, unit: &str, help: &str, value: f64) {
        self.family(name, "gauge", unit, help);
        self.line(name, None, value);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Db, KeyspaceOptions, Options};

    #[test]
    fn every_line_belongs_to_a_family_and_flushes_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path(), Options::default()).unwrap();
        let keyspace = db.keyspace("k", KeyspaceOptions::default()).unwrap();
        for key in 0..1_000_u32 {
            keyspace.put(&key.to_be_bytes(), &[7; 100]).unwrap();
        }
        db.flush().unwrap();
        let text = db.statistics().open_metrics(&[("of", "a\"b\\c\nd")]);
        let mut family = "";
        let mut names = std::collections::BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split(' ').next().unwrap();
                assert!(names.insert(family), "{family} is there twice");
            } else if !line.starts_with('#') {
                assert!(line.starts_with(family), "{line} is not of {family}");
                assert!(line.contains(r#"of="a\"b\\c\nd""#), "{line}");
                let value: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
                assert!(value.is_finite() && value >= 0.0, "{line}");
            }
        }
        let of = |start: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(start)).unwrap();
            line.rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert!(of("lsm_flushes_total") >= 1.0);
        assert!(of("lsm_user_bytes_total") >= 104_000.0);
        let flushed = text
            .lines()
            .find(|it| it.contains("lsm_written_bytes_total") && it.contains("\"flush\""))
            .unwrap();
        assert!(!flushed.ends_with(" 0"), "{flushed}");
    }
}
