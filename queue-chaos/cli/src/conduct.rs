//! A run from beginning to end, shown while it happens.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use comfy_table::{Table, presets};
use queue_chaos::broker::Cluster;
use queue_chaos::check::Verdict;
use queue_chaos::report::Recovery;
use queue_chaos::run::{self, Finished, Live, Phase};
use queue_chaos::schedule::Plan;
use serde_json::{Value, json};

use crate::commands::check::allowed;
use crate::exit::{Result, print};
use crate::interrupt;
use crate::protocol::Protocol;
use crate::screen::{Screen, Tone};

/// How a run is told.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Telling")]
pub struct Telling {
    /// Where history, report and recording go. What is there is overwritten
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Tells the course runner: JSON events, a line each
    #[arg(long)]
    pub json: bool,
}

impl Telling {
    /// Where its files go.
    pub fn directory(&self, name: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| PathBuf::from("out/queue-chaos").join(name))
    }
}

/// Moments of the recording and of a screen that is no terminal are not as many as those of one that is.
const RECORDED: Duration = Duration::from_millis(500);

/// Columns of a terminal in which two numbers have room on a line.
const TWO_A_LINE: u16 = 96;

/// MiB of history after which a load ends, where nobody says otherwise.
pub const HISTORY_LIMIT: u64 = run::HISTORY_LIMIT >> 20;

/// A recording of what one sees: `run.cast` in the directory of the run.
const CAST: &str = "run.cast";

/// What is run, and how it is told.
pub struct Conduct<'a> {
    /// What people call it.
    pub title: &'a str,
    /// The plan.
    pub plan: Plan,
    /// Where the files go.
    pub out: &'a Path,
    /// How to do it again.
    pub replay: String,
    /// What clients are told besides.
    pub settings: Vec<(String, String)>,
    /// Kinds of anomalies that are none.
    pub allow: &'a [queue_chaos::check::AnomalyKind],
    /// How long each phase after the load may take.
    pub patience: Duration,
    /// MiB of history after which the load ends.
    pub history_limit: u64,
    /// Who listens.
    pub protocol: Protocol,
}

impl Conduct<'_> {
    /// Runs it on a cluster that `start` starts, and tells the verdict.
    pub fn run(&self, start: impl FnOnce() -> Result<Box<dyn Cluster>>) -> Result<Finished> {
        std::fs::create_dir_all(self.out).map_err(|it| format!("{}: {it}", self.out.display()))?;
        let asked = interrupt::asked()?;
        let mut screen =
            Screen::new(Some((&self.out.join(CAST), self.title)), self.protocol.is_on())?;
        screen.line(&format!("$ {}", self.replay))?;
        screen.status("starting the cluster ...")?;
        let begun = Instant::now();
        let mut cluster = start()?;
        let nodes = cluster.nodes().len();
        screen.line(&format!(
            "{}: {nodes} node{} at {}, after {:.1} s",
            cluster.kind(),
            if nodes == 1 { "" } else { "s" },
            cluster.bootstrap(),
            begun.elapsed().as_secs_f64()
        ))?;
        let mut options = run::Options::new(self.plan.clone(), self.out);
        options.check = allowed(self.allow);
        options.settings = self.settings.iter().cloned().collect();
        options.replay = Some(self.replay.clone());
        options.patience = self.patience;
        options.history_limit = self.history_limit << 20;

        let mut shown = Shown {
            screen,
            protocol: self.protocol,
            last: None,
            phase: Phase::Topics,
            trouble: None,
        };
        let finished = run::run(&mut *cluster, &options, &asked, |live| shown.show(&live))?;
        let Shown { mut screen, trouble, .. } = shown;
        if let Some(error) = trouble {
            return Err(error);
        }
        for trouble in &finished.trouble {
            screen.text(&format!("  not finished: {trouble}"), Tone::Plain)?;
            self.protocol.note(&format!("not finished: {trouble}"))?;
        }
        // The numbers come before the verdict: it is the last of much that one sees.
        screen.close()?;
        if !self.protocol.is_on() {
            print(&format!("\n{}\n", table(&finished)))?;
        }
        screen.line("")?;
        for line in finished.judgement.to_string().lines() {
            screen.text(line, tone(&finished, line))?;
        }
        screen.finish()?;
        if self.protocol.is_on() {
            self.artefacts(&finished)?;
        } else {
            print(&format!(
                "\nreport:    {}\nrecording: {}   (asciinema play, or queue-chaos movie)\nagain:     {}\njudge:     queue-chaos check {}\n",
                finished.written.page.display(),
                self.out.join(CAST).display(),
                self.replay,
                finished.history.display()
            ))?;
        }
        Ok(finished)
    }

    fn artefacts(&self, finished: &Finished) -> Result<()> {
        self.protocol.artefact(&finished.written.picture, "The run over time")?;
        self.protocol.artefact(&finished.written.page, "Report")?;
        self.protocol.artefact(&finished.written.summary, "Summary")?;
        self.protocol.artefact(&self.out.join(CAST), "Recording of the terminal (asciinema)")?;
        self.protocol.artefact(&finished.history, "History: every event, a line each")?;
        let seconds = |it: u64| json!(format!("{:.1}", it as f64 / 1e6));
        let rows: Vec<Vec<Value>> = finished
            .timeline
            .faults
            .iter()
            .zip(finished.timeline.recoveries())
            .map(|(fault, recovery)| {
                let recovered = match recovery {
                    Recovery::After(micros) => seconds(micros),
                    other => json!(format!("{other:?}")),
                };
                vec![
                    json!(fault.what),
                    seconds(fault.begin),
                    fault.end.map_or(json!("-"), seconds),
                    recovered,
                ]
            })
            .collect();
        let columns = ["what", "begins at, s", "ends at, s", "recovered after, s"];
        self.protocol.table("What was done to the cluster", &columns, &rows)?;
        for (name, value, unit) in measures(finished) {
            match value {
                Some(value) if value.is_finite() => self.protocol.measure(name, value, unit)?,
                Some(_) => self.protocol.measure(name, f64::MAX, unit)?,
                None => self.protocol.not_measured(name, "the run has not seen it")?,
            }
        }
        Ok(())
    }
}

/// Names of the numbers of a run, with their units.
pub const MEASURES: [(&str, &str); 16] = [
    ("messages_acknowledged", "messages"),
    ("messages_lost", "messages"),
    ("gaps", "records"),
    ("duplicates", "messages"),
    ("anomalies", "anomalies"),
    ("unknowns", "reasons"),
    ("broker_stops", "stops"),
    ("max_lag", "messages"),
    ("max_lag_seconds", "s"),
    ("lag_over_backlog", "ratio"),
    ("max_backlog", "messages"),
    ("final_lag", "messages"),
    ("max_under_replicated", "partitions"),
    ("last_under_replicated", "partitions"),
    ("under_replicated_seconds", "s"),
    ("longest_silence", "s"),
];

/// The numbers of a run with their names and units. None is what the run has not seen.
fn measures(
    finished: &Finished,
) -> impl Iterator<Item = (&'static str, Option<f64>, &'static str)> {
    let it = &finished.measures;
    let of = |number: u64| Some(number as f64);
    let values = [
        of(it.acked),
        of(it.lost),
        of(it.gaps),
        of(it.duplicates),
        of(finished.judgement.found.values().sum()),
        of(finished.judgement.unknowns.len() as u64),
        of(it.stops),
        of(it.max_lag),
        Some(it.max_lag_seconds),
        it.lag_over_backlog,
        of(it.max_backlog),
        it.final_lag.map(|it| it as f64),
        of(it.max_under_replicated.into()),
        of(it.last_under_replicated.into()),
        Some(it.under_replicated_seconds),
        Some(it.longest_silence),
    ];
    MEASURES.into_iter().zip(values).map(|((name, unit), value)| (name, value, unit))
}

/// How a line of the judgement stands out: the verdict at its head, and the kinds of what was found. Their cases are set in.
fn tone(finished: &Finished, line: &str) -> Tone {
    match line.chars().next() {
        None | Some(' ') => Tone::Plain,
        _ if line.starts_with("not known") => Tone::Judged(Verdict::Unknown),
        _ => Tone::Judged(finished.judgement.verdict),
    }
}

/// The numbers: a line each, and two a line where there is room.
fn table(finished: &Finished) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let cells: Vec<[String; 3]> = measures(finished)
        .map(|(name, value, unit)| {
            let value = match value {
                Some(value) if value.fract() == 0.0 => format!("{value}"),
                Some(value) => format!("{value:.2}"),
                None => "?".to_owned(),
            };
            [name.replace('_', " "), value, unit.to_owned()]
        })
        .collect();
    let wide = table.width().is_some_and(|width| width >= TWO_A_LINE);
    let rows = if wide { cells.len().div_ceil(2) } else { cells.len() };
    for row in 0..rows {
        table.add_row(cells.iter().skip(row).step_by(rows).flatten());
    }
    for column in table.column_iter_mut().skip(1).step_by(3) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    table
}

/// Shows moments.
struct Shown {
    screen: Screen,
    protocol: Protocol,
    last: Option<Instant>,
    phase: Phase,
    /// That somebody does not listen any more does not end a run.
    trouble: Option<Box<dyn std::error::Error>>,
}

impl Shown {
    fn show(&mut self, live: &Live) {
        if let Err(error) = self.tell(live) {
            self.trouble.get_or_insert(error);
        }
    }

    fn tell(&mut self, live: &Live) -> Result<()> {
        for (at, what) in &live.news {
            self.screen.text(&format!("{:>5.1} s  {what}", at.as_secs_f64()), Tone::Deed)?;
        }
        let new = live.phase != self.phase;
        // What was told has taken the place of the line that changes.
        let new = new || !live.news.is_empty();
        if new || self.last.is_none_or(|last| last.elapsed() >= RECORDED) {
            self.screen.status(&live.to_string())?;
            let (done, load) = (live.elapsed.as_millis() as u64, live.load.as_millis() as u64);
            let done = if live.phase < Phase::Load { 0 } else { done.min(load) };
            self.protocol.progress(done, load, live.phase.as_str())?;
            self.last = Some(Instant::now());
            self.phase = live.phase;
        }
        Ok(())
    }
}
