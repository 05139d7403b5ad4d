use crate::data::close;
use crate::data::{Random, cases, gpu, lengths, put, room, scales};
use gpu_kernels::{
    FmaChains, FmaSweep, Gelu, Variant, VecAdd, f16, fma_sweep, gelu, gelu_in_place, reference,
    vec_add,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn vec_add_is_exact(n in lengths(70_000), seed: u64, scale in scales()) {
        let mut random = Random(seed);
        let (a, b) = (random.floats(scale, n), random.floats(scale, n));
        let (da, db) = (put(&a), put(&b));
        for &variant in VecAdd::ALL {
            let mut c = room(n);
            vec_add(&gpu(), variant, &da, &db, &mut c).unwrap();
            prop_assert_eq!(c.to_vec().unwrap(), reference::vec_add(&a, &b), "{}", variant);
        }
    }

    #[test]
    fn vec_add_of_slices_touches_nothing_else(n in 1..3000_usize, from in 0..40_usize, to in 0..40_usize, seed: u64) {
        let mut random = Random(seed);
        let (a, b) = (random.floats(crate::data::Scale::Unit, n), random.floats(crate::data::Scale::Unit, n));
        let (da, db) = (put(&a), put(&b));
        for variant in [VecAdd::Scalar, VecAdd::GridStride] {
            let range = from.min(n)..n - to.min(n - from.min(n));
            let mut c = room(n);
            vec_add(
                &gpu(), variant, da.slice(range.clone()).unwrap(), db.slice(range.clone()).unwrap(),
                c.slice_mut(range.clone()).unwrap(),
            ).unwrap();
            let found = c.to_vec().unwrap();
            for i in 0..n {
                if range.contains(&i) {
                    prop_assert_eq!(found[i], a[i] + b[i]);
                } else {
                    prop_assert_eq!(found[i].to_bits(), u32::MAX);
                }
            }
        }
    }

    #[test]
    fn fma_chains_are_exact(
        n in lengths(4099), block in prop_oneof![Just(32_u32), Just(1024), 32..1024_u32],
        rounds in 0..5_u32, factor in -1.5..1.5_f32, addend in -2.0..2.0_f32, idle in 0..48_u32,
    ) {
        for &chains in FmaChains::ALL {
            let sweep = FmaSweep { chains, block, idle_shared: idle << 10, rounds, factor, addend };
            let mut out = room(n);
            fma_sweep(&gpu(), sweep, &mut out).unwrap();
            prop_assert_eq!(out.to_vec().unwrap(), reference::fma_sweep(sweep, n), "{}", chains);
        }
    }

    #[test]
    fn gelu_follows_its_formula(n in lengths(5000), seed: u64, scale in 0.01..30.0_f64) {
        let mut random = Random(seed);
        let x: Vec<f32> = random.of(scale, n);
        let y: Vec<f16> = random.of(scale, n);
        for &variant in Gelu::ALL {
            let expected = reference::gelu(variant, &x);
            let (mut data, mut out) = (put(&x), room(n));
            gelu(&gpu(), variant, &data, &mut out).unwrap();
            close(variant, &expected, &out.to_vec().unwrap());
            gelu_in_place(&gpu(), variant, &mut data).unwrap();
            prop_assert_eq!(data.to_vec().unwrap(), out.to_vec().unwrap());

            let expected = reference::gelu(variant, &y);
            let (mut data, mut out) = (put(&y), room(n));
            gelu(&gpu(), variant, &data, &mut out).unwrap();
            close(format_args!("{variant} fp16"), &expected, &out.to_vec().unwrap());
            gelu_in_place(&gpu(), variant, &mut data).unwrap();
            prop_assert_eq!(data.to_vec().unwrap(), out.to_vec().unwrap());
        }
    }
}

#[test]
fn gelu_of_what_is_no_finite_number() {
    for &variant in Gelu::ALL {
        let data = put(&[f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0, -0.0]);
        let mut out = room(5);
        gelu(&gpu(), variant, &data, &mut out).unwrap();
        let out = out.to_vec().unwrap();
        assert_eq!(out[0], f32::INFINITY);
        assert!(out[1].is_nan() && out[2].is_nan());
        assert_eq!(out[3..], [0.0, 0.0]);
    }
}
