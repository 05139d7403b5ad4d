//! The engine's statistics, for people and for machines.

use comfy_table::Table;
use lsm::{Statistics, fs::Purpose};
use serde_json::{Value, json};

/// All of them, as JSON. Counts are of the opening that they are of; sizes are those of the moment.
#[must_use]
pub fn json(statistics: &Statistics) -> Value {
    let levels: Vec<_> = statistics
        .levels
        .iter()
        .map(|level| {
            json!({"keyspace": level.keyspace, "level": level.level, "tables": level.tables, "bytes": level.bytes,
                "entries": level.entries, "reads": level.reads, "filter_checks": level.filters.checks,
                "filter_negatives": level.filters.negatives,
                "filter_false_positives": level.filters.false_positives})
        })
        .collect();
    let written: serde_json::Map<_, _> = Purpose::ALL
        .iter()
        .map(|purpose| (purpose_name(*purpose), json!(statistics.io.of(*purpose).bytes_written)))
        .collect();
    json!({"levels": levels, "memtable_bytes": statistics.memtable_bytes, "memtable_reads": statistics.memtable_reads,
        "missed_reads": statistics.missed_reads, "unflushed_log_bytes": statistics.unflushed_log_bytes,
        "segments": statistics.segments, "segment_bytes": statistics.segment_bytes,
        "flushed_segment_bytes": statistics.flushed_segment_bytes, "live_bytes": statistics.live_bytes,
        "disk_bytes": statistics.disk_bytes, "user_bytes": statistics.user_bytes, "written_bytes": written,
        "write_amplification": statistics.write_amplification(), "flushes": statistics.flushes,
        "compactions": statistics.compactions, "compaction_read_bytes": statistics.compaction_read_bytes,
        "stalls": statistics.stalls, "stall_nanos": statistics.stall_nanos, "slowed": statistics.slowed,
        "slowed_nanos": statistics.slowed_nanos, "rate_limited_bytes": statistics.rate_limited_bytes,
        "rate_limited_nanos": statistics.rate_limited_nanos, "hash_index_bytes": statistics.hash_index_bytes,
        "cache_hits": statistics.cache_hits, "cache_misses": statistics.cache_misses,
        "snapshots": statistics.snapshots})
}

/// What the database consists of: a table of its levels, and two lines on memtables, log and values.
#[must_use]
pub fn contents(statistics: &Statistics) -> String {
    let mut table = Table::new();
    table.set_header(["keyspace", "level", "tables", "bytes", "entries"]);
    for level in &statistics.levels {
        table.add_row([
            level.keyspace.clone(),
            level.level.to_string(),
            level.tables.to_string(),
            level.bytes.to_string(),
            level.entries.to_string(),
        ]);
    }
    let Statistics { segments, segment_bytes, live_bytes, disk_bytes, .. } = statistics;
    let garbage = statistics.flushed_segment_bytes.saturating_sub(*live_bytes);
    format!(
        "{table}\n{segments} segments with {segment_bytes} bytes: {} of log that no table has yet, {live_bytes} that tables refer to, {garbage} of garbage\n\
         {} bytes in memtables; {disk_bytes} bytes on disk in all",
        statistics.unflushed_log_bytes, statistics.memtable_bytes,
    )
}

/// What the database has done since it was opened: reads by where they were answered, bytes by what they were written for, waits.
#[must_use]
pub fn work(statistics: &Statistics) -> String {
    let mut reads = Table::new();
    reads.set_header([
        "point reads",
        "answered",
        "filter checks",
        "kept out",
        "let in for nothing",
    ]);
    let dash = || "-".to_owned();
    let row = |name: String, reads: u64| [name, reads.to_string(), dash(), dash(), dash()];
    reads.add_row(row("memtables".to_owned(), statistics.memtable_reads));
    for level in &statistics.levels {
        reads.add_row([
            format!("{} level {}", level.keyspace, level.level),
            level.reads.to_string(),
            level.filters.checks.to_string(),
            level.filters.negatives.to_string(),
            level.filters.false_positives.to_string(),
        ]);
    }
    reads.add_row(row("nowhere".to_owned(), statistics.missed_reads));
    let mut written = Table::new();
    written.set_header(["written for", "bytes", "a byte committed"]);
    #[allow(clippy::cast_precision_loss)] // to three digits
    let ratio = |bytes: u64, of: u64| {
        if of == 0 { "-".to_owned() } else { format!("{:.3}", bytes as f64 / of as f64) }
    };
    let total = statistics.bytes_written();
    let by_purpose = Purpose::ALL
        .iter()
        .map(|purpose| (purpose_name(*purpose), statistics.io.of(*purpose).bytes_written));
    for (name, bytes) in by_purpose.filter(|it| it.1 > 0).chain([("all".to_owned(), total)]) {
        written.add_row([name, bytes.to_string(), ratio(bytes, statistics.user_bytes)]);
    }
    #[allow(clippy::cast_precision_loss)] // to three digits
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    let looks = statistics.cache_hits + statistics.cache_misses;
    format!(
        "{reads}\n{written}\n{} flushes, {} compactions and collections; writers waited {} times, {:.3} s in all, and were slowed {} times, {:.3} s\n\
         {} of {looks} look-ups of blocks were hits of the cache; {} bytes of hash indexes",
        statistics.flushes,
        statistics.compactions,
        statistics.stalls,
        seconds(statistics.stall_nanos),
        statistics.slowed,
        seconds(statistics.slowed_nanos),
        statistics.cache_hits,
        statistics.hash_index_bytes,
    )
}

fn purpose_name(purpose: Purpose) -> String {
    format!("{purpose:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use lsm::{Db, Options};

    use super::*;

    #[test]
    fn what_was_done_is_told_in_both_forms() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path().join("db"), Options::default()).unwrap();
        let keyspace = db.default_keyspace();
        for number in 0..100_u32 {
            keyspace.put(&number.to_be_bytes(), b"some value").unwrap();
        }
        db.flush().unwrap();
        assert!(keyspace.get(&7_u32.to_be_bytes()).unwrap().is_some());
        assert!(keyspace.get(b"missing").unwrap().is_none());
        keyspace.put(b"unflushed", b"value").unwrap();
        assert!(keyspace.get(b"unflushed").unwrap().is_some());
        let statistics = db.statistics();
        let json = json(&statistics);
        assert_eq!(json["memtable_reads"], 1);
        assert_eq!(json["missed_reads"], 1);
        assert_eq!(json["levels"][0]["reads"], 1);
        assert_eq!(json["levels"][0]["entries"], 100);
        assert!(json["unflushed_log_bytes"].as_u64().unwrap() > 14);
        assert!(json["written_bytes"]["log"].as_u64().unwrap() > 1_400);
        let contents = contents(&statistics);
        assert!(contents.contains("default") && contents.contains("100"), "{contents}");
        let work = work(&statistics);
        assert!(work.contains("default level 0") && work.contains("1 flushes"), "{work}");
    }
}
