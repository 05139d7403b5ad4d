//! How many virtual nodes an imbalance takes.

use alloc::format;

use super::Balance;
use crate::{Error, KeyHash, Placement, Result, Ring, Tokens, Weight};

/// The most virtual nodes a node that are considered.
const MOST: u32 = 1 << 30;

/// How many random virtual nodes a node needs, for a ring of that many `nodes` of equal weight to have at most that `imbalance`
/// (maximum over mean) with at least that probability.
///
/// N·V random points cut the circle into N·V arcs that follow a flat Dirichlet distribution (R. Pyke, "Spacings", 1965), so that
/// the V arcs of one node add up to a share that follows Beta(V, N·V - V). It passes x with the probability that of N·V - 1 points fewer than V fall into a
/// part x of the circle: a sum over a binomial distribution. That any of the N nodes passes x = imbalance / N is
/// no more than N times as probable. The result is the lowest V for which that is at most 1 - `probability`.
///
/// For many nodes and small imbalances that is about (z / (imbalance - 1))², where z is the quantile of the normal distribution at
/// 1 - (1 - `probability`) / N.
///
/// Costs some O(√V log V).
///
/// ```
/// use hash_ring::virtual_nodes_for;
///
/// assert_eq!(virtual_nodes_for(100, 1.20, 0.5)?, 183);
/// assert_eq!(virtual_nodes_for(100, 1.05, 0.5)?, 2_701);
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidParameter`] for no nodes, an imbalance of 1 or less or one that takes more than 2^30 virtual nodes,
/// or a probability that is not between 0 and 1.
pub fn virtual_nodes_for(nodes: usize, imbalance: f64, probability: f64) -> Result<u32> {
    if nodes == 0 {
        return Err(Error::InvalidParameter {
            parameter: "number of nodes",
            found: format!("{nodes}"),
            allowed: "at least 1",
        });
    }
    if !(probability > 0.0 && probability < 1.0) {
        return Err(Error::InvalidParameter {
            parameter: "probability",
            found: format!("{probability}"),
            allowed: "above 0 and below 1",
        });
    }
    check_imbalance(imbalance)?;
    let enough = |count: u32| {
        let nodes = nodes as f64;
        nodes * passes(nodes, f64::from(count), imbalance / nodes) <= 1.0 - probability
    };
    match lowest(MOST, |count| Ok(enough(count)))? {
        Some(count) => Ok(count),
        None => Err(bad_imbalance(imbalance)),
    }
}

/// How many random virtual nodes for a unit of weight make a ring of just these nodes have at most that `imbalance`, by building rings. `None`
/// if not even `most` do.
///
/// With one fewer they do not; since chance decides, with still fewer they may. Takes some 2 log V rings, O(nodes · V log V).
///
/// # Errors
/// [`Error::InvalidParameter`] for an imbalance of 1 or less or if `most` is not a number of [`Tokens`]; what [`Ring::with_nodes`] returns.
pub fn virtual_nodes_of(
    nodes: &[(&str, Weight)],
    imbalance: f64,
    most: u32,
) -> Result<Option<u32>> {
    check_imbalance(imbalance)?;
    Ring::new(Tokens::Random(most), KeyHash::default())?;
    lowest(most, |count| {
        let nodes = nodes.iter().copied();
        let ring = Ring::with_nodes(Tokens::Random(count), KeyHash::default(), nodes)?;
        Ok(ring.roster().is_empty() || Balance::of(&ring)?.max_over_mean() <= imbalance)
    })
}

fn check_imbalance(imbalance: f64) -> Result<()> {
    if imbalance > 1.0 { Ok(()) } else { Err(bad_imbalance(imbalance)) }
}

fn bad_imbalance(imbalance: f64) -> Error {
    Error::InvalidParameter {
        parameter: "imbalance (maximum over mean)",
        found: format!("{imbalance}"),
        allowed: "above 1, and not so near to it that more than 2^30 virtual nodes a node are needed",
    }
}

/// A count up to `most` that is `enough` while the one before is not: by doubling, then by halving the interval.
fn lowest(most: u32, enough: impl Fn(u32) -> Result<bool>) -> Result<Option<u32>> {
    let (mut low, mut high) = (0, 1);
    while !enough(high)? {
        if high == most {
            return Ok(None);
        }
        low = high;
        high = high.saturating_mul(2).min(most);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle)? { high = middle } else { low = middle }
    }
    Ok(Some(high))
}

/// The probability that a share that follows Beta(count, (nodes - 1) · count) passes `share`: that a binomial variable of
/// nodes · count - 1 draws with probability `share` stays below `count`.
fn passes(nodes: f64, count: f64, share: f64) -> f64 {
    if share >= 1.0 {
        return 0.0;
    }
    let draws = nodes * count - 1.0;
    let odds = share / (1.0 - share);
    // All terms in relation to one near the highest, so that nothing under- or overflows but what does not matter.
    const NOTHING: f64 = 1e-20;
    let highest = ((draws + 1.0) * share) as u64 as f64;
    let highest = if highest > draws { draws } else { highest };
    let (mut all, mut below) = (0.0, 0.0);
    let (mut term, mut at) = (1.0, highest);
    while term > NOTHING && at >= 0.0 {
        all += term;
        if at < count {
            below += term;
        }
        term *= at / ((draws - at + 1.0) * odds);
        at -= 1.0;
    }
    let (mut term, mut at) = (1.0, highest);
    while at < draws {
        term *= (draws - at) / (at + 1.0) * odds;
        at += 1.0;
        if term <= NOTHING {
            break;
        }
        all += term;
        if at < count {
            below += term;
        }
    }
    below / all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a binomial sum can be done by hand: two nodes of one point each, uniform on the circle.
    #[test]
    fn one_point_each() {
        assert!((passes(2.0, 1.0, 0.75) - 0.25).abs() < 1e-12);
        // (1 - x)^2 for three.
        assert!((passes(3.0, 1.0, 0.5) - 0.25).abs() < 1e-12);
        // Two points of four: Beta(2, 2) passes 3/4 with 1 - (3 x^2 - 2 x^3).
        assert!((passes(2.0, 2.0, 0.75) - (1.0 - 3.0 * 0.5625 + 2.0 * 0.421_875)).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_balance_takes_one() {
        assert_eq!(virtual_nodes_for(1, 1.01, 0.99), Ok(1));
        assert_eq!(virtual_nodes_for(4, 4.0, 0.99), Ok(1));
    }

    #[test]
    fn more_for_less() {
        let count = |nodes, imbalance, probability| {
            virtual_nodes_for(nodes, imbalance, probability).unwrap()
        };
        assert!(count(1000, 1.05, 0.5) > count(100, 1.05, 0.5));
        assert!(count(100, 1.02, 0.5) > 4 * count(100, 1.05, 0.5));
        assert!(count(100, 1.05, 0.9) > count(100, 1.05, 0.5));
    }

    #[test]
    fn bad_input() {
        for (nodes, imbalance, probability) in [
            (0, 1.1, 0.5),
            (9, 1.0, 0.5),
            (9, f64::NAN, 0.5),
            (9, 1.000_000_1, 0.5),
            (9, 1.1, 1.0),
            (9, 1.1, f64::NAN),
        ] {
            let result = virtual_nodes_for(nodes, imbalance, probability);
            assert!(matches!(result, Err(Error::InvalidParameter { .. })), "{result:?}");
        }
        assert!(virtual_nodes_of(&[], 1.1, 0).is_err());
        assert_eq!(virtual_nodes_of(&[], 1.1, 9), Ok(Some(1)));
    }
}
