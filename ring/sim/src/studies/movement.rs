//! How many keys move when nodes join or leave, and how they lie before and after.

use super::{Context, check_keys, next};
use crate::Result;
use crate::balance::Balance;
use crate::cluster::{Cluster, name};
use crate::plots::{Plot, Shape};
use crate::report::{Cell, Report, Table};
use crate::sample::Sample;
use crate::scheme::Scheme;
use crate::settings::Settings;
use crate::theory;

/// Bars for so many nodes can still be told apart.
const MOST_BARS: usize = 32;

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Nodes before.
    pub before: u64,
    /// Nodes after.
    pub after: u64,
    /// Keys in the sample.
    pub keys: u64,
}

/// The answer for one scheme.
struct Movement {
    scheme: Scheme,
    sample: Sample,
    nodes: (Vec<u32>, Vec<u32>),
    /// Shares of all hashes that moved, and that each node has.
    exact: Option<f64>,
    shares: (Option<Vec<f64>>, Option<Vec<f64>>),
    /// What moves on average over hash functions, if that is known.
    expected: Option<f64>,
    /// Memory for lookups, after.
    bytes: u64,
}

/// Compares the schemes.
///
/// # Errors
/// What is wrong with the question, and whatever the library says.
pub fn run(question: Question, context: &mut Context<'_>) -> Result<Report> {
    let Question { before, after, keys } = question;
    for (what, nodes) in
        [("the number of nodes before", before), ("the number of nodes after", after)]
    {
        context.settings.check_nodes(what, nodes, context.schemes)?;
    }
    check_keys(keys)?;
    let settings = Settings { most_nodes: after, ..*context.settings };
    let mut movements = Vec::new();
    for &scheme in context.schemes {
        context.progress.phase(format!("keys, {scheme}"), keys);
        let old = Cluster::of(before, scheme, &settings)?;
        let new = old.resized(after)?;
        movements.push(Movement {
            scheme,
            sample: Sample::take(
                (&old, &new),
                context.settings.keys,
                keys,
                context.progress,
                |_, _| (),
            ),
            nodes: (old.nodes(), new.nodes()),
            exact: old.moved_share(&new),
            shares: (old.shares(), new.shares()),
            expected: theory::expected(scheme, before, after),
            bytes: new.heap_bytes(),
        });
    }
    Ok(report(question, &movements))
}

fn report(question: Question, movements: &[Movement]) -> Report {
    let Question { before, after, keys } = question;
    let minimum = theory::minimum(before, after);
    let mut report = Report {
        study: "movement",
        parameters: vec![
            ("before", Cell::Count(before)),
            ("after", Cell::Count(after)),
            ("keys", Cell::Count(keys)),
        ],
        ..Report::default()
    };
    if let [movement] = movements {
        measures(&mut report, movement, minimum);
    }
    report.tables.push(moved_table(question, movements, minimum));
    report.tables.push(load_table(movements));
    report.plots = vec![moved_plot(question, movements, minimum), load_plot(movements)];
    report.notes.push(
        "exact: interval arithmetic over all 2^64 hashes; expected: the average over hash functions, where nodes own no ranges; \
         for nothing: from a node that stays to one that was there before; bytes: for lookups, names and weights not counted"
            .to_owned(),
    );
    if movements.iter().any(|movement| movement.exact.is_none()) {
        let a_node = keys as f64 / before.max(after) as f64;
        report.notes.push(format!(
            "max/mean: of all hashes where there is an exact share, else of the sample, where chance alone makes a node deviate by {:.1} %",
            100.0 / a_node.sqrt()
        ));
    }
    report.next = next(&[
        ("3 4 1_000_000 --algo all", "the other algorithms, and hash modulo nodes"),
        ("sweep", "what virtual nodes do for the balance of a ring"),
        ("warm-up", "what moved keys do to caches"),
        ("failure", "who takes the keys of a node that fails"),
    ]);
    report
}

fn measures(report: &mut Report, movement: &Movement, minimum: f64) {
    let moved = movement.sample.moved_share() * 100.0;
    report.measure("moved_sampled_percent", moved, "%");
    match movement.exact {
        Some(exact) => {
            report.measure("moved_exact_percent", exact * 100.0, "%");
            report.measure("difference_points", (moved - exact * 100.0).abs(), "points");
        }
        None => {
            if let Some(expected) = movement.expected {
                report.measure("moved_expected_percent", expected * 100.0, "%");
            }
        }
    }
    report.measure("minimum_percent", minimum * 100.0, "%");
    for (id, balance) in [("before", movement.balance(0)), ("after", movement.balance(1))] {
        if let Some(balance) = balance {
            report.measure(format!("imbalance_{id}"), balance.most, "max / mean");
        }
    }
}

impl Movement {
    /// Exactly if nodes own ranges, else of the sample.
    fn balance(&self, after: usize) -> Option<Balance> {
        let (nodes, shares, sample) = if after == 0 {
            (&self.nodes.0, &self.shares.0, &self.sample.before)
        } else {
            (&self.nodes.1, &self.shares.1, &self.sample.after)
        };
        let load = |node: &u32| match shares {
            Some(shares) => shares[*node as usize],
            None => sample[*node as usize] as f64,
        };
        Balance::even(&nodes.iter().map(load).collect::<Vec<f64>>())
    }

    /// Exact or expected; NaN if neither is known.
    fn share(&self) -> f64 {
        self.exact.or(self.expected).unwrap_or(f64::NAN)
    }
}

fn moved_table(question: Question, movements: &[Movement], minimum: f64) -> Table {
    let Question { before, after, keys } = question;
    let title = format!(
        "Keys that move from {before} to {after} nodes, {} keys sampled",
        crate::report::grouped(keys)
    );
    let mut table = Table::new(
        "moved",
        title,
        &[
            ("algorithm", "algorithm"),
            ("moved", "moved"),
            ("moved_percent", "moved %"),
            ("exact_percent", "exact %"),
            ("expected_percent", "expected %"),
            ("minimum_percent", "minimum %"),
            ("times_minimum", "moved / minimum"),
            ("for_nothing_percent", "for nothing %"),
            ("imbalance_before", "max/mean before"),
            ("imbalance_after", "after"),
            ("bytes_after", "bytes"),
        ],
    );
    for movement in movements {
        let moved = movement.sample.moved_share();
        let ratio = if minimum > 0.0 { Cell::Real(moved / minimum, 3) } else { Cell::Missing };
        let imbalance =
            |after| movement.balance(after).map_or(Cell::Missing, |b| Cell::Real(b.most, 3));
        let expected = movement.expected.filter(|_| movement.exact.is_none());
        table.row([
            Cell::text(movement.scheme.name()),
            Cell::Count(movement.sample.moved),
            Cell::percent(moved),
            Cell::percent_or_missing(movement.exact),
            Cell::percent_or_missing(expected),
            Cell::percent(minimum),
            ratio,
            Cell::percent(movement.sample.share_for_nothing()),
            imbalance(0),
            imbalance(1),
            Cell::Count(movement.bytes),
        ]);
    }
    table
}

fn load_table(movements: &[Movement]) -> Table {
    let mut table = Table::new(
        "load",
        "Keys of each node",
        &[
            ("algorithm", "algorithm"),
            ("node", "node"),
            ("keys_before", "keys before"),
            ("before_percent", "%"),
            ("exact_before_percent", "exact %"),
            ("keys_after", "keys after"),
            ("after_percent", "%"),
            ("exact_after_percent", "exact %"),
        ],
    );
    for movement in movements {
        let keys = movement.sample.keys as f64;
        for node in movement.all_nodes() {
            let side = |there: &[u32], sample: &[u64], shares: &Option<Vec<f64>>| {
                if there.binary_search(&node).is_err() {
                    return [Cell::Missing, Cell::Missing, Cell::Missing];
                }
                let count = sample[node as usize];
                let exact = shares.as_ref().map(|shares| shares[node as usize]);
                [
                    Cell::Count(count),
                    Cell::percent(count as f64 / keys),
                    Cell::percent_or_missing(exact),
                ]
            };
            let before = side(&movement.nodes.0, &movement.sample.before, &movement.shares.0);
            let after = side(&movement.nodes.1, &movement.sample.after, &movement.shares.1);
            let names = [Cell::text(movement.scheme.name()), Cell::text(name(node))];
            table.row(names.into_iter().chain(before).chain(after));
        }
    }
    table
}

impl Movement {
    /// The nodes before and after, each once, ascending.
    fn all_nodes(&self) -> Vec<u32> {
        let mut nodes = [self.nodes.0.as_slice(), &self.nodes.1].concat();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

fn moved_plot(question: Question, movements: &[Movement], minimum: f64) -> Plot {
    let groups = movements.iter().map(|movement| movement.scheme.name().to_owned()).collect();
    let series = |name: &str, value: &dyn Fn(&Movement) -> f64| {
        (name.to_owned(), movements.iter().map(|movement| value(movement) * 100.0).collect())
    };
    Plot {
        name: "moved-keys",
        title: format!("Keys that move from {} to {} nodes", question.before, question.after),
        y: "% of all keys",
        shape: Shape::Bars {
            groups,
            series: vec![
                series("sampled", &|movement| movement.sample.moved_share()),
                series("exact or expected", &Movement::share),
                series("the least possible", &|_| minimum),
            ],
        },
    }
}

/// Of the first scheme.
fn load_plot(movements: &[Movement]) -> Plot {
    let mut groups = Vec::new();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut title = "Share of each node".to_owned();
    if let Some(movement) = movements.first() {
        title = format!("Share of each node, {}", movement.scheme);
        for node in movement.all_nodes().into_iter().take(MOST_BARS) {
            groups.push(name(node));
            let share = |there: &[u32], counts: &[u64]| match there.binary_search(&node).is_ok() {
                true => counts[node as usize] as f64 / movement.sample.keys as f64 * 100.0,
                false => f64::NAN,
            };
            before.push(share(&movement.nodes.0, &movement.sample.before));
            after.push(share(&movement.nodes.1, &movement.sample.after));
        }
    }
    let series = vec![("before".to_owned(), before), ("after".to_owned(), after)];
    Plot { name: "load", title, y: "% of all keys", shape: Shape::Bars { groups, series } }
}
