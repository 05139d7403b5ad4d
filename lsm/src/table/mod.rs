//! SSTables: immutable, sorted files of entries, as `FORMAT.md` (Blocks to Footer) lays them out.
//!
//! [`TableWriter`] writes one in a single pass; [`Table`] answers point reads from it, in place where the file can be mapped;
//! [`TableCursor`] walks it in both directions. A point read goes
//!
//! ```text
//! top index (in memory) -> filter (one cache line) -> index partition (8-byte prefixes) -> data block (tags) -> half a restart interval
//! ```
//!
//! and in a mapped, uncompressed table allocates nothing, copies nothing and writes to no shared memory.

mod block;
mod cache;
mod compression;
mod counters;
mod cursor;
mod data_block;
mod filter;
mod footer;
#[doc(hidden)]
pub mod fuzz;
mod hash_index;
mod index;
mod layout;
mod look_ahead;
mod properties;
mod reader;
#[cfg(test)]
mod tests;
mod value;
mod verify;
mod writer;

pub use cache::{Block, BlockCache};
pub use compression::Compression;
pub use counters::FilterCounts;
pub(crate) use cursor::Sight;
pub use cursor::TableCursor;
pub use hash_index::{HashIndex, Place};
pub use layout::{BlockKind, BlockLayout, TableLayout};
pub use look_ahead::{Pointer, PointerHook};
pub use properties::{Properties, SegmentRef};
pub use reader::{ReadMode, Table};
pub use value::{BlockOwner, InlineValue, MappedFile, SharedBytes, TableEntry, TableValue};
pub use verify::VerifyCounts;
pub(crate) use verify::Witness;
pub use writer::{EntryValue, TableOptions, TableSummary, TableWriter};
