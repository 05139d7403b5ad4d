//! What `ptxas` said of the kernels: registers, by architecture.

use gpu_kernels::MANIFEST;
use softcuda::profile::{Gpu, Manifest, Registers};
use std::sync::LazyLock;

static KERNELS: LazyLock<Manifest> =
    LazyLock::new(|| Manifest::parse(MANIFEST).unwrap_or_default());

/// Registers a thread of a kernel on a GPU.
pub fn registers(kernel: &str, gpu: &Gpu) -> Registers {
    KERNELS.registers(kernel, gpu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use softcuda::profile::GPUS;

    #[test]
    fn the_manifest_knows_the_registers_of_all_gpus() {
        for gpu in &GPUS {
            assert!(
                matches!(registers("matmul_tiled_16", gpu), Registers::Known(1..)),
                "{}",
                gpu.name
            );
        }
        assert_eq!(registers("no_such_kernel", &GPUS[0]), Registers::Unknown);
    }
}
