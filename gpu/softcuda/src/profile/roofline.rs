//! The roofline: what arithmetic intensity lets a kernel reach.
//!
//! After Williams, Waterman, Patterson: *Roofline: An Insightful Visual Performance Model for Multicore Architectures* (2009), with one
//! roof a level of memory (Ilic et al. 2014 and others).

use super::gpu::Gpu;
use super::traffic::Traffic;
use crate::count::{Class, Statistics};

/// Which units do most of a launch's floating-point work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Units {
    /// Half precision.
    Half,
    /// Single precision; also where there is no floating-point work.
    Single,
    /// Double precision.
    Double,
    /// The tensor cores.
    Tensor,
}

impl Units {
    /// Of a launch.
    pub fn of(statistics: &Statistics) -> Self {
        let flops = |class| statistics.class(class).flops;
        let all = [
            (Self::Single, flops(Class::Single)),
            (Self::Half, flops(Class::Half)),
            (Self::Double, flops(Class::Double)),
            (Self::Tensor, flops(Class::Matrix)),
        ];
        let mut most = all[0];
        for it in all {
            if it.1 > most.1 {
                most = it;
            }
        }
        most.0
    }

    /// Their name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Half => "half",
            Self::Single => "single",
            Self::Double => "double",
            Self::Tensor => "tensor",
        }
    }

    /// FLOP a second that they reach on a GPU.
    pub fn peak(self, gpu: &Gpu) -> f64 {
        match self {
            Self::Half => gpu.half_flops,
            Self::Single => gpu.single_flops,
            Self::Tensor => gpu.tensor_flops,
            Self::Double => 2.0 * gpu.rates.double * f64::from(gpu.multiprocessors) * gpu.clock,
        }
    }
}

/// A kernel's place under the roofs of a GPU. Intensities are FLOP a byte; `None` where no byte is moved.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Point {
    /// The units whose peak is the flat roof.
    pub units: Units,
    /// FLOP, those of the tensor cores too.
    pub flops: u64,
    /// FLOP a byte of DRAM.
    pub dram_intensity: Option<f64>,
    /// FLOP a byte of the second cache.
    pub l2_intensity: Option<f64>,
    /// FLOP a byte of shared memory.
    pub shared_intensity: Option<f64>,
    /// The flat roof, FLOP a second.
    pub peak: f64,
    /// FLOP a second under the lowest roof of DRAM, the second cache, shared memory and the units.
    pub attainable: f64,
    /// Whether a roof of memory is lower than that of the units.
    pub memory_bound: bool,
}

/// Bytes a second of shared memory of all multiprocessors.
pub fn shared_bandwidth(gpu: &Gpu) -> f64 {
    gpu.rates.shared_bytes * f64::from(gpu.multiprocessors) * gpu.clock
}

/// The place of a launch.
pub fn point(gpu: &Gpu, units: Units, traffic: &Traffic) -> Point {
    let flops = traffic.flops + traffic.tensor_flops;
    let intensity = |bytes: u64| (bytes != 0).then(|| flops as f64 / bytes as f64);
    let peak = units.peak(gpu);
    let dram_intensity = intensity(traffic.dram_bytes);
    let l2_intensity = intensity(traffic.l2_bytes);
    let shared_intensity = intensity(traffic.shared_bytes);
    let roofs = [
        (dram_intensity, gpu.dram_bandwidth),
        (l2_intensity, gpu.l2_bandwidth),
        (shared_intensity, shared_bandwidth(gpu)),
    ];
    let lowest = roofs
        .iter()
        .filter_map(|&(intensity, bandwidth)| Some(intensity? * bandwidth))
        .fold(f64::INFINITY, f64::min);
    Point {
        units,
        flops,
        dram_intensity,
        l2_intensity,
        shared_intensity,
        peak,
        attainable: lowest.min(peak),
        memory_bound: lowest < peak,
    }
}
