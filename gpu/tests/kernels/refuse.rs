//! What is refused, and in which words.

use crate::data::{gpu, put, room};
use gpu_kernels::{
    Affine, AttentionMask, AttentionShape, Convolution, DeviceBuffer, Error, FlashAttention,
    FmaChains, FmaSweep, Gpu, Histogram, ImageShape, LayerNorm, Mask, Matmul, MatmulShape,
    MatmulTensor, Merge, RadixSort, Reduction, RowsShape, Scan, Softmax, Stencil, VecAdd,
    VolumeShape, conv2d, f16, flash_attention, fma_sweep, histogram, layer_norm, matmul,
    matmul_tensor, merge, radix_sort_pairs, reduce_sum, reduce_sum_into, scan, softmax, stencil3d,
    vec_add,
};

fn says(result: Result<(), Error>, text: &str) {
    let error = result.map(|()| "nothing is refused").unwrap_err().to_string();
    assert!(error.contains(text), "{error}\nlacks: {text}");
}

#[test]
fn shapes_that_disagree() {
    let gpu = gpu();
    let x = room::<f32>(12);
    let mut y = room::<f32>(11);
    says(
        vec_add(&gpu, VecAdd::Scalar, &x, &x, &mut y),
        "vec_add: c has 11 elements, needs 12 (as many as a: 12)",
    );
    let shape = MatmulShape { m: 3, n: 5, k: 4 };
    says(
        matmul(&gpu, Matmul::Naive, shape, &x, &x, &mut y),
        "matmul: b has 12 elements, needs 20 (k x n = 4 x 5)",
    );
    says(
        reduce_sum_into(&gpu, Reduction::Shuffle, &x, &mut y),
        "reduce_sum: out has 11 elements, needs 1 (one sum)",
    );
    says(scan(&gpu, Scan::LookBack, &x, &mut y), "scan: out has 11 elements, needs 12");
    let image = ImageShape { height: 3, width: 4 };
    let mask = Mask::new(&[1.0]).unwrap();
    says(
        conv2d(&gpu, Convolution::Tiled, image, &mask, &x, &mut y),
        "conv2d: out has 11 elements, needs 12 (height x width = 3 x 4)",
    );
    says(
        conv2d(&gpu, Convolution::Separable, image, &mask, &x, &mut room(12)),
        "conv2d: the mask is a full one: made by Mask::separable",
    );
    let volume = VolumeShape { nx: 2, ny: 2, nz: 3 };
    says(stencil3d(&gpu, Stencil::Tiled, volume, [1.0; 7], &x, &mut y), "nx x ny x nz = 2 x 2 x 3");
    let rows = RowsShape { rows: 3, cols: 4 };
    says(
        softmax(&gpu, Softmax::Online, rows, &x, &mut y),
        "softmax: out has 11 elements, needs 12 (rows x cols = 3 x 4)",
    );
    let gain = room::<f32>(3);
    let affine = Affine { gain: Some(gain.view()), ..Affine::default() };
    says(
        layer_norm(&gpu, LayerNorm::Welford, rows, affine, &x, &mut room(12)),
        "layer_norm: gain has 3 elements, needs 4 (cols = 4)",
    );
    let affine = Affine { epsilon: 0.0, ..Affine::default() };
    says(
        layer_norm(&gpu, LayerNorm::Welford, rows, affine, &x, &mut room(12)),
        "layer_norm: epsilon is 0: a finite number above 0",
    );
    let ints = room::<i32>(2);
    says(
        merge(&gpu, Merge::Tiled, &ints, &ints, &mut room(5)),
        "merge: out has 5 elements, needs 4 (a and b together: 2 + 2)",
    );
    says(
        radix_sort_pairs(&gpu, RadixSort::EightBits, &mut room(3), &mut room(4)),
        "radix_sort: values has 4 elements, needs 3",
    );
    let shape = AttentionShape { heads: 1, queries: 3, keys: 2, d: 4 };
    let mask = AttentionMask::new(4, false);
    says(
        flash_attention(&gpu, FlashAttention::Cores, shape, mask, &x, &x, &x, &mut room(12)),
        "flash_attention: k has 12 elements, needs 8 (heads x keys x d = 1 x 2 x 4)",
    );
}

#[test]
fn limits_by_their_names() {
    let gpu = gpu();
    let empty = room::<f32>(0);
    // Nothing would be read: shapes of no elements are still checked.
    let tall = |m, n| MatmulShape { m, n, k: 0 };
    let error = matmul(&gpu, Matmul::Tiled8, tall(600_000, 1), &empty, &empty, &mut room(600_000))
        .unwrap_err();
    assert_eq!(
        error,
        Error::Grid {
            kernel: "matmul_tiled_8",
            axis: 'y',
            blocks: 75_000,
            most: 65_535,
            limit: "CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y"
        }
    );
    says(
        matmul(&gpu, Matmul::Naive, tall(1 << 31, 0), &empty, &empty, &mut room(0)),
        "matmul: m is 2147483648, the greatest is 2147482624",
    );
    says(
        matmul(
            &gpu,
            Matmul::Naive,
            MatmulShape { m: 1 << 30, n: 1 << 30, k: 1 << 30 },
            &empty,
            &empty,
            &mut room(0),
        ),
        "matmul: m x k is 1152921504606846976, the greatest is 1152921504606846975",
    );
    says(
        histogram(&gpu, Histogram::Coarsened, &room(1), &mut room(12_289)),
        "histogram: the number of bins is 12289, the greatest is 12288",
    );
    histogram(&gpu, Histogram::Global, &room(1), &mut room(12_289)).unwrap();
    let rows = RowsShape { rows: 1, cols: 1025 };
    says(
        softmax(&gpu, Softmax::Warp, rows, &room(1025), &mut room(1025)),
        "softmax: cols is 1025, the greatest is 1024",
    );
    let shape = AttentionShape { heads: 1, queries: 0, keys: 0, d: 129 };
    let mask = AttentionMask::new(129, true);
    says(
        flash_attention(
            &gpu,
            FlashAttention::Cores,
            shape,
            mask,
            &empty,
            &empty,
            &empty,
            &mut room(0),
        ),
        "flash_attention: d is 129, the greatest is 128",
    );
    let sweep = |block, idle_shared| FmaSweep {
        chains: FmaChains::One,
        block,
        idle_shared,
        rounds: 1,
        factor: 1.0,
        addend: 0.0,
    };
    says(
        fma_sweep(&gpu, sweep(16, 0), &mut room(1)),
        "fma_ilp1: a block of 16 threads: 32 to 1024 threads",
    );
    says(fma_sweep(&gpu, sweep(32, 1 << 20), &mut room(1)), "fma_sweep: idle_shared is 1048576");
    assert!(Mask::new(&[1.0; 17 * 17]).unwrap_err().to_string().contains("15 rows at most"));
    assert!(Mask::new(&[1.0; 10]).unwrap_err().to_string().contains("the square of an odd number"));
    assert!(Mask::new(&[1.0; 16]).unwrap_err().to_string().contains("an odd number of rows"));
    assert!(Mask::separable(&[1.0; 3], &[1.0; 5]).is_err());
}

#[test]
fn addresses_that_do_not_suit() {
    let gpu = gpu();
    let x = room::<f32>(65);
    let part = || x.slice(1..).unwrap();
    says(
        vec_add(&gpu, VecAdd::Float4, part(), part(), &mut room(64)),
        "but must begin at a multiple of 16 bytes",
    );
    let error = reduce_sum(&gpu, Reduction::SinglePass, part()).unwrap_err();
    assert!(matches!(
        error,
        Error::Misaligned { kernel: "reduce_single_pass", argument: "input", needs: 16, .. }
    ));
    reduce_sum(&gpu, Reduction::Shuffle, part()).unwrap();
    let shape = MatmulShape { m: 8, n: 8, k: 8 };
    says(
        matmul(&gpu, Matmul::CpAsync, shape, part(), part(), &mut room(64)),
        "matmul_cp_async: a begins at",
    );
    matmul(&gpu, Matmul::RegisterBlocked, shape, part(), part(), &mut room(64)).unwrap();
    let half = room::<f16>(65);
    says(
        matmul_tensor(
            &gpu,
            MatmulTensor::Mma,
            shape,
            half.slice(1..).unwrap(),
            half.slice(..64).unwrap(),
            &mut room(64),
        ),
        "matmul_mma: a begins at",
    );
    says(
        gpu_kernels::gelu(&gpu, gpu_kernels::Gelu::Tanh, half.slice(1..).unwrap(), &mut room(64)),
        "gelu_tanh_f16: input begins at",
    );
}

#[test]
fn memory_and_devices_that_are_not_there() {
    let gpu = gpu();
    let error = DeviceBuffer::<f32>::zeroed(&gpu, 1 << 45).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { bytes: 0x8000_0000_0000, .. }), "{error}");
    assert!(error.to_string().contains("free buffers, or ask for less"));
    assert!(DeviceBuffer::<f32>::zeroed(&gpu, usize::MAX).is_err());
    let count = Gpu::count().unwrap();
    let error = Gpu::new(count).unwrap_err();
    assert_eq!(error, Error::NoDevice { ordinal: count, count });
    // The device is as usable as before.
    assert_eq!(put(&[1.0_f32]).to_vec().unwrap(), [1.0]);
}

#[test]
fn buffers_of_another_context() {
    let (gpu, other) = (gpu(), Gpu::isolated(0).unwrap());
    let (mine, foreign) = (room::<f32>(4), DeviceBuffer::<f32>::zeroed(&other, 4).unwrap());
    let error = vec_add(&gpu, VecAdd::Scalar, &mine, &foreign, &mut room(4)).unwrap_err();
    assert!(matches!(error, Error::ForeignContext { what: "b", .. }), "{error}");
    assert!(gpu.on(&gpu_kernels::Stream::new(&other).unwrap()).is_err());
}
