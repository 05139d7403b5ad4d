use crate::data::{Random, cases, close, gpu, put, room, scales, sides};
use gpu_kernels::{
    Gpu, Launch, Matmul, MatmulShape, MatmulTensor, Variant, f16, matmul, matmul_tensor, reference,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn products(m in sides(150), n in sides(150), k in sides(150), seed: u64, scale in scales()) {
        let shape = MatmulShape { m, n, k };
        let mut random = Random(seed);
        let (a, b) = (random.floats(scale, m * k), random.floats(scale, k * n));
        let (da, db) = (put(&a), put(&b));
        let expected = reference::matmul(shape, &a, &b);
        let mut first: Option<Vec<f32>> = None;
        for &variant in Matmul::ALL {
            let mut c = room::<f32>(m * n);
            matmul(&gpu(), variant, shape, &da, &db, &mut c).unwrap();
            let c = c.to_vec().unwrap();
            close(format_args!("{variant} {shape:?}"), &expected, &c);
            // The sign of a zero that was rounded to is not.
            prop_assert_eq!(first.get_or_insert_with(|| c.clone()), &c, "{} is not as the first", variant);
        }
    }

    #[test]
    fn products_on_tensor_cores(m in sides(140), n in sides(140), k in sides(140), seed: u64, scale in 1e-3..100.0_f64) {
        let shape = MatmulShape { m, n, k };
        let mut random = Random(seed);
        let (a, b): (Vec<f16>, Vec<f16>) = (random.of(scale, m * k), random.of(scale, k * n));
        let (da, db) = (put(&a), put(&b));
        let expected = reference::matmul_tensor(shape, &a, &b);
        for &variant in MatmulTensor::ALL {
            let mut c = room(m * n);
            matmul_tensor(&gpu(), variant, shape, &da, &db, &mut c).unwrap();
            close(format_args!("{variant} {shape:?}"), &expected, &c.to_vec().unwrap());
        }
    }
}

/// What theory says of the traffic is what the kernels ask for, where all tiles are whole.
#[test]
fn bytes_asked_are_those_of_theory() {
    if !gpu().is_emulated() {
        return; // a GPU counts nothing
    }
    let shape = MatmulShape { m: 128, n: 256, k: 64 };
    let (a, b) = (put(&vec![1.0_f32; 128 * 64]), put(&vec![1.0_f32; 64 * 256]));
    let mut c = room::<f32>(128 * 256);
    let asked = |launches: Vec<Launch>| {
        launches
            .iter()
            .map(|it| u128::from(it.statistics.as_ref().unwrap().totals().global_bytes))
            .sum::<u128>()
    };
    for &variant in Matmul::ALL {
        let work = |gpu: &Gpu| matmul(gpu, variant, shape, &a, &b, &mut c);
        let found = asked(gpu().record(work).unwrap().1);
        assert_eq!(found, variant.bytes_asked(shape), "{variant}");
    }
    let ones = |n| put(&vec![f16::ONE; n]);
    let (a, b) = (ones(128 * 64), ones(64 * 256));
    for &variant in MatmulTensor::ALL {
        let work = |gpu: &Gpu| matmul_tensor(gpu, variant, shape, &a, &b, &mut c);
        let found = asked(gpu().record(work).unwrap().1);
        assert_eq!(found, variant.bytes_asked(shape), "{variant}");
    }
    let square = MatmulShape { m: 512, n: 512, k: 512 };
    let ratio =
        Matmul::Naive.bytes_asked(square) as f64 / Matmul::Tiled16.bytes_asked(square) as f64;
    assert_eq!(ratio, 4100.0 / 260.0);
    let most = MatmulShape { m: usize::MAX, n: usize::MAX, k: usize::MAX };
    assert_eq!(Matmul::Naive.bytes_asked(most), u128::MAX);
}

#[test]
fn a_larger_product() {
    let shape = MatmulShape { m: 257, n: 384, k: 190 };
    let mut random = Random(4);
    let (a, b): (Vec<f32>, Vec<f32>) = (random.of(1.0, 257 * 190), random.of(1.0, 190 * 384));
    let (da, db) = (put(&a), put(&b));
    let expected = reference::matmul(shape, &a, &b);
    for &variant in Matmul::ALL {
        let mut c = room::<f32>(257 * 384);
        matmul(&gpu(), variant, shape, &da, &db, &mut c).unwrap();
        close(variant, &expected, &c.to_vec().unwrap());
    }
}
