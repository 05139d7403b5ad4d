//! Reading a log that is open.

use std::sync::Arc;

use super::{
    Log, Mark, Record,
    scan::{Scan, Step},
    segment::Segment,
};
use crate::{Error, Result, disk::Disk};

/// Records in their order, up to the newest that was durable when the reader was made, or when it was last told to [`follow`](Self::follow). Each is checked
/// as it is read, and so is that it follows the one before.
///
/// It shares nothing with the log but the files, and may be used on another thread. After an error it gives nothing more.
pub struct Reader {
    scan: Scan,
    /// The last record to give.
    end: Mark,
    failed: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("mark", &self.scan.mark)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// A record whose body is lent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lent<'a> {
    pub(super) mark: Mark,
    pub(super) previous: [u8; 32],
    pub(super) kind: u16,
    pub(super) count: u32,
    pub(super) body: &'a [u8],
}

impl Reader {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        id: [u8; 16],
        segments: Vec<Segment>,
        from_op: u64,
        end: Mark,
    ) -> Result<Self> {
        let index = segments.partition_point(|segment| segment.first_op <= from_op);
        let scan = Scan::new(disk, id, segments, index.saturating_sub(1))?;
        let mut reader = Self { scan, end, failed: false };
        while reader.scan.mark.op + 1 < from_op {
            if reader.advance()?.is_none() {
                break;
            }
        }
        Ok(reader)
    }

    /// The last record that was given, or the one before the first.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.scan.mark
    }

    /// Goes on to what is durable by now. `log` is the one that it is of.
    pub fn follow(&mut self, log: &Log) {
        let known = self.scan.segments.len();
        self.scan.segments.extend(log.segments.iter().skip(known).cloned());
        self.end = log.durable;
        self.scan.forget();
    }

    /// The next record without a copy of its body.
    pub(super) fn advance(&mut self) -> Result<Option<Lent<'_>>> {
        if self.failed || self.scan.mark.op >= self.end.op {
            return Ok(None);
        }
        let before = self.scan.mark;
        // Until it is known to be good.
        self.failed = true;
        let header = match self.scan.step()? {
            Step::Record { header, .. } => header,
            Step::Stop(stop) => {
                let path = self.scan.path(stop.segment);
                let found =
                    format!("{}, where op {} was durable", stop.found, self.scan.mark.op + 1);
                return Err(Error::corruption(path, stop.offset, found));
            }
        };
        let mark = self.scan.mark;
        if mark.op == self.end.op && mark != self.end {
            return Err(Error::Mismatch(format!(
                "op {} in the files is another than was appended",
                mark.op
            )));
        }
        self.failed = false;
        Ok(Some(Lent {
            mark,
            previous: before.hash,
            kind: header.kind,
            count: header.count,
            body: self.scan.body(),
        }))
    }
}

impl Iterator for Reader {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.advance().map(|lent| {
            lent.map(|Lent { mark, previous, kind, count, body }| Record {
                mark,
                previous,
                kind,
                count,
                body: body.to_vec(),
            })
        });
        record.transpose()
    }
}
