use crate::data::{Random, cases, close, gpu, put, room, sides};
use gpu_kernels::{
    AttentionMask, AttentionShape, FlashAttention, Float, attention, f16, flash_attention,
    reference,
};
use proptest::prelude::*;

fn check<T: Float>(shape: AttentionShape, mask: AttentionMask, seed: u64, size: f64) {
    let AttentionShape { heads, queries, keys, d } = shape;
    let mut random = Random(seed);
    let q: Vec<T> = random.of(size, heads * queries * d);
    let k: Vec<T> = random.of(size, heads * keys * d);
    let v: Vec<T> = random.of(1.0, heads * keys * d);
    let (dq, dk, dv) = (put(&q), put(&k), put(&v));
    let expected = reference::attention(shape, mask, false, [&q, &k, &v]);
    let mut out = room(q.len());
    attention(&gpu(), shape, mask, &dq, &dk, &dv, &mut out).unwrap();
    close(
        format_args!("attention {} {shape:?} {mask:?}", T::C_NAME),
        &expected,
        &out.to_vec().unwrap(),
    );
    let mut out = room(q.len());
    flash_attention(&gpu(), FlashAttention::Cores, shape, mask, &dq, &dk, &dv, &mut out).unwrap();
    close(
        format_args!("flash {} {shape:?} {mask:?}", T::C_NAME),
        &expected,
        &out.to_vec().unwrap(),
    );
    let mut out = room(q.len());
    let tensor =
        flash_attention(&gpu(), FlashAttention::TensorCores, shape, mask, &dq, &dk, &dv, &mut out);
    if T::C_NAME == "float" {
        assert!(tensor.unwrap_err().to_string().contains("fp16 elements for tensor cores"));
    } else {
        tensor.unwrap();
        let expected = reference::attention(shape, mask, true, [&q, &k, &v]);
        close(format_args!("tensor {shape:?} {mask:?}"), &expected, &out.to_vec().unwrap());
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn attentions(
        heads in 0..4_usize, queries in sides(70), keys in sides(100), d in prop_oneof![Just(64_usize), Just(128), Just(1), 0..=128_usize], causal: bool,
        seed: u64, size in 0.1..2.0_f64,
    ) {
        let shape = AttentionShape { heads, queries, keys, d };
        check::<f32>(shape, AttentionMask::new(d, causal), seed, size);
        check::<f16>(shape, AttentionMask::new(d, causal), seed, size);
    }
}

#[test]
fn longer_attention() {
    let shape = AttentionShape { heads: 2, queries: 190, keys: 260, d: 40 };
    for causal in [false, true] {
        check::<f32>(shape, AttentionMask::new(40, causal), 7, 1.0);
        check::<f16>(shape, AttentionMask::new(40, causal), 7, 1.0);
    }
}
