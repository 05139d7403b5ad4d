//! What people look at after a run: a page with the timeline, a summary for programs, a recording of the terminal.
//!
//! ```no_run
//! use queue_chaos::report::{Report, Timeline};
//! # fn judged() -> queue_chaos::check::Judgement { unimplemented!() }
//! # fn events() -> Vec<queue_chaos::Result<queue_chaos::history::Event>> { Vec::new() }
//!
//! let timeline = Timeline::from_history(events(), 600)?;
//! let report = Report::new(&timeline, &judged()).replay("queue-chaos run --seed 7").write("out/run".as_ref())?;
//! # Ok::<(), queue_chaos::Error>(())
//! ```
//!
//! Pages and pictures need nothing but themselves: no script, no font, no network. What comes from a history is text in them and never markup.

mod axis;
mod backlog;
mod bins;
mod escape;
mod lanes;
mod movie;
mod page;
mod panel;
mod picture;
mod recording;
mod recovery;
mod spans;
mod summary;
mod terminal;
mod timeline;

use std::path::{Path, PathBuf};

pub use movie::to_svg;
pub use recording::{Header, Recording};
pub use recovery::Recovery;
pub use spans::{FaultSpan, FaultState, Mark};
pub use timeline::{Point, Timeline};

use crate::check::Judgement;
use crate::history::Run;
use crate::{Error, Result};

/// A report: a timeline, a judgement, and how to do it again.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    timeline: &'a Timeline,
    judgement: &'a Judgement,
    run: Option<&'a Run>,
    replay: Option<String>,
    plan: Option<String>,
}

/// What [`Report::write`] has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page: `report.html`.
    pub page: PathBuf,
    /// The picture: `timeline.svg`.
    pub picture: PathBuf,
    /// The summary: `summary.json`.
    pub summary: PathBuf,
}

impl<'a> Report<'a> {
    /// Of a run that the history tells about itself.
    #[must_use]
    pub fn new(timeline: &'a Timeline, judgement: &'a Judgement) -> Self {
        Self { timeline, judgement, run: timeline.run.as_ref(), replay: None, plan: None }
    }

    /// Of another run than the history's first line says.
    #[must_use]
    pub const fn run(mut self, run: &'a Run) -> Self {
        self.run = Some(run);
        self
    }

    /// With the command that does the same again.
    #[must_use]
    pub fn replay(mut self, command: impl Into<String>) -> Self {
        self.replay = Some(command.into());
        self
    }

    /// With the plan, as TOML.
    #[must_use]
    pub fn plan(mut self, plan: impl Into<String>) -> Self {
        self.plan = Some(plan.into());
        self
    }

    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        page::page(self)
    }

    /// The picture, with the anomalies in it.
    #[must_use]
    pub fn svg(&self) -> String {
        picture::stand_alone(self.timeline, &self.judgement.anomalies)
    }

    /// The summary.
    #[must_use]
    pub fn summary(&self) -> serde_json::Value {
        summary::summary(self)
    }

    /// Writes page, picture and summary into a directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::File`] with the file that could not be written.
    pub fn write(&self, dir: &Path) -> Result<Written> {
        let wrong = |path: &Path, source| Error::File { path: path.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(|e| wrong(dir, e))?;
        let write = |name: &str, text: String| {
            let path = dir.join(name);
            std::fs::write(&path, text).map_err(|e| wrong(&path, e))?;
            Ok(path)
        };
        Ok(Written {
            page: write("report.html", self.html())?,
            picture: write("timeline.svg", self.svg())?,
            summary: write("summary.json", format!("{:#}\n", self.summary()))?,
        })
    }
}

/// The picture of a timeline alone: an SVG that stands for itself.
#[must_use]
pub fn svg(timeline: &Timeline) -> String {
    picture::stand_alone(timeline, &[])
}
