//! Reading everything, and believing nothing.

use super::core::Core;
use crate::{
    Error, Result,
    table::{TableCursor, TableValue},
    version::LiveTable,
};

/// What [`Db::verify`](crate::Db::verify) found.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// Tables read.
    pub tables: usize,
    /// Entries in them.
    pub entries: u64,
    /// Values read through pointers.
    pub values: u64,
    /// All damage, each with file and offset.
    pub damage: Vec<Error>,
}

impl VerifyReport {
    /// Whether there is no damage.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
    }
}

/// Damage beyond this many places is not listed: a disk that is gone would fill memory with it.
const MOST_DAMAGE: usize = 1000;

impl Core {
    pub(crate) fn verify(&self) -> Result<VerifyReport> {
        let mut report = VerifyReport::default();
        for keyspace in self.all_keyspaces() {
            let version = keyspace.current_version();
            for (_, table) in version.tables() {
                report.tables += 1;
                let damage = &mut report.damage;
                table.table().verify(&mut |error| note(damage, error));
                if let Err(error) = verify_values(table, &mut report) {
                    note(&mut report.damage, error);
                }
            }
        }
        Ok(report)
    }
}

fn note(damage: &mut Vec<Error>, error: Error) {
    if damage.len() < MOST_DAMAGE {
        damage.push(error);
    }
}

/// Reads every value that a table points to.
fn verify_values(table: &LiveTable, report: &mut VerifyReport) -> Result<()> {
    let mut cursor = TableCursor::new(std::sync::Arc::clone(table.table()));
    cursor.seek_to_first()?;
    while cursor.valid() {
        report.entries += 1;
        if let TableValue::Pointer { slot, offset, len } = cursor.value() {
            report.values += 1;
            // SAFETY: the pointer is from a table: its record was complete before the table was written.
            let read = table
                .segment(slot)
                .and_then(|segment| unsafe { segment.read(offset, len, cursor.key()) }.map(drop));
            if let Err(error) = read {
                note(&mut report.damage, error);
            }
        }
        cursor.next()?;
    }
    Ok(())
}
