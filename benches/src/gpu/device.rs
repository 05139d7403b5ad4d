//! What only a GPU can tell: launches timed by events.

use std::collections::BTreeMap;
use std::time::Instant;

use gpu_kernels::{
    DeviceBuffer, Gpu, Matmul, MatmulShape, Reduction, Scan, Variant, VecAdd, matmul, reduce_sum,
    scan, vec_add,
};

use super::{Result, values};

/// Elements of vectors: 256 MiB each, past all second caches.
const N: usize = 1 << 26;
/// Elements of sums, as the course has them in the second cache.
const SUMMED: usize = 1 << 22;
/// Rows and columns of matrices.
const SIDE: usize = 2048;
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
pub fn round(gpu: &Gpu) -> Result<Readings> {
    let mut readings = Readings::new();
    vectors(gpu, &mut readings)?;
    product(gpu, &mut readings)?;
    let input = DeviceBuffer::from_slice(gpu, &values(SUMMED, 4))?;
    let sum = |variant| time(gpu, |gpu| reduce_sum(gpu, variant, &input).map(|_| ()));
    let ratio = sum(Reduction::Interleaved)? / sum(Reduction::Shuffle)?;
    readings.insert("gpu.device.shuffle", ratio);
    Ok(readings)
}

fn vectors(gpu: &Gpu, readings: &mut Readings) -> Result<()> {
    let (a, b) = (values(N, 1), values(N, 2));
    let mut c = vec![0.0_f32; N];
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
    let mut dc = DeviceBuffer::<f32>::poisoned(gpu, N)?;
    let mut fastest = f64::INFINITY;
    for &variant in VecAdd::ALL {
        fastest = fastest.min(time(gpu, |gpu| vec_add(gpu, variant, &da, &db, &mut dc))?);
    }
    if dc.to_vec()? != c {
        return Err("the device adds otherwise than the CPU".into());
    }
    let rate = |bytes: usize, milliseconds: f64| bytes as f64 / milliseconds / 1e6;
    let added = rate(12 * N, fastest);
    readings.insert("gpu.device.vec-add", added);
    readings.insert("gpu.device.vec-add-cpu", host / fastest);
    let looked = time(gpu, |gpu| scan(gpu, Scan::LookBack, &da, &mut dc))?;
    readings.insert("gpu.device.scan", 100.0 * rate(8 * N, looked) / added);
    Ok(())
}

fn product(gpu: &Gpu, readings: &mut Readings) -> Result<()> {
    let (a, b) = (values(SIDE * SIDE, 1), values(SIDE * SIDE, 2));
    let mut host = f64::INFINITY;
    for _ in 0..3 {
        host = host.min(multiply(&a, &b) * 1e3);
    }
    let (da, db) = (DeviceBuffer::from_slice(gpu, &a)?, DeviceBuffer::from_slice(gpu, &b)?);
    let mut dc = DeviceBuffer::<f32>::poisoned(gpu, SIDE * SIDE)?;
    let shape = MatmulShape { m: SIDE, n: SIDE, k: SIDE };
    let mut fastest = f64::INFINITY;
    for &variant in Matmul::ALL {
        fastest = fastest.min(time(gpu, |gpu| matmul(gpu, variant, shape, &da, &db, &mut dc))?);
    }
    readings.insert("gpu.device.matmul-cpu", host / fastest);
    Ok(())
}

/// Seconds that one core takes for the product, by what `ndarray` multiplies with.
fn multiply(a: &[f32], b: &[f32]) -> f64 {
    let mut c = vec![0.0_f32; SIDE * SIDE];
    let (stride, of) = (SIDE as isize, SIDE);
    let began = Instant::now();
    // SAFETY: all three are SIDE x SIDE, row by row, and c overlaps neither a nor b.
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
