//! Scraping again and again, and what is known now.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde::Serialize;

use crate::Result;
use crate::exposition::Sample;
use crate::history::{History, View};
use crate::pace::Paced;
use crate::panels::Dashboard;
use crate::series::{Millis, Store};
use crate::target::{Scraped, Scraper, Target};

/// How a board is kept.
#[derive(Clone, Copy, Debug)]
pub struct BoardOptions {
    /// How often targets are scraped. Default 2 s.
    pub every: Duration,
    /// How many moments are kept. Default 1,800: an hour.
    pub moments: usize,
}

impl Default for BoardOptions {
    fn default() -> Self {
        Self { every: Duration::from_secs(2), moments: 1_800 }
    }
}

/// How a target does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetView {
    /// The target.
    #[serde(flatten)]
    pub target: Target,
    /// Whether its last scrape succeeded. None before the first.
    pub up: Option<bool>,
    /// Why not.
    pub error: Option<String>,
    /// How many samples it had.
    pub samples: usize,
    /// Milliseconds that it took.
    pub took_ms: f64,
}

/// Everything that is known.
#[derive(Debug)]
pub struct Board {
    dashboard: Dashboard,
    options: BoardOptions,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    store: Store,
    history: History,
    targets: Vec<TargetView>,
}

fn millis(time: Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}

/// Milliseconds since 1970.
fn clock() -> Millis {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

impl Board {
    /// A board of nothing yet.
    #[must_use]
    pub fn new(dashboard: Dashboard, targets: Vec<Target>, options: BoardOptions) -> Self {
        let four = millis(options.every).saturating_mul(4);
        let store = Store::new(dashboard.window().saturating_add(four));
        let history = History::new(dashboard.panels.len(), options.moments);
        let targets = targets
            .into_iter()
            .map(|target| TargetView { target, up: None, error: None, samples: 0, took_ms: 0.0 })
            .collect();
        Self { dashboard, options, now: Mutex::new(Now { store, history, targets }) }
    }

    /// The panels.
    #[must_use]
    pub fn dashboard(&self) -> &Dashboard {
        &self.dashboard
    }

    /// How it is kept.
    #[must_use]
    pub fn options(&self) -> BoardOptions {
        self.options
    }

    /// How its targets do.
    #[must_use]
    pub fn targets(&self) -> Vec<TargetView> {
        self.now.lock().targets.clone()
    }

    /// All values of panels after a time, in milliseconds since 1970.
    #[must_use]
    pub fn since(&self, time: Millis) -> View {
        self.now.lock().history.since(&self.dashboard, time)
    }

    /// Scrapes all targets once, side by side, and takes down what the panels are then.
    pub fn look(&self, scraper: &Scraper) {
        let targets: Vec<Target> =
            self.now.lock().targets.iter().map(|it| it.target.clone()).collect();
        let all: Vec<Scraped> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                targets.iter().map(|target| scope.spawn(|| scraper.scrape(target))).collect();
            let missing =
                || Scraped { samples: Err("its thread ended".into()), took: Duration::ZERO };
            threads.into_iter().map(|it| it.join().unwrap_or_else(|_| missing())).collect()
        });
        self.add(clock(), &targets, all);
    }

    fn add(&self, at: Millis, targets: &[Target], all: Vec<Scraped>) {
        let mut now = self.now.lock();
        let Now { store, history, targets: views } = &mut *now;
        for ((target, view), scraped) in targets.iter().zip(views).zip(all) {
            let up = scraped.samples.is_ok();
            let own =
                |name: &str, value| Sample { name: name.to_owned(), labels: Vec::new(), value };
            let seconds = scraped.took.as_secs_f64();
            view.up = Some(up);
            view.took_ms = seconds * 1e3;
            let mut samples = match scraped.samples {
                Ok(samples) => {
                    view.error = None;
                    samples
                }
                Err(error) => {
                    view.error = Some(error);
                    Vec::new()
                }
            };
            view.samples = samples.len();
            // As Prometheus has them; nobody else says whether somebody is up.
            samples.retain(|it| it.name != "up" && it.name != "scrape_duration_seconds");
            samples.push(own("up", f64::from(u8::from(up))));
            samples.push(own("scrape_duration_seconds", seconds));
            store.add(&target.name, &target.instance, at, samples);
        }
        // One scrape that fails is a gap, and no value that stands still.
        let stale = millis(self.options.every) / 2;
        history.add(&self.dashboard, store, at, stale);
    }
}

/// Looks again and again, on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct Watch(#[expect(dead_code, reason = "it is there to be dropped")] Paced);

impl Watch {
    /// Begins.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the system has no thread.
    pub fn start(board: Arc<Board>) -> Result<Self> {
        let (scraper, every) = (Scraper::default(), board.options().every);
        Ok(Self(Paced::start("scrape", every, move |_| board.look(&scraper))?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use super::*;

    fn scraped(samples: std::result::Result<Vec<Sample>, String>) -> Scraped {
        Scraped { samples, took: Duration::from_millis(3) }
    }

    #[test]
    fn a_target_that_is_away_is_down_and_its_values_are_gaps() {
        let target: Target = "ledger=http://h:1/metrics".parse().unwrap();
        let dashboard = Dashboard::built_in().unwrap();
        let board = Board::new(dashboard, vec![target.clone()], BoardOptions::default());
        let targets = [target];
        let waiting =
            || Sample { name: "ledger_queue_requests".into(), labels: vec![], value: 7.0 };
        // What a server says of itself does not count.
        let liar = Sample { name: "up".into(), labels: vec![], value: 0.0 };
        board.add(1_000, &targets, vec![scraped(Ok(vec![waiting(), liar]))]);
        board.add(3_000, &targets, vec![scraped(Err("refused".into()))]);
        board.add(5_000, &targets, vec![scraped(Ok(vec![waiting()]))]);
        let view = board.since(0);
        let of =
            |id: &str| view.panels.iter().find(|it| it.id == id).unwrap().lines[0].values.clone();
        assert_eq!(of("ledger-queue"), [Some(7.0), None, Some(7.0)]);
        assert_eq!(of("targets"), [Some(1.0), Some(0.0), Some(1.0)]);
        assert_eq!(board.targets()[0].up, Some(true));
    }
}
