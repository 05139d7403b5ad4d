//! Popular keys: what they do to the nodes that own them, and what bounded load makes of it.

use std::collections::{BTreeSet, VecDeque};

use hash_ring::{Bounded, CapacityFactor, NodeId};

use super::{Context, check_exponent, next};
use crate::Result;
use crate::balance::Balance;
use crate::cluster::Cluster;
use crate::plots::{Plot, Shape};
use crate::random::Random;
use crate::report::{Cell, Report, Table, grouped};
use crate::scheme::Scheme;
use crate::settings::at_most;
use crate::zipf::Zipf;

/// The purpose of the random numbers: all schemes see the same requests.
const REQUESTS: u64 = 0x484F_544B;

/// Keys that can be told apart by the numbers that Zipf's law is computed with.
const MOST_KEYS: u64 = 1 << 52;

/// Requests that may be open, and that may come.
const MOST_REQUESTS: u64 = 1 << 40;

/// Requests between two looks at the progress.
const STRIDE: u64 = 1 << 14;

/// The question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Nodes.
    pub nodes: u64,
    /// Keys that are asked for.
    pub keys: u64,
    /// How unequal keys are asked for.
    pub exponent: f64,
    /// Requests.
    pub requests: u64,
    /// How many of them are open at a time: each ends when so many others have come.
    pub open: u64,
    /// Capacity factors.
    pub factors: Vec<f64>,
}

/// What the requests came to under one scheme with one bound.
struct Findings {
    scheme: Scheme,
    factor: Option<CapacityFactor>,
    /// Requests that each node served.
    served: Balance,
    /// The most that were open on one node, in relation to the mean.
    most_open: f64,
    /// Requests that somebody else than the key's owner served.
    elsewhere: u64,
    /// Nodes that served the most popular key.
    hottest: usize,
}

/// Compares schemes and bounds.
///
/// # Errors
/// What is wrong with the question, and whatever the library says.
pub fn run(question: &Question, context: &mut Context<'_>) -> Result<Report> {
    context.settings.check_nodes("the number of nodes", question.nodes, context.schemes)?;
    at_most("the number of keys", question.keys, MOST_KEYS)?;
    at_most("the number of requests", question.requests, MOST_REQUESTS)?;
    at_most("the number of open requests", question.open, question.requests)?;
    check_exponent(question.exponent)?;
    let bytes = question.open.saturating_mul(4);
    context.settings.check_memory("this study", &[("open requests".to_owned(), bytes)])?;
    let factors: Vec<CapacityFactor> = question
        .factors
        .iter()
        .map(|factor| Ok(CapacityFactor::new(*factor)?))
        .collect::<Result<_>>()?;
    let mut findings = Vec::new();
    for &scheme in context.schemes {
        let cluster = Cluster::of(question.nodes, scheme, context.settings)?;
        let bounds = factors.iter().copied().map(Some).filter(|_| cluster.placement().is_some());
        for factor in [None].into_iter().chain(bounds) {
            findings.extend(follow(question, &cluster, factor, context));
        }
    }
    Ok(report(question, &findings))
}

/// Sends all requests. Nothing if there were none.
fn follow(
    question: &Question,
    cluster: &Cluster,
    factor: Option<CapacityFactor>,
    context: &mut Context<'_>,
) -> Option<Findings> {
    let what = factor.map_or_else(|| "unbounded".to_owned(), |factor| format!("at most {factor}"));
    context.progress.phase(format!("{}, {what}", cluster.scheme()), question.requests);
    let zipf = Zipf::new(question.keys, question.exponent);
    let mut random = Random::new(context.settings.seed, REQUESTS);
    let bounded = factor.and_then(|factor| Some(Bounded::new(cluster.boxed_placement()?, factor)));
    let ids: Vec<NodeId> = cluster
        .placement()
        .map_or_else(Vec::new, |placement| placement.roster().iter().map(|(id, _)| id).collect());
    let mut queue: VecDeque<u32> = VecDeque::with_capacity(question.open as usize);
    let mut open = vec![0_u64; question.nodes as usize];
    let mut served = vec![0.0; question.nodes as usize];
    let (mut most, mut elsewhere, mut hottest) = (0, 0, BTreeSet::new());
    for request in 0..question.requests {
        if queue.len() as u64 == question.open
            && let Some(done) = queue.pop_front()
        {
            open[done as usize] -= 1;
            if let Some(bounded) = &bounded {
                bounded.release(ids[done as usize]);
            }
        }
        let key = zipf.rank(&mut random);
        let hash = context.settings.keys.hash(key);
        let owner = cluster.owner(hash);
        let node = match &bounded {
            None => owner,
            Some(bounded) => bounded.assign(hash)?.index() as u32,
        };
        queue.push_back(node);
        open[node as usize] += 1;
        served[node as usize] += 1.0;
        elsewhere += u64::from(node != owner);
        if key == 0 {
            hottest.insert(node);
        }
        // Before the first one ends the mean is still rising.
        if queue.len() as u64 == question.open {
            most = most.max(open[node as usize]);
        }
        if request % STRIDE == 0 {
            context.progress.at(request);
        }
    }
    Some(Findings {
        scheme: cluster.scheme(),
        factor,
        served: Balance::even(&served)?,
        most_open: most as f64 * question.nodes as f64 / question.open as f64,
        elsewhere,
        hottest: hottest.len(),
    })
}

fn report(question: &Question, findings: &[Findings]) -> Report {
    let mut table = Table::new(
        "hot_keys",
        format!(
            "{} requests for {} keys by Zipf's law with exponent {}, {} nodes, {} open at a time",
            grouped(question.requests),
            grouped(question.keys),
            question.exponent,
            question.nodes,
            grouped(question.open)
        ),
        &[
            ("algorithm", "algorithm"),
            ("factor", "capacity factor"),
            ("served_imbalance", "served: max/mean"),
            ("open_imbalance", "open: most/mean"),
            ("elsewhere_percent", "not by the owner %"),
            ("hottest_nodes", "nodes of the hottest key"),
        ],
    );
    for findings in findings {
        let factor = findings.factor.map_or(Cell::Missing, |factor| Cell::Real(factor.get(), 3));
        table.row([
            Cell::text(findings.scheme.name()),
            factor,
            Cell::Real(findings.served.most, 3),
            Cell::Real(findings.most_open, 3),
            Cell::percent(findings.elsewhere as f64 / question.requests as f64),
            Cell::Count(findings.hottest as u64),
        ]);
    }
    let mut report = Report {
        study: "hot-keys",
        parameters: vec![
            ("nodes", Cell::Count(question.nodes)),
            ("keys", Cell::Count(question.keys)),
            ("exponent", Cell::Real(question.exponent, 2)),
            ("requests", Cell::Count(question.requests)),
            ("open", Cell::Count(question.open)),
        ],
        tables: vec![table],
        plots: vec![plot(findings)],
        ..Report::default()
    };
    report.notes.push(
        "A request is open until so many others have come, so that all last equally long. The factor bounds what is open on a node: at most \
         so many times its share, rounded up to a whole request."
            .to_owned(),
    );
    report.next = next(&[
        ("hot-keys --exponent 1.3", "one key that is more than a node can take"),
        ("warm-up --peers", "what new nodes do to the hit rate of caches"),
    ]);
    report
}

fn plot(findings: &[Findings]) -> Plot {
    let name = |factor: Option<CapacityFactor>| {
        factor.map_or_else(|| "no bound".to_owned(), |factor| format!("factor {factor}"))
    };
    let mut groups: Vec<String> = Vec::new();
    let mut series: Vec<(String, Vec<f64>)> = Vec::new();
    for one in findings {
        if !groups.contains(&name(one.factor)) {
            groups.push(name(one.factor));
        }
        if !series.iter().any(|(scheme, _)| scheme == one.scheme.name()) {
            series.push((one.scheme.name().to_owned(), Vec::new()));
        }
    }
    for (scheme, values) in &mut series {
        let value = |group: &String| {
            let found = findings
                .iter()
                .find(|one| one.scheme.name() == scheme && name(one.factor) == *group);
            found.map_or(f64::NAN, |one| one.most_open)
        };
        *values = groups.iter().map(value).collect();
    }
    Plot {
        name: "hot-keys",
        title: "The busiest node under Zipf traffic".to_owned(),
        y: "open requests, most / mean",
        shape: Shape::Bars { groups, series },
    }
}

#[cfg(test)]
mod tests {
    use hash_ring::Algorithm;

    use super::*;
    use crate::progress::Progress;
    use crate::settings::Settings;

    fn question() -> Question {
        Question {
            nodes: 5,
            keys: 10_000,
            exponent: 1.1,
            requests: 20_000,
            open: 200,
            factors: vec![1.25],
        }
    }

    fn findings(factor: Option<f64>) -> Findings {
        let settings = Settings::default();
        let schemes = [Scheme::Of(Algorithm::Rendezvous)];
        let mut progress = Progress::hidden();
        let mut context =
            Context { schemes: &schemes, settings: &settings, progress: &mut progress };
        let cluster = Cluster::of(5, schemes[0], &settings).unwrap();
        let factor = factor.map(|factor| CapacityFactor::new(factor).unwrap());
        follow(&question(), &cluster, factor, &mut context).unwrap()
    }

    /// The library's promise, by counts that are not the library's.
    #[test]
    fn no_node_has_more_than_its_bound() {
        let free = findings(None);
        assert!(free.most_open > 1.4 && free.elsewhere == 0 && free.hottest == 1);
        for factor in [1.05, 1.25, 1.5] {
            let bounded = findings(Some(factor));
            // 200 open on 5 nodes: capacities are whole numbers, rounded up.
            let bound = (CapacityFactor::new(factor).unwrap().get() * 40.0).ceil() / 40.0;
            assert!(bounded.most_open <= bound, "{factor}: {}", bounded.most_open);
            assert!(bounded.elsewhere > 0 && bounded.served.most < free.served.most);
        }
    }

    #[test]
    fn tighter_bounds_send_more_elsewhere() {
        let elsewhere = [2.0, 1.5, 1.25, 1.05].map(|factor| findings(Some(factor)).elsewhere);
        assert!(elsewhere.is_sorted(), "{elsewhere:?}");
    }

    #[test]
    fn bad_questions() {
        let settings = Settings { max_memory: 1 << 20, ..Settings::default() };
        let mut progress = Progress::hidden();
        for (bad, says) in [
            (Question { nodes: 0, ..question() }, "nodes is 0"),
            (Question { keys: 0, ..question() }, "keys is 0"),
            (Question { requests: 0, ..question() }, "requests is 0"),
            (Question { open: 0, ..question() }, "open requests is 0"),
            (Question { open: 1_000_000, requests: 1_000_000, ..question() }, "MiB of memory"),
            (Question { exponent: f64::NAN, ..question() }, "exponent is NaN"),
            (Question { factors: vec![1.0], ..question() }, "capacity factor is 1"),
        ] {
            let schemes = [Scheme::Of(Algorithm::Rendezvous)];
            let mut context =
                Context { schemes: &schemes, settings: &settings, progress: &mut progress };
            let why = run(&bad, &mut context).unwrap_err();
            assert!(why.to_string().contains(says), "{why}");
            assert_eq!(why.exit_code(), 2);
        }
    }
}
