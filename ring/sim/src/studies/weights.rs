//! Nodes of different weights: whether they get their due, and what it moves to change one.

use hash_ring::Weight;

use super::{Context, check_keys, next};
use crate::balance::Balance;
use crate::cluster::{Cluster, name};
use crate::plots::{Plot, Shape};
use crate::report::{Cell, Report, Table, grouped};
use crate::sample::Sample;
use crate::{Error, Result};

/// Nodes that get a column of their own.
const MOST_COLUMNS: usize = 12;

/// The question.
#[derive(Clone, Debug)]
pub struct Question {
    /// The weights of the nodes.
    pub weights: Vec<f64>,
    /// Keys in the sample.
    pub keys: u64,
}

/// Compares the schemes, and then again with the last node's weight halved.
///
/// # Errors
/// What is wrong with the question, and whatever the library says but that it knows no weights.
pub fn run(question: &Question, context: &mut Context<'_>) -> Result<Report> {
    let keys = question.keys;
    let nodes = question.weights.len();
    context.settings.check_nodes("the number of weights", nodes as u64, context.schemes)?;
    check_keys(keys)?;
    let weights: Vec<Weight> =
        question.weights.iter().map(|weight| Ok(Weight::new(*weight)?)).collect::<Result<_>>()?;
    let halved = halved(&weights)?;
    let named: Vec<_> =
        weights.iter().enumerate().map(|(node, weight)| (name(node as u32), *weight)).collect();
    let due: Vec<f64> = weights.iter().map(|weight| weight.get()).collect();
    let sum: f64 = due.iter().sum();
    let mut shares = Table::new(
        "shares",
        format!("Share of each node in %, {} keys sampled", grouped(keys)),
        &[("algorithm", "algorithm")],
    );
    if nodes <= MOST_COLUMNS {
        let heading =
            |(node, weight): (usize, &Weight)| format!("{} ({weight})", name(node as u32));
        shares = shares.with_columns(weights.iter().enumerate().map(heading));
        let due = due.iter().map(|weight| Cell::percent(weight / sum));
        shares.row([Cell::text("due by weight")].into_iter().chain(due));
    }
    let mut table = Table::new(
        "weights",
        format!("Nodes of {nodes} weights, and {} then weighing half", name(nodes as u32 - 1)),
        &[
            ("algorithm", "algorithm"),
            ("most", "most / due"),
            ("least", "least / due"),
            ("deviation_percent", "deviation %"),
            ("halving_moved_percent", "halving moves %"),
            ("halving_exact_percent", "exact %"),
            ("halving_minimum_percent", "minimum %"),
            ("remark", ""),
        ],
    );
    let mut bars = (Vec::new(), Vec::new());
    for &scheme in context.schemes {
        context.progress.phase(format!("keys, {scheme}"), keys);
        let before = match Cluster::new(scheme, &named, context.settings) {
            Err(error) if is_no_weights(&error) => {
                let missing = std::iter::repeat_n(Cell::Missing, 6);
                let row = [Cell::text(scheme.name())].into_iter().chain(missing);
                table.row(row.chain([Cell::text("knows no weights")]));
                continue;
            }
            other => other?,
        };
        let mut after = before.clone();
        let mut remark = "";
        match after.reweight(nodes as u32 - 1, halved) {
            Err(error) if is_no_weights(&error) => remark = "weights stay as they are",
            other => other?,
        }
        let sample = Sample::take(
            (&before, &after),
            context.settings.keys,
            keys,
            context.progress,
            |_, _| (),
        );
        let loads: Vec<f64> = sample.before.iter().map(|keys| *keys as f64).collect();
        let exact = before.moved_share(&after).filter(|_| remark.is_empty());
        let halving = remark.is_empty().then(|| sample.moved_share());
        let Some(balance) = Balance::of(&loads, &due) else { continue };
        table.row([
            Cell::text(scheme.name()),
            Cell::Real(balance.most, 3),
            Cell::Real(balance.least, 3),
            Cell::percent(balance.deviation),
            Cell::percent_or_missing(halving),
            Cell::percent_or_missing(exact),
            Cell::percent(minimum(&due, halved.get())),
            Cell::text(remark),
        ]);
        if nodes <= MOST_COLUMNS {
            let row = loads.iter().map(|load| Cell::percent(load / keys as f64));
            shares.row([Cell::text(scheme.name())].into_iter().chain(row));
        }
        bars.0.push(scheme.name().to_owned());
        bars.1.push(loads);
    }
    let of_node = |node: usize| {
        let share = |loads: &Vec<f64>| loads[node] / keys as f64 * 100.0;
        (format!("weight {}", weights[node]), bars.1.iter().map(share).collect())
    };
    let shape = Shape::Bars {
        series: (0..nodes.min(MOST_COLUMNS)).map(of_node).collect(),
        groups: bars.0.clone(),
    };
    let mut report = Report {
        study: "weights",
        parameters: vec![("nodes", Cell::Count(nodes as u64)), ("keys", Cell::Count(keys))],
        plots: vec![Plot {
            name: "weights",
            title: "Shares of nodes of different weights".to_owned(),
            y: "% of all keys",
            shape,
        }],
        ..Report::default()
    };
    report.tables.push(table);
    if nodes <= MOST_COLUMNS {
        report.tables.push(shares);
    }
    report.next = next(&[("failure", "who takes the keys of a node that fails")]);
    Ok(report)
}

fn is_no_weights(error: &Error) -> bool {
    matches!(error, Error::NoWeights | Error::Placement(hash_ring::Error::Unsupported { .. }))
}

/// Half of the last weight.
fn halved(weights: &[Weight]) -> Result<Weight> {
    Ok(Weight::new(weights.last().copied().unwrap_or_default().get() / 2.0)?)
}

/// The least share that must move when the last node's weight becomes `halved`: what the others are due more.
fn minimum(due: &[f64], halved: f64) -> f64 {
    let Some((last, others)) = due.split_last() else { return 0.0 };
    let others: f64 = others.iter().sum();
    others / (others + halved) - others / (others + last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_that_moves() {
        // 1/7, 2/7, 4/7 become 1/5, 2/5, 2/5.
        assert!((minimum(&[1.0, 2.0, 4.0], 2.0) - (4.0 / 7.0 - 2.0 / 5.0)).abs() < 1e-12);
        assert_eq!(minimum(&[3.0], 1.5), 0.0);
        assert_eq!(halved(&[Weight::ONE]).unwrap().get(), 0.5);
    }
}
