//! What only a GPU can tell: launches timed by events.

use std::collections::BTreeMap;
use std::time::Instant;

use gpu_kernels::{
    DeviceBuffer, Gpu, Matmul, MatmulShape, Reduction, Scan, Variant, VecAdd, matmul, reduce_sum,
    scan, vec_add,
};

use super::{Result, values};

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Elements of vectors.
    pub vector: usize,
    /// Elements of sums.
    pub summed: usize,
    /// Rows and columns of matrices.
    pub side: usize,
}

/// Vectors of 256 MiB, past all second caches; sums in the second cache, as the course has them.
pub const FULL: Sizes = Sizes { vector: 1 << 26, summed: 1 << 22, side: 2048 };

/// Launches of a round, of which the median counts.
const TIMES: usize = 11;

/// Readings by gate, a round.
pub type Readings = BTreeMap<&'static str, f64>;

/// The device, or why there is none.
///
/// # Errors
/// That there is none.
pub fn open() -> std::result::Result<Gpu, String> {
    match Gpu::new(0) {
        Ok(gpu) if !gpu.is_emulated() => Ok(gpu),
        Ok(_) => Err("no device".to_owned()),
        Err(error) => Err(format!("no device: {error}")),
    }
}

/// Milliseconds of what `work` launches: the median, after one to warm up.
fn time(gpu: &Gpu, mut work: impl FnMut(&Gpu) -> gpu_kernels::Result<()>) -> Result<f64> {
    work(gpu)?;
    gpu.synchronize()?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let ((), launches) = gpu.record(&mut work)?;
        let all: Option<f32> = launches.iter().map(|it| it.milliseconds).sum();
        times.push(f64::from(all.ok_or("a launch was not timed")?));
    }
    times.sort_by(f64::total_cmp);
    Ok(times[TIMES / 2])
}

/// One round of all readings.
///
/// # Errors
/// The device's.
pub fn round(gpu: &Gpu, sizes: Sizes) -> Result<Readings> {
    let mut readings = Readings::new();
    vectors(gpu, sizes.vector, &mut readings)?;
    product(gpu, sizes.side, &mut readings)?;
    let input = DeviceBuffer::from_slice(gpu, &values(sizes.summed, 4))?;
    let sum = |variant| time(gpu, |gpu| reduce_sum(gpu, variant, &input).map(|_| ()));
    let ratio = sum(Reduction::Interleaved)? / sum(Reduction::Shuffle)?;
    readings.insert("gpu.device.shuffle", ratio);
    Ok(readings)
}

fn vectors(gpu: &Gpu, n: usize, readings: &mut Readings) -> Result<()> {
    let (a, b) = (values(n, 1), values(n, 2));
    let mut c = vec![0.0_f32; n];
    let mut host = f64::INFINITY;
    for _ in 0..3 {
        let began = Instant::now();
        for ((c, a), b) in c.iter_mut().zip(&a).zip(&b) {
            *c = a + b;
        }
        std::hint::black_box(&c);
        host = host.min(began.elapsed().as_secs_f64() * 1e3);
    }
    let (da, db) = (DeviceBuffer::from_slice(gpu, &a)?, DeviceBuffer::from_slice(gpu, &b)?);
    let mut dc = DeviceBuffer::<f32>::poisoned(gpu, n)?;
    let mut fastest = f64::INFINITY;
    for &variant in VecAdd::ALL {
        fastest = fastest.min(time(gpu, |gpu| vec_add(gpu, variant, &da, &db, &mut dc))?);
    }
    if dc.to_vec()? != c {
        return Err("the device adds otherwise than the CPU".into());
    }
    let rate = |bytes: usize, milliseconds: f64| bytes as f64 / milliseconds / 1e6;
    let added = rate(12 * n, fastest);
    readings.insert("gpu.device.vec-add", added);
    readings.insert("gpu.device.vec-add-cpu", host / fastest);
    let looked = time(gpu, |gpu| scan(gpu, Scan::LookBack, &da, &mut dc))?;
    readings.insert("gpu.device.scan", 100.0 * rate(8 * n, looked) / added);
    Ok(())
}

fn product(gpu: &Gpu, side: usize, readings: &mut Readings) -> Result<()> {
    let (a, b) = (values(side * side, 1), values(side * side, 2));
    let mut host = f64::INFINITY;
    for _ in 0..3 {
        host = host.min(multiply(side, &a, &b) * 1e3);
    }
    let (da, db) = (DeviceBuffer::from_slice(gpu, &a)?, DeviceBuffer::from_slice(gpu, &b)?);
    let mut dc = DeviceBuffer::<f32>::poisoned(gpu, side * side)?;
    let shape = MatmulShape { m: side, n: side, k: side };
    let mut fastest = f64::INFINITY;
    for &variant in Matmul::ALL {
        fastest = fastest.min(time(gpu, |gpu| matmul(gpu, variant, shape, &da, &db, &mut dc))?);
    }
    readings.insert("gpu.device.matmul-cpu", host / fastest);
    Ok(())
}

/// Seconds that one core takes for the product, by what `ndarray` multiplies with.
fn multiply(of: usize, a: &[f32], b: &[f32]) -> f64 {
    let mut c = vec![0.0_f32; of * of];
    let stride = of as isize;
    let began = Instant::now();
    // SAFETY: all three are `of` x `of`, row by row, and c overlaps neither a nor b.
    unsafe {
        matrixmultiply::sgemm(
            of,
            of,
            of,
            1.0,
            a.as_ptr(),
            stride,
            1,
            b.as_ptr(),
            stride,
            1,
            0.0,
            c.as_mut_ptr(),
            stride,
            1,
        );
    }
    std::hint::black_box(&c);
    began.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "needs a device"]
    fn a_round_reads_all_gates() {
        let gpu = open().unwrap();
        let readings = round(&gpu, Sizes { vector: 1 << 16, summed: 1 << 16, side: 128 }).unwrap();
        assert_eq!(readings.len(), 5);
        assert!(readings.values().all(|it| it.is_finite() && *it > 0.0), "{readings:?}");
    }
}
