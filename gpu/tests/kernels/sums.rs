use crate::data::{Random, Scale, cases, close, gpu, lengths, put, room, scales};
use gpu_kernels::{Reduction, Scan, Variant, reduce_sum, reduce_sum_into, reference, scan};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn sums(n in prop_oneof![lengths(5000), 0..300_000_usize], seed: u64, scale in scales()) {
        let x = Random(seed).floats(scale, n);
        let data = put(&x);
        let multiprocessors = gpu().properties().multiprocessors;
        for &variant in Reduction::ALL {
            let expected = reference::reduce_sum(variant, multiprocessors, &x);
            let sum = reduce_sum(&gpu(), variant, &data).unwrap();
            close(format_args!("{variant} of {n}"), &expected, &[sum]);
            let mut out = room(1);
            reduce_sum_into(&gpu(), variant, &data, &mut out).unwrap();
            prop_assert_eq!(out.to_vec().unwrap(), [sum], "twice the same bits");
        }
    }

    #[test]
    fn scans_of_integers_are_exact(n in prop_oneof![lengths(5000), 0..100_000_usize], seed: u64) {
        let x = Random(seed).words(n);
        let data = put(&x);
        for &variant in Scan::ALL {
            let mut out = room(n);
            scan(&gpu(), variant, &data, &mut out).unwrap();
            prop_assert_eq!(out.to_vec().unwrap(), reference::scan_u32(&x), "{}", variant);
        }
    }

    #[test]
    fn scans_of_floats(n in prop_oneof![lengths(5000), 0..100_000_usize], seed: u64, scale in scales()) {
        let x = Random(seed).floats(scale, n);
        let data = put(&x);
        let multiprocessors = gpu().properties().multiprocessors;
        for &variant in Scan::ALL {
            let mut out = room(n);
            scan(&gpu(), variant, &data, &mut out).unwrap();
            let expected = reference::scan_f32(variant, multiprocessors, &x);
            close(format_args!("{variant} of {n}"), &expected, &out.to_vec().unwrap());
        }
    }
}

/// Three levels of sections, chunks of several tiles, and a look-back over more than one window.
#[test]
fn long_scans() {
    let n = (1 << 20) + 77;
    let x = Random(3).words(n);
    let data = put(&x);
    let expected = reference::scan_u32(&x);
    for &variant in Scan::ALL {
        let mut out = room(n);
        scan(&gpu(), variant, &data, &mut out).unwrap();
        assert!(out.to_vec().unwrap() == expected, "{variant}");
    }
    assert_eq!(Scan::KoggeStone.levels(n), 3);
}

#[test]
fn sums_of_integers_are_exact() {
    let x = Random(1).floats(Scale::Integers, 1 << 18);
    let sum: f32 = x.iter().sum();
    for &variant in Reduction::ALL {
        assert_eq!(reduce_sum(&gpu(), variant, &put(&x)).unwrap(), sum, "{variant}");
    }
}

/// The longest scans that are promised. Takes 5 GiB of memory and some minutes: run by hand, `cargo test --release -- --ignored`.
#[test]
#[ignore = "5 GiB of memory"]
fn scans_of_two_to_the_28() {
    let n = 1 << 28;
    let data = put(&vec![3_u32; n]);
    let mut out = room(n);
    for &variant in Scan::ALL {
        scan(&gpu(), variant, &data, &mut out).unwrap();
        let out = out.to_vec().unwrap();
        let wrong = (0..n).find(|&i| out[i] != 3_u32.wrapping_mul(i as u32 + 1));
        assert_eq!(wrong, None, "{variant}");
    }
}
