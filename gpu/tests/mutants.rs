//! Kernels with a fault put into them (`kernels/mutants`), behind the same functions as the right ones: each must be caught, by a wrong
//! result, by an error of the launch, or by its counters.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use gpu_kernels::{
    Convolution, DeviceBuffer, Error, Gpu, Histogram, ImageShape, Launch, Mask, Merge, Reduction,
    Result, RowsShape, Softmax, Stencil, VecAdd, VolumeShape, conv2d, histogram, merge, reduce_sum,
    reference, softmax, stencil3d, vec_add,
};
use serde_json::Value;

/// What catches a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caught {
    /// The result is not the reference's.
    WrongResult,
    /// The launch ends with this error.
    Error(&'static str),
    /// More than twice the sectors a request of the right kernel.
    Sectors,
    /// More passes over the banks than the right kernel.
    Passes,
    /// Right by luck of the order in which threads run here: only a sanitizer sees it (softcuda's `sanitize`, tested there).
    Sanitizer,
}

/// Every mutant and what catches it.
const EXPECTED: [(&str, Caught); 12] = [
    ("conv2d_tiled_short_halo", Caught::WrongResult),
    ("histogram_privatised_without_atomic", Caught::WrongResult),
    ("histogram_privatised_without_clear", Caught::Sanitizer),
    ("merge_tiled_even_items", Caught::Passes),
    ("reduce_sequential_without_barrier", Caught::WrongResult),
    ("reduce_shuffle_divergent_barrier", Caught::Error("CUDA_ERROR_LAUNCH_TIMEOUT")),
    ("reduce_shuffle_half_mask", Caught::Error("CUDA_ERROR_LAUNCH_FAILED")),
    ("softmax_online_without_last_barrier", Caught::Sanitizer),
    ("stencil_naive_without_upper_face", Caught::Error("CUDA_ERROR_ILLEGAL_ADDRESS")),
    ("vec_add_float4_shifted", Caught::Error("CUDA_ERROR_MISALIGNED_ADDRESS")),
    ("vec_add_grid_stride_chunked", Caught::Sectors),
    ("vec_add_off_by_one", Caught::Error("CUDA_ERROR_ILLEGAL_ADDRESS")),
];

/// Numbers in no order.
fn numbers(n: usize) -> Vec<f32> {
    (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as f32 / 2048.0 - 1.0).collect()
}

fn put(gpu: &Gpu, data: &[f32]) -> Result<DeviceBuffer<f32>> {
    DeviceBuffer::from_slice(gpu, data)
}

/// Runs the kernel by its function; whether the result is right.
fn run(gpu: &Gpu, kernel: &str) -> Result<bool> {
    match kernel {
        "vec_add_scalar" | "vec_add_float4" | "vec_add_grid_stride" => {
            let variant = match kernel {
                "vec_add_scalar" => VecAdd::Scalar,
                "vec_add_float4" => VecAdd::Float4,
                _ => VecAdd::GridStride,
            };
            let x = numbers((1 << 19) + 3);
            let (a, mut c) = (put(gpu, &x)?, DeviceBuffer::poisoned(gpu, x.len())?);
            vec_add(gpu, variant, &a, &a, &mut c)?;
            Ok(c.to_vec()? == reference::vec_add(&x, &x))
        }
        "conv2d_tiled" => {
            let shape = ImageShape { height: 50, width: 70 };
            let image = numbers(50 * 70);
            let mask = Mask::new(&numbers(25))?;
            let (input, mut out) = (put(gpu, &image)?, DeviceBuffer::poisoned(gpu, image.len())?);
            conv2d(gpu, Convolution::Tiled, shape, &mask, &input, &mut out)?;
            let expected = reference::conv2d(Convolution::Tiled, shape, &mask, &image);
            Ok(expected.check(&out.to_vec()?).is_ok())
        }
        "histogram_privatised" => {
            let keys: Vec<u32> = (0..10_000).map(|i| i * i % 97).collect();
            let mut bins = DeviceBuffer::zeroed(gpu, 97)?;
            histogram(
                gpu,
                Histogram::Privatised,
                &DeviceBuffer::from_slice(gpu, &keys)?,
                &mut bins,
            )?;
            Ok(bins.to_vec()? == reference::histogram(&keys, &[0; 97]))
        }
        "merge_tiled" => {
            let a: Vec<i32> = (0..5000).map(|i| 3 * i).collect();
            let b: Vec<i32> = (0..4000).map(|i| 4 * i).collect();
            let (da, db) = (DeviceBuffer::from_slice(gpu, &a)?, DeviceBuffer::from_slice(gpu, &b)?);
            let mut out = DeviceBuffer::poisoned(gpu, 9000)?;
            merge(gpu, Merge::Tiled, &da, &db, &mut out)?;
            Ok(out.to_vec()? == reference::merge(&a, &b))
        }
        "reduce_sequential" | "reduce_shuffle" => {
            let variant =
                if kernel == "reduce_shuffle" { Reduction::Shuffle } else { Reduction::Sequential };
            let x = numbers(20_000);
            let sum = reduce_sum(gpu, variant, &put(gpu, &x)?)?;
            let multiprocessors = gpu.properties().multiprocessors;
            Ok(reference::reduce_sum(variant, multiprocessors, &x).check(&[sum]).is_ok())
        }
        "softmax_online" => {
            // Fewer blocks than rows.
            let shape =
                RowsShape { rows: 8 * gpu.properties().multiprocessors as usize + 500, cols: 40 };
            let x = numbers(shape.rows * shape.cols);
            let (input, mut out) = (put(gpu, &x)?, DeviceBuffer::poisoned(gpu, x.len())?);
            softmax(gpu, Softmax::Online, shape, &input, &mut out)?;
            Ok(reference::softmax(shape, &x).check(&out.to_vec()?).is_ok())
        }
        "stencil_naive" => {
            let shape = VolumeShape { nx: 40, ny: 20, nz: 10 };
            let x = numbers(8000);
            let (input, mut out) = (put(gpu, &x)?, DeviceBuffer::poisoned(gpu, 8000)?);
            let c = [0.5, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7];
            stencil3d(gpu, Stencil::Naive, shape, c, &input, &mut out)?;
            Ok(out.to_vec()? == reference::stencil3d(shape, c, &x))
        }
        other => panic!("no test runs {other}: write one"),
    }
}

/// The mutants that the manifest has: name, file, kernel.
fn mutants() -> Vec<(String, String, String)> {
    let manifest: Value = serde_json::from_str(include_str!("../kernels/manifest.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mutants = manifest["mutants"].as_object().unwrap();
    mutants.iter().map(|(name, m)| (name.clone(), text(&m["source"]), text(&m["kernel"]))).collect()
}

fn counted(launches: &[Launch], ratio: impl Fn(&softcuda::count::Totals) -> Option<f64>) -> f64 {
    let statistics = launches[0].statistics.as_ref().unwrap();
    ratio(&statistics.totals()).unwrap()
}

#[test]
fn every_mutant_is_caught() {
    let expected = |name: &str| EXPECTED.iter().find(|(it, _)| *it == name).map(|it| it.1);
    let mutants = mutants();
    let unexpected: Vec<_> = mutants.iter().filter(|(name, ..)| expected(name).is_none()).collect();
    assert!(unexpected.is_empty(), "say what catches {unexpected:?}");
    assert_eq!(mutants.len(), EXPECTED.len(), "expected mutants that are not there");
    for (name, source, kernel) in mutants {
        let right = Gpu::isolated(0).unwrap();
        let (result, launches) = right.record(|gpu| run(gpu, &kernel)).unwrap();
        assert!(result, "{kernel} itself is wrong");

        let gpu = Gpu::isolated(0).unwrap();
        let path = format!("{}/kernels/mutants/{name}.ptx", env!("CARGO_MANIFEST_DIR"));
        let file: &'static str = source.replace(".cu", ".ptx").leak();
        gpu.replace(file, &std::fs::read_to_string(path).unwrap()).unwrap();
        let found = gpu.record(|gpu| run(gpu, &kernel));
        let expected = expected(&name).unwrap();
        let caught = match (&found, expected) {
            (Ok((right, _)), Caught::WrongResult) => !right,
            (Err(Error::Driver { name, .. }), Caught::Error(code)) => name == code,
            (Ok((true, mutant)), Caught::Sectors) if gpu.is_emulated() => {
                let sectors = |of: &[Launch]| counted(of, |totals| totals.sectors_per_request());
                sectors(mutant) > 2.0 * sectors(&launches)
            }
            (Ok((true, mutant)), Caught::Passes) if gpu.is_emulated() => {
                let passes = |of: &[Launch]| counted(of, |totals| totals.bank_conflict_degree());
                passes(mutant) > 1.2 * passes(&launches)
            }
            (Ok(_), Caught::Sanitizer) => true,
            // A GPU has no counters for us.
            (Ok(_), Caught::Sectors | Caught::Passes) => !gpu.is_emulated(),
            _ => false,
        };
        assert!(caught, "{name}: expected {expected:?}, found {found:?}");
    }
}
