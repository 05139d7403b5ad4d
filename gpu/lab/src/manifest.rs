//! What `ptxas` said of the kernels: registers, by architecture.

use gpu_kernels::MANIFEST;
use serde_json::Value;
use softcuda::profile::{Gpu, Registers};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Registers a thread, by kernel and compute capability.
static REGISTERS: LazyLock<HashMap<(String, u32), u32>> = LazyLock::new(|| {
    let manifest: Value = serde_json::from_str(MANIFEST).unwrap_or_default();
    let files = manifest["files"].as_object().into_iter().flatten();
    let kernels = files.flat_map(|(_, file)| file["kernels"].as_object().into_iter().flatten());
    kernels
        .flat_map(|(name, kernel)| {
            let each = kernel["by_architecture"].as_object().into_iter().flatten();
            each.filter_map(|(architecture, it)| {
                let capability = architecture.strip_prefix("sm_")?.parse().ok()?;
                let registers = u32::try_from(it["registers"].as_u64()?).ok()?;
                Some(((name.clone(), capability), registers))
            })
        })
        .collect()
});

/// Registers a thread of a kernel on a GPU.
pub fn registers(kernel: &str, gpu: &Gpu) -> Registers {
    let found = REGISTERS.get(&(kernel.to_owned(), gpu.capability));
    found.map_or(Registers::Unknown, |&n| Registers::Known(n))
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
