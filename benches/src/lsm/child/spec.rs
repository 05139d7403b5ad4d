//! What a child is told.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::lsm::engine::{Direction, EngineOptions};
use crate::lsm::workload::Records;

/// The contestants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `lsm`.
    Ours,
    /// RocksDB.
    Rocksdb,
    /// fjall.
    Fjall,
}

/// The work of one child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "work")]
pub enum Work {
    /// Put every record once, in random order, then settle. Counts of written bytes include the settling; the time does
    /// not.
    Fill {
        /// Threads, each with its own part of the records.
        writers: u64,
        /// Merge everything afterwards (outside the time).
        compact: bool,
    },
    /// Overwrite records chosen uniformly, then settle; counted like a fill.
    Overwrite {
        /// How many puts.
        puts: u64,
    },
    /// Put new records from many threads for a time, as durable as [`EngineOptions::durability`] says.
    Writers {
        /// Threads.
        writers: u64,
        /// How long.
        seconds: f64,
    },
    /// Look up records that exist, chosen uniformly.
    Hits {
        /// How many.
        operations: u64,
    },
    /// Look up records that do not exist.
    Misses {
        /// How many.
        operations: u64,
    },
    /// Seek to a random place and read on.
    Seeks {
        /// How many seeks.
        operations: u64,
        /// Records read by each.
        length: usize,
    },
    /// Read everything.
    Scan {
        /// Which way.
        direction: Direction,
        /// How often.
        passes: u64,
    },
    /// One thread looks up records that exist while another overwrites at a fixed rate, the same for all contestants:
    /// an engine must not read slowly because it writes fast.
    ReadWhileWriting {
        /// How long.
        seconds: f64,
        /// Puts asked for per second.
        writes_per_second: f64,
    },
    /// Fill and settle, then overwrite everything several times with a clock on each put, then settle. Only what comes
    /// after the fill is counted.
    Sustained {
        /// How many times the number of records is written again.
        passes: u64,
    },
    /// Put records, then `kill -9` itself. Prints its outcome before it dies.
    FillAndDie,
    /// Open what a dead child left, and look up `checked` of the records that it had acknowledged.
    OpenAfterCrash {
        /// How many to look up.
        checked: u64,
    },
    /// A mixture of YCSB (Cooper et al., SoCC 2010) with Zipf-distributed choices.
    Ycsb {
        /// Which.
        mixture: Mixture,
        /// How many operations.
        operations: u64,
    },
}

/// The core workloads of YCSB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mixture {
    /// Half reads, half updates.
    A,
    /// 95 % reads, 5 % updates.
    B,
    /// Reads only.
    C,
    /// 95 % reads of recent records, 5 % inserts.
    D,
    /// 95 % short scans (up to 100 records), 5 % inserts.
    E,
    /// Half reads, half read-modify-writes.
    F,
}

/// All that a child is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Which contestant.
    pub kind: Kind,
    /// How it is opened.
    pub options: EngineOptions,
    /// The database's directory: the same for all work on one database.
    pub dir: PathBuf,
    /// What the database holds.
    pub records: Records,
    /// What to do.
    pub work: Work,
    /// A memory-limited group to enter first.
    pub group: Option<PathBuf>,
}
