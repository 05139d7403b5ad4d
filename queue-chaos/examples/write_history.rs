//! Writes the history of so many messages, each sent, acknowledged and read, and says what it took, as JSON: `write_history [MESSAGES] [FILE] [THREADS]`.
//!
//! `caller_ns` is what recording an event took the threads that did it, on average, clock and waiting for the file and for each other included; `cpu_ns` is the processor time
//! of the whole process an event, writing of the file included, which says more where other work is going on.
#![allow(clippy::print_stdout, reason = "that is what it is for")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use queue_chaos::history::{Acks, Delivery, Isolation, Record, Run, Sink, Topic, What, Writer};
use queue_chaos::history::{Commits, Outcome};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};

const POLL: u64 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let messages: u64 = arguments.next().map_or(Ok(1_000_000), |it| it.replace('_', "").parse())?;
    let given = arguments.next().map(PathBuf::from);
    let path = given.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("write_history-{}.jsonl", std::process::id()))
    });
    let threads: u32 = arguments.next().map_or(Ok(2), |it| it.parse())?;
    let each = messages / u64::from(threads);

    let run = Run {
        version: queue_chaos::history::VERSION,
        name: "write_history".into(),
        seed: 0,
        cluster: "none".into(),
        started: 0,
        topics: vec![Topic { name: "it".into(), partitions: threads, replicas: 1 }],
        partitions: (0..threads).map(|it| (0, it)).collect(),
    };
    let began = Instant::now();
    let writer = Writer::create(&path, run)?;
    let spent = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|it| {
                let sink = writer.sink();
                scope.spawn(move || {
                    let began = Instant::now();
                    one(&*sink, it, each);
                    began.elapsed()
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap_or_default().as_nanos()).sum::<u128>()
    });
    let events = writer.finish()?;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&path)?.len();
    if given.is_none() {
        std::fs::remove_file(&path)?;
    }
    let result = serde_json::json!({
        "messages": each * u64::from(threads),
        "events": events,
        "seconds": seconds,
        "bytes": bytes,
        "caller_ns": spent as f64 / events as f64,
        "cpu_ns": cpu_seconds().map(|it| it * 1e9 / events as f64),
        "peak_rss_kib": peak_rss_kib(),
    });
    println!("{result}");
    Ok(())
}

/// A producer with a partition of its own, and who reads that.
fn one(sink: &dyn Sink, it: u32, messages: u64) {
    let (p, c, to) = (ProducerId(it), ConsumerId(it), PartitionId(it));
    let record = |what| sink.record(sink.now(), what);
    record(What::Producer { p, delivery: Delivery::Idempotent, acks: Acks::All });
    record(What::Consumer {
        c,
        group: None,
        isolation: Isolation::ReadCommitted,
        commits: Commits::Never,
    });
    record(What::Assign { c, to: vec![(to, Some(0))] });
    for first in (0..messages).step_by(POLL as usize) {
        let batch = first..messages.min(first + POLL);
        for s in batch.clone() {
            record(What::Send { p, s, to, of: None });
        }
        for s in batch.clone() {
            record(What::Ack { p, s, to, o: Some(s) });
        }
        record(What::Poll { c, to, r: batch.map(|it| Record(it, p, it)).collect() });
    }
    record(What::Watermarks { to, low: 0, high: messages });
    record(What::ReadAll { c, to, o: messages });
    record(What::Fault { what: "heal".into(), is: Outcome::Ok, n: it });
}

/// The most memory that the process had, where the system tells.
fn peak_rss_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Processor time of all threads, where the system tells; Linux counts it in hundredths of seconds.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold anything: user and system time are the fields 14 and 15 of all.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / 100.0)
}
