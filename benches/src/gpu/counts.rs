//! What the kernels ask of memory on softcuda, and what that is predicted to take. In a [process of its own](crate::child), where softcuda answers whatever the
//! machine has.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;
use std::sync::LazyLock;

use gpu_kernels::{
    AttentionMask, AttentionShape, DeviceBuffer, FlashAttention, Gpu, Launch, MANIFEST, Matmul,
    MatmulShape, MatmulTensor, Profiling, Reduction, Scan, Variant, VecAdd, attention, f16,
    flash_attention, matmul, matmul_tensor, reduce_sum, scan, vec_add,
};
use softcuda::profile::{Caches, GPUS, Gpu as Named, Manifest, Profile, Registers, Traffic};

use super::{Result, values};
use crate::child::{ask, reply};

/// What a child is started with.
pub const FLAG: &str = "--counts";
/// The GPU of predictions that are of one.
const GPU: &str = "A100-80";

/// Readings by gate.
pub type Counts = BTreeMap<String, f64>;

/// In the parent: a child on softcuda counts.
///
/// # Errors
/// As [`ask`].
pub fn spawn() -> Result<Counts> {
    ask(|bench| {
        bench.arg(FLAG).env("SOFTCUDA", "force").env_remove("SOFTCUDA_CHECK");
    })
}

/// In the child: counts, and says what.
#[must_use]
pub fn answer() -> ExitCode {
    reply(count)
}

/// All counts and predictions.
///
/// # Errors
/// The kernels'; that a GPU answers, which counts nothing.
pub fn count() -> Result<Counts> {
    let gpu = Gpu::new(0)?;
    if !gpu.is_emulated() {
        return Err("a GPU counts nothing: SOFTCUDA=force".into());
    }
    let mut counts = Counts::new();
    counts.insert("gpu.bytes.vec-add".to_owned(), vec_adds(&gpu)?);
    matmuls(&gpu, &mut counts)?;
    counts.insert("gpu.bytes.scan".to_owned(), scans(&gpu)?);
    counts.insert("gpu.bytes.flash-attention".to_owned(), attentions(&gpu)?);
    counts.insert("gpu.predicted.shuffle".to_owned(), reductions(&gpu)?);
    Ok(counts)
}

/// How far off a count is, in percent.
fn off(found: f64, theory: f64) -> f64 {
    100.0 * (found / theory - 1.0).abs()
}

fn worst(all: impl IntoIterator<Item = f64>) -> f64 {
    all.into_iter().fold(0.0, f64::max)
}

fn vec_adds(gpu: &Gpu) -> Result<f64> {
    let n = 1 << 20;
    let (a, b) = (floats(gpu, n, 1)?, floats(gpu, n, 2)?);
    let mut c = DeviceBuffer::poisoned(gpu, n)?;
    let mut all = Vec::new();
    for &variant in VecAdd::ALL {
        let done = profile(gpu, Caches::Cold, |gpu| vec_add(gpu, variant, &a, &b, &mut c))?;
        all.push(off(sum(&done, |it| it.dram_bytes)?, 12.0 * n as f64));
    }
    Ok(worst(all))
}

fn matmuls(gpu: &Gpu, counts: &mut Counts) -> Result<()> {
    let n = 512;
    let shape = MatmulShape { m: n, n, k: n };
    let (a, b) = (floats(gpu, n * n, 1)?, floats(gpu, n * n, 2)?);
    let mut c = DeviceBuffer::poisoned(gpu, n * n)?;
    let (mut all, mut bytes, mut seconds) = (Vec::new(), HashMap::new(), HashMap::new());
    for &variant in Matmul::ALL {
        let work = |gpu: &Gpu| matmul(gpu, variant, shape, &a, &b, &mut c);
        let done = profile(gpu, Caches::Warm, work)?;
        let asked = sum(&done, |it| it.requested_bytes)?;
        all.push(off(asked, variant.bytes_asked(shape) as f64));
        bytes.insert(variant, asked);
        seconds.insert(variant, predicted(&done, GPU)?);
    }
    let half = |seed| -> Result<DeviceBuffer<f16>> {
        let narrow: Vec<f16> = values(n * n, seed).into_iter().map(f16::from_f32).collect();
        Ok(DeviceBuffer::from_slice(gpu, &narrow)?)
    };
    let (a, b) = (half(1)?, half(2)?);
    for &variant in MatmulTensor::ALL {
        let work = |gpu: &Gpu| matmul_tensor(gpu, variant, shape, &a, &b, &mut c);
        let asked = sum(&profile(gpu, Caches::Warm, work)?, |it| it.requested_bytes)?;
        all.push(off(asked, variant.bytes_asked(shape) as f64));
    }
    let over = |of: &HashMap<Matmul, f64>, x: Matmul, y: Matmul| of[&x] / of[&y];
    let theory = |variant: Matmul| variant.bytes_asked(shape) as f64;
    let ratio = theory(Matmul::Naive) / theory(Matmul::Tiled16);
    let tiled = off(over(&bytes, Matmul::Naive, Matmul::Tiled16), ratio);
    let predicted = over(&seconds, Matmul::Naive, Matmul::DoubleBuffered);
    counts.insert("gpu.bytes.matmul".to_owned(), worst(all));
    counts.insert("gpu.bytes.matmul-tiled".to_owned(), tiled);
    counts.insert("gpu.predicted.matmul".to_owned(), predicted);
    Ok(())
}

fn scans(gpu: &Gpu) -> Result<f64> {
    let n = 1 << 20;
    let input = floats(gpu, n, 5)?;
    let mut out = DeviceBuffer::<f32>::poisoned(gpu, n)?;
    let work = |gpu: &Gpu| scan(gpu, Scan::LookBack, &input, &mut out);
    // What is asked again while blocks wait for each other comes from the second cache.
    let bytes = sum(&profile(gpu, Caches::Cold, work)?, |it| it.dram_bytes)?;
    Ok(bytes / n as f64)
}

fn attentions(gpu: &Gpu) -> Result<f64> {
    let (n, d) = (512, 64);
    let shape = AttentionShape { heads: 1, queries: n, keys: n, d };
    let mask = AttentionMask::new(d, false);
    let [q, k, v] = [1, 2, 3].map(|seed| floats(gpu, n * d, seed));
    let (q, k, v) = (q?, k?, v?);
    let mut out = DeviceBuffer::<f32>::poisoned(gpu, n * d)?;
    let plain =
        profile(gpu, Caches::Cold, |gpu| attention(gpu, shape, mask, &q, &k, &v, &mut out))?;
    let flash = profile(gpu, Caches::Cold, |gpu| {
        flash_attention(gpu, FlashAttention::Cores, shape, mask, &q, &k, &v, &mut out)
    })?;
    let dram = |done: &[Launch]| sum(done, |it| it.dram_bytes);
    // Scores are written, read and written, and read: 16 n^2; both read three and write one of n x d: 16 n d.
    Ok(off(dram(&plain)? / dram(&flash)?, (n / d) as f64 + 1.0))
}

fn reductions(gpu: &Gpu) -> Result<f64> {
    let n = 1 << 22;
    let input = floats(gpu, n, 4)?;
    let of =
        |variant| profile(gpu, Caches::Warm, |gpu| reduce_sum(gpu, variant, &input).map(|_| ()));
    let (tree, shuffle) = (of(Reduction::Interleaved)?, of(Reduction::Shuffle)?);
    let mut least = f64::INFINITY;
    for named in &GPUS {
        let (tree, shuffle) = (main(&tree, named.name)?, main(&shuffle, named.name)?);
        if !shuffle.exceeds_l2 {
            least = least.min(tree.kernel_seconds / shuffle.kernel_seconds);
        }
    }
    if least.is_finite() { Ok(least) } else { Err("no second cache holds the array".into()) }
}

fn floats(gpu: &Gpu, n: usize, seed: u64) -> Result<DeviceBuffer<f32>> {
    Ok(DeviceBuffer::from_slice(gpu, &values(n, seed))?)
}

fn profile(
    gpu: &Gpu,
    caches: Caches,
    work: impl FnOnce(&Gpu) -> gpu_kernels::Result<()>,
) -> Result<Vec<Launch>> {
    Ok(gpu.profile(Profiling { registers, caches }, work)?.1)
}

fn profiles(launches: &[Launch]) -> Result<Vec<&Profile>> {
    let all: Option<Vec<_>> = launches.iter().map(|it| it.profile.as_deref()).collect();
    all.filter(|all| !all.is_empty()).ok_or_else(|| "a launch has no profile".into())
}

fn sum(launches: &[Launch], of: impl Fn(&Traffic) -> u64) -> Result<f64> {
    Ok(profiles(launches)?.iter().map(|it| of(&it.traffic)).sum::<u64>() as f64)
}

/// What is predicted for the launch that does the most.
fn main<'l>(launches: &'l [Launch], gpu: &str) -> Result<&'l softcuda::profile::Prediction> {
    let all = profiles(launches)?;
    let main = all.into_iter().max_by_key(|it| it.statistics.totals().warp_instructions);
    let on = main.and_then(|it| it.on(gpu)?.predicted.as_ref());
    on.ok_or_else(|| format!("nothing is predicted for {gpu}").into())
}

/// Predicted seconds of all launches, with their overheads.
fn predicted(launches: &[Launch], gpu: &str) -> Result<f64> {
    let seconds = |it: &Profile| Some(it.on(gpu)?.predicted.as_ref()?.seconds);
    let all: Option<f64> = profiles(launches)?.into_iter().map(seconds).sum();
    all.ok_or_else(|| format!("nothing is predicted for {gpu}").into())
}

static KERNELS: LazyLock<Manifest> =
    LazyLock::new(|| Manifest::parse(MANIFEST).unwrap_or_default());

/// Registers a thread, as `ptxas` said.
fn registers(kernel: &str, gpu: &Named) -> Registers {
    KERNELS.registers(kernel, gpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_known_on_all_gpus() {
        for gpu in &GPUS {
            for kernel in ["reduce_shuffle", "reduce_interleaved", "matmul_double_buffered"] {
                let found = registers(kernel, gpu);
                assert!(matches!(found, Registers::Known(1..)), "{kernel} on {}", gpu.name);
            }
        }
    }

    #[test]
    fn deviations() {
        assert_eq!(off(1.05, 1.0).round(), 5.0);
        assert_eq!(worst([1.0, 3.0, 2.0]), 3.0);
    }
}
