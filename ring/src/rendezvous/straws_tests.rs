use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::hash::mix::derive;

fn straws(weights: &[u64], set: u64) -> Straws {
    let mut straws = Straws::default();
    for (index, weight) in weights.iter().enumerate() {
        straws.insert(index, derive(set, index as u64), *weight);
    }
    straws
}

/// By the definition: all logarithms, no sieve.
fn order_by_definition(straws: &Straws, key: u64) -> Vec<usize> {
    let mut draws: Vec<Draw> = (0..straws.len())
        .map(|index| Draw {
            cost: negative_log2(score(key, straws.seeds[index]) | 1 << 15),
            weight: straws.weight(index),
            rank: (product(key, straws.seeds[index]) >> 48) as u16,
            index: index as u32,
        })
        .collect();
    draws.sort();
    draws.iter().map(|draw| draw.index as usize).collect()
}

fn order(straws: &Straws, key: u64) -> Vec<usize> {
    let mut order = Vec::new();
    let end = straws.in_order(key, |index| {
        order.push(index);
        ControlFlow::Continue(())
    });
    assert!(end.is_continue());
    order
}

fn weights() -> impl Strategy<Value = Vec<u64>> {
    prop_oneof![
        (1..1u64 << 52, 0..70usize).prop_map(|(weight, n)| vec![weight; n]),
        prop::collection::vec(1..4u64, 0..70),
        prop::collection::vec(
            (0..52u32, any::<u64>()).prop_map(|(s, w)| 1 + (w >> 12 >> s)),
            0..70
        ),
    ]
}

/// Whoever came, went and was weighed otherwise: as if the rest had come at once.
#[derive(Clone, Debug)]
enum Change {
    Insert(prop::sample::Index, u64),
    Remove(prop::sample::Index),
    Weigh(prop::sample::Index, u64),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        2 => (at(), 1..3u64).prop_map(|(at, weight)| Change::Insert(at, weight)),
        1 => at().prop_map(Change::Remove),
        2 => (at(), 1..3u64).prop_map(|(at, weight)| Change::Weigh(at, weight)),
    ]
}

proptest! {
    #[test]
    fn changes_leave_no_trace(changes in prop::collection::vec(change(), 0..60), hash in any::<u64>()) {
        let (mut straws, mut model) = (Straws::default(), Vec::new());
        for (seed, change) in (0..).zip(changes) {
            match change {
                Change::Insert(at, weight) => {
                    let at = at.index(model.len() + 1);
                    straws.insert(at, derive(7, seed), weight);
                    model.insert(at, (derive(7, seed), weight));
                }
                Change::Remove(at) if !model.is_empty() => {
                    straws.remove(at.index(model.len()));
                    model.remove(at.index(model.len()));
                }
                Change::Weigh(at, weight) if !model.is_empty() => {
                    straws.set_weight(at.index(model.len()), weight);
                    let at = at.index(model.len());
                    model[at].1 = weight;
                }
                _ => {}
            }
            let mut again = Straws::default();
            for (index, (seed, weight)) in model.iter().enumerate() {
                again.insert(index, *seed, *weight);
            }
            prop_assert_eq!(straws.is_even(), model.windows(2).all(|pair| pair[0].1 == pair[1].1));
            prop_assert_eq!(straws.total_weight(), model.iter().map(|(_, weight)| weight).sum::<u64>());
            prop_assert_eq!(straws.first(key_of(hash)), again.first(key_of(hash)));
            prop_assert_eq!(order(&straws, key_of(hash)), order(&again, key_of(hash)));
        }
    }

    /// The sieve, the blocks and equal weights change nothing.
    #[test]
    fn as_defined(weights in weights(), set in any::<u64>(), hashes in prop::collection::vec(any::<u64>(), 20)) {
        let straws = straws(&weights, set);
        for hash in hashes {
            let expected = order_by_definition(&straws, key_of(hash));
            prop_assert_eq!(straws.first(key_of(hash)), expected.first().copied());
            prop_assert_eq!(order(&straws, key_of(hash)), expected);
        }
    }

    /// The same where many scores are equal: seeds are drawn from few.
    #[test]
    fn ties_go_to_the_first(seeds in prop::collection::vec(0..3u64, 1..70), even in any::<bool>(), hash in any::<u64>()) {
        let mut straws = Straws::default();
        for (index, seed) in seeds.iter().enumerate() {
            straws.insert(index, derive(1, *seed), if even { 7 } else { 1 + seed });
        }
        let expected = order_by_definition(&straws, key_of(hash));
        prop_assert_eq!(straws.first(key_of(hash)), Some(expected[0]));
        prop_assert_eq!(order(&straws, key_of(hash)), expected);
    }

    /// Scores that differ by the least step have logarithms that differ.
    #[test]
    fn logarithms_keep_the_order(score in any::<u64>(), shift in 0..48u32) {
        let low = score >> shift >> 16 << 16;
        let low = if shift % 2 == 0 { low } else { !low >> 16 << 16 };
        let high = low.saturating_add(1 << 16);
        prop_assume!(high >> 16 != low >> 16);
        prop_assert!(negative_log2(low | 1 << 15) > negative_log2(high | 1 << 15), "{low:x}");
    }

    #[test]
    fn the_short_score_is_the_highest_half(key in any::<u64>(), seed in any::<u64>()) {
        prop_assert_eq!((score(key, seed) >> 32) as u32 ^ 1 << 31, short_score(key, seed) as u32);
    }
}

/// Products that have nothing but their highest 16 bits.
#[test]
fn ties_go_to_the_greater_product_in_any_order() {
    let (lesser, greater) = (1 << 63 | 1 << 17, 1 << 63 | 3 << 17);
    assert_eq!(score(0, lesser), score(0, greater));
    assert_eq!((product(0, lesser), product(0, greater)), (1 << 48, 3 << 48));
    let fill = (0..100u64).map(|i| derive(3, i)).find(|s| score(0, *s) < score(0, lesser)).unwrap();
    for light in [1, 2] {
        for (at, other) in [(3, 20), (20, 3), (3, 4), (4, 3), (33, 3), (3, 33)] {
            let mut straws = Straws::default();
            for index in 0..34 {
                let (seed, weight) = match index {
                    _ if index == at => (greater, 2),
                    _ if index == other => (lesser, 2),
                    _ => (fill, light),
                };
                straws.insert(index, seed, weight);
            }
            assert_eq!(straws.first(0), Some(at));
            assert_eq!(order(&straws, 0)[..2], [at, other]);
        }
    }
}

/// Two blocks whose best scores have 32 bits in common and differ in the 16 below.
#[test]
fn blocks_that_tie_are_compared_in_full() {
    // (2^31 + a) (2^31 + b) = 2^62 + (a + b) 2^31 + ab, of which ab decides below bit 16.
    let seed = |a: u64, b: u64| ((1 << 31) + a) << 32 | ((1 << 31) + b);
    let (low, high) = (seed(2, 0), seed(1, 1));
    assert_eq!(short_score(0, low), short_score(0, high));
    assert!(score(0, low) < score(0, high));
    // Whatever else is there scores less.
    let fill = (0..100u64).map(|i| derive(3, i)).find(|s| score(0, *s) < score(0, low)).unwrap();
    for (at_low, at_high) in [(3, 20), (20, 3), (3, 4), (4, 3), (33, 3), (3, 33)] {
        let mut straws = Straws::default();
        for index in 0..34 {
            let seed = if index == at_low {
                low
            } else if index == at_high {
                high
            } else {
                fill
            };
            straws.insert(index, seed, 1);
        }
        assert_eq!(straws.first(0), Some(at_high));
        assert_eq!(order(&straws, 0)[..2], [at_high, at_low]);
    }
}

/// Chi-square of how often each comes out, and each pair as first and second, and the degrees of freedom of both.
fn chi_squares(straws: &Straws, keys: u64) -> [(f64, f64); 2] {
    let n = straws.len();
    let total = straws.total_weight() as f64;
    let share = |index: usize| straws.weight(index) as f64 / total;
    let mut pairs = BTreeMap::new();
    for key in 0..keys {
        let podium = straws.race::<2>(key_of(key));
        let [first, second] = podium.draws() else { panic!("two members at least") };
        *pairs.entry((first.index as usize, second.index as usize)).or_insert(0u64) += 1;
    }
    let chi = |found: u64, expected: f64| (found as f64 - expected).powi(2) / expected;
    let (mut of_owners, mut of_pairs) = (0.0, 0.0);
    for first in 0..n {
        let mut owned = 0;
        for second in (0..n).filter(|second| *second != first) {
            let found = pairs.get(&(first, second)).copied().unwrap_or(0);
            owned += found;
            of_pairs +=
                chi(found, keys as f64 * share(first) * share(second) / (1.0 - share(first)));
        }
        of_owners += chi(owned, keys as f64 * share(first));
    }
    [(of_owners, n as f64 - 1.0), (of_pairs, (n * (n - 1)) as f64 - 1.0)]
}

/// Summed over sets of members, four standard deviations from what independent draws give: with fixed seeds, either the scores
/// have changed or they are not what they should be.
#[test]
fn owners_and_seconds_come_out_by_weight() {
    for n in [2, 3, 10, 33] {
        for spread in [1, 5] {
            let weights: Vec<u64> = (0..n as u64).map(|i| 1 + i % spread).collect();
            let mut sums = [(0.0, 0.0); 2];
            for set in 0..10 {
                let chi_squares = chi_squares(&straws(&weights, set), 30_000);
                for (sum, (chi, freedom)) in sums.iter_mut().zip(chi_squares) {
                    *sum = (sum.0 + chi, sum.1 + freedom);
                }
            }
            for (chi, freedom) in sums {
                let deviations = (chi - freedom) / (2.0 * freedom).sqrt();
                assert!(deviations.abs() < 4.0, "{n} members, weights 1 to {spread}: {deviations}");
            }
        }
    }
}

/// Hashes with few bits in them, as `KeyHash::RedisSlot` gives, are as good.
#[test]
fn slots_as_hashes() {
    let even = straws(&[1; 8], 9);
    let mut counts = [0u32; 8];
    for slot in 0..16_384u64 {
        counts[even.first(key_of(slot << 50)).unwrap()] += 1;
    }
    let chi: f64 = counts.iter().map(|c| (f64::from(*c) - 2048.0).powi(2) / 2048.0).sum();
    assert!(chi < 24.3, "{counts:?}"); // 7 degrees of freedom, 0.1 %
}

/// Golden: placements depend on every bit.
#[test]
fn golden() {
    let sum = (0..1000u64).map(|i| score(key_of(i), derive(1, i))).fold(0, u64::wrapping_add);
    assert_eq!(sum, GOLDEN_SUM);
}
const GOLDEN_SUM: u64 = 3_175_296_347_726_151_680;
