//! Checks a history, and says what is in it and what that took: `check_history FILE`.
#![allow(clippy::print_stdout, reason = "that is what it is for")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use queue_chaos::check::{Options, check_file};
use queue_chaos::history::Reader;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let path = Path::new(&path);
    let began = Instant::now();
    for event in Reader::open(path)? {
        event?;
    }
    let reading = began.elapsed().as_secs_f64();
    let before = peak_rss_kib();
    let began = Instant::now();
    let judgement = check_file(path, &Options::default())?;
    let seconds = began.elapsed().as_secs_f64();
    let result = serde_json::json!({
        "events": judgement.counts.events,
        "messages": judgement.counts.sent,
        "read_seconds": reading,
        "check_seconds": seconds,
        "events_per_second": judgement.counts.events as f64 / seconds,
        "peak_rss_kib": peak_rss_kib(),
        "bytes_per_message": peak_rss_kib().zip(before).map(|(after, before)| {
            (after - before) as f64 * 1024.0 / judgement.counts.sent as f64
        }),
    });
    print!("{judgement}");
    println!("{result}");
    Ok(())
}

/// The most memory that the process had, where the system tells.
fn peak_rss_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
