//! Lab 1-3: a million inserts, what they cost, and that all are there after a kill -9. Speaks the course runner's
//! protocol on standard output: one JSON event a line.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Parser;
use lsm::{Db, KeyspaceOptions, Options};
use lsm_tools::{Result, fill, parse_count, plot, record};
use serde_json::{Value, json};

const VALUE_LEN: usize = 100;

/// Runs lab 1-3.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many records.
    #[arg(long, default_value = "1_000_000", value_parser = parse_count)]
    records: u64,
    /// Where the plots go.
    #[arg(long, default_value = "out/lab/1-3")]
    out: PathBuf,
    /// Accepted for the sake of the runner: the output is always JSON.
    #[arg(long)]
    json: bool,
    /// Only fills this directory, reports, and waits to be killed.
    #[arg(long, hide = true)]
    child_fill: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match &arguments.child_fill {
        Some(dir) => child(dir, arguments.records),
        None => parent(&arguments),
    }
}

#[allow(clippy::print_stdout)] // the protocol
fn emit(event: &Value) {
    println!("{event}");
}

fn progress(done: u64, total: u64, what: &str) {
    emit(&json!({"event": "progress", "done": done, "total": total, "what": what}));
}

/// Fills, tells what it cost, and then waits with the database open.
fn child(dir: &Path, records: u64) -> Result<()> {
    let kernel_before = kernel_bytes_written();
    let db = Db::open(dir, Options::default())?;
    let keyspace = db.default_keyspace();
    let filled = fill::fill(&db, &keyspace, records, VALUE_LEN, 0, |done| {
        progress(done, records, "inserting")
    })?;
    db.wait_idle()?;
    db.sync()?;
    let statistics = db.statistics();
    let kernel = kernel_bytes_written().zip(kernel_before).map(|(after, before)| after - before);
    let quantiles: Vec<_> = [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0]
        .map(|quantile| json!([quantile, filled.latencies.nanos(quantile)]))
        .to_vec();
    let buckets: Vec<_> =
        filled.latencies.buckets().into_iter().map(|(from, to, n)| json!([from, to, n])).collect();
    let samples: Vec<_> = filled
        .samples
        .iter()
        .map(|sample| json!([sample.records, sample.amplification, sample.levels]))
        .collect();
    emit(&json!({
        "filled": true, "seconds": filled.seconds,
        "counted": statistics.bytes_written(), "kernel": kernel, "parts": fill::parts(&statistics),
        "quantiles": quantiles, "buckets": buckets, "samples": samples,
    }));
    loop {
        std::thread::park();
    }
}

/// What the kernel says that this process has caused to be written to disk.
fn kernel_bytes_written() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.trim().parse().ok()
}

fn parent(arguments: &Arguments) -> Result<()> {
    let (records, out) = (arguments.records, &arguments.out);
    std::fs::create_dir_all(out)?;
    let dir = out.join("db");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    let report = fill_and_kill(&dir, records)?;
    let number = |name: &str| {
        report[name].as_f64().ok_or_else(|| format!("the child did not report {name}"))
    };
    emit(
        &json!({"event": "measure", "id": "insert_seconds", "value": number("seconds")?, "unit": "s"}),
    );
    match report["kernel"].as_f64() {
        Some(kernel) if kernel > 0.0 => emit(&json!({"event": "measure", "id": "io_cross_check",
            "value": kernel / number("counted")?, "unit": "ratio"})),
        _ => emit(&json!({"event": "not_measured", "id": "io_cross_check",
            "reason": "/proc/self/io does not say what was written"})),
    }
    let rows: Vec<_> = pairs(&report["quantiles"])
        .into_iter()
        .map(|(quantile, nanos)| {
            json!([format!("p{}", quantile * 100.0), (nanos / 1000.0 * 100.0).round() / 100.0])
        })
        .collect();
    emit(
        &json!({"event": "table", "title": "Latency of a put", "columns": ["quantile", "microseconds"], "rows": rows}),
    );

    let (found, after) = read_back(&dir, records)?;
    emit(
        &json!({"event": "measure", "id": "records_read_back", "value": found, "unit": "records"}),
    );
    amplification(&report, &after, records);
    std::fs::remove_dir_all(&dir)?;

    draw(out, &report)?;
    let strategies = strategies(out, (records / 4).max(1))?;
    let path = out.join("amplification-by-strategy.svg");
    plot::bars(&path, "Write amplification by strategy", "bytes written / user byte", &strategies)?;
    artefact(&path, "Write amplification by strategy");
    let rows: Vec<_> = strategies.iter().map(|(name, value)| json!([name, value])).collect();
    emit(&json!({"event": "table", "title": "Write amplification by strategy",
        "columns": ["strategy", "bytes written / user byte"], "rows": rows}));
    Ok(())
}

fn artefact(path: &Path, title: &str) {
    emit(&json!({"event": "artefact", "path": path, "title": title}));
}

/// Runs the fill in a process of its own, passes its progress on, and kills it when it has acknowledged everything.
fn fill_and_kill(dir: &Path, records: u64) -> Result<Value> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--records", &records.to_string(), "--child-fill"])
        .arg(dir)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("the child has no standard output")?;
    let mut report = None;
    for line in BufReader::new(output).lines() {
        let event: Value = serde_json::from_str(&line?)?;
        if event["filled"] == true {
            report = Some(event);
            break;
        }
        emit(&event);
    }
    // SIGKILL, with the database open: nothing is closed, nothing flushed.
    child.kill()?;
    child.wait()?;
    report.ok_or_else(|| "the fill ended without a report; its error is above".into())
}

/// Reports all bytes that the fill cost, up to and with the flush of its last memtable: what the process that was killed
/// wrote, and what the next one wrote until everything was in tables. Without that flush nearly half of the table bytes
/// would still be owed.
fn amplification(report: &Value, after: &[(&'static str, u64)], records: u64) {
    let before = pairs_by_name(&report["parts"]);
    let earlier = |name: &str| before.iter().find(|part| part.0 == name).map_or(0, |part| part.1);
    let parts: Vec<_> =
        after.iter().map(|(name, bytes)| (*name, earlier(name), bytes + earlier(name))).collect();
    #[allow(clippy::cast_precision_loss)]
    let total = parts.iter().map(|part| part.2).sum::<u64>() as f64
        / (records * (record::KEY_LEN + VALUE_LEN) as u64) as f64;
    emit(&json!({"event": "measure", "id": "write_amplification", "value": total,
        "unit": "bytes written / user byte"}));
    emit(&json!({"event": "table", "title": "Bytes written",
        "columns": ["part", "when the fill ended", "with the last memtable flushed"], "rows": parts}));
}

fn pairs_by_name(value: &Value) -> Vec<(String, u64)> {
    let pair = |item: &Value| Some((item[0].as_str()?.to_owned(), item[1].as_u64()?));
    value.as_array().map(|items| items.iter().filter_map(pair).collect()).unwrap_or_default()
}

/// Opens what the killed process left, counts the records whose values are right, and then flushes. Returns the count
/// and the bytes written by purpose.
fn read_back(dir: &Path, records: u64) -> Result<(u64, Vec<(&'static str, u64)>)> {
    let db = Db::open(dir, Options::default())?;
    let keyspace = db.default_keyspace();
    let mut expected = vec![0; VALUE_LEN];
    let mut found = 0;
    let every = (records / 20).max(1);
    for index in 0..records {
        record::fill_value(&mut expected, index, 0);
        found +=
            u64::from(keyspace.get(&record::key(index))?.is_some_and(|value| value == expected));
        if index % every == 0 {
            progress(index, records, "reading back after kill -9");
        }
    }
    progress(records, records, "reading back after kill -9");
    db.flush()?;
    db.wait_idle()?;
    Ok((found, fill::parts(&db.statistics())))
}

fn pairs(value: &Value) -> Vec<(f64, f64)> {
    let pair = |item: &Value| Some((item[0].as_f64()?, item[1].as_f64()?));
    value.as_array().map(|items| items.iter().filter_map(pair).collect()).unwrap_or_default()
}

fn draw(out: &Path, report: &Value) -> Result<()> {
    let path = out.join("amplification-over-time.svg");
    let points = pairs(&report["samples"]);
    plot::lines(
        &path,
        "Write amplification during the fill",
        "records",
        "bytes written / user byte",
        &[("total".to_owned(), points)],
    )?;
    artefact(&path, "Write amplification over time");

    let path = out.join("latency.svg");
    let bucket = |item: &Value| Some((item[0].as_f64()?, item[1].as_f64()?, item[2].as_f64()?));
    let buckets: Vec<_> =
        report["buckets"].as_array().into_iter().flatten().filter_map(bucket).collect();
    let all = buckets.iter().map(|bucket| bucket.2).sum::<f64>().max(1.0);
    let bars: Vec<_> = buckets
        .iter()
        .map(|(from, to, count)| ((from / 1000.0, to / 1000.0), count / all * 100.0))
        .collect();
    plot::histogram(&path, "Latency of a put", "microseconds (logarithmic)", &bars)?;
    artefact(&path, "Latency of a put: how many took how long");

    let path = out.join("levels-over-time.svg");
    let samples = report["samples"].as_array().cloned().unwrap_or_default();
    let deepest = samples
        .iter()
        .filter_map(|sample| sample[2].as_array().map(Vec::len))
        .max()
        .unwrap_or(1)
        .max(1);
    let level = |level: usize| {
        let point = |sample: &Value| {
            Some((sample[0].as_f64()?, sample[2][level].as_f64().unwrap_or(0.0) / 1e6))
        };
        (format!("level {level}"), samples.iter().filter_map(point).collect())
    };
    let lines: Vec<plot::Line> = (0..deepest).map(level).collect();
    plot::lines(&path, "Tables by level during the fill", "records", "MB", &lines)?;
    artefact(&path, "Levels over time");
    Ok(())
}

/// Write amplification of a fill, and of a fill overwritten twice, in both layouts.
fn strategies(out: &Path, records: u64) -> Result<Vec<(String, f64)>> {
    let mut bars = Vec::new();
    for (name, options) in
        [("separated", KeyspaceOptions::default()), ("leveled", KeyspaceOptions::leveled())]
    {
        for overwrites in [0, 2] {
            let dir = out.join("strategy-db");
            // The smaller data gets a smaller buffer, so that flushes and compactions take part.
            let buffer = 4 << 20;
            let options_of_db = Options::default().write_buffer_bytes(buffer).segment_bytes(buffer);
            let db = Db::open(&dir, options_of_db)?;
            let keyspace = db.keyspace("lab", options.clone())?;
            for version in 0..=overwrites {
                let what = format!("{name}, round {version}");
                fill::fill(&db, &keyspace, records, VALUE_LEN, version, |done| {
                    progress(done, records, &what)
                })?;
            }
            db.flush()?;
            db.wait_idle()?;
            let label = if overwrites == 0 {
                format!("{name}, fill")
            } else {
                format!("{name}, overwritten")
            };
            bars.push((label, db.statistics().write_amplification()));
            drop(keyspace);
            db.close()?;
            std::fs::remove_dir_all(&dir)?;
        }
    }
    Ok(bars)
}
