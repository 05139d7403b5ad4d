//! What a run says: events for the course runner, or tables for people; and files.

use std::path::Path;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use movies_lab::data::Findings;
use movies_lab::measure::{Measured, percentile};
use movies_lab::task::{Kind, QUERIES};
use movies_lab::{Error, Result};
use serde_json::{Value, json};

/// What was measured of a store besides its latencies.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) load: Duration,
    pub(crate) bytes: u64,
}

/// A run.
#[derive(Clone, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) movies: usize,
    pub(crate) copies: u32,
    pub(crate) rounds: u32,
    pub(crate) findings: &'a Findings,
    pub(crate) versions: &'a [String],
    pub(crate) sync: Duration,
    pub(crate) stores: &'a [Loaded],
    pub(crate) measured: &'a Measured,
}

/// Where things are said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tell {
    /// Whether to a program.
    pub(crate) json: bool,
}

impl Tell {
    #[expect(clippy::print_stdout, reason = "the output of a program")]
    fn event(self, event: &Value, text: impl FnOnce() -> Option<String>) {
        if self.json {
            println!("{event}");
        } else if let Some(text) = text() {
            println!("{text}");
        }
    }

    /// How far a phase has come. People see results only.
    pub(crate) fn progress(self, done: u32, total: u32, what: &str) {
        self.event(
            &json!({"event": "progress", "done": done, "total": total, "what": what}),
            || None,
        );
    }

    pub(crate) fn note(self, text: &str) {
        self.event(&json!({"event": "note", "text": text}), || Some(text.to_owned()));
    }

    pub(crate) fn measure(self, id: &str, value: usize, unit: &str) {
        let event = json!({"event": "measure", "id": id, "value": value, "unit": unit});
        self.event(&event, || Some(format!("{id}: {value} {unit}")));
    }

    pub(crate) fn not_measured(self, id: &str, reason: &str) {
        self.event(&json!({"event": "not_measured", "id": id, "reason": reason}), || {
            Some(format!("{id}: not measured: {reason}"))
        });
    }

    fn table(self, title: &str, columns: &[String], rows: &[Vec<Value>]) {
        let text = || {
            let cell = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
            let mut table = Table::new();
            table
                .load_style(presets::UTF8_BORDERS_ONLY)
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_header(columns);
            for row in rows {
                table.add_row(row.iter().map(cell));
            }
            Some(format!("\n{title}\n{table}"))
        };
        self.event(
            &json!({"event": "table", "title": title, "columns": columns, "rows": rows}),
            text,
        );
    }

    /// Writes a file and says so.
    pub(crate) fn artefact(self, path: &Path, title: &str, text: &str) -> Result<()> {
        std::fs::write(path, text).map_err(|error| Error::io(path, error))?;
        self.event(&json!({"event": "artefact", "path": path, "title": title}), || {
            Some(format!("{}: {title}", path.display()))
        });
        Ok(())
    }

    /// What was found in the data.
    pub(crate) fn findings(self, findings: &Findings) {
        let rows = [
            ("records in the file", findings.records),
            ("left out: no record", findings.no_record),
            ("left out: no title", findings.no_title),
            ("left out: no day of release", findings.no_day),
            ("left out: title and day of another", findings.doubles),
            ("single values that could not be understood", findings.values_dropped),
            ("mended: a number for a title", findings.numeric_titles),
            ("mended: a text through the wrong code page", findings.wrong_code_page),
            ("mended: a day of the wrong century", findings.wrong_century),
            ("kept: took nothing at US box offices", findings.zero_gross),
        ];
        let rows: Vec<_> =
            rows.iter().map(|(what, count)| vec![json!(what), json!(count)]).collect();
        self.table("What the file had", &["what".to_owned(), "records".to_owned()], &rows);
    }

    /// The tables of a run.
    pub(crate) fn run(self, run: &Run<'_>) {
        let columns = |first: &str| -> Vec<String> {
            std::iter::once(first.to_owned())
                .chain(run.stores.iter().map(|store| store.name.clone()))
                .collect()
        };
        let of = |percent: usize, after: bool| -> Vec<Vec<Value>> {
            let kinds = Kind::ALL
                .iter()
                .zip(&run.measured.samples)
                .filter(|(kind, _)| !after || kind.changes());
            let row = kinds.map(|(kind, stores)| {
                let samples =
                    stores.iter().map(|samples| if after { &samples.after } else { &samples.main });
                std::iter::once(json!(kind.name()))
                    .chain(samples.map(|samples| figure(percentile(samples, percent))))
                    .collect()
            });
            row.collect()
        };
        self.table(
            "Median latency, microseconds (7, 8a and 8b: the change, until it is durable)",
            &columns("query"),
            &of(50, false),
        );
        self.table(
            "95th percentile of the latency, microseconds",
            &columns("query"),
            &of(95, false),
        );
        self.table(
            "Median latency of the question after a change, microseconds",
            &columns("query"),
            &of(50, true),
        );
        let size: Vec<_> = run
            .stores
            .iter()
            .map(|store| {
                vec![
                    json!(store.name),
                    json!(store.bytes / 1024),
                    json!((store.load.as_secs_f64() * 1e3).round()),
                ]
            })
            .collect();
        let columns =
            ["store", "on disk after loading, KiB", "loading with indexes and statistics, ms"];
        self.table("Size and loading", &columns.map(str::to_owned), &size);
    }
}

/// Microseconds, with as many digits as mean something.
fn figure(time: Option<Duration>) -> Value {
    time.map_or(json!("none"), |time| {
        let us = time.as_secs_f64() * 1e6;
        json!(if us < 100.0 { (us * 10.0).round() / 10.0 } else { us.round() })
    })
}

/// How many of the eight queries all stores have answered as they must.
pub(crate) fn identical(measured: &Measured) -> usize {
    let mut wrong: Vec<_> = measured.differences.iter().map(|(kind, _)| kind.query()).collect();
    wrong.sort_unstable();
    wrong.dedup();
    QUERIES - wrong.len()
}

/// How many of the eight queries have a latency in every store.
pub(crate) fn with_latency(measured: &Measured) -> usize {
    let lacks = |kind: &Kind| {
        let stores = measured.samples.get(*kind as usize).map_or(&[][..], Vec::as_slice);
        stores.is_empty() || stores.iter().any(|samples| samples.main.is_empty())
    };
    (1..=QUERIES)
        .filter(|query| !Kind::ALL.iter().filter(|kind| kind.query() == *query).any(lacks))
        .count()
}

/// All of a run, for programs.
pub(crate) fn results(run: &Run<'_>) -> Value {
    let us = |time: Option<Duration>| time.map(|time| time.as_nanos() as f64 / 1e3);
    let latency = |samples: &[Duration]| json!({"samples": samples.len(), "p50_us": us(percentile(samples, 50)), "p95_us": us(percentile(samples, 95))});
    let stores = run.stores.iter().enumerate().map(|(at, store)| {
        let queries: serde_json::Map<String, Value> = Kind::ALL
            .iter()
            .zip(&run.measured.samples)
            .filter_map(|(kind, stores)| {
                let samples = stores.get(at)?;
                let mut value = latency(&samples.main);
                if kind.changes() {
                    value["after"] = latency(&samples.after);
                }
                Some((kind.name().to_owned(), value))
            })
            .collect();
        json!({"store": store.name, "load_seconds": store.load.as_secs_f64(), "bytes": store.bytes, "queries": queries})
    });
    json!({
        "films": run.movies,
        "copies": run.copies,
        "rounds": run.rounds,
        "findings": run.findings,
        "versions": run.versions,
        "sync_us": us(Some(run.sync)),
        "answers_compared": run.measured.compared,
        "answers_identical": identical(run.measured),
        "differences": run.measured.differences.iter().map(|(_, difference)| difference).collect::<Vec<_>>(),
        "stores": stores.collect::<Vec<_>>(),
    })
}
