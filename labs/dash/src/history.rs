//! What the panels have shown: their values over time, in a bounded ring.

use std::collections::VecDeque;

use serde::Serialize;

use crate::expression::evaluate;
use crate::panels::Dashboard;
use crate::series::{Millis, Store};

/// The most lines of a panel; what would be more is not shown, and said.
pub const LINES: usize = 16;

/// A line of a panel: as many values as there are times.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    values: VecDeque<Option<f64>>,
}

/// The panels' values over time.
#[derive(Debug)]
pub struct History {
    times: VecDeque<Millis>,
    /// By panel.
    lines: Vec<Vec<Line>>,
    /// By panel: how many lines had no room.
    left_out: Vec<usize>,
    most: usize,
}

/// A line as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineView {
    /// What it is called.
    pub name: String,
    /// Its values; null where it has none.
    pub values: Vec<Option<f64>>,
}

/// A panel as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PanelView {
    /// Which.
    pub id: String,
    /// Its lines.
    pub lines: Vec<LineView>,
    /// How many more there would be.
    pub left_out: usize,
}

/// Values from a time on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// Times, in milliseconds since 1970.
    pub times: Vec<Millis>,
    /// All panels.
    pub panels: Vec<PanelView>,
}

impl History {
    /// One of so many moments at the most.
    #[must_use]
    pub fn new(panels: usize, most: usize) -> Self {
        Self {
            times: VecDeque::new(),
            lines: vec![Vec::new(); panels],
            left_out: vec![0; panels],
            most: most.max(1),
        }
    }

    /// Adds what all panels are at a time, which is after the last one.
    pub fn add(&mut self, dashboard: &Dashboard, store: &Store, now: Millis, stale: Millis) {
        if self.times.back().is_some_and(|last| *last >= now) {
            return;
        }
        let gone = self.times.len() + 1 > self.most;
        if gone {
            self.times.pop_front();
        }
        self.times.push_back(now);
        let length = self.times.len();
        let panels = dashboard.panels.iter().zip(&mut self.lines).zip(&mut self.left_out);
        for ((panel, lines), left_out) in panels {
            for line in &mut *lines {
                if gone {
                    line.values.pop_front();
                }
                line.values.push_back(None);
            }
            // A line that has been nothing for all of the time makes room.
            lines.retain(|line| line.values.iter().any(Option::is_some) || line.values.len() < 2);
            *left_out = 0;
            for query in &panel.queries {
                for (labels, value) in evaluate(&query.expression, store, now, stale) {
                    let value = Some(value).filter(|it| it.is_finite());
                    let name = query.name(&labels);
                    if let Some(line) = lines.iter_mut().find(|line| line.name == name) {
                        if let Some(last) = line.values.back_mut() {
                            *last = value;
                        }
                    } else if lines.len() >= LINES {
                        *left_out += 1;
                    } else if value.is_some() {
                        let mut values = VecDeque::from(vec![None; length - 1]);
                        values.push_back(value);
                        lines.push(Line { name, values });
                    }
                }
            }
        }
    }

    /// All values after a time.
    #[must_use]
    pub fn since(&self, dashboard: &Dashboard, time: Millis) -> View {
        let skip = self.times.partition_point(|it| *it <= time);
        let panels = dashboard.panels.iter().zip(&self.lines).zip(&self.left_out);
        let panels = panels
            .map(|((panel, lines), left_out)| PanelView {
                id: panel.id.clone(),
                left_out: *left_out,
                lines: lines
                    .iter()
                    .map(|line| LineView {
                        name: line.name.clone(),
                        values: line.values.iter().skip(skip).copied().collect(),
                    })
                    .collect(),
            })
            .collect();
        View { times: self.times.iter().skip(skip).copied().collect(), panels }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use super::*;
    use crate::exposition::Sample;

    fn sample(of: &str, value: f64) -> Sample {
        let labels = vec![("consumergroup".to_owned(), of.to_owned())];
        Sample { name: "kafka_consumergroup_lag_sum".to_owned(), labels, value }
    }

    fn lag(history: &History, dashboard: &Dashboard, since: Millis) -> (usize, PanelView) {
        let view = history.since(dashboard, since);
        let count = view.times.len();
        (count, view.panels.into_iter().find(|it| it.id == "consumer-lag").unwrap())
    }

    #[test]
    fn lines_come_and_go_and_the_ring_is_bounded() {
        let dashboard = Dashboard::built_in().unwrap();
        let mut store = Store::new(60_000);
        let mut history = History::new(dashboard.panels.len(), 10);
        for at in 1..=25 {
            let name = if at < 12 { "early" } else { "late" };
            store.add("queue", "h:1", at * 1_000, vec![sample(name, at as f64)]);
            history.add(&dashboard, &store, at * 1_000, 500);
        }
        let (count, panel) = lag(&history, &dashboard, 0);
        assert_eq!(count, 10);
        assert_eq!(panel.lines.len(), 1, "the early one is no more: {panel:?}");
        assert_eq!(panel.lines[0].values.last(), Some(&Some(25.0)));
        let (count, panel) = lag(&history, &dashboard, 23_000);
        assert_eq!((count, panel.lines[0].values.clone()), (2, vec![Some(24.0), Some(25.0)]));
        for panel in history.since(&dashboard, 0).panels {
            assert!(panel.lines.iter().all(|line| line.values.len() == 10), "{}", panel.id);
        }
        // The same time again is nothing new.
        history.add(&dashboard, &store, 25_000, 500);
        assert_eq!(lag(&history, &dashboard, 0).0, 10);
    }

    #[test]
    fn too_many_lines_are_said() {
        let dashboard = Dashboard::built_in().unwrap();
        let mut store = Store::new(60_000);
        let mut history = History::new(dashboard.panels.len(), 10);
        let samples = (0..LINES + 5).map(|it| sample(&format!("{it:03}"), 1.0)).collect();
        store.add("queue", "h:1", 1_000, samples);
        history.add(&dashboard, &store, 1_000, 500);
        let (_, panel) = lag(&history, &dashboard, 0);
        assert_eq!((panel.lines.len(), panel.left_out), (LINES, 5));
    }
}
