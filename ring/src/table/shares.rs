//! Whole slots by weight.

use alloc::vec;
use alloc::vec::Vec;

/// How many of `total` slots each node shall have: its share by weight rounded down or up, never by a whole slot or more.
///
/// Of all such numbers those that leave the most slots with who has them now (`counts`): whoever has more than its share rounded
/// down keeps one for the rest. Then the largest remainders count, then the order.
pub(super) fn apportion(total: u64, weights: &[u32], counts: &[u64]) -> Vec<u64> {
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let mut targets = vec![0; weights.len()];
    let mut rest = total;
    let mut remainders: Vec<_> = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        // Below 2^28 slots times 2^32.
        let share = total * u64::from(*weight);
        targets[index] = share / sum;
        rest -= targets[index];
        if !share.is_multiple_of(sum) {
            remainders.push((counts[index] <= targets[index], sum - share % sum, index));
        }
    }
    remainders.sort_unstable();
    for (_, _, index) in remainders.into_iter().take(rest as usize) {
        targets[index] += 1;
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The most slots that can stay, by trying every way to round.
    fn most_kept(total: u64, weights: &[u32], counts: &[u64]) -> u64 {
        let sum: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        (0..1u32 << weights.len())
            .filter_map(|up| {
                let targets: Vec<u64> = weights
                    .iter()
                    .enumerate()
                    .map(|(i, w)| {
                        let share = total * u64::from(*w);
                        if up >> i & 1 == 1 { share.div_ceil(sum) } else { share / sum }
                    })
                    .collect();
                let kept = targets.iter().zip(counts).map(|(t, c)| (*t).min(*c)).sum();
                (targets.iter().sum::<u64>() == total).then_some(kept)
            })
            .max()
            .unwrap()
    }

    proptest! {
        #[test]
        fn within_a_slot_and_moving_least(
            nodes in prop::collection::vec((1..100u32, 0..40u64), 1..9),
            total in 1..100u64,
        ) {
            let weights: Vec<u32> = nodes.iter().map(|(weight, _)| *weight).collect();
            let counts: Vec<u64> = nodes.iter().map(|(_, count)| *count).collect();
            let sum: u64 = weights.iter().map(|w| u64::from(*w)).sum();
            let targets = apportion(total, &weights, &counts);
            prop_assert_eq!(targets.iter().sum::<u64>(), total);
            for (target, weight) in targets.iter().zip(&weights) {
                prop_assert!((target * sum).abs_diff(total * u64::from(*weight)) < sum);
            }
            let kept: u64 = targets.iter().zip(&counts).map(|(t, c)| (*t).min(*c)).sum();
            prop_assert_eq!(kept, most_kept(total, &weights, &counts));
        }
    }

    #[test]
    fn nobody() {
        assert!(apportion(5, &[], &[]).is_empty());
    }
}
