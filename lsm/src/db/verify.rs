//! Reading everything, and believing nothing.

mod log;

use std::{collections::BTreeSet, path::Path, sync::Arc, sync::atomic::Ordering};

use super::{core::Core, moment::Moment};
use crate::{
    Error, Result, SegmentId,
    fs::FileSystem,
    table::Witness,
    version::{LiveTable, check_order},
};

/// What [`Db::verify`](crate::Db::verify) found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Edits read from the manifest.
    pub edits: usize,
    /// Tables read.
    pub tables: usize,
    /// Entries in them.
    pub entries: u64,
    /// Values read through pointers.
    pub values: u64,
    /// Segments whose header was read.
    pub segments: usize,
    /// Batches read in the log, from where replay would start.
    pub batches: u64,
    /// All damage, each with file and offset.
    pub damage: Vec<Error>,
}

impl VerifyReport {
    /// Whether there is no damage.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
    }

    fn note(&mut self, error: Error) {
        if self.damage.len() < MOST_DAMAGE {
            self.damage.push(error);
        }
    }

    fn check<T>(&mut self, outcome: Result<T>) -> Option<T> {
        outcome.map_err(|error| self.note(error)).ok()
    }
}

/// Damage beyond this many places is not listed: a disk that is gone would fill memory with it.
const MOST_DAMAGE: usize = 1000;

impl Core {
    pub(crate) fn verify(&self) -> Result<VerifyReport> {
        self.check_open()?;
        let mut report = VerifyReport::default();
        let moment = self.moment();
        self.verify_manifest(&moment, &mut report);
        let cut = self.verify_segments(&moment, &mut report);
        for version in &moment.versions {
            let tables: Vec<_> =
                version.tables().map(|(level, table)| (level, Arc::clone(table))).collect();
            report.check(check_order(&tables));
            for (_, table) in &tables {
                // Closing does not wait for what only reads.
                self.check_open()?;
                report.tables += 1;
                self.verify_name(table.table().path(), &mut report);
                let findings = &mut Findings { table, cut: &cut, report: &mut report };
                report.entries += table.table().verify_with(findings).entries;
            }
        }
        // Whoever opened it since may have removed what was looked for.
        self.check_open()?;
        Ok(report)
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(Error::Closed) } else { Ok(()) }
    }

    fn verify_manifest(&self, moment: &Moment, report: &mut VerifyReport) {
        {
            let structure = self.structure.lock();
            if self.poison.get().is_none() {
                report.check(structure.manifest.check_current());
                self.verify_name(structure.manifest.path(), report);
            }
        }
        report.edits = report.check(moment.manifest.verify(&moment.state)).unwrap_or(0);
    }

    /// Checks that a file that the database holds open is still there for the next opener.
    fn verify_name(&self, path: &Path, report: &mut VerifyReport) {
        let found = self.fs.metadata(path).map_err(|error| Error::io("stat", path, error));
        if report.check(found) == Some(None) {
            report.note(Error::MissingFile { path: path.to_owned() });
        }
    }
}

/// What the verification of a table comes across.
struct Findings<'a> {
    table: &'a LiveTable,
    /// Segments whose file was cut: their mapping is not to be read.
    cut: &'a BTreeSet<SegmentId>,
    report: &'a mut VerifyReport,
}

impl Witness for Findings<'_> {
    fn damage(&mut self, error: Error) {
        self.report.note(error);
    }

    fn pointer(&mut self, key: &[u8], slot: usize, offset: u32, len: u32) {
        // There is one: the table's properties have as many slots.
        let Some(segment) = self.report.check(self.table.segment(slot)) else { return };
        if !self.cut.contains(&segment.id()) {
            self.report.values += 1;
            // SAFETY: the pointer is from a table: its record was complete before the table was written.
            self.report.check(unsafe { segment.read(offset, len, key) });
        }
    }
}
