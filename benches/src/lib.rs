//! The gates: every threshold of the workspace, and the judge that compares measurements with them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`gate`] | what a gate is; `gates.toml` |
//! | [`measurement`] | the files in `out/measurements/` that benches write and the judge reads |
//! | [`judge`] | medians, spreads, verdicts |
//! | [`report`] | the table, and `out/gates.json` |
//!
//! A bench writes what it measured, in rounds, with [`measurement::MeasurementFile::save`]; nothing in a measurement says
//! whether it is good. [`judge_workspace`] then puts all measurements before all gates: each gate gets exactly one verdict, and
//! one without a measurement is `not measured`, with the reason, never skipped.
//!
//! ```
//! use gates::gate::Gates;
//! use gates::judge::{Verdict, judge};
//! use gates::measurement::{Measurement, Round};
//!
//! let gates = Gates::embedded()?;
//! let gate = gates.get("lsm.fill.course").ok_or("no such gate")?;
//! let rounds = [2.9, 3.0, 3.1].map(Round::absolute).to_vec();
//! let judged = judge(gate, Some(&Measurement::measured("lsm.fill.course", "s", rounds)));
//! assert_eq!(judged.verdict, Verdict::Pass);
//! assert_eq!(judge(gate, None).verdict.to_string(), "not measured: no measurement found");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod avro;
pub mod child;
pub mod choice;
pub mod gate;
pub mod gpu;
pub mod history;
pub mod judge;
pub mod ledger;
pub mod lsm;
pub mod measurement;
pub mod queue;
pub mod random;
pub mod report;
pub mod ring;

mod error;

pub use error::{Error, Fault, Result};

use std::path::{Path, PathBuf};

use judge::Judgement;

/// The directory of the workspace that this program was built in: `out/` is below it.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// Where benches leave their measurements: `out/measurements` of the workspace.
#[must_use]
pub fn measurements_dir() -> PathBuf {
    workspace_root().join("out/measurements")
}

/// Judges everything in [`measurements_dir`] by the gates of this build, prints the table on standard output, writes
/// `out/gates.json` and adds to the [`history`]. With `area`, only gates whose id begins with it and a dot are judged. What a bench calls at its end.
///
/// # Errors
/// [`Error`] when a measurement cannot be read or names no gate, or the verdicts cannot be written. That a gate failed is no
/// error: see [`Judgement::failed`].
pub fn judge_workspace(area: Option<&str>) -> Result<Judgement> {
    let gates = gate::Gates::embedded()?;
    let files = measurement::load_dir(&measurements_dir())?;
    let judgement = judge::judge_all(&gates, &files, area)?;
    report::print(&judgement)?;
    report::save(&judgement, &workspace_root().join("out/gates.json"))?;
    history::record(&files, &judgement, &history::path(&workspace_root()))?;
    Ok(judgement)
}
