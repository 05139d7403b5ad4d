//! The committed PTX is what the manifest says, and every kernel of it is launched by some function of this crate.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use gpu_kernels::{
    Affine, AllReduce, AttentionMask, AttentionShape, Bfs, Communicator, Convolution, Csr,
    DeviceBuffer, FlashAttention, Float, FmaChains, FmaSweep, Gelu, Gpu, Graph, GraphOnDevice,
    Histogram, ImageShape, LayerNorm, Mask, Matmul, MatmulShape, MatmulTensor, Merge, RadixSort,
    Reduction, Result, RowsShape, Scan, ScanElement, SoftSettings, Softmax, SparseMatrix, Spmv,
    Stencil, Variant, VecAdd, VolumeShape, attention, bfs, configure_soft, conv2d, f16,
    flash_attention, fma_sweep, gelu, histogram, layer_norm, matmul, matmul_tensor, merge,
    radix_sort, reduce_sum, scan, softmax, spmv, stencil3d, vec_add,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn kernels() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/kernels"))
}

fn manifest() -> Value {
    serde_json::from_str(&std::fs::read_to_string(kernels().join("manifest.json")).unwrap())
        .unwrap()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().unwrap().iter()
}

#[test]
fn files_have_the_manifests_hashes() {
    let manifest = manifest();
    let mut checked = BTreeSet::new();
    let mut check = |name: &str, expected: &Value| {
        let bytes = std::fs::read(kernels().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let digest = Sha256::digest(&bytes);
        let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(&found, expected.as_str().unwrap(), "{name} is not what gpu/kernels/build made");
        checked.insert(name.to_owned());
    };
    for (_, file) in entries(&manifest["files"]) {
        check(file["ptx"].as_str().unwrap(), &file["ptx_sha256"]);
        entries(&file["sources"]).for_each(|(name, hash)| check(name, hash));
    }
    for (name, mutant) in entries(&manifest["mutants"]) {
        check(mutant["ptx"].as_str().unwrap(), &mutant["ptx_sha256"]);
        check(&format!("mutants/{name}.patch"), &mutant["patch_sha256"]);
    }
    for folder in ["", "mutants/"] {
        for entry in std::fs::read_dir(kernels().join(folder)).unwrap() {
            let name = format!("{folder}{}", entry.unwrap().file_name().to_str().unwrap());
            let generated = [".ptx", ".cu", ".cuh", ".patch"].iter().any(|end| name.ends_with(end));
            assert!(!generated || checked.contains(&name), "{name} is not in the manifest");
        }
    }
}

#[test]
fn the_interface_names_every_kernel() {
    let text = std::fs::read_to_string(kernels().join("INTERFACE.md")).unwrap();
    // Names are written whole, or with an ending for others: `matmul_tiled_8`, `_16`; `scan_kogge_stone_T`, `attention_scores_E`.
    let ends = ["", "_u32", "_f32", "_f16", "_d64", "_d128", "_16", "_32", "_4bit", "_8bit"];
    for (file, value) in entries(&manifest()["files"]) {
        for (kernel, _) in entries(&value["kernels"]) {
            let named = ends
                .iter()
                .filter_map(|end| kernel.strip_suffix(end))
                .any(|stem| text.contains(&format!("`{stem}")));
            assert!(named, "{kernel} of {file} is not in INTERFACE.md");
        }
    }
}

fn names<V: Variant>() -> Vec<&'static str> {
    V::ALL.iter().map(|v| v.name()).collect()
}

#[test]
fn the_front_page_lists_every_variant() {
    let page = include_str!("../src/lib.rs");
    let all = [
        names::<VecAdd>(),
        names::<Matmul>(),
        names::<MatmulTensor>(),
        names::<Reduction>(),
        names::<Scan>(),
        names::<FmaChains>(),
        names::<Histogram>(),
        names::<Convolution>(),
        names::<Stencil>(),
        names::<Merge>(),
        names::<RadixSort>(),
        names::<Spmv>(),
        names::<Bfs>(),
        names::<Gelu>(),
        names::<Softmax>(),
        names::<LayerNorm>(),
        names::<FlashAttention>(),
        names::<AllReduce>(),
    ];
    for name in all.concat() {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in the table");
    }
}

#[test]
fn every_kernel_is_reached() {
    let settings = SoftSettings { devices: Some(2), ..SoftSettings::default() };
    // Without effect on a real driver, and not needed where this test is not the first of its process.
    let _ = configure_soft(settings);
    let gpu = Gpu::new(0).unwrap();
    let ((), launches) = gpu.record(everything).unwrap();
    let mut reached: BTreeSet<&str> = launches.iter().map(|launch| launch.kernel).collect();
    if Gpu::count().unwrap() >= 2 {
        let ((), more) = gpu
            .record(|gpu| {
                let other = Gpu::new(1)?;
                let mut all = Communicator::new(&[gpu.clone(), other.clone()])?;
                let mut buffers = [put(gpu, &[1.0_f32; 5])?, put(&other, &[2.0_f32; 5])?];
                AllReduce::ALL
                    .iter()
                    .try_for_each(|&variant| all.all_reduce(variant, &mut buffers))?;
                all.synchronize()
            })
            .unwrap();
        reached.extend(more.iter().map(|launch| launch.kernel));
    }
    let manifest = manifest();
    let files = entries(&manifest["files"]);
    let named = files.flat_map(|(_, file)| entries(&file["kernels"]).map(|(name, _)| &name[..]));
    let not_reached: Vec<&str> = named.filter(|name| !reached.contains(name)).collect();
    let of_several = |name: &&str| name.starts_with("all_reduce");
    if Gpu::count().unwrap() >= 2 {
        assert!(not_reached.is_empty(), "no function launches {not_reached:?}");
    } else {
        assert!(not_reached.iter().all(of_several), "no function launches {not_reached:?}");
    }
}

fn put<T: gpu_kernels::Element>(gpu: &Gpu, data: &[T]) -> Result<DeviceBuffer<T>> {
    DeviceBuffer::from_slice(gpu, data)
}

/// All variants of all functions but those of several devices, small.
fn everything(gpu: &Gpu) -> Result<()> {
    let n = 2100;
    let x = put(gpu, &vec![0.5_f32; n])?;
    let mut y = put(gpu, &vec![0.0_f32; n])?;
    VecAdd::ALL.iter().try_for_each(|&v| vec_add(gpu, v, &x, &x, &mut y))?;
    Reduction::ALL.iter().try_for_each(|&v| reduce_sum(gpu, v, &x).map(|_| ()))?;
    for &chains in FmaChains::ALL {
        let sweep =
            FmaSweep { chains, block: 64, idle_shared: 0, rounds: 1, factor: 1.0, addend: 1.0 };
        fma_sweep(gpu, sweep, &mut y)?;
    }
    scans::<u32>(gpu, n)?;
    scans::<f32>(gpu, n)?;
    let keys = put(gpu, &vec![3_u32; n])?;
    let mut bins = put(gpu, &[0_u32; 8])?;
    Histogram::ALL.iter().try_for_each(|&v| histogram(gpu, v, &keys, &mut bins))?;
    let mut sorted = keys.try_clone(gpu)?;
    RadixSort::ALL.iter().try_for_each(|&v| radix_sort(gpu, v, &mut sorted))?;
    let ints = put(gpu, &[1, 2, 3])?;
    let mut merged = put(gpu, &[0; 6])?;
    Merge::ALL.iter().try_for_each(|&v| merge(gpu, v, &ints, &ints, &mut merged))?;

    let shape = MatmulShape { m: 4, n: 5, k: 6 };
    let (a, b) = (put(gpu, &[1.0_f32; 24])?, put(gpu, &[1.0_f32; 30])?);
    let mut c = put(gpu, &[0.0_f32; 20])?;
    Matmul::ALL.iter().try_for_each(|&v| matmul(gpu, v, shape, &a, &b, &mut c))?;
    let (a, b) = (put(gpu, &[f16::ONE; 24])?, put(gpu, &[f16::ONE; 30])?);
    MatmulTensor::ALL.iter().try_for_each(|&v| matmul_tensor(gpu, v, shape, &a, &b, &mut c))?;

    let mask = Mask::separable(&[1.0; 3], &[1.0; 3])?;
    let image = ImageShape { height: 30, width: 70 };
    Convolution::ALL.iter().try_for_each(|&v| conv2d(gpu, v, image, &mask, &x, &mut y))?;
    let volume = VolumeShape { nx: 10, ny: 14, nz: 15 };
    Stencil::ALL.iter().try_for_each(|&v| stencil3d(gpu, v, volume, [0.1; 7], &x, &mut y))?;

    let csr = Csr::new(3, vec![0, 2, 3, 3], vec![0, 2, 1], vec![1.0; 3])?;
    let (of_cols, mut of_rows) = (put(gpu, &[1.0_f32; 3])?, put(gpu, &[0.0_f32; 3])?);
    for &variant in Spmv::ALL {
        let matrix = SparseMatrix::for_variant(gpu, variant, &csr)?;
        spmv(gpu, variant, &matrix, &of_cols, &mut of_rows)?;
    }
    // A star pulls, the path at its end pushes again.
    let star = (1..200).map(|v| (0, v));
    let path = (200..260).map(|v| (v - 1, v));
    let graph = Graph::from_edges(2000, &star.chain(path).collect::<Vec<_>>())?;
    let graph = GraphOnDevice::new(gpu, &graph)?;
    let mut levels = DeviceBuffer::zeroed(gpu, 2000)?;
    Bfs::ALL.iter().try_for_each(|&v| bfs(gpu, v, &graph, 0, &mut levels).map(|_| ()))?;

    let rows = RowsShape { rows: 3, cols: 700 };
    Softmax::ALL.iter().try_for_each(|&v| softmax(gpu, v, rows, &x, &mut y))?;
    let affine = Affine::default();
    LayerNorm::ALL.iter().try_for_each(|&v| layer_norm(gpu, v, rows, affine, &x, &mut y))?;
    of_both_types::<f32>(gpu)?;
    of_both_types::<f16>(gpu)
}

fn scans<T: ScanElement>(gpu: &Gpu, n: usize) -> Result<()> {
    let (x, mut y) = (DeviceBuffer::<T>::zeroed(gpu, n)?, DeviceBuffer::zeroed(gpu, n)?);
    Scan::ALL.iter().try_for_each(|&v| scan(gpu, v, &x, &mut y))
}

fn of_both_types<T: Float>(gpu: &Gpu) -> Result<()> {
    for d in [64, 128] {
        let shape = AttentionShape { heads: 1, queries: 2, keys: 3, d };
        let mask = AttentionMask::new(d, true);
        let (q, k) = (DeviceBuffer::<T>::zeroed(gpu, 2 * d)?, DeviceBuffer::zeroed(gpu, 3 * d)?);
        let mut out = DeviceBuffer::zeroed(gpu, 2 * d)?;
        Gelu::ALL.iter().try_for_each(|&v| gelu(gpu, v, &q, &mut out))?;
        attention(gpu, shape, mask, &q, &k, &k, &mut out)?;
        for &variant in FlashAttention::ALL {
            if variant == FlashAttention::Cores || T::C_NAME == "__half" {
                flash_attention(gpu, variant, shape, mask, &q, &k, &k, &mut out)?;
            }
        }
    }
    Ok(())
}
