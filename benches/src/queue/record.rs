//! What recording an event costs who does it.

use std::path::Path;
use std::time::Instant;

use queue_chaos::history::{What, Writer};
use queue_chaos::id::{PartitionId, ProducerId};

use super::{Result, story};

/// Messages of a pass: two events each, and a hundred megabytes, so that the file must keep up.
const MESSAGES: u64 = 1_000_000;
/// Passes of which the best is the reading.
const PASSES: usize = 3;

/// Nanoseconds an event takes the thread that records it: the best of some passes.
///
/// # Errors
/// The writer's.
pub fn nanoseconds(directory: &Path) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..PASSES {
        best = best.min(pass(directory, MESSAGES)?);
    }
    Ok(best)
}

fn pass(directory: &Path, messages: u64) -> Result<f64> {
    let path = directory.join("record.jsonl");
    let writer = Writer::create(&path, story::run("record"))?;
    let sink = writer.sink();
    let p = ProducerId(0);
    let began = Instant::now();
    for s in 0..messages {
        let to = PartitionId(s as u32 % 16);
        sink.record(sink.now(), What::Send { p, s, to, of: None });
        sink.record(sink.now(), What::Ack { p, s, to, o: Some(s / 16) });
    }
    let elapsed = began.elapsed();
    let events = writer.finish()?;
    std::fs::remove_file(&path)?;
    if events != 2 * messages + 1 {
        return Err(format!("{events} events of {messages} messages were written").into());
    }
    Ok(elapsed.as_secs_f64() * 1e9 / (2 * messages) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_events_are_there() {
        let directory = tempfile::tempdir().unwrap();
        assert!(pass(directory.path(), 1000).unwrap() > 0.0);
    }
}
