//! What is in a database, or in one of its files, written out.

use std::{io::Write, path::Path};

use lsm::{
    Db, Options, inspect,
    log::{RecordKind, RecordView},
    table::{TableCursor, TableValue},
};
use serde_json::json;

use crate::Result;

/// How to write it.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// One JSON object a line, keys and values in hexadecimal.
    pub json: bool,
    /// The most keys, entries or records.
    pub limit: usize,
}

/// What a path is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Database,
    Table,
    Segment,
    Manifest,
}

fn what(path: &Path) -> Result<What> {
    if path.is_dir() {
        return Ok(What::Database);
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("sst") => Ok(What::Table),
        Some("log" | "val") => Ok(What::Segment),
        _ if name.starts_with("MANIFEST-") => Ok(What::Manifest),
        _ => Err(format!(
            "{}: neither a database's directory nor a table (.sst), a segment (.log, .val) or a manifest (MANIFEST-...)",
            path.display()
        )
        .into()),
    }
}

/// Writes out a database's keyspace, a table, a segment of the log or of values, or a manifest, whichever `path` is. Files
/// are read as they are, without the database around them.
///
/// # Errors
/// Damage, after all that could be read before it; what is none of these.
pub fn dump(out: &mut dyn Write, path: &Path, keyspace: &str, form: Form) -> Result<()> {
    match what(path)? {
        What::Database => database(out, path, keyspace, form),
        What::Table => table(out, path, form),
        What::Segment => segment(out, path, form),
        What::Manifest => manifest(out, path, form),
    }
}

fn database(out: &mut dyn Write, dir: &Path, keyspace: &str, form: Form) -> Result<()> {
    let db = Db::open(dir, Options::default().read_only(true))?;
    let keyspace =
        db.find_keyspace(keyspace).ok_or_else(|| format!("there is no keyspace {keyspace:?}"))?;
    for item in keyspace.range::<&[u8]>(..).take(form.limit) {
        let (key, value) = item?;
        if form.json {
            writeln!(out, "{}", json!({"key": hex(&key), "value": hex(&value)}))?;
        } else {
            writeln!(out, "{} => {}", key.escape_ascii(), value.escape_ascii())?;
        }
    }
    Ok(())
}

fn table(out: &mut dyn Write, path: &Path, form: Form) -> Result<()> {
    let table = inspect::table(path)?;
    let properties = table.properties();
    let segments: Vec<_> = properties
        .segments
        .iter()
        .map(|segment| json!({"segment": segment.id.0, "records": segment.records, "bytes": segment.bytes}))
        .collect();
    let sequences = [properties.min_sequence, properties.max_sequence];
    if form.json {
        writeln!(
            out,
            "{}",
            json!({"table": table.id().0, "entries": properties.entries, "deletes": properties.deletes,
                "sequences": sequences, "segments": segments, "created_by": properties.created_by,
                "filter_bits_per_key": properties.filter_bits_per_key_x100 as f64 / 100.0,
                "false_positive_ppm": properties.false_positive_ppm})
        )?;
    } else {
        writeln!(
            out,
            "table {} by {}: {} entries, {} of them deletes; sequence numbers {} to {}; filter of {} bits a key",
            table.id().0,
            properties.created_by,
            properties.entries,
            properties.deletes,
            sequences[0],
            sequences[1],
            properties.filter_bits_per_key_x100 as f64 / 100.0,
        )?;
        for segment in &properties.segments {
            writeln!(
                out,
                "points to {} records with {} bytes in segment {}",
                segment.records, segment.bytes, segment.id.0
            )?;
        }
    }
    let mut cursor = TableCursor::new(table.clone());
    cursor.seek_to_first()?;
    for _ in 0..form.limit {
        if !cursor.valid() {
            break;
        }
        let (key, sequence) = (cursor.key(), cursor.seq());
        let at = sequence.map_or(String::new(), |sequence| format!("@{sequence}"));
        match cursor.value() {
            TableValue::None if form.json => {
                writeln!(
                    out,
                    "{}",
                    json!({"key": hex(key), "sequence": sequence, "delete": true})
                )?;
            }
            TableValue::None => writeln!(out, "{}{at} deleted", key.escape_ascii())?,
            TableValue::Inline(value) if form.json => {
                let value = hex(value.as_slice());
                writeln!(
                    out,
                    "{}",
                    json!({"key": hex(key), "sequence": sequence, "value": value})
                )?;
            }
            TableValue::Inline(value) => {
                writeln!(out, "{}{at} => {}", key.escape_ascii(), value.as_slice().escape_ascii())?;
            }
            TableValue::Pointer { slot, offset, len } => {
                let segment = table.segments().get(slot).map_or(0, |segment| segment.id.0);
                if form.json {
                    let pointer = json!({"segment": segment, "offset": offset, "len": len});
                    writeln!(
                        out,
                        "{}",
                        json!({"key": hex(key), "sequence": sequence, "pointer": pointer})
                    )?;
                } else {
                    writeln!(
                        out,
                        "{}{at} -> segment {segment}, offset {offset}, {len} bytes",
                        key.escape_ascii()
                    )?;
                }
            }
        }
        cursor.next()?;
    }
    Ok(())
}

fn segment(out: &mut dyn Write, path: &Path, form: Form) -> Result<()> {
    let (mut records, mut written) = (0_usize, Ok(()));
    let (header, end) = inspect::segment(path, |header, offset, record| {
        if records == 0 {
            written = segment_head(out, header, form);
        }
        if records == form.limit || written.is_err() {
            return false;
        }
        records += 1;
        written = segment_record(out, offset, record, form);
        written.is_ok()
    })?;
    written?;
    if records == 0 {
        segment_head(out, &header, form)?;
    }
    if records == form.limit && end.found.is_none() {
        return Ok(());
    }
    if form.json {
        writeln!(out, "{}", json!({"end": end.offset, "found": end.found, "rest": end.rest}))?;
    } else {
        let found = end.found.as_deref().unwrap_or("no record");
        writeln!(out, "{:>10} {found}; {} bytes to the end of the file", end.offset, end.rest)?;
    }
    Ok(())
}

fn segment_head(out: &mut dyn Write, header: &lsm::log::SegmentHeader, form: Form) -> Result<()> {
    let kind = header.kind.extension();
    let previous = header.previous.map(|previous| (previous.segment.0, previous.offset));
    if form.json {
        writeln!(
            out,
            "{}",
            json!({"segment": header.id.0, "kind": kind, "database": format!("{:016x}", header.database_id),
                "first_sequence": header.first_sequence, "previous": previous, "recycled": header.recycled})
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "segment {} ({kind}) of database {:016x}; first sequence number {}; {}{}",
        header.id.0,
        header.database_id,
        header.first_sequence,
        previous.map_or("no segment before it".to_owned(), |(segment, offset)| {
            format!("segment {segment} before it ends at {offset}")
        }),
        if header.recycled { "; in a file that was another segment's" } else { "" }
    )?;
    Ok(())
}

fn segment_record(
    out: &mut dyn Write,
    offset: u32,
    record: &RecordView<'_>,
    form: Form,
) -> Result<()> {
    let kind = match record.kind {
        RecordKind::Put => "put",
        RecordKind::Delete => "delete",
        RecordKind::Mark => "mark",
    };
    let durable = record.mark().map(|mark| mark.offset);
    let value = match record.kind {
        RecordKind::Put if record.compressed => Some(lsm::log::decompress(record.value)?),
        RecordKind::Put => Some(record.value.to_vec()),
        RecordKind::Delete | RecordKind::Mark => None,
    };
    if form.json {
        writeln!(
            out,
            "{}",
            json!({"offset": offset, "len": record.len, "kind": kind, "keyspace": record.keyspace.0, "gap": record.gap,
                "last": record.last, "compressed": record.compressed, "key": hex(record.key),
                "value": value.as_deref().map(hex), "durable": durable})
        )?;
        return Ok(());
    }
    write!(out, "{offset:>10} ")?;
    match durable {
        Some(durable) => write!(out, "mark: durable up to {durable}")?,
        None => {
            write!(out, "{kind} keyspace {} {}", record.keyspace.0, record.key.escape_ascii())?;
            if let Some(value) = value {
                write!(out, " => {}", value.escape_ascii())?;
            }
            if record.gap > 0 {
                write!(out, " (after {} that are not in the log)", record.gap)?;
            }
            if !record.last {
                write!(out, " (the batch goes on)")?;
            }
        }
    }
    writeln!(out)?;
    Ok(())
}

fn manifest(out: &mut dyn Write, path: &Path, form: Form) -> Result<()> {
    for (offset, edit) in inspect::manifest_edits(path)?.into_iter().take(form.limit) {
        if form.json {
            writeln!(out, "{}", json!({"offset": offset, "edit": edit}))?;
        } else {
            writeln!(out, "{offset:>10} {edit}")?;
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
