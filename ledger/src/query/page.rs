//! Queries, and their answers a page at a time.

use std::ops::{ControlFlow, RangeInclusive};

use super::Filter;
use crate::{Node, Result, model::Entry};

/// The most entries of one page.
pub const MAX_LIMIT: usize = 8190;

/// How many entries are looked at for one page, whether they are meant or not: what a query costs at the most, some 100 ms.
const MAX_LOOKED_AT: usize = 500_000;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Only entries of this account, found by an index. The same account in a [`Filter`] alone means looking at everything.
    pub account: Option<u128>,
    /// Only entries that one of these means; none: all.
    pub any_of: Vec<Filter>,
    /// Only entries of this span of time, both ends included.
    pub timestamps: RangeInclusive<u64>,
    /// From the newest to the oldest.
    pub newest_first: bool,
    /// How many entries at the most, up to [`MAX_LIMIT`].
    pub limit: usize,
    /// Where the last page ended ([`Page::next`]).
    pub after: Option<u64>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            account: None,
            any_of: Vec::new(),
            timestamps: 0..=u64::MAX,
            newest_first: false,
            limit: MAX_LIMIT,
            after: None,
        }
    }
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What was found, in order.
    pub entries: Vec<Entry>,
    /// If there may be more: what to say in [`Query::after`]. A page can be short, or empty, and have this: then much was looked at in vain.
    pub next: Option<u64>,
}

impl Node {
    /// Reads a page.
    ///
    /// # Errors
    ///
    /// What the archive says; [`Error::Stopped`](crate::Error::Stopped).
    pub fn query(&self, query: &Query) -> Result<Page> {
        self.running()?;
        let limit = query.limit.min(MAX_LIMIT);
        let (mut first, mut last) = (*query.timestamps.start(), *query.timestamps.end());
        if let Some(after) = query.after {
            if query.newest_first {
                let Some(before) = after.checked_sub(1) else { return Ok(Page::default()) };
                last = last.min(before);
            } else {
                let Some(behind) = after.checked_add(1) else { return Ok(Page::default()) };
                first = first.max(behind);
            }
        }
        let mut page = Page::default();
        let mut looked_at = 0;
        if limit == 0 {
            return Ok(page);
        }
        self.timeline(query.account, first..=last, query.newest_first, &mut |entry| {
            looked_at += 1;
            let at = entry.timestamp();
            let wanted = if query.any_of.is_empty() {
                !matches!(entry, Entry::Refusal { .. })
            } else {
                query.any_of.iter().any(|filter| filter.matches(&entry, self.state()))
            };
            if wanted {
                page.entries.push(entry);
            }
            if page.entries.len() == limit || looked_at == MAX_LOOKED_AT {
                page.next = Some(at);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(page)
    }
}
