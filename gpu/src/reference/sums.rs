//! Sums, prefix sums and chains of multiply-adds.

use super::{Expected, LEAST, U};
use crate::occupancy::FmaSweep;
use crate::reduction::Reduction;
use crate::scan::Scan;

/// `a + b`, element by element; exact.
pub fn vec_add(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// `Σ x`, and the bound for a variant on a device of so many multiprocessors.
pub fn reduce_sum(variant: Reduction, multiprocessors: u32, x: &[f32]) -> Expected {
    let sum = x.iter().map(|&x| f64::from(x)).sum();
    let magnitude = x.iter().map(|&x| f64::from(x.abs())).sum();
    let bound = reduce_sum_bound(variant, multiprocessors, x.len(), magnitude);
    Expected { values: vec![sum], bounds: vec![bound] }
}

/// The bound of a sum of `n` elements whose absolute values add up to `magnitude`: 9 u (10 u) a launch for those that leave a sum a block,
/// `(⌈n / (1024 grid)⌉ + ⌈grid / 256⌉ + 24) u` for the single pass, of the magnitude.
pub fn reduce_sum_bound(variant: Reduction, multiprocessors: u32, n: usize, magnitude: f64) -> f64 {
    let grid = variant.grid(n, multiprocessors);
    let roundings = match variant {
        Reduction::Interleaved => 9.0 * f64::from(variant.launches(n)),
        Reduction::Sequential | Reduction::Shuffle => 10.0 * f64::from(variant.launches(n)),
        Reduction::SinglePass => {
            ((n as u64).div_ceil(1024 * grid) + grid.div_ceil(256) + 24) as f64
        }
    };
    growth(roundings) * magnitude + LEAST
}

/// `(1 + u)^roundings - 1`, a little above: what so many roundings one after the other make of a sum.
fn growth(roundings: f64) -> f64 {
    roundings * U * (1.0 + roundings * U)
}

/// `out[i] = x[0] + … + x[i]` modulo 2^32; exact.
pub fn scan_u32(x: &[u32]) -> Vec<u32> {
    let mut sum = 0_u32;
    let next = |&x: &u32| {
        sum = sum.wrapping_add(x);
        sum
    };
    x.iter().map(next).collect()
}

/// `out[i] = x[0] + … + x[i]`, and the bounds for a variant on a device of so many multiprocessors.
pub fn scan_f32(variant: Scan, multiprocessors: u32, x: &[f32]) -> Expected {
    let (mut sum, mut magnitude) = (0.0, 0.0);
    let mut expected = Expected::default();
    for (i, &element) in x.iter().enumerate() {
        sum += f64::from(element);
        magnitude += f64::from(element.abs());
        expected.values.push(sum);
        expected.bounds.push(scan_bound(variant, multiprocessors, x.len(), i, magnitude));
    }
    expected
}

/// The bound of element `i` of a prefix sum of `n` elements, if the absolute values up to it add up to `magnitude`, in units of `u magnitude`:
/// `2 ⌈log2 n⌉ + levels` for Kogge-Stone and Brent-Kung; `⌈i / 1792⌉ + 40` for look-back;
/// `tiles of a block + ⌈chunk / 256⌉ + ⌈grid / 256⌉ + 40` cooperative, `chunk` being the elements of a block.
pub fn scan_bound(variant: Scan, multiprocessors: u32, n: usize, i: usize, magnitude: f64) -> f64 {
    let grid = variant.grid(n, multiprocessors);
    let roundings = match variant {
        Scan::KoggeStone | Scan::BrentKung => {
            2.0 * (n.max(2) as f64).log2().ceil() + f64::from(variant.levels(n))
        }
        Scan::Cooperative => {
            let tiles = (n as u64).div_ceil(1792).div_ceil(grid);
            (tiles + (tiles * 1792).div_ceil(256) + grid.div_ceil(256) + 40) as f64
        }
        Scan::LookBack => (i.div_ceil(1792) + 40) as f64,
    };
    growth(roundings) * magnitude + LEAST
}

/// What [`fma_sweep`](crate::fma_sweep) leaves in `n` elements; exact.
pub fn fma_sweep(sweep: FmaSweep, n: usize) -> Vec<f32> {
    let chains = sweep.chains.count();
    let steps = u64::from(sweep.rounds) * 8 / u64::from(chains);
    let element = |start: usize| {
        let chain = |j: u32| {
            let mut x = start as f32 + j as f32;
            for _ in 0..steps {
                x = x.mul_add(sweep.factor, sweep.addend);
            }
            x
        };
        (1..chains).fold(chain(0), |sum, j| sum + chain(j))
    };
    let different: Vec<f32> = (0..n.min(1024)).map(element).collect();
    (0..n).map(|i| different[i % 1024]).collect()
}
