//! Replicas over zones: what is left of the data when a zone fails, with copies that look at zones and with copies that do not.

use hash_ring::{Placement, Replicas, Shortage, Topology, Weight};

use super::{Context, check_keys, next};
use crate::balance::Balance;
use crate::cluster::Cluster;
use crate::plots::{Plot, Shape};
use crate::report::{Cell, Report, Table, grouped};
use crate::scheme::Scheme;
use crate::settings::{Settings, at_most};
use crate::{Error, Result};

/// The level of zones.
const ZONE: &str = "zone";

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Zones.
    pub zones: u64,
    /// Nodes in each.
    pub nodes_per_zone: u64,
    /// Copies of each key.
    pub replicas: u64,
    /// Keys in the sample.
    pub keys: u64,
}

/// How copies are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    /// On the first nodes that the placement prefers.
    Anywhere,
    /// On the first of those such that zones repeat as little as possible.
    Spread,
}

/// What was counted for one scheme and one way to place copies.
struct Findings {
    scheme: Scheme,
    copies: Copies,
    /// Keys whose copies are all in one zone.
    together: u64,
    /// Keys that the failure of each zone leaves without a majority of their copies, and without any.
    without_majority: Vec<u64>,
    lost: Vec<u64>,
    /// Copies on each node.
    held: Vec<u64>,
    /// First copies that are left on each node when the first zone fails.
    led: Vec<u64>,
}

/// Compares the schemes.
///
/// # Errors
/// What is wrong with the question, and whatever the library says.
pub fn run(question: Question, context: &mut Context<'_>) -> Result<Report> {
    let Question { zones, nodes_per_zone, replicas, keys } = question;
    for (what, count) in
        [("the number of zones", zones), ("the number of nodes in a zone", nodes_per_zone)]
    {
        if count == 0 {
            return Err(Error::NoNodes { what });
        }
    }
    let nodes = zones.saturating_mul(nodes_per_zone);
    context.settings.check_nodes("the number of nodes", nodes, context.schemes)?;
    at_most("the number of replicas", replicas, u64::from(u32::MAX))?;
    if replicas > nodes {
        return Err(Error::TooManyReplicas { replicas, nodes });
    }
    check_keys(keys)?;
    let settings = Settings { levels: &[ZONE], ..*context.settings };
    let mut topology = Topology::new(&[ZONE]).map_err(Error::from)?;
    // Zone by zone in turns, as clusters grow.
    let names: Vec<(String, Weight)> = (0..nodes)
        .map(|node| (format!("zone-{}/node-{node}", node % zones), Weight::ONE))
        .collect();
    for (name, weight) in &names {
        topology.add(name, *weight)?;
    }
    let mut findings = Vec::new();
    let mut skipped = Vec::new();
    for &scheme in context.schemes {
        let cluster = Cluster::new(scheme, &names, &settings)?;
        let Some(placement) = cluster.placement() else {
            skipped.push(scheme.name());
            continue;
        };
        for copies in [Copies::Anywhere, Copies::Spread] {
            context.progress.phase(format!("keys, {scheme}"), keys);
            findings.push(count(question, scheme, copies, placement, &topology, context)?);
        }
    }
    let mut report = report(question, &findings);
    if !skipped.is_empty() {
        report.notes.push(format!(
            "{}: has no order of preference to take copies from",
            skipped.join(", ")
        ));
    }
    Ok(report)
}

fn count(
    question: Question,
    scheme: Scheme,
    copies: Copies,
    placement: &dyn Placement,
    topology: &Topology,
    context: &mut Context<'_>,
) -> Result<Findings> {
    let (zones, replicas) = (question.zones as usize, question.replicas as usize);
    let rule = Replicas::new(topology, placement.roster(), replicas, ZONE, Shortage::Relax)?;
    let nodes = placement.roster().len();
    let mut findings = Findings {
        scheme,
        copies,
        together: 0,
        without_majority: vec![0; zones],
        lost: vec![0; zones],
        held: vec![0; nodes],
        led: vec![0; nodes],
    };
    let majority = replicas / 2 + 1;
    let mut in_zone = vec![0; zones];
    for key in 0..question.keys {
        let hash = context.settings.keys.hash(key);
        let list = match copies {
            Copies::Anywhere => placement.replicas(hash, replicas),
            Copies::Spread => rule.of_hash(placement, hash)?.nodes().to_vec(),
        };
        in_zone.fill(0);
        for node in &list {
            in_zone[node.index() % zones] += 1;
            findings.held[node.index()] += 1;
        }
        if let Some(first) = list.iter().find(|node| node.index() % zones != 0) {
            findings.led[first.index()] += 1;
        }
        findings.together += u64::from(in_zone.contains(&replicas));
        for (zone, copies) in in_zone.iter().enumerate() {
            let left = list.len() - copies;
            findings.without_majority[zone] += u64::from(left < majority);
            findings.lost[zone] += u64::from(left == 0);
        }
        if key % 1024 == 0 {
            context.progress.at(key);
        }
    }
    Ok(findings)
}

impl Findings {
    fn worst(counts: &[u64]) -> u64 {
        counts.iter().copied().max().unwrap_or(0)
    }

    fn held(&self) -> Option<Balance> {
        Balance::even(&self.held.iter().map(|copies| *copies as f64).collect::<Vec<_>>())
    }

    /// Of the nodes that are left without the first zone.
    fn led(&self, zones: u64) -> Option<Balance> {
        let left =
            self.led.iter().enumerate().filter(|(node, _)| !(*node as u64).is_multiple_of(zones));
        Balance::even(&left.map(|(_, keys)| *keys as f64).collect::<Vec<_>>())
    }
}

fn report(question: Question, findings: &[Findings]) -> Report {
    let Question { zones, nodes_per_zone, replicas, keys } = question;
    let share = |count: u64| count as f64 / keys as f64;
    let mut table = Table::new(
        "zones",
        format!(
            "{replicas} copies on {zones} zones of {nodes_per_zone} nodes, {} keys sampled",
            grouped(keys)
        ),
        &[
            ("algorithm", "algorithm"),
            ("copies", "copies"),
            ("together_percent", "all in one zone %"),
            ("without_majority_percent", "a zone fails: no majority %"),
            ("lost_percent", "no copy %"),
            ("held_imbalance", "copies max/mean"),
            ("led_imbalance", "first copies left max/mean"),
        ],
    );
    let imbalance = |b: Option<Balance>| b.map_or(Cell::Missing, |b| Cell::Real(b.most, 3));
    let mut bars = (Vec::new(), Vec::new(), Vec::new());
    for findings in findings {
        let without = share(Findings::worst(&findings.without_majority));
        let copies = match findings.copies {
            Copies::Anywhere => "anywhere",
            Copies::Spread => "over zones",
        };
        table.row([
            Cell::text(findings.scheme.name()),
            Cell::text(copies),
            Cell::percent(share(findings.together)),
            Cell::percent(without),
            Cell::percent(share(Findings::worst(&findings.lost))),
            imbalance(findings.held()),
            imbalance(findings.led(zones)),
        ]);
        match findings.copies {
            Copies::Anywhere => {
                bars.0.push(findings.scheme.name().to_owned());
                bars.1.push(without * 100.0);
            }
            Copies::Spread => bars.2.push(without * 100.0),
        }
    }
    let series = vec![("copies anywhere".to_owned(), bars.1), ("over zones".to_owned(), bars.2)];
    let mut report = Report {
        study: "zones",
        parameters: vec![
            ("zones", Cell::Count(zones)),
            ("nodes_per_zone", Cell::Count(nodes_per_zone)),
            ("replicas", Cell::Count(replicas)),
            ("keys", Cell::Count(keys)),
        ],
        tables: vec![table],
        plots: vec![Plot {
            name: "zones",
            title: "Keys without a majority of their copies when the worst zone fails".to_owned(),
            y: "% of all keys",
            shape: Shape::Bars { groups: bars.0, series },
        }],
        ..Report::default()
    };
    if zones < replicas {
        report.notes.push(format!(
            "{zones} zones cannot hold {replicas} copies apart: zones repeat as little as possible (Shortage::Relax); with Shortage::Strict \
             this would be an error"
        ));
    }
    if replicas > 1 && replicas.div_ceil(zones) > (replicas - 1) / 2 {
        report.notes.push(
            "One zone has so many of the copies that a majority does not survive it, however they are spread: it takes more zones or more copies"
                .to_owned(),
        );
    }
    report.next = next(&[
        ("zones --zones 2", "why two zones are not enough for three copies"),
        ("hot-keys", "what replicas do not help against"),
    ]);
    report
}
