//! Shapes and data by chance.

use gpu_kernels::reference::Expected;
use gpu_kernels::{DeviceBuffer, Element, Float, Gpu, SoftSettings, configure_soft};
use proptest::prelude::*;
use std::sync::LazyLock;

/// The device of all tests. On softcuda everything is checked.
pub fn gpu() -> Gpu {
    static GPU: LazyLock<Gpu> = LazyLock::new(|| {
        let checks = Some(softcuda::sanitize::Checks::ALL);
        configure_soft(SoftSettings { checks, ..SoftSettings::default() }).unwrap();
        Gpu::new(0).unwrap()
    });
    GPU.clone()
}

/// No launch of any test has had a finding yet.
pub fn clean() {
    let found = gpu().take_findings().unwrap();
    assert!(found.is_empty(), "{}", found[0]);
}

pub fn cases(n: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(n) }
}

/// Lengths: none, one, primes, powers of two and their neighbours, sizes of tiles and their neighbours, and others up to `most`.
pub fn lengths(most: usize) -> impl Strategy<Value = usize> {
    const EDGES: [usize; 28] = [
        0, 1, 2, 3, 5, 31, 32, 33, 127, 128, 129, 251, 255, 256, 257, 511, 512, 513, 1023, 1024,
        1025, 1791, 1792, 1793, 2047, 2048, 2049, 4099,
    ];
    let edges: Vec<usize> = EDGES.into_iter().filter(|&n| n <= most).collect();
    prop_oneof![proptest::sample::select(edges), 0..=most]
}

/// Sides of tiles: none, one, primes, multiples of tiles and their neighbours, and others up to `most`.
pub fn sides(most: usize) -> impl Strategy<Value = usize> {
    const EDGES: [usize; 20] =
        [0, 1, 2, 3, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129];
    let edges: Vec<usize> = EDGES.into_iter().filter(|&n| n <= most).collect();
    prop_oneof![proptest::sample::select(edges), 0..=most]
}

/// How large numbers are.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    /// Within -1 to 1.
    Unit,
    /// Powers of two from 2^-30 to 2^30, of both signs.
    Wide,
    /// Below 2^-60: products fall below the normal range.
    Tiny,
    /// Small integers.
    Integers,
}

pub fn scales() -> impl Strategy<Value = Scale> {
    proptest::sample::select(vec![Scale::Unit, Scale::Wide, Scale::Tiny, Scale::Integers])
}

/// Numbers without order, the same for the same seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// In -1 .. 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    pub fn float(&mut self, scale: Scale) -> f32 {
        let x = match scale {
            Scale::Unit => self.unit(),
            Scale::Wide => self.unit() * 2.0_f64.powi(self.below(61) as i32 - 30),
            Scale::Tiny => self.unit() * 2.0_f64.powi(-60 - self.below(30) as i32),
            Scale::Integers => self.below(17) as f64 - 8.0,
        };
        x as f32
    }

    pub fn floats(&mut self, scale: Scale, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.float(scale)).collect()
    }

    /// Within -1 to 1 times `scale`, in either type.
    pub fn of<T: Float>(&mut self, scale: f64, n: usize) -> Vec<T> {
        (0..n).map(|_| T::from_f64(self.unit() * scale)).collect()
    }

    pub fn words(&mut self, n: usize) -> Vec<u32> {
        (0..n).map(|_| self.next() as u32).collect()
    }
}

/// A copy on the device.
pub fn put<T: Element>(data: &[T]) -> DeviceBuffer<T> {
    DeviceBuffer::from_slice(&gpu(), data).unwrap()
}

/// A poisoned buffer. What was launched until now has had no finding.
pub fn room<T: Element>(n: usize) -> DeviceBuffer<T> {
    clean();
    DeviceBuffer::poisoned(&gpu(), n).unwrap()
}

/// Each element within its bound, and the norm of the error within what the bounds allow.
pub fn close<T: Float>(what: impl std::fmt::Display, expected: &Expected, found: &[T]) {
    clean();
    match expected.check(found) {
        Ok(comparison) => {
            assert!(comparison.relative <= expected.relative_bound(), "{what}: {comparison:?}")
        }
        Err(mismatch) => panic!("{what}: {mismatch}"),
    }
}
