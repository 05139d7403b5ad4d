//! GELU, softmax and layer normalisation.

use super::{Expected, LEAST, U};
use crate::float::Float;
use crate::gelu::Gelu;
use crate::softmax::RowsShape;

/// The error function, `2/√π ∫ exp(-t²) dt` from 0 to x, to about 1e-15: by `2/√π exp(-x²) Σ 2^n x^(2n+1) / (1 · 3 · … · (2n+1))` (Abramowitz and
/// Stegun, 7.1.6), whose terms have one sign.
pub fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    // Beyond it, 1 - erf is below half a unit in the last place.
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > sum.abs() * 1e-18 {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

/// `x/2 (1 + erf(x/√2))`, bound `1e-6 max(1, |x|)`; or `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`, bound `2e-6 max(1, |x|)`. Of fp16 besides `h |out| + 2^-25`.
/// -∞ gives NaN.
pub fn gelu<T: Float>(variant: Gelu, x: &[T]) -> Expected {
    let mut expected = Expected::default();
    for x in x.iter().map(|x| x.to_f64()) {
        let (bend, bound) = match variant {
            Gelu::Erf => (erf(x / std::f64::consts::SQRT_2), 1e-6),
            Gelu::Tanh => {
                let inside = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
                (inside.tanh(), 2e-6)
            }
        };
        let value = 0.5 * x * (1.0 + bend);
        expected.values.push(value);
        expected.bounds.push(bound * x.abs().max(1.0) + stored::<T>(value));
    }
    expected
}

/// What storing a result may add to its error: nothing for fp32, whose bounds have it already.
pub(super) fn stored<T: Float>(value: f64) -> f64 {
    if T::UNIT_ROUNDOFF > U { T::UNIT_ROUNDOFF * value.abs() + 1.0 / (1 << 25) as f64 } else { 0.0 }
}

/// `exp(x - max) / Σ exp(x - max)` of each row, bound `(2 range + ⌈cols/256⌉ + 24) u |out| + 2^-126`, range being the greatest less the least finite
/// value of the row. A row with NaN or +∞, or of -∞ only, is NaN.
///
/// # Panics
/// When there are not rows x cols elements.
pub fn softmax(RowsShape { rows, cols }: RowsShape, x: &[f32]) -> Expected {
    assert_eq!(x.len(), rows * cols, "rows x cols");
    let mut expected = Expected::default();
    for row in x.chunks(cols.max(1)) {
        let row: Vec<f64> = row.iter().map(|&x| x.into()).collect();
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let finite = row.iter().copied().filter(|x| x.is_finite());
        let range =
            finite.clone().fold(f64::NEG_INFINITY, f64::max) - finite.fold(f64::INFINITY, f64::min);
        // max() passes NaN by, the sum does not.
        let sum: f64 = row.iter().map(|x| (x - most).exp()).sum();
        let roundings = 2.0 * range.max(0.0) + cols.div_ceil(256) as f64 + 24.0;
        for x in row {
            let value = (x - most).exp() / sum;
            expected.values.push(value);
            expected.bounds.push(roundings * U * value.abs() + LEAST);
        }
    }
    expected
}

/// `(x - mean) / √(variance + epsilon) gain + bias` of each row, bound
/// `(⌈cols/256⌉ + 32) u |gain| (max|x| / √(variance + epsilon)) (1 + |out'|) + u |out|`, out' being out before gain and bias.
///
/// # Panics
/// When there are not rows x cols elements, or not cols of gain or bias.
pub fn layer_norm(
    RowsShape { rows, cols }: RowsShape,
    gain: Option<&[f32]>,
    bias: Option<&[f32]>,
    epsilon: f32,
    x: &[f32],
) -> Expected {
    assert_eq!(x.len(), rows * cols, "rows x cols");
    let mut expected = Expected::default();
    for row in x.chunks(cols.max(1)) {
        let of =
            |f: &dyn Fn(f64) -> f64| row.iter().map(|&x| f(x.into())).sum::<f64>() / cols as f64;
        let mean = of(&|x| x);
        let variance = of(&|x| (x - mean) * (x - mean));
        let spread = (variance + f64::from(epsilon)).sqrt();
        let most = row.iter().map(|x| f64::from(x.abs())).fold(0.0, f64::max);
        for (i, &x) in row.iter().enumerate() {
            let plain = (f64::from(x) - mean) / spread;
            let gain = gain.map_or(1.0, |g| g[i].into());
            let value = plain * gain + bias.map_or(0.0, |b| f64::from(b[i]));
            let roundings = cols.div_ceil(256) as f64 + 32.0;
            let bound = roundings * U * gain.abs() * (most / spread) * (1.0 + plain.abs());
            expected.values.push(value);
            expected.bounds.push(bound + U * value.abs() + LEAST);
        }
    }
    expected
}
