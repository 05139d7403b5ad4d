//! Kernels with a fault put into them (`kernels/mutants`), behind the same functions as the right ones: each must be caught, by a wrong
//! result, by an error of the launch, by softcuda's checks, or by its counters.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use gpu_kernels::{
    Convolution, DeviceBuffer, Gpu, Histogram, ImageShape, Launch, Mask, Merge, Reduction, Result,
    RowsShape, SoftSettings, Softmax, Stencil, VecAdd, VolumeShape, configure_soft, conv2d,
    histogram, merge, reduce_sum, reference, softmax, stencil3d, vec_add,
};
use serde_json::Value;
use softcuda::count::Totals;
use softcuda::sanitize::Checks;

/// How a launch of each mutant ends, under softcuda's checks; what these have to find the manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// With an error.
    Badly,
    /// With a wrong result, or a right one by luck: it depends on the order in which threads run, and on what memory holds.
    Somehow,
    /// With the right result: only speed is lost.
    Right,
}

/// A mutant that is not here fails the test.
const EXPECTED: [(&str, Ends); 12] = [
    ("conv2d_tiled_short_halo", Ends::Somehow),
    ("histogram_privatised_without_atomic", Ends::Somehow),
    ("histogram_privatised_without_clear", Ends::Somehow),
    ("merge_tiled_even_items", Ends::Right),
    ("reduce_sequential_without_barrier", Ends::Somehow),
    ("reduce_shuffle_divergent_barrier", Ends::Badly),
    ("reduce_shuffle_half_mask", Ends::Badly),
    ("softmax_online_without_last_barrier", Ends::Somehow),
    ("stencil_naive_without_upper_face", Ends::Badly),
    ("vec_add_float4_shifted", Ends::Badly),
    ("vec_add_grid_stride_chunked", Ends::Right),
    ("vec_add_off_by_one", Ends::Badly),
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

/// A mutant of the manifest.
struct Mutant {
    name: String,
    source: String,
    kernel: String,
    finding: String,
}

fn mutants() -> Vec<Mutant> {
    let manifest: Value = serde_json::from_str(include_str!("../kernels/manifest.json")).unwrap();
    let of = |(name, m): (&String, &Value)| {
        let text = |key: &str| m[key].as_str().unwrap().to_owned();
        let (source, kernel, finding) = (text("source"), text("kernel"), text("finding"));
        Mutant { name: name.clone(), source, kernel, finding }
    };
    manifest["mutants"].as_object().unwrap().iter().map(of).collect()
}

fn counted(launch: &Launch, ratio: impl Fn(&Totals) -> Option<f64>) -> f64 {
    ratio(&launch.statistics.as_ref().unwrap().totals()).unwrap()
}

#[test]
fn every_mutant_is_caught() {
    let checks = Some(Checks::ALL);
    configure_soft(SoftSettings { checks, verbose: Some(false), ..SoftSettings::default() })
        .unwrap();
    if !Gpu::new(0).unwrap().is_emulated() {
        println!("not run: the checks are softcuda's, and this machine has a GPU (SOFTCUDA=force)");
        return;
    }
    let mutants = mutants();
    assert_eq!(mutants.len(), EXPECTED.len(), "an expectation for each mutant of the manifest");
    for Mutant { name, source, kernel, finding } in mutants {
        let expected = EXPECTED.iter().find(|it| it.0 == name).map(|it| it.1);
        let expected = expected.unwrap_or_else(|| panic!("say how a launch of {name} ends"));
        let right = Gpu::isolated(0).unwrap();
        let (result, launches) = right.record(|gpu| run(gpu, &kernel)).unwrap();
        assert!(result, "{kernel} itself is wrong");
        let reports = right.take_findings().unwrap();
        assert!(reports.is_empty(), "{kernel} itself: {}", reports[0]);

        let gpu = Gpu::isolated(0).unwrap();
        let path = format!("{}/kernels/mutants/{name}.ptx", env!("CARGO_MANIFEST_DIR"));
        let file: &'static str = source.replace(".cu", ".ptx").leak();
        gpu.replace(file, &std::fs::read_to_string(path).unwrap()).unwrap();
        let found = gpu.record(|gpu| run(gpu, &kernel));
        let as_expected = match &found {
            Ok((right, _)) => expected == Ends::Somehow || (expected == Ends::Right && *right),
            Err(_) => expected == Ends::Badly,
        };
        assert!(as_expected, "{name} is to end {expected:?}: {found:?}");
        let reports = gpu.take_findings().unwrap();
        match (&finding[..], &found) {
            ("uncoalesced", Ok((_, mutant))) => {
                let sectors = |of: &[Launch]| counted(&of[0], Totals::sectors_per_request);
                assert!(sectors(mutant) > 2.0 * sectors(&launches), "{name}");
            }
            ("bank-conflicts", Ok((_, mutant))) => {
                let passes = |of: &[Launch]| counted(&of[0], Totals::bank_conflict_degree);
                assert!(passes(mutant) > 1.2 * passes(&launches), "{name}");
            }
            _ => {
                let kinds: Vec<_> =
                    reports.iter().flat_map(|r| &r.findings).map(|f| f.kind.class()).collect();
                assert!(kinds.contains(&&finding[..]), "{name}: {finding} is not among {kinds:?}");
            }
        }
    }
}
