//! What arithmetic says before anything is measured.

use hash_ring::Algorithm;

use crate::scheme::Scheme;

/// The least share of all keys that must move when equal nodes become more or fewer: what the new ones are due, or what the lost ones had.
pub fn minimum(before: u64, after: u64) -> f64 {
    before.abs_diff(after) as f64 / before.max(after).max(1) as f64
}

/// The share that moves on average over all hash functions, where that is known.
///
/// Modulo: of `lcm(a, b)` consecutive hashes only the `min(a, b)` whose two remainders are the same number stay. A skeleton moves
/// more than it must, depending on how groups fill. All else here keeps what need not move, up to the chance by which shares differ, and
/// that is as often for as against.
pub fn expected(scheme: Scheme, before: u64, after: u64) -> Option<f64> {
    match scheme {
        Scheme::Modulo => {
            let (less, more) = (before.min(after), before.max(after));
            // min / lcm = min gcd / (min max)
            Some(1.0 - gcd(less, more) as f64 / more.max(1) as f64)
        }
        Scheme::Of(Algorithm::Skeleton) => None,
        Scheme::Of(_) => Some(minimum(before, after)),
    }
}

/// The relative standard deviation of the share of one of `nodes` nodes with `tokens` random tokens each: shares are Beta(t, (n-1)t)
/// distributed.
pub fn deviation_of_share(nodes: u64, tokens: u64) -> f64 {
    let (nodes, tokens) = (nodes as f64, tokens as f64);
    ((nodes - 1.0) / (nodes * tokens + 1.0)).sqrt()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_must_move() {
        assert_eq!(minimum(3, 4), 0.25);
        assert_eq!(minimum(4, 3), 0.25);
        assert_eq!(minimum(10, 10), 0.0);
    }

    /// Counted out.
    #[test]
    fn modulo_moves_nearly_all() {
        for before in 1..20_u64 {
            for after in 1..20_u64 {
                let hashes = before * after;
                let moved = (0..hashes).filter(|hash| hash % before != hash % after).count();
                let share = moved as f64 / hashes as f64;
                let expected = expected(Scheme::Modulo, before, after).unwrap();
                assert!((share - expected).abs() < 1e-12, "{before} {after}: {share} {expected}");
            }
        }
    }

    #[test]
    fn one_token_is_as_bad_as_it_gets() {
        // Beta(1, n-1) is nearly exponential.
        assert!((deviation_of_share(1000, 1) - 1.0).abs() < 0.01);
        assert!((deviation_of_share(4, 100) - (3.0_f64 / 401.0).sqrt()).abs() < 1e-12);
    }
}
