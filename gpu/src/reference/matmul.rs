//! Products of matrices.

use super::{Expected, LEAST, U};
use crate::float::Float;
use crate::matmul::MatmulShape;

/// `c[i][j] = Σ a[i][l] b[l][j]` over l < k, with the bounds of [`matmul_bound`].
///
/// # Panics
/// When a slice has not the elements that the shape says.
pub fn matmul(shape: MatmulShape, a: &[f32], b: &[f32]) -> Expected {
    product(shape, a, b, matmul_bound)
}

/// The same of fp16, with the bounds of [`matmul_tensor_bound`].
///
/// # Panics
/// When a slice has not the elements that the shape says.
pub fn matmul_tensor(shape: MatmulShape, a: &[crate::f16], b: &[crate::f16]) -> Expected {
    product(shape, a, b, matmul_tensor_bound)
}

/// `(k + 1) u Σ |a| |b|`: one rounding an FMA.
pub fn matmul_bound(k: usize, magnitude: f64) -> f64 {
    (k + 1) as f64 * U * magnitude + LEAST
}

/// `2 (k + 16) u Σ |a| |b|`: how tensor cores round within their sums is not specified.
pub fn matmul_tensor_bound(k: usize, magnitude: f64) -> f64 {
    2.0 * (k + 16) as f64 * U * magnitude + LEAST
}

fn product<T: Float>(
    MatmulShape { m, n, k }: MatmulShape,
    a: &[T],
    b: &[T],
    bound: impl Fn(usize, f64) -> f64,
) -> Expected {
    assert_eq!(a.len(), m * k, "a is m x k");
    assert_eq!(b.len(), k * n, "b is k x n");
    let mut expected = Expected { values: vec![0.0; m * n], bounds: vec![0.0; m * n] };
    for i in 0..m {
        let row = i * n..(i + 1) * n;
        for l in 0..k {
            let x = a[i * k + l].to_f64();
            let values = expected.values[row.clone()].iter_mut();
            let both = values.zip(&mut expected.bounds[row.clone()]);
            for ((value, magnitude), y) in both.zip(&b[l * n..(l + 1) * n]) {
                let product = x * y.to_f64();
                *value += product;
                *magnitude += product.abs();
            }
        }
    }
    for magnitude in &mut expected.bounds {
        *magnitude = bound(k, *magnitude);
    }
    expected
}
