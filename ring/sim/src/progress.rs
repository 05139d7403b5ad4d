//! How far the work has come.

use indicatif::{ProgressBar, ProgressStyle};

/// Who is told.
#[derive(Debug)]
pub enum Progress {
    /// A person: a bar on standard error, if that is a terminal.
    Bar(ProgressBar),
    /// The course runner: events on standard output.
    Events {
        /// The phase.
        what: String,
        /// Its end.
        total: u64,
        /// The next position to report.
        next: u64,
    },
}

/// Events of a phase.
const EVENTS: u64 = 20;

impl Progress {
    /// For a person.
    pub fn bar() -> Self {
        let bar = ProgressBar::new(0);
        let template = "{msg:28!} {bar:30} {human_pos:>13}/{human_len} {per_sec:>16} {eta:>4}";
        // A template is checked when it is set; should this one be wrong, the default shows the same facts.
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self::Bar(bar)
    }

    /// For the course runner.
    pub const fn events() -> Self {
        Self::Events { what: String::new(), total: 0, next: 0 }
    }

    /// Nobody, for tests.
    #[cfg(test)]
    pub fn hidden() -> Self {
        Self::Bar(ProgressBar::hidden())
    }

    /// A new phase of `total` units of work.
    pub fn phase(&mut self, phase: impl Into<String>, units: u64) {
        match self {
            Self::Bar(bar) => {
                bar.reset();
                bar.set_length(units);
                bar.set_message(phase.into());
            }
            Self::Events { what, total, next } => {
                (*what, *total, *next) = (phase.into(), units, 0);
                self.at(0);
            }
        }
    }

    /// How much of the phase is done. May be called often, though not for every key.
    #[expect(clippy::print_stdout, reason = "the protocol of the course runner")]
    pub fn at(&mut self, done: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(done),
            Self::Events { what, total, next } if done >= *next => {
                println!(
                    "{}",
                    serde_json::json!({"event": "progress", "done": done, "total": total, "what": what})
                );
                *next = (done + (*total / EVENTS).max(1)).min((*total).max(done + 1));
            }
            Self::Events { .. } => {}
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
