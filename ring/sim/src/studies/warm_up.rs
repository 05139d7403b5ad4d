//! Caches after a change of nodes: how deep the hit rate falls, what reaches the origin, how long it lasts.

mod caches;
mod course;

use super::{Context, check_exponent, next};
use crate::cluster::Cluster;
use crate::lru::Lru;
use crate::plots::{Line, Plot, Shape};
use crate::report::{Cell, Report, Table};
use crate::scheme::Scheme;
use crate::settings::Settings;
use crate::{Error, Result};
use caches::{Caches, Owners};
use course::Course;

/// The question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Nodes before.
    pub before: u64,
    /// Nodes after.
    pub after: u64,
    /// Keys that are asked for.
    pub keys: u64,
    /// Entries that the cache of a node holds.
    pub capacity: u64,
    /// How unequal keys are asked for.
    pub exponent: f64,
    /// Requests before the change, and again after it.
    pub requests: u64,
    /// Requests of a window, over which hit rates are taken.
    pub window: u64,
    /// Schemes that are run once more so that, after the change, a node that lacks a key asks its old owner before it asks the origin.
    pub peers: Vec<Scheme>,
}

/// Windows of a phase: fewer show no course, and a quarter of them is averaged.
const LEAST_WINDOWS: u64 = 8;

/// Runs the same requests against every scheme.
///
/// # Errors
/// What is wrong with the question; [`Error::Memory`]; whatever the library says.
pub fn run(question: &Question, context: &mut Context<'_>) -> Result<Report> {
    check(question, context)?;
    let mut courses = Vec::new();
    for &scheme in context.schemes {
        courses.push(follow(question, scheme, false, context)?);
        if question.peers.contains(&scheme) && question.before != question.after {
            courses.push(follow(question, scheme, true, context)?);
        }
    }
    Ok(report(question, &courses))
}

fn check(question: &Question, context: &Context<'_>) -> Result<()> {
    let Question { before, after, keys, capacity, exponent, requests, window, .. } = *question;
    for (what, nodes) in
        [("the number of nodes before", before), ("the number of nodes after", after)]
    {
        context.settings.check_nodes(what, nodes, context.schemes)?;
    }
    let range = |what, found: String, allowed: &str| {
        Err(Error::OutOfRange { what, found, allowed: allowed.to_owned() })
    };
    if keys == 0 || keys >= u64::from(u32::MAX) {
        return range(
            "the number of keys",
            keys.to_string(),
            "1 to 4294967294: caches know them by 32 bits",
        );
    }
    if capacity == 0 || capacity >= u64::from(u32::MAX) {
        return range("the capacity of a cache", capacity.to_string(), "1 to 4294967294 entries");
    }
    check_exponent(exponent)?;
    if window == 0 || requests / window < LEAST_WINDOWS {
        let found = format!("{window} of {requests} requests");
        return range("the window", found, "at least 1, and at most an eighth of the requests");
    }
    let nodes = before.max(after);
    let caches = nodes.saturating_mul(Lru::heap_bytes(capacity));
    context.settings.check_memory(
        "this study",
        &[
            (format!("caches of {capacity} entries on {nodes} nodes"), caches),
            (format!("two owners for each of {keys} keys"), keys.saturating_mul(8)),
            ("windows".to_owned(), (requests / window).saturating_mul(32)),
        ],
    )
}

/// One scheme.
fn follow(
    question: &Question,
    scheme: Scheme,
    peers: bool,
    context: &mut Context<'_>,
) -> Result<Course> {
    let settings = Settings { most_nodes: question.after, ..*context.settings };
    let old = Cluster::of(question.before, scheme, &settings)?;
    let new = old.resized(question.after)?;
    let owners = Owners::of(&old, &new, context.settings.keys, question.keys as u32);
    let name = if peers { format!("{scheme}, peers asked") } else { scheme.to_string() };
    context.progress.phase(format!("caches, {name}"), 2 * question.requests);
    let mut caches = Caches::new(question, context.settings.seed, &old);
    let before = caches.run(&owners.before, None, context.progress, 0);
    caches.change(&new);
    let asked = peers.then_some(owners.before.as_slice());
    let after = caches.run(&owners.after, asked, context.progress, question.requests);
    let moved = owners.before.iter().zip(&owners.after).filter(|(old, new)| old != new).count();
    Ok(Course {
        name,
        window: question.window,
        moved: moved as f64 / owners.before.len() as f64,
        before,
        after,
    })
}

fn report(question: &Question, courses: &[Course]) -> Report {
    let Question { before, after, keys, capacity, exponent, requests, window, .. } = *question;
    let mut table = Table::new(
        "warm_up",
        format!("Caches from {before} to {after} nodes"),
        &[
            ("algorithm", "algorithm"),
            ("moved_percent", "keys moved %"),
            ("hit_before_percent", "hit rate before %"),
            ("hit_lowest_percent", "lowest %"),
            ("hit_after_percent", "in the end %"),
            ("origin_peak", "origin load, peak / before"),
            ("back_requests", "requests until as before"),
            ("recovery_requests", "until as in the end"),
            ("extra_fetches", "extra fetches"),
        ],
    );
    let mut report = Report {
        study: "warm-up",
        parameters: vec![
            ("before", Cell::Count(before)),
            ("after", Cell::Count(after)),
            ("keys", Cell::Count(keys)),
            ("capacity", Cell::Count(capacity)),
            ("exponent", Cell::Real(exponent, 2)),
            ("requests", Cell::Count(requests)),
            ("window", Cell::Count(window)),
        ],
        ..Report::default()
    };
    for course in courses {
        let (back, recovery) = (course.back(), course.recovery());
        table.row([
            Cell::text(&course.name),
            Cell::percent(course.moved),
            Cell::percent(course.rate_before()),
            Cell::percent(course.lowest()),
            Cell::percent(course.rate_after()),
            Cell::Real(course.peak(), 3),
            back.map_or(Cell::Missing, Cell::Count),
            recovery.map_or(Cell::Missing, Cell::Count),
            Cell::Real(course.extra_fetches(), 0),
        ]);
        let id = course.name.replace(", ", "-").replace(' ', "-");
        report.measure(format!("origin_peak_{id}"), course.peak(), "times");
        if let Some(recovery) = recovery {
            report.measure(format!("recovery_{id}"), recovery as f64, "requests");
        }
        if course.drift() > 0.005 {
            report.notes.push(format!(
                "{}: the hit rate was still changing by {:.2} points when the run ended: ask for more --requests",
                course.name,
                course.drift() * 100.0
            ));
        }
    }
    report.tables.push(table);
    report.notes.push(format!(
        "Each node caches {} entries, least recently used go first; {} keys are asked for by Zipf's law with exponent {exponent}; rates are \
         of windows of {} requests. As before, as in the end: within 1 point. Extra fetches: what reached the origin beyond the rate before.",
        crate::report::grouped(capacity),
        crate::report::grouped(keys),
        crate::report::grouped(window),
    ));
    let line = |course: &Course| -> Line { (course.name.clone(), course.points()) };
    report.plots.push(Plot {
        name: "warm-up",
        title: format!("Hit rate when {before} caches become {after}"),
        y: "% of requests that do not reach the origin",
        shape: Shape::Lines {
            x: "requests since the change",
            logarithmic: false,
            lines: courses.iter().map(line).collect(),
        },
    });
    report.next = next(&[
        ("warm-up --peers", "what it helps to ask the old owner before the origin"),
        ("warm-up 4 3", "a cache fails"),
        ("warm-up 3 4 --out out/warm-up", "the same with a plot"),
    ]);
    report
}

#[cfg(test)]
mod tests;
