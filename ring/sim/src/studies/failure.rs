//! A node fails: who takes its keys, and how evenly.

use super::{Context, check_keys, next};
use crate::balance::Balance;
use crate::cluster::{Cluster, name};
use crate::plots::{Plot, Shape};
use crate::report::{Cell, Report, Table, grouped};
use crate::sample::Sample;
use crate::{Error, Result};

/// Nodes that get a column of their own.
const MOST_COLUMNS: u64 = 12;

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Nodes, one of which fails.
    pub nodes: u64,
    /// The number of that one; from the middle if nobody cares.
    pub failing: Option<u64>,
    /// Keys in the sample.
    pub keys: u64,
}

/// Compares the schemes.
///
/// # Errors
/// What is wrong with the question, and whatever the library says.
pub fn run(question: Question, context: &mut Context<'_>) -> Result<Report> {
    let Question { nodes, keys, .. } = question;
    context.settings.check_nodes("the number of nodes", nodes, context.schemes)?;
    check_keys(keys)?;
    let failing = question.failing.unwrap_or(nodes / 2);
    if nodes < 2 {
        let (what, found) = ("the number of nodes", nodes.to_string());
        let allowed = "2 or more: somebody must take the keys of the one that fails".to_owned();
        return Err(Error::OutOfRange { what, found, allowed });
    }
    if failing >= nodes {
        let (what, found) = ("the failing node", failing.to_string());
        return Err(Error::OutOfRange { what, found, allowed: format!("0 to {}", nodes - 1) });
    }
    let mut heirs = Table::new(
        "heirs",
        format!("Who takes the keys of {}, in % of its keys", name(failing as u32)),
        &[("algorithm", "algorithm")],
    );
    let survivors = (0..nodes).filter(|node| *node != failing);
    if nodes <= MOST_COLUMNS {
        heirs = heirs.with_columns(survivors.clone().map(|node| name(node as u32)));
    }
    let mut table = Table::new(
        "failure",
        format!("{} of {nodes} nodes fails, {} keys sampled", name(failing as u32), grouped(keys)),
        &[
            ("algorithm", "algorithm"),
            ("failed_percent", "its keys %"),
            ("heirs", "heirs"),
            ("least_heir_percent", "least any takes %"),
            ("most_heir_percent", "most any takes %"),
            ("even_percent", "even would be %"),
            ("for_nothing_percent", "moved for nothing %"),
            ("imbalance_before", "max/mean before"),
            ("imbalance_after", "after"),
        ],
    );
    let mut plot = (Vec::new(), Vec::new(), Vec::new());
    for &scheme in context.schemes {
        context.progress.phase(format!("keys, {scheme}"), keys);
        let before = Cluster::of(nodes, scheme, context.settings)?;
        let mut after = before.clone();
        after.leave(failing as u32)?;
        let mut taken = vec![0; nodes as usize];
        let pair = (&before, &after);
        let sample =
            Sample::take(pair, context.settings.keys, keys, context.progress, |from, to| {
                if u64::from(from) == failing {
                    taken[to as usize] += 1;
                }
            });
        let fate = Fate::of(failing as u32, &sample, &taken);
        let imbalance =
            |balance: Option<Balance>| balance.map_or(Cell::Missing, |b| Cell::Real(b.most, 3));
        table.row([
            Cell::text(scheme.name()),
            Cell::percent(fate.lost as f64 / keys as f64),
            Cell::Count(fate.taken.iter().filter(|keys| **keys > 0.0).count() as u64),
            Cell::percent(fate.taken.iter().copied().fold(1.0, f64::min)),
            Cell::percent(fate.taken.iter().copied().fold(0.0, f64::max)),
            Cell::percent(1.0 / (nodes - 1) as f64),
            Cell::percent(fate.for_nothing),
            imbalance(fate.before),
            imbalance(fate.after),
        ]);
        if nodes <= MOST_COLUMNS {
            let taken = fate.taken.iter().map(|share| Cell::percent(*share));
            heirs.row([Cell::text(scheme.name())].into_iter().chain(taken));
        }
        plot.0.push(scheme.name().to_owned());
        plot.1.push(fate.before.map_or(f64::NAN, |balance| balance.most));
        plot.2.push(fate.after.map_or(f64::NAN, |balance| balance.most));
    }
    let shape = Shape::Bars {
        groups: plot.0,
        series: vec![("before".to_owned(), plot.1), ("after".to_owned(), plot.2)],
    };
    let mut report = Report {
        study: "failure",
        parameters: vec![
            ("nodes", Cell::Count(nodes)),
            ("failing", Cell::Count(failing)),
            ("keys", Cell::Count(keys)),
        ],
        plots: vec![Plot {
            name: "failure",
            title: format!("The most loaded node before and after {} fails", name(failing as u32)),
            y: "max / mean",
            shape,
        }],
        ..Report::default()
    };
    report.tables.push(table);
    if nodes <= MOST_COLUMNS {
        report.tables.push(heirs);
    }
    report.notes.push("moved for nothing: keys that were not on the failed node".to_owned());
    report.next = next(&[
        (
            "failure --algo ring --virtual-nodes 1 --tokens random",
            "one point a node: one heir takes all",
        ),
        ("zones", "what of the data is left when a whole zone fails"),
    ]);
    Ok(report)
}

/// What became of the keys of one node.
struct Fate {
    /// How many it had.
    lost: u64,
    /// The shares of them that each survivor took, in the order of their numbers.
    taken: Vec<f64>,
    for_nothing: f64,
    before: Option<Balance>,
    after: Option<Balance>,
}

impl Fate {
    fn of(failed: u32, sample: &Sample, taken: &[u64]) -> Self {
        let survivors = |of: &[u64]| -> Vec<f64> {
            let loads = of.iter().enumerate().filter(|(node, _)| *node != failed as usize);
            loads.map(|(_, load)| *load as f64).collect()
        };
        let lost = sample.before[failed as usize];
        Self {
            lost,
            taken: survivors(taken).into_iter().map(|keys| keys / lost.max(1) as f64).collect(),
            for_nothing: sample.share_for_nothing(),
            before: Balance::even(
                &sample.before.iter().map(|keys| *keys as f64).collect::<Vec<_>>(),
            ),
            after: Balance::even(&survivors(&sample.after)),
        }
    }
}
