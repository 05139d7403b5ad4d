//! An embedded LSM-tree storage engine whose write-ahead log is its value log.
//!
//! One directory, many keyspaces, any number of threads, no async. A value of 48 bytes or more is compressed and written
//! *once*, into a memory-mapped log that is never copied at a flush: tables hold keys and pointers. A million random
//! inserts of 116 half compressible bytes write 0.97 bytes for each byte put, log and last flush included, and 1.17 with
//! the merge of the tables that follows when nobody writes.
//!
//! ```
//! use lsm::{Batch, Db, Durability, KeyspaceOptions, Options};
//!
//! # let dir = std::env::temp_dir().join(format!("lsm-front-page-{}", std::process::id()));
//! # let _ = std::fs::remove_dir_all(&dir);
//! let db = Db::open(&dir, Options::default())?;
//! let users = db.default_keyspace();
//! users.put(b"ada", b"countess")?;                            // survives kill -9
//! users.put_with(b"grace", b"admiral", Durability::Sync)?;    // survives a power failure
//!
//! let emails = db.keyspace("emails", KeyspaceOptions::default())?;
//! let mut batch = Batch::new();                               // atomic across keyspaces
//! batch.put(&emails, b"ada@example.org", b"ada")?;
//! batch.delete(&users, b"grace")?;
//! let before = db.snapshot();
//! db.write(batch, Durability::Buffered)?;
//!
//! assert_eq!(users.get(b"ada")?.as_deref(), Some(&b"countess"[..]));
//! assert_eq!(users.get(b"grace")?, None);
//! assert!(users.get_at(b"grace", &before)?.is_some());        // a snapshot keeps what it saw
//! for item in users.range("a".."b") {
//!     let (key, value) = item?;
//!     assert_eq!((&*key, &*value), (&b"ada"[..], &b"countess"[..]));
//! }
//! # drop(before);
//! db.close()?;
//! # std::fs::remove_dir_all(&dir).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which options for which workload
//!
//! | workload | choose | because |
//! |---|---|---|
//! | writes, point reads, values of 48 B and more | the default: [`Layout::Separated`] | values are written once, and read without a copy |
//! | scans over data much larger than memory | [`KeyspaceOptions::leveled`] | values lie in key order in the tables; or [`Keyspace::compact`] once, which collects separated values into key order |
//! | small values (counters, sets) | the default: values below the threshold stay in the tables | a pointer would be as large |
//! | values that do not compress | [`KeyspaceOptions::value_compression`]` = `[`Compression::None`] | saves the attempt, some 0.1 us for 100 bytes at each put, and reads without a copy |
//! | overwriting all the time, space matters | a lower [`Options::space_limit`] | garbage is collected sooner while there are writers; costs writes |
//! | least space at rest | a lower [`Options::space_target`] | what is collected when nobody writes |
//! | point reads of more keys than fit | more [`Options::cache_bytes`]: 12 bytes a key for hash indexes | a read then waits for memory twice, or for one page of the disk |
//! | a file system that cannot map | nothing: the log falls back to `write(2)`, tables to `pread` | [`Options::mapped_log`], [`Options::read_mode`] choose it anywhere |
//!
//! # What is promised
//!
//! - **Order.** Commits have one total order, which is the order of the log. What readers see, and what recovery
//!   restores, is always a prefix of it: no holes, batches whole. Writes with [`Durability::None`] are in no log, and no part of
//!   what recovery promises.
//! - **Durability** is chosen per write: [`Durability`]. A failed `fsync` poisons the database: it acknowledges
//!   nothing more and never tries again, because the kernel may have dropped the pages.
//! - **Isolation.** [`Snapshot`]s, cursors and [`Keyspace::multi_get`] see one moment, in all keyspaces.
//! - **Integrity.** Every value's checksum and key are verified at every read; a table block's at its first use after
//!   opening (mapped) or after each read from disk (positioned). [`Db::verify`] reads everything.
//! - **Full disk.** Space for the log is allocated ahead, so that a full disk is an error of the write that needs more;
//!   writing goes on when there is room. On file systems that write in place (ext4, XFS, tmpfs) a store to the mapped log then
//!   never fails. One that copies on write, or compresses (btrfs, ZFS, bcachefs, XFS where blocks are shared by a reflink), may need new
//!   space for it, and has none on a full disk; and a disk that fails cannot bring in a page. Through a mapping either is a
//!   `SIGBUS` to the process, not an error. [`Options::mapped_log`]`(false)` keeps what is written out of mappings and
//!   [`ReadMode::Positioned`] the tables, at some cost in speed; values in segments that were there when the database was opened are
//!   read through one in any case.
//!
//! # What it takes of the system
//!
//! - **File descriptors and mappings.** Every table and every segment takes one descriptor for as long as it lives, and one mapping if
//!   it is mapped; half a dozen more are for the log, the manifest and the lock. Tables have
//!   [`KeyspaceOptions::table_bytes`], segments up to [`Options::segment_bytes`], and level 0 adds up to 16 times
//!   [`KeyspaceOptions::level0_tables`] a keyspace. 100 GB of values at the defaults are some 1,600 segments, and 3,200
//!   tables if they are leveled: beyond the 1,024 descriptors that a process may often have (`ulimit -n`), within
//!   the 65,530 mappings that Linux allows it. Out of either, a flush, a compaction or an opening fails with what the system says, and
//!   a flush or a compaction is tried again.
//! - **Memory.** [`Options::cache_bytes`], and for each keyspace that is written to up to twice
//!   [`Options::write_buffer_bytes`]; 20 KB for a keyspace that is not. A key with many kept versions makes no difference;
//!   a read of an old one goes through the newer ones.
//! - **Time to open after a crash.** What [`Options::max_log_bytes`] is about: 64 MB of log take some 0.2 s.
//! - **When background work falls behind**, writers are slowed, more and more, and stop before level 0 is larger than said above
//!   ([`Statistics::slowed_nanos`], [`Statistics::stall_nanos`]).
//!
//! The files are described byte for byte in `FORMAT.md` beside this crate's manifest.
//!
//! # Features
//!
//! | feature | default | costs |
//! |---|---|---|
//! | `lz4` | yes | `lz4_flex`, pure Rust |
//! | `zstd` | no | builds libzstd, C |
//! | `sim` | no | nothing at run time: [`fs`]`::sim`, a file system in memory that crashes on demand, for tests |
//!
//! # What is not there
//!
//! Transactions, merge operators, range deletes, time to live, ingestion and repair (the formats have room for them); more
//! than one compaction of a keyspace at a time; tiered compaction; Windows.
#![deny(missing_docs)]

mod attempts;
mod batch;
mod compaction;
mod cursor;
mod db;
mod entry;
mod error;
mod event;
pub mod fs;
#[doc(hidden)]
pub mod inspect;
mod key;
mod keyspace;
mod leftovers;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod memtable;
mod options;
mod slice;
mod snapshot;
mod striped;
#[doc(hidden)]
pub mod table;
mod varint;
#[doc(hidden)]
pub mod version;

pub use batch::Batch;
pub use cursor::{Cursor, Range};
pub use db::{Db, LevelStatistics, Statistics, VerifyReport};
#[doc(hidden)]
pub use entry::hash_key;
pub use entry::{
    EntryKind, KeyspaceId, MAX_KEY_LEN, MAX_VALUE_LEN, SegmentId, SequenceNumber, TableId,
    ValuePointer,
};
pub use error::{Error, Result};
pub use event::{Event, EventListener};
pub use keyspace::Keyspace;
pub use options::{Durability, KeyspaceOptions, Layout, Options};
pub use slice::Slice;
pub use snapshot::Snapshot;
pub use table::{Compression, FilterCounts, ReadMode};
