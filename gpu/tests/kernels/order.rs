use crate::data::{Random, cases, gpu, lengths, put, room};
use gpu_kernels::{
    Histogram, Merge, RadixSort, Variant, histogram, merge, radix_sort, radix_sort_pairs, reference,
};
use proptest::prelude::*;

/// Keys: few different ones, many, runs, and some that are in no bin.
fn keys(random: &mut Random, n: usize, kind: u32, bins: usize) -> Vec<u32> {
    let bins = bins as u64;
    (0..n as u64)
        .map(|i| match kind {
            0 => random.next() as u32,
            1 => random.below(bins + 3) as u32,
            2 => (i / 37 % (bins + 1)) as u32,
            _ => random.below(3) as u32,
        })
        .collect()
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn histograms_add_exactly(
        n in lengths(40_000), bins in prop_oneof![Just(0_usize), Just(1), Just(12_288), 1..600_usize], kind in 0..4_u32, seed: u64,
    ) {
        let mut random = Random(seed);
        let keys = keys(&mut random, n, kind, bins);
        let before = random.words(bins);
        let data = put(&keys);
        for &variant in Histogram::ALL {
            let mut counts = put(&before);
            histogram(&gpu(), variant, &data, &mut counts).unwrap();
            prop_assert_eq!(counts.to_vec().unwrap(), reference::histogram(&keys, &before), "{}", variant);
        }
    }

    #[test]
    fn merges(m in lengths(6000), n in lengths(6000), different in 1..5000_u64, seed: u64) {
        let mut random = Random(seed);
        let mut sorted = |n: usize| {
            let mut x: Vec<i32> = (0..n).map(|_| random.below(different) as i32 - different as i32 / 2).collect();
            if n > 2 { x[0] = i32::MIN; x[1] = i32::MAX; }
            x.sort_unstable();
            x
        };
        let (a, b) = (sorted(m), sorted(n));
        let (da, db) = (put(&a), put(&b));
        for &variant in Merge::ALL {
            let mut out = room(m + n);
            merge(&gpu(), variant, &da, &db, &mut out).unwrap();
            prop_assert_eq!(out.to_vec().unwrap(), reference::merge(&a, &b), "{}", variant);
        }
    }

    #[test]
    fn sorts_are_stable(n in lengths(9000), kind in 0..4_u32, seed: u64) {
        let keys = keys(&mut Random(seed), n, kind, 1000);
        let values: Vec<u32> = (0..n as u32).collect();
        let (sorted, permuted) = reference::radix_sort(&keys, &values);
        for &variant in RadixSort::ALL {
            let mut only = put(&keys);
            radix_sort(&gpu(), variant, &mut only).unwrap();
            prop_assert_eq!(&only.to_vec().unwrap(), &sorted, "{}", variant);
            let (mut k, mut v) = (put(&keys), put(&values));
            radix_sort_pairs(&gpu(), variant, &mut k, &mut v).unwrap();
            prop_assert_eq!(&k.to_vec().unwrap(), &sorted, "{} with values", variant);
            prop_assert_eq!(&v.to_vec().unwrap(), &permuted, "values of {}", variant);
        }
    }
}
