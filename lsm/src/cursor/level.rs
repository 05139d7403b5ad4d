//! The tables of a level, which do not overlap, as one sorted source.

use std::sync::Arc;

use super::prefetch::Prefetch;
use crate::{Result, table::TableCursor, version::LiveTable};

pub(super) type Cursor = TableCursor<Prefetch>;

/// A level's tables as one sorted source.
pub(crate) struct LevelCursor {
    pub(super) tables: Vec<Arc<LiveTable>>,
    pub(super) at: usize,
    pub(super) cursor: Option<Cursor>,
}

impl LevelCursor {
    /// Makes table `at` the current one, if there is one, and moves within it.
    pub(super) fn enter(
        &mut self,
        at: usize,
        position: impl FnOnce(&mut Cursor) -> Result<()>,
    ) -> Result<()> {
        let Some(table) = self.tables.get(at) else {
            self.cursor = None;
            return Ok(());
        };
        let cursor = match &mut self.cursor {
            Some(cursor) if self.at == at => cursor,
            cursor => {
                self.at = at;
                let hook = Prefetch::new(table);
                cursor.insert(TableCursor::with_hook(Arc::clone(table.table()), hook))
            }
        };
        position(cursor)
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<()> {
        let Some(cursor) = &mut self.cursor else { return Ok(()) };
        cursor.next()?;
        if !cursor.valid() {
            return self.enter(self.at + 1, Cursor::seek_to_first);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn prev(&mut self) -> Result<()> {
        let Some(cursor) = &mut self.cursor else { return Ok(()) };
        cursor.prev()?;
        if !cursor.valid() {
            return self.enter(self.at.wrapping_sub(1), Cursor::seek_to_last);
        }
        Ok(())
    }
}
