//! Reads of what happened: by account, by what an event says, by time; pages, balances of any moment, statements, the change feed.
//!
//! Everything is answered from one order, that of timestamps, wherever the entries are: in memory or in the archive. A read goes through the
//! entries of one account (by an index) or through all entries of a span of time, and asks a [`Filter`] about each.

mod feed;
mod filter;
mod page;
mod statement;
mod timeline;

pub use feed::{Change, Changes};
pub use filter::Filter;
pub use page::{MAX_LIMIT, Page, Query};
pub use statement::{Statement, StatementLine};
