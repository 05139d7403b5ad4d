//! Convolution and stencil.

use super::{Expected, LEAST, U};
use crate::convolution::{Convolution, ImageShape, Mask};
use crate::stencil::VolumeShape;

/// `out[y][x] = Σ mask[dy + r][dx + r] image[y + dy][x + dx]` with zeros outside; bounds `(t² + 1) u Σ |mask| |image|`, of the separable variant
/// `(2 t + 2) u Σ |row| |column| |image|`, t = 2 r + 1.
///
/// # Panics
/// When the image has not height x width elements.
pub fn conv2d(variant: Convolution, shape: ImageShape, mask: &Mask, image: &[f32]) -> Expected {
    let ImageShape { height, width } = shape;
    assert_eq!(image.len(), height * width, "height x width");
    let r = mask.radius();
    let side = 2 * r + 1;
    let tap = |dy: usize, dx: usize| match (variant, mask.factors()) {
        // The product of the factors is not rounded by the two passes.
        (Convolution::Separable, Some((rows, columns))) => {
            f64::from(rows[dx]) * f64::from(columns[dy])
        }
        _ => f64::from(mask.taps()[dy * side + dx]),
    };
    let roundings = if variant == Convolution::Separable { 2 * side + 2 } else { side * side + 1 };
    let mut expected = Expected::default();
    for y in 0..height {
        for x in 0..width {
            let (mut sum, mut magnitude) = (0.0, 0.0);
            for dy in r.saturating_sub(y)..side.min(height + r - y) {
                for dx in r.saturating_sub(x)..side.min(width + r - x) {
                    let pixel = image[(y + dy - r) * width + x + dx - r];
                    let product = tap(dy, dx) * f64::from(pixel);
                    sum += product;
                    magnitude += product.abs();
                }
            }
            expected.values.push(sum);
            expected.bounds.push(roundings as f64 * U * magnitude + LEAST);
        }
    }
    expected
}

/// `c0 p + c1 p[x-1] + c2 p[x+1] + c3 p[y-1] + c4 p[y+1] + c5 p[z-1] + c6 p[z+1]` at inner points, by FMA in this order; points of the faces as
/// they are. Exact.
///
/// # Panics
/// When the volume has not nx ny nz elements.
pub fn stencil3d(shape: VolumeShape, c: [f32; 7], volume: &[f32]) -> Vec<f32> {
    let VolumeShape { nx, ny, nz } = shape;
    assert_eq!(volume.len(), nx * ny * nz, "nx x ny x nz");
    let mut out = volume.to_vec();
    for z in 1..nz.saturating_sub(1) {
        for y in 1..ny.saturating_sub(1) {
            for x in 1..nx.saturating_sub(1) {
                let at = (z * ny + y) * nx + x;
                let neighbours = [at - 1, at + 1, at - nx, at + nx, at - nx * ny, at + nx * ny];
                let terms = c[1..].iter().zip(neighbours);
                out[at] = terms.fold(c[0] * volume[at], |sum, (c, i)| c.mul_add(volume[i], sum));
            }
        }
    }
    out
}
