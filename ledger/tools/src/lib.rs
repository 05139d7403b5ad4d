//! What the program `ledger` is made of: see `ledger --help`.
//!
//! ```no_run
//! use ledger_tools::{derive, open, reconcile::{Derived, reconcile}};
//!
//! let node = open("data".as_ref())?;
//! let cut = node.state().op();
//! let state = derive::state::books(&node, cut)?;
//! let feed = std::io::BufReader::new(std::fs::File::open("changes.jsonl")?);
//! let stream = derive::stream::consume(ledger_json::Feed::new(feed), cut)?.into_books();
//! let report = reconcile(&node, cut, &state, vec![Derived { name: "stream", books: Ok(stream) }], None)?;
//! assert!(report.agrees);
//! # Ok::<(), ledger_tools::Error>(())
//! ```

#![forbid(unsafe_code)]

pub mod carry;
pub mod cli;
pub mod commands;
pub mod derive;
mod error;
mod interrupt;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod reconcile;
pub mod source;
pub mod target;

use std::{path::Path, sync::Arc};

pub use error::{Error, Result};

/// Opens a server's data directory, which no server may have open.
///
/// # Errors
///
/// There is none, somebody has it open, or its files are damaged.
pub fn open(dir: &Path) -> Result<ledger::Node> {
    if !dir.is_dir() {
        return Err(Error::Asked(format!(
            "{} is no directory: say where a server keeps its data",
            dir.display()
        )));
    }
    let disk = ledger::disk::RealDisk::open(dir)?;
    let archive = ledger::archive::LsmArchive::open(
        dir.join("archive"),
        ledger::archive::LsmArchive::options(),
    )?;
    let options = ledger::NodeOptions { background: false, ..ledger::NodeOptions::default() };
    Ok(ledger::Node::open(Arc::new(disk), Arc::new(archive), options)?.0)
}
