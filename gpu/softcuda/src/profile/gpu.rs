//! Named GPUs and their figures.

use super::rates::{
    LATENCIES_75, LATENCIES_80, LATENCIES_89, LATENCIES_90, Latencies, RATES_75, RATES_80,
    RATES_89, RATES_90, Rates,
};

/// What the models need to know of a GPU. Figures are peaks at the boost clock, as data sheets give them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gpu {
    /// Its name in tables.
    pub name: &'static str,
    /// Compute capability, as 10 major + minor.
    pub capability: u32,
    /// Multiprocessors.
    pub multiprocessors: u32,
    /// Clocks a second.
    pub clock: f64,
    /// Single-precision FLOP a second, an FMA being two.
    pub single_flops: f64,
    /// Half-precision FLOP a second outside the tensor cores.
    pub half_flops: f64,
    /// FLOP a second of the tensor cores, f16 to f32, dense.
    pub tensor_flops: f64,
    /// Bytes a second of DRAM.
    pub dram_bandwidth: f64,
    /// Bytes of the second cache.
    pub l2_bytes: u64,
    /// Bytes a second of the second cache, reading. No vendor gives it in a data sheet but for the A100; see [`GPUS`].
    pub l2_bandwidth: f64,
    /// Bytes of shared memory of a multiprocessor.
    pub shared_per_multiprocessor: u32,
    /// Bytes of it that the system takes of each block.
    pub shared_reserved: u32,
    /// What shared memory of a block is rounded up to.
    pub shared_unit: u32,
    /// Banks of shared memory, of 4 bytes each.
    pub banks: u32,
    /// Registers of a multiprocessor, and the most of a block.
    pub registers: u32,
    /// The most registers of a thread.
    pub registers_per_thread: u32,
    /// What the registers of a warp are rounded up to.
    pub register_unit: u32,
    /// Sub-partitions of a multiprocessor: warps are dealt out to them, with their registers.
    pub partitions: u32,
    /// Warps of a multiprocessor.
    pub warps: u32,
    /// Blocks of a multiprocessor.
    pub blocks: u32,
    /// Threads of a block.
    pub threads: u32,
    /// Seconds from one launch to the next that a stream of empty kernels takes: an assumption, the same for all.
    pub launch_overhead: f64,
    /// Throughputs of a multiprocessor.
    pub rates: Rates,
    /// Latencies.
    pub latencies: Latencies,
}

/// Tesla T4. *NVIDIA Turing GPU Architecture* white paper (TU104, table of Tesla T4: 40 multiprocessors, 1590 MHz, 8.1 and 65 TFLOP/s,
/// 320 GB/s, L2 4 MB); limits: *CUDA C++ Programming Guide*, "Technical Specifications per Compute Capability", 7.5. L2: 1.27 TB/s as
/// measured by Jia et al. 2019.
pub const T4: Gpu = Gpu {
    name: "T4",
    capability: 75,
    multiprocessors: 40,
    clock: 1.590e9,
    single_flops: 8.1e12,
    half_flops: 16.2e12,
    tensor_flops: 65e12,
    dram_bandwidth: 320e9,
    l2_bytes: 4 << 20,
    l2_bandwidth: 1.27e12,
    shared_per_multiprocessor: 64 << 10,
    shared_reserved: 0,
    shared_unit: 256,
    banks: 32,
    registers: 65536,
    registers_per_thread: 255,
    register_unit: 256,
    partitions: 4,
    warps: 32,
    blocks: 16,
    threads: 1024,
    launch_overhead: LAUNCH,
    rates: RATES_75,
    latencies: LATENCIES_75,
};

/// A100 80 GB, SXM. *NVIDIA A100 Tensor Core GPU* data sheet (19.5, 78 and 312 TFLOP/s, 2,039 GB/s; the PCIe card has 1,935) and
/// *Architecture* white paper (108 multiprocessors, 1410 MHz, L2 40 MB, 5,120 bytes a clock from L2); limits: Programming Guide, 8.0.
pub const A100: Gpu = Gpu {
    name: "A100-80",
    capability: 80,
    multiprocessors: 108,
    clock: 1.410e9,
    single_flops: 19.5e12,
    half_flops: 78e12,
    tensor_flops: 312e12,
    dram_bandwidth: 2.039e12,
    l2_bytes: 40 << 20,
    l2_bandwidth: 5120.0 * 1.410e9,
    shared_per_multiprocessor: 164 << 10,
    shared_reserved: 1 << 10,
    shared_unit: 128,
    warps: 64,
    blocks: 32,
    rates: RATES_80,
    latencies: LATENCIES_80,
    ..T4
};

/// GeForce RTX 4090. *NVIDIA Ada GPU Architecture* white paper (AD102: 128 multiprocessors, 2520 MHz, 82.6 TFLOP/s, tensor f16 with f32
/// sums 165.2 dense, 1,008 GB/s, L2 72 MB); limits: Programming Guide, 8.9. L2: no published figure; about 5 TB/s in published
/// microbenchmarks.
pub const RTX_4090: Gpu = Gpu {
    name: "RTX 4090",
    capability: 89,
    multiprocessors: 128,
    clock: 2.520e9,
    single_flops: 82.6e12,
    half_flops: 82.6e12,
    tensor_flops: 165.2e12,
    dram_bandwidth: 1.008e12,
    l2_bytes: 72 << 20,
    l2_bandwidth: 5.0e12,
    shared_per_multiprocessor: 100 << 10,
    warps: 48,
    blocks: 24,
    rates: RATES_89,
    latencies: LATENCIES_89,
    ..A100
};

/// H100 80 GB, SXM. *NVIDIA H100 Tensor Core GPU* data sheet (67, 134 and 989 TFLOP/s, 3.35 TB/s) and *Hopper Architecture* white paper
/// (132 multiprocessors, L2 50 MB); the clock is what 67 TFLOP/s need. Limits: Programming Guide, 9.0. L2: no published figure; 5.5 to
/// 7 TB/s in published microbenchmarks.
pub const H100: Gpu = Gpu {
    name: "H100",
    capability: 90,
    multiprocessors: 132,
    clock: 1.980e9,
    single_flops: 66.9e12,
    half_flops: 133.8e12,
    tensor_flops: 989.4e12,
    dram_bandwidth: 3.35e12,
    l2_bytes: 50 << 20,
    l2_bandwidth: 6.0e12,
    shared_per_multiprocessor: 228 << 10,
    warps: 64,
    blocks: 32,
    rates: RATES_90,
    latencies: LATENCIES_90,
    ..A100
};

/// An assumption: of the order that streams of empty kernels show.
const LAUNCH: f64 = 3e-6;

/// All of them, in order of their compute capability.
///
/// Sources stand at each; what has none that is the vendor's says so. Where a white paper and a data sheet differ, the newer one holds.
pub const GPUS: [Gpu; 4] = [T4, A100, RTX_4090, H100];

impl Gpu {
    /// The one of this name. Case, blanks and hyphens do not count, and the beginning will do: `a100`, `rtx4090`, `4090`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let plain = |name: &str| -> String {
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
        };
        let wanted = plain(name);
        GPUS.iter().find(|gpu| {
            let name = plain(gpu.name);
            !wanted.is_empty()
                && (name.starts_with(&wanted) || name.strip_prefix("rtx") == Some(&wanted))
        })
    }

    /// `sm_80`, as compilers call its compute capability.
    pub fn architecture(&self) -> String {
        format!("sm_{}", self.capability)
    }

    /// Bytes of shared memory that a block may have.
    pub fn shared_per_block(&self) -> u32 {
        self.shared_per_multiprocessor - self.shared_reserved
    }

    /// FLOP a byte of DRAM from which single-precision arithmetic is the narrower way.
    pub fn ridge(&self) -> f64 {
        self.single_flops / self.dram_bandwidth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The peaks of the data sheets are multiprocessors x lanes x clock.
    #[test]
    fn peaks_agree_with_rates() {
        for gpu in GPUS {
            let clocks = f64::from(gpu.multiprocessors) * gpu.clock;
            let single = 2.0 * gpu.rates.single * clocks;
            let half = 4.0 * gpu.rates.half * clocks;
            assert!((single / gpu.single_flops - 1.0).abs() < 0.01, "{} {single:e}", gpu.name);
            assert!((half / gpu.half_flops - 1.0).abs() < 0.01, "{} {half:e}", gpu.name);
        }
    }

    #[test]
    fn names_are_forgiving() {
        for name in ["a100", "A100-80", "a100 80"] {
            assert_eq!(Gpu::named(name).map(|gpu| gpu.name), Some("A100-80"));
        }
        for name in ["4090", "rtx4090", "RTX 4090", "rtx"] {
            assert_eq!(Gpu::named(name).map(|gpu| gpu.name), Some("RTX 4090"));
        }
        assert_eq!(Gpu::named("h100").map(Gpu::architecture).as_deref(), Some("sm_90"));
        assert!(Gpu::named("").is_none() && Gpu::named("b200").is_none());
    }
}
