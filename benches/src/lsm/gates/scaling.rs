//! Two writers against one: the same records, one right after the other, several times a round.

use super::Choice;
use crate::judge::quantile;
use crate::lsm::Result;
use crate::lsm::child::{Outcome, Work};
use crate::lsm::line::APART;
use crate::lsm::measure::{Contestant, Harness, spec};
use crate::measurement::Round;

/// What the pairs are for.
pub(super) const GATE: &str = "lsm.fillrandom.scaling";

/// Pairs a round whose processors share a cache. A pair takes two seconds; the host leaves processors where they are for some seconds or
/// minutes.
const PAIRS: usize = 5;
/// Pairs a round at most.
const TRIES: usize = 4 * PAIRS;

/// The names of the two pieces of work.
const ONE: &str = "pairs: one writer";
const TWO: &str = "pairs: two writers";

/// Runs a round's pairs, until there are enough or it is not to be hoped for.
pub(super) fn run(harness: &mut Harness, choice: &Choice, round: usize) -> Result<()> {
    let mut ours = choice.contestants();
    ours.retain(|one| one.name == "lsm");
    for pair in 0..TRIES {
        if near(harness).len() >= PAIRS * (round + 1) || failure(harness).is_some() {
            break;
        }
        let records = choice.records(1_000_000, 100, round * TRIES + pair);
        for (name, writers) in [(ONE, 1), (TWO, 2)] {
            let place = harness.dir("fill", "");
            harness.turn(name, round, &ours, |one: &Contestant| {
                let dir = place.with_file_name(format!("fill-{}", one.database()));
                Ok(spec(one, dir, records, Work::Fill { writers, compact: false }))
            });
            harness.clear("fill")?;
        }
    }
    Ok(())
}

/// A pair of readings, and how long a cache line took between the processors meanwhile, at most.
struct Pair {
    one: f64,
    two: f64,
    line: f64,
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.two / self.one
    }
}

fn pairs(harness: &Harness) -> Vec<Pair> {
    let of = |work| {
        let outcomes = harness.outcomes.get(work).and_then(|outcomes| outcomes.get("lsm"));
        outcomes.map_or(&[] as &[Outcome], Vec::as_slice)
    };
    let line = |outcome: &Outcome| outcome.line.into_iter().fold(0.0, f64::max);
    let both = of(ONE).iter().zip(of(TWO));
    both.map(|(one, two)| Pair { one: one.rate(), two: two.rate(), line: line(one).max(line(two)) })
        .collect()
}

/// Those whose processors shared a cache all the time.
fn near(harness: &Harness) -> Vec<Pair> {
    pairs(harness).into_iter().filter(|pair| pair.line < APART).collect()
}

fn failure(harness: &Harness) -> Option<&str> {
    [ONE, TWO].iter().find_map(|work| harness.failure("lsm", work))
}

/// What the gate reads: as many medians as there were rounds, of pairs whose processors shared a cache.
pub(super) fn rounds(harness: &Harness) -> std::result::Result<Vec<Round>, String> {
    if let Some(reason) = failure(harness) {
        return Err(format!("lsm failed: {reason}"));
    }
    let mut near = near(harness);
    if near.len() < harness.rounds {
        let all = pairs(harness);
        let line = quantile(&all.iter().map(|pair| pair.line).collect::<Vec<_>>(), 0.5);
        return Err(format!(
            "the processors shared a cache in {} of {} pairs; a line takes {line:.0} ns",
            near.len(),
            all.len()
        ));
    }
    let each = near.len() / harness.rounds.max(1);
    let rounds = near.chunks_mut(each.max(1)).map(|round| {
        round.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
        let median = &round[round.len() / 2];
        Round::against(median.two, [("lsm-one-writer", median.one)])
    });
    Ok(rounds.collect())
}

/// What there is to say of the pairs that the gate does not read; empty if there are none.
#[must_use]
pub fn apart(harness: &Harness) -> String {
    let all = pairs(harness);
    let ratios: Vec<f64> = all.iter().filter(|pair| pair.line >= APART).map(Pair::ratio).collect();
    if ratios.is_empty() {
        return String::new();
    }
    format!(
        "{} of {} pairs of fills were on processors that share no cache (over {APART} ns a line): there two writers are {:.2}x one",
        ratios.len(),
        all.len(),
        quantile(&ratios, 0.5),
    )
}
