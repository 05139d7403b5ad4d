//! Settling the log that was replayed: what was found is made durable, what was not is cut off or removed.

use std::{collections::BTreeMap, ops::Range, path::Path};

use crate::{
    Error, Event, Options, Result, SegmentId,
    db::names::SYNC_FAILED,
    fs::{File, FileSystem, OpenMode, Purpose},
    log::{self, ScanReport, SegmentKind},
};

/// Makes what was replayed durable, and cuts what was not, before the log goes on behind it. `named` are the ends that the
/// manifest names.
pub(super) fn settle_log(
    fs: &dyn FileSystem,
    dir: &Path,
    options: &Options,
    report: Option<&ScanReport>,
    named: &BTreeMap<SegmentId, u32>,
) -> Result<()> {
    let Some(report) = report else { return Ok(()) };
    let note = dir.join(SYNC_FAILED);
    let suspect =
        fs.metadata(&note).map_err(|error| Error::io("look for", &note, error))?.is_some();
    for scanned in &report.segments {
        let id = scanned.segment.id();
        let path = scanned.segment.path();
        let file = fs
            .open(path, OpenMode::ReadWrite, Purpose::Log)
            .map_err(|error| Error::io("open", path, error))?;
        file.set_len(u64::from(scanned.end)).map_err(|error| Error::io("truncate", path, error))?;
        // A sync failed in the life before this one: its pages were dropped as if they were written, and the next sync finds
        // nothing to do. So what no sync is known to have covered was perhaps read from the kernel's cache alone.
        let durable = match report.durable {
            Some(durable) if durable.segment == id => durable.offset,
            Some(durable) if durable.segment > id => scanned.end,
            _ => 0,
        };
        if suspect && !named.contains_key(&id) {
            write_again(&*file, path, u64::from(durable)..u64::from(scanned.end))?;
        }
        file.sync_data().map_err(|error| Error::io("sync", path, error))?;
    }
    for id in &report.unused {
        let path = dir.join(log::file_name(*id, SegmentKind::Log));
        match fs.remove(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", path, error));
            }
            Err(_) => {}
            Ok(()) => {
                if let Some(listener) = &options.listener {
                    listener.event(&Event::OrphanRemoved { path });
                }
            }
        }
    }
    fs.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))?;
    if suspect {
        // If it stays, the next opener does the same for nothing.
        let _ = fs.remove(&note);
    }
    Ok(())
}

/// Writes a part of a file over itself, so that a sync has to write it to disk.
fn write_again(file: &dyn File, path: &Path, range: Range<u64>) -> Result<()> {
    const CHUNK: u64 = 1 << 20;
    let mut buffer = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let len = CHUNK.min(range.end - at);
        buffer.resize(usize::try_from(len).unwrap_or(0), 0);
        file.read_exact_at(&mut buffer, at).map_err(|error| Error::io("read", path, error))?;
        file.write_all_at(&buffer, at).map_err(|error| Error::io("write", path, error))?;
        at += len;
    }
    Ok(())
}
