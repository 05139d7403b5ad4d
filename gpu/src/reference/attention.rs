//! Attention.

use super::rows::stored;
use super::{Expected, H, LEAST, U};
use crate::attention::{AttentionMask, AttentionShape};
use crate::float::Float;

/// `softmax(scale q kᵀ) v` of each head; zeros for a query that sees no key. With S the greatest |score| of the query and w the greatest |v|, the bounds
/// are `((d + 8) 4 max(S, 1) + keys/4 + 32) u w`; of fp16 besides `h |out| + 2^-25`; and, where the weights are rounded to fp16 (`tensor_cores`), besides
/// `2 h w`.
///
/// # Panics
/// When a slice has not the elements that the shape says.
pub fn attention<T: Float>(
    shape: AttentionShape,
    mask: AttentionMask,
    tensor_cores: bool,
    [q, k, v]: [&[T]; 3],
) -> Expected {
    let AttentionShape { heads, queries, keys, d } = shape;
    assert_eq!(q.len(), heads * queries * d, "heads x queries x d");
    assert_eq!(k.len(), heads * keys * d, "heads x keys x d");
    assert_eq!(v.len(), heads * keys * d, "heads x keys x d");
    let wide = |x: &[T]| x.iter().map(|x| x.to_f64()).collect::<Vec<_>>();
    let (q, k, v) = (wide(q), wide(k), wide(v));
    let mut expected = Expected::default();
    for head in 0..heads {
        let kv = head * keys * d..(head + 1) * keys * d;
        let (k, v) = (&k[kv.clone()], &v[kv]);
        let most_v = v.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        for query in 0..queries {
            let seen = if mask.causal {
                (query + keys + 1).saturating_sub(queries).min(keys)
            } else {
                keys
            };
            let at = (head * queries + query) * d;
            let score = |key: usize| {
                let pairs = q[at..at + d].iter().zip(&k[key * d..(key + 1) * d]);
                f64::from(mask.scale) * pairs.map(|(a, b)| a * b).sum::<f64>()
            };
            let scores: Vec<f64> = (0..seen).map(score).collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let greatest = scores.iter().fold(1.0_f64, |most, s| most.max(s.abs()));
            let weights: Vec<f64> = scores.iter().map(|s| (s - most).exp()).collect();
            let sum: f64 = weights.iter().sum();
            let roundings = (d + 8) as f64 * 4.0 * greatest + keys as f64 / 4.0 + 32.0;
            let rounded_weights = if tensor_cores { 2.0 * H * most_v } else { 0.0 };
            for i in 0..d {
                let weighted =
                    weights.iter().enumerate().map(|(key, w)| w * v[key * d + i]).sum::<f64>();
                let value = if seen == 0 { 0.0 } else { weighted / sum };
                expected.values.push(value);
                expected
                    .bounds
                    .push(roundings * U * most_v + stored::<T>(value) + rounded_weights + LEAST);
            }
        }
    }
    expected
}
