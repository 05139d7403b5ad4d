//! The gates of `softcuda` and of the CUDA kernels.
//!
//! | module | what it holds |
//! |---|---|
//! | [`gates`] | which reading answers which gate |
//! | [`speed`] | thread instructions a second of the emulator, by threads of the host, and what checks cost |
//! | [`counts`] | bytes and predicted times of the kernels on softcuda, in a process of its own |
//! | [`device`] | times of the kernels on a GPU |
//!
//! # What is measured
//!
//! **Speed.** Kernels of `gpu/kernels` on `softcuda` itself, no driver between, with all counters on (they cannot be turned off) and checks off: the sum of two vectors of 2^20
//! elements, and products of 256 x 256 matrices. A rate is thread instructions over the time that the launching thread had a processor: the
//! launch has one worker, which is that thread, so that others' load takes less of it. The best of some passes: noise only ever adds.
//!
//! **Scaling** is the rate of two workers against one, in time that passed: two cores that others use, too, do not show it.
//!
//! **Checks.** The same launches with all checks of `softcuda::sanitize` on against none, in turns; what is found must be nothing. The gate is on time: at most three times as long.
//!
//! **Counts** are of kernels behind `gpu_kernels`' functions on softcuda, in a child with `SOFTCUDA=force`, so that they are the same on a machine with a GPU. *Bytes asked of global
//! memory* are those that the loads and stores of all threads name: what DRAM would move if there were no caches, which is what theory counts. *Bytes of DRAM* are those of
//! different sectors, read and written, by launch: what DRAM moves if the second cache is large enough. Neither is a measurement of a GPU.
//!
//! **Predicted** are ratios of times by the model `softcuda::profile::MODEL` (its documentation says what it leaves out), with the registers that `ptxas` gave. Ratios of kernels are without the launch
//! overhead for the reduction (as the course times them by events) and with it for the product. Kernels whose blocks wait for each other (the scans) have no gate of this kind: the model
//! takes each question of a waiting block for work.
//!
//! **Device** gates need a GPU: medians of launches timed by events, in the process that has the driver. Without one they are `not measured: no device`. The CPU that
//! the course compares with (numpy) is one core of the machine with a plain loop (vectors) or the crate `matrixmultiply`, which `ndarray` multiplies with.

pub mod counts;
pub mod device;
pub mod gates;
pub mod speed;

pub use crate::Fault;

/// The harness's result.
pub type Result<T> = std::result::Result<T, Fault>;

/// Values between -1 and 1, the same every time.
fn values(n: usize, seed: u64) -> Vec<f32> {
    let mut random = crate::random::Random::new(seed);
    (0..n).map(|_| random.unit() as f32 * 2.0 - 1.0).collect()
}
