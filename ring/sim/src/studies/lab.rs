//! Lab 1-6 of the course: a million keys from 3 to 4 nodes, virtual nodes, and the caches behind it all.

use hash_ring::Tokens;

use super::{Context, movement, sweep, warm_up};
use crate::Result;
use crate::report::Report;
use crate::scheme::Scheme;
use crate::settings::{RANDOM, Settings};

/// Nodes before and after.
const NODES: (u64, u64) = (3, 4);

/// The most virtual nodes.
const VIRTUAL_NODES: u64 = 4096;

/// Sets of names for random tokens.
const TRIALS: u64 = 100;

/// Entries of a cache: a twentieth of the keys.
const KEYS_A_CACHE_ENTRY: u64 = 20;

/// Requests for each key, before the change and again after it.
const REQUESTS_A_KEY: u64 = 2;

/// Windows in which hit rates are taken.
const WINDOWS: u64 = 200;

/// Runs all of it with so many keys.
///
/// # Errors
/// As the studies that it is made of.
pub fn run(keys: u64, context: &mut Context<'_>) -> Result<Report> {
    let (before, after) = NODES;
    let question = movement::Question { before, after, keys };
    let mut report = Report { study: "lab", ..Report::default() };

    // What is judged: the ring as it is recommended, and as it is usually built.
    let ring = [Scheme::RING];
    let recommended =
        of(context, &ring, context.settings.tokens, |context| movement::run(question, context))?;
    let usual =
        of(context, &ring, Tokens::Random(RANDOM), |context| movement::run(question, context))?;
    let modulo = of(context, &[Scheme::Modulo], context.settings.tokens, |context| {
        movement::run(question, context)
    })?;
    for (name, other) in [("random", &usual), ("modulo", &modulo)] {
        for id in ["moved_sampled_percent", "moved_exact_percent", "difference_points"] {
            if let Some(measure) = other.measures.iter().find(|measure| measure.id == id) {
                report.measure(format!("{id}_{name}"), measure.value, measure.unit);
            }
        }
    }
    report.measures.extend(recommended.measures);
    report.plots.extend(recommended.plots.into_iter().filter(|plot| plot.name == "load"));
    let mut loads = recommended.tables;
    loads.retain(|table| table.id == "load");
    report.tables.extend(loads);

    // What it is compared with.
    let all = Scheme::all();
    let tokens = context.settings.tokens;
    let mut compared = of(context, &all, tokens, |context| movement::run(question, context))?;
    compared.plots.retain(|plot| plot.name == "moved-keys");
    compared.tables.retain(|table| table.id == "moved");
    report.absorb(compared);

    let question = sweep::Question { nodes: after, up_to: VIRTUAL_NODES, trials: TRIALS };
    report.absorb(sweep::run(question, context)?);

    let requests = keys * REQUESTS_A_KEY;
    let question = warm_up::Question {
        before,
        after,
        keys,
        capacity: (keys / KEYS_A_CACHE_ENTRY).max(1),
        exponent: 0.99,
        requests,
        window: (requests / WINDOWS).max(1),
        peers: ring.to_vec(),
    };
    report.absorb(of(context, &all, tokens, |context| warm_up::run(&question, context))?);
    ratio(&mut report, "times_minimum", "moved_sampled_percent", "minimum_percent");
    ratio(&mut report, "origin_peak_ring_over_modulo", "origin_peak_ring", "origin_peak_modulo");
    Ok(report)
}

/// Notes one measure divided by another.
fn ratio(report: &mut Report, id: &str, above: &str, below: &str) {
    let value = |id: &str| report.measures.iter().find(|one| one.id == id).map(|one| one.value);
    if let (Some(above), Some(below)) = (value(above), value(below)) {
        report.measure(id, above / below, "ratio");
    }
}

/// A study of those schemes, with those tokens.
fn of(
    context: &mut Context<'_>,
    schemes: &[Scheme],
    tokens: Tokens,
    study: impl FnOnce(&mut Context<'_>) -> Result<Report>,
) -> Result<Report> {
    let settings = Settings { tokens, ..*context.settings };
    study(&mut Context { schemes, settings: &settings, progress: context.progress })
}
