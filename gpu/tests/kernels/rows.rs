use crate::data::{Random, cases, close, gpu, lengths, put, room};
use gpu_kernels::{
    Affine, LayerNorm, RowsShape, Softmax, Variant, layer_norm, layer_norm_in_place, reference,
    softmax, softmax_in_place,
};
use proptest::prelude::*;

fn rows() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0_usize), Just(1), 0..12_usize, 0..40_usize]
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn softmaxes(rows in rows(), cols in lengths(2100), seed: u64, scale in prop_oneof![0.01..50.0_f64, Just(1e4)]) {
        let shape = RowsShape { rows, cols };
        let mut random = Random(seed);
        let mut x: Vec<f32> = random.of(scale, rows * cols);
        // Masked places.
        for x in x.iter_mut().filter(|_| random.below(9) == 0) {
            *x = f32::NEG_INFINITY;
        }
        let expected = reference::softmax(shape, &x);
        for &variant in Softmax::ALL {
            if variant == Softmax::Warp && cols > 1024 {
                continue;
            }
            let (mut data, mut out) = (put(&x), room(rows * cols));
            softmax(&gpu(), variant, shape, &data, &mut out).unwrap();
            let out = out.to_vec().unwrap();
            close(format_args!("{variant} {shape:?}"), &expected, &out);
            softmax_in_place(&gpu(), variant, shape, &mut data).unwrap();
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&data.to_vec().unwrap()), bits(&out), "{} in place", variant);
        }
    }

    #[test]
    fn layer_norms(
        rows in rows(), cols in lengths(2100), seed: u64, scale in 0.1..50.0_f64, shift in -5.0..5.0_f32, gain: bool, bias: bool, epsilon in 1e-6..1e-2_f32,
    ) {
        let shape = RowsShape { rows, cols };
        let mut random = Random(seed);
        let mut x: Vec<f32> = random.of(scale, rows * cols);
        x.iter_mut().for_each(|x| *x += shift);
        let (g, b): (Vec<f32>, Vec<f32>) = (random.of(2.0, cols), random.of(2.0, cols));
        let (dg, db) = (put(&g), put(&b));
        let affine = Affine { gain: gain.then(|| dg.view()), bias: bias.then(|| db.view()), epsilon };
        let expected = reference::layer_norm(shape, gain.then_some(&g[..]), bias.then_some(&b[..]), epsilon, &x);
        for &variant in LayerNorm::ALL {
            let (mut data, mut out) = (put(&x), room(rows * cols));
            layer_norm(&gpu(), variant, shape, affine, &data, &mut out).unwrap();
            close(format_args!("{variant} {shape:?}"), &expected, &out.to_vec().unwrap());
            layer_norm_in_place(&gpu(), variant, shape, affine, &mut data).unwrap();
            prop_assert_eq!(data.to_vec().unwrap(), out.to_vec().unwrap(), "{} in place", variant);
        }
    }
}

/// Fewer blocks than rows: blocks take several.
#[test]
fn more_rows_than_blocks() {
    let shape = RowsShape { rows: 2000, cols: 3 };
    let x: Vec<f32> = Random(6).of(3.0, 6000);
    let expected = reference::softmax(shape, &x);
    for &variant in Softmax::ALL {
        let mut out = room(6000);
        softmax(&gpu(), variant, shape, &put(&x), &mut out).unwrap();
        close(variant, &expected, &out.to_vec().unwrap());
    }
    let expected = reference::layer_norm(shape, None, None, 1e-5, &x);
    for &variant in LayerNorm::ALL {
        let mut out = room(6000);
        layer_norm(&gpu(), variant, shape, Affine::default(), &put(&x), &mut out).unwrap();
        close(variant, &expected, &out.to_vec().unwrap());
    }
}

#[test]
fn rows_without_a_softmax() {
    let shape = RowsShape { rows: 4, cols: 3 };
    let inf = f32::INFINITY;
    let x = [0.0, f32::NAN, 1.0, 0.0, inf, 1.0, -inf, -inf, -inf, 2.0, -inf, 2.0];
    for &variant in Softmax::ALL {
        let mut out = room(12);
        softmax(&gpu(), variant, shape, &put(&x), &mut out).unwrap();
        let out: Vec<f32> = out.to_vec().unwrap();
        assert!(out[..9].iter().all(|x| x.is_nan()), "{variant}: {out:?}");
        assert_eq!(out[9..], [0.5, 0.0, 0.5], "{variant}");
    }
}
