//! Sizes, times and errors, as NCCL's `all_reduce_perf` has them.

use super::{AllReduce, Communicator};
use crate::buffer::DeviceBuffer;
use crate::error::Result;
use std::time::Instant;

/// What came out for a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AllReduceRow {
    /// The variant.
    pub variant: AllReduce,
    /// Devices.
    pub devices: usize,
    /// Bytes of each buffer.
    pub bytes: usize,
    /// Seconds of one all-reduce: the mean of the iterations, by the host's clock. On softcuda that of the emulation.
    pub seconds: f64,
    /// Bytes of a buffer a second.
    pub algorithm_bandwidth: f64,
    /// The same times `2 (N - 1) / N`: what each device sends and receives at the least, to be compared with the links.
    pub bus_bandwidth: f64,
    /// Elements of all devices that are not the exact sum.
    pub errors: usize,
}

/// Element `i` of device `rank` before a sum: an integer below 1024, so that sums over thousands of devices are exact in any order.
fn element(rank: usize, i: usize) -> f32 {
    ((i * 31 + rank * 17) % 1024) as f32
}

/// Sums up buffers of these sizes (in bytes, rounded down to whole elements), `iterations` times after one to warm up, and checks all elements of the
/// first exactly.
///
/// # Errors
/// When a device has no room or a step fails.
pub fn all_reduce_perf(
    communicator: &mut Communicator,
    variant: AllReduce,
    sizes: &[usize],
    iterations: u32,
) -> Result<Vec<AllReduceRow>> {
    let devices = communicator.size();
    let mut rows = Vec::with_capacity(sizes.len());
    for &bytes in sizes {
        let n = bytes / size_of::<f32>();
        let mut buffers = Vec::with_capacity(devices);
        for (rank, at) in communicator.ranks.iter().enumerate() {
            let data: Vec<f32> = (0..n).map(|i| element(rank, i)).collect();
            buffers.push(DeviceBuffer::from_slice(&at.gpu, &data)?);
        }
        communicator.all_reduce(variant, &mut buffers)?;
        communicator.synchronize()?;
        let mut errors = 0;
        let sum = |i: usize| (0..devices).map(|rank| element(rank, i)).sum::<f32>();
        for buffer in &buffers {
            let found = buffer.to_vec()?;
            errors += (0..n).filter(|&i| found[i] != sum(i)).count();
        }
        // Sums of sums would leave the range of exact integers, and then of floats.
        for (buffer, rank) in buffers.iter_mut().zip(&communicator.ranks) {
            buffer.set_zero(&rank.gpu)?;
        }
        communicator.synchronize()?;
        let start = Instant::now();
        for _ in 0..iterations.max(1) {
            communicator.all_reduce(variant, &mut buffers)?;
        }
        communicator.synchronize()?;
        let seconds = start.elapsed().as_secs_f64() / f64::from(iterations.max(1));
        let algorithm_bandwidth = (4 * n) as f64 / seconds;
        let share = 2.0 * (devices - 1) as f64 / devices as f64;
        rows.push(AllReduceRow {
            variant,
            devices,
            bytes: 4 * n,
            seconds,
            algorithm_bandwidth,
            bus_bandwidth: algorithm_bandwidth * share,
            errors,
        });
    }
    Ok(rows)
}
