//! Virtual nodes: what they buy in balance, and what they cost in memory and time; random tokens against allocated ones.

use std::hint::black_box;
use std::time::Instant;

use hash_ring::{Balance, Placement, Ring, Tokens, Weight, plan, virtual_nodes_for};

use super::{Context, next};
use crate::Result;
use crate::plots::{Line, Plot, Shape};
use crate::random::Random;
use crate::report::{Cell, Report, Table};
use crate::settings::at_most;
use crate::theory;

/// Lookups that are timed, and how often.
const LOOKUPS: usize = 500_000;
const TIMES: usize = 3;

/// The purpose of the random hashes that are looked up.
const HASHES: u64 = 0x5357_4550;

/// Numbers of virtual nodes whose imbalance is a measure of its own; the others are in the table.
const MEASURED: [u32; 3] = [1, 32, 1024];

/// Shares of a percent below this cannot be told from rounding.
const SEEN: f64 = 1e-2;

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Nodes.
    pub nodes: u64,
    /// The most virtual nodes.
    pub up_to: u64,
    /// Sets of node names for random tokens. Allocated ones do not look at names.
    pub trials: u64,
}

/// What rings of one kind are like.
struct Findings {
    tokens: Tokens,
    virtual_nodes: u32,
    /// Of each trial: the greatest share in relation to the mean, ascending.
    most: Vec<f64>,
    /// The standard deviation of shares, over all nodes of all trials.
    deviation: f64,
    /// Of each trial: the greatest share in relation to the mean when the node in the middle has failed, ascending.
    most_after_failure: Vec<f64>,
    /// The least and the greatest share that moved when the last node joined.
    moved: (f64, f64),
    /// Bytes for lookups, of each node.
    bytes: f64,
    /// Of a lookup, on this machine.
    nanos: f64,
}

/// Goes through powers of two.
///
/// # Errors
/// What is wrong with the question, and whatever the library says.
pub fn run(question: Question, context: &mut Context<'_>) -> Result<Report> {
    let Question { nodes, up_to, trials } = question;
    context.settings.check_nodes("the number of nodes", nodes, &[])?;
    at_most("the number of nodes", nodes, 100_000)?;
    at_most("the most virtual nodes", up_to, u64::from(Tokens::MAX))?;
    at_most("the number of trials", trials, 10_000)?;
    let points = nodes * up_to;
    context
        .settings
        .check_points(points, &format!("{points} points of two rings of {nodes} nodes"))?;
    let mut random = Random::new(context.settings.seed, HASHES);
    let hashes: Vec<u64> = (0..LOOKUPS).map(|_| random.bits()).collect();
    let steps: Vec<u32> = (0..=up_to.ilog2()).map(|power| 1 << power).collect();
    context.progress.phase("virtual nodes", 2 * steps.len() as u64);
    let mut findings = Vec::new();
    for virtual_nodes in steps {
        for tokens in [Tokens::Random(virtual_nodes), Tokens::Allocated(virtual_nodes)] {
            findings.push(study(question, tokens, virtual_nodes, &hashes, context)?);
            context.progress.at(findings.len() as u64);
        }
    }
    Ok(report(question, &findings))
}

fn study(
    question: Question,
    tokens: Tokens,
    virtual_nodes: u32,
    hashes: &[u64],
    context: &Context<'_>,
) -> Result<Findings> {
    let mut findings = Findings {
        tokens,
        virtual_nodes,
        most: Vec::new(),
        most_after_failure: Vec::new(),
        deviation: 0.0,
        moved: (f64::INFINITY, 0.0),
        bytes: 0.0,
        nanos: 0.0,
    };
    let trials = if matches!(tokens, Tokens::Random(_)) { question.trials } else { 1 };
    for trial in 0..trials {
        let names: Vec<String> =
            (0..question.nodes).map(|node| format!("trial-{trial}-node-{node}")).collect();
        let nodes = names.iter().map(|name| (name.as_str(), Weight::ONE));
        let others = nodes.clone().take(names.len() - 1);
        let key_hash = context.settings.keys.key_hash();
        let ring = Ring::with_nodes(tokens, key_hash, nodes)?;
        let without = Ring::with_nodes(tokens, key_hash, others)?;
        let moved = plan(&without, &ring)?.moved_share();
        findings.moved = (findings.moved.0.min(moved), findings.moved.1.max(moved));
        let balance = Balance::of(&ring)?;
        findings.most.push(balance.max_over_mean());
        findings.deviation += balance.standard_deviation().powi(2) / trials as f64;
        let mut failed = ring.clone();
        if let Some(middle) = failed.roster().find(&names[names.len() / 2]) {
            failed.remove(middle)?;
            findings.most_after_failure.push(Balance::of(&failed)?.max_over_mean());
        }
        if trial == 0 {
            findings.bytes = ring.heap_bytes() as f64 / question.nodes as f64;
            findings.nanos = nanos(&ring, hashes);
        }
    }
    findings.deviation = findings.deviation.sqrt();
    findings.most.sort_by(f64::total_cmp);
    findings.most_after_failure.sort_by(f64::total_cmp);
    Ok(findings)
}

/// What a lookup takes: the best of a few runs, since all that disturbs one makes it slower.
fn nanos(ring: &Ring, hashes: &[u64]) -> f64 {
    let once = || {
        let begun = Instant::now();
        for hash in hashes {
            black_box(ring.locate(*hash));
        }
        begun.elapsed().as_secs_f64() * 1e9 / hashes.len() as f64
    };
    (0..TIMES).map(|_| once()).fold(f64::INFINITY, f64::min)
}

impl Findings {
    fn kind(&self) -> &'static str {
        if matches!(self.tokens, Tokens::Random(_)) { "random" } else { "allocated" }
    }

    /// The median over trials.
    fn median(&self) -> f64 {
        median(&self.most)
    }

    fn worst(&self) -> f64 {
        self.most.last().copied().unwrap_or(f64::NAN)
    }
}

fn median(ascending: &[f64]) -> f64 {
    ascending.get(ascending.len() / 2).copied().unwrap_or(f64::NAN)
}

fn report(question: Question, findings: &[Findings]) -> Report {
    let Question { nodes, up_to, trials } = question;
    let mut table = Table::new(
        "sweep",
        format!("Virtual nodes on {nodes} nodes, {trials} sets of names for random tokens"),
        &[
            ("virtual_nodes", "virtual nodes"),
            ("tokens", "tokens"),
            ("most_median", "max/mean"),
            ("most_worst", "worst set"),
            ("deviation_percent", "deviation %"),
            ("theory_percent", "theory %"),
            ("failure_median", "one fails: max/mean"),
            ("moved_least_percent", "one joins: least %"),
            ("moved_most_percent", "most %"),
            ("bytes_per_node", "bytes / node"),
            ("lookup_nanos", "lookup ns"),
        ],
    );
    let mut report = Report {
        study: "sweep",
        parameters: vec![
            ("nodes", Cell::Count(nodes)),
            ("up_to", Cell::Count(up_to)),
            ("trials", Cell::Count(trials)),
        ],
        ..Report::default()
    };
    for kind in findings {
        let theory = theory::deviation_of_share(nodes, u64::from(kind.virtual_nodes));
        table.row([
            Cell::Count(u64::from(kind.virtual_nodes)),
            Cell::text(kind.kind()),
            Cell::Real(kind.median(), 4),
            Cell::Real(kind.worst(), 4),
            Cell::percent(kind.deviation),
            Cell::percent_or_missing((kind.kind() == "random").then_some(theory)),
            Cell::Real(median(&kind.most_after_failure), 4),
            Cell::percent(kind.moved.0),
            Cell::percent(kind.moved.1),
            Cell::Real(kind.bytes, 0),
            Cell::Real(kind.nanos, 1),
        ]);
        if MEASURED.contains(&kind.virtual_nodes) {
            let id = format!("imbalance_{}_{}", kind.kind(), kind.virtual_nodes);
            report.measure(id, kind.median(), "max / mean");
        }
    }
    let ratios = findings.iter().filter(|kind| kind.kind() == "random").map(|kind| {
        kind.deviation / theory::deviation_of_share(nodes, u64::from(kind.virtual_nodes))
    });
    if nodes > 1 {
        let steps = findings.len() / 2;
        report.measure("deviation_over_theory", ratios.sum::<f64>() / steps as f64, "ratio");
    }
    report.tables.push(table);
    if let Ok(enough) = virtual_nodes_for(nodes as usize, 1.05, 0.5) {
        report.notes.push(format!(
            "Random tokens need {} virtual nodes a node for the most loaded of {nodes} nodes to be at most 5 % above the mean, one time in two.",
            crate::report::grouped(u64::from(enough))
        ));
    }
    report.notes.push(
        "Balance is exact: shares of all 2^64 hashes, no sample. Theory: shares of random tokens are Beta distributed. Lookup times are this \
         machine's, the best of three runs over random hashes. In the plot lines end where the numbers fall below 0.01 %."
            .to_owned(),
    );
    report.plots.push(plot(question, findings));
    report.next = next(&[
        ("3 4 1_000_000 --tokens random --virtual-nodes 1", "what moves with one point a node"),
        ("3 4 1_000_000 --algo all", "what the other algorithms move"),
    ]);
    report
}

fn plot(question: Question, findings: &[Findings]) -> Plot {
    let line = |name: &str, kind: &str, value: &dyn Fn(&Findings) -> f64| -> Line {
        let points = findings.iter().filter(|findings| findings.kind() == kind);
        let point = |findings: &Findings| {
            let percent = value(findings) * 100.0;
            (f64::from(findings.virtual_nodes), if percent < SEEN { 0.0 } else { percent })
        };
        (name.to_owned(), points.map(point).collect())
    };
    let theory = |findings: &Findings| {
        theory::deviation_of_share(question.nodes, u64::from(findings.virtual_nodes))
    };
    Plot {
        name: "virtual-nodes",
        title: format!("Imbalance of a ring of {} nodes", question.nodes),
        y: "% of the mean share",
        shape: Shape::Lines {
            x: "virtual nodes",
            logarithmic: true,
            lines: vec![
                line("random: most loaded node above the mean", "random", &|it| it.median() - 1.0),
                line("random: standard deviation", "random", &|it| it.deviation),
                line("random: theory of the deviation", "random", &theory),
                line("allocated: most loaded node above the mean", "allocated", &|it| {
                    it.median() - 1.0
                }),
                line("allocated: standard deviation", "allocated", &|it| it.deviation),
            ],
        },
    }
}
