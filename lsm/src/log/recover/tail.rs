//! What lies behind the place where replay stopped: evidence of damage, or what there is to report.

use super::Replay;
use crate::{
    SegmentId,
    log::{
        LogPosition,
        checksum::ChecksumSeed,
        record::{MARK_HEAD, MAX_MARK_LEN, RecordKind, decode},
    },
};

impl Replay {
    /// Looks in `rest`, which starts at `offset` of segment `id`, for a mark that calls something behind `stop` durable:
    /// then the stop is damage and not the torn tail of a crash. Returns where the mark is, and what it says.
    ///
    /// Marks are looked for at every byte, because behind damage nothing says where records start. That is cheap: a
    /// mark has one head byte, and is a few bytes long.
    pub(in crate::log) fn look_ahead(
        &mut self,
        id: SegmentId,
        rest: &[u8],
        offset: u32,
        stop: LogPosition,
    ) -> Option<(LogPosition, LogPosition)> {
        const HEAD_AT: usize = 4;
        const STRIDE: usize = 64;
        let seed = ChecksumSeed::new(self.database_id, id);
        for (index, chunk) in rest.get(HEAD_AT..).unwrap_or_default().chunks(STRIDE).enumerate() {
            // Most chunks hold no such byte and are passed over at the speed of memory.
            if !chunk.contains(&MARK_HEAD) {
                continue;
            }
            for (byte, _) in chunk.iter().enumerate().filter(|(_, byte)| **byte == MARK_HEAD) {
                let start = index * STRIDE + byte;
                let at = offset + start as u32;
                let tail = rest.get(start..).unwrap_or_default();
                let tail = tail.get(..MAX_MARK_LEN).unwrap_or(tail);
                let Ok(Some(record)) = decode(tail, seed, at) else { continue };
                if record.kind == RecordKind::Mark
                    && self.note_mark(id, at, &record)
                    && let Some(durable) = self.durable.filter(|durable| *durable > stop)
                {
                    return Some((LogPosition { segment: id, offset: at }, durable));
                }
            }
        }
        None
    }

    /// Bytes of `rest` that a replay which stopped before it leaves behind; `None` if there is nothing.
    pub(super) fn left_behind(
        &self,
        recycled: bool,
        id: SegmentId,
        rest: &[u8],
        offset: u32,
    ) -> Option<u64> {
        if recycled { self.strays(id, rest, offset) } else { extent(rest) }
    }

    /// Bytes of `rest` up to the end of its last record; `None` if there is none. In a recycled segment this is what tells a torn
    /// tail from what an earlier use of the file left there.
    ///
    /// It is for the report alone, so it looks at 64 KiB and no further: records are tried at every byte.
    pub(in crate::log) fn strays(&self, id: SegmentId, rest: &[u8], offset: u32) -> Option<u64> {
        const WINDOW: usize = 64 << 10;
        let rest = &rest[..rest.len().min(WINDOW)];
        let seed = ChecksumSeed::new(self.database_id, id);
        let (mut at, mut end) = (0, None);
        while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
            match decode(tail, seed, offset + at as u32) {
                Ok(Some(record)) => {
                    at += record.len;
                    end = Some(at as u64);
                }
                Ok(None) | Err(_) => at += 1,
            }
        }
        end
    }
}

/// Bytes up to the last one that is not zero; `None` if all are.
pub(super) fn extent(bytes: &[u8]) -> Option<u64> {
    const CHUNK: usize = 256;
    let mut end = bytes.len();
    while end > 0 {
        let start = end.saturating_sub(CHUNK);
        let chunk = bytes.get(start..end).unwrap_or_default();
        // All of a chunk at once: the compiler makes wide loads of it.
        if chunk.iter().fold(0, |all, byte| all | byte) != 0 {
            let last = chunk.iter().rposition(|byte| *byte != 0)?;
            return Some((start + last + 1) as u64);
        }
        end = start;
    }
    None
}
