//! The figures of a device.

use softcuda::machine::Limits;
use std::ffi::c_int;

/// The last attribute that there is an answer to: `CU_DEVICE_ATTRIBUTE_MAX` of CUDA 12.
const LAST: c_int = 135;

/// An attribute of `CUdevice_attribute`. Figures of compute capability 8.0 where they tell what a program may do; what softcuda does
/// not have is 0, as are clock rates and caches, which it does not model.
pub(crate) fn attribute(limits: &Limits, number: c_int) -> Option<c_int> {
    if !(1..=LAST).contains(&number) {
        return None;
    }
    Some(match number {
        1 => limits.threads as c_int,
        2 => limits.block.x as c_int,
        3 => limits.block.y as c_int,
        4 => limits.block.z as c_int,
        5 => limits.grid.x as c_int,
        6 => limits.grid.y as c_int,
        7 => limits.grid.z as c_int,
        // Shared memory a block without leave; constant memory; threads of a warp; the longest pitch.
        8 => crate::module::SHARED as c_int,
        9 => 64 << 10,
        10 => 32,
        11 => c_int::MAX,
        // Registers of a block and of a multiprocessor, alignment of textures, of surfaces and of their pitch.
        12 | 82 => 64 << 10,
        14 | 30 => 512,
        51 => 32,
        16 => limits.multiprocessors as c_int,
        // Copies beside kernels, mapped host memory, concurrent kernels, asynchronous engines, one address space.
        15 | 19 | 31 | 40 | 41 => 1,
        // Streams' priorities, caches of global and local accesses, managed memory.
        78..=80 | 83 => 1,
        33 => 1,
        39 => limits.threads_per_multiprocessor as c_int,
        75 => 8,
        81 => limits.shared_per_multiprocessor as c_int,
        // Double precision at half the rate of single, as on an A100.
        87 => 2,
        // Host atomics on managed memory, managed access while kernels run, host addresses of registered memory, cooperative launches.
        86 | 89 | 91 | 95 => 1,
        97 => limits.shared as c_int,
        99 => 1,
        106 => limits.blocks_per_multiprocessor as c_int,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_has_an_answer() {
        let limits = Limits::default();
        assert_eq!(attribute(&limits, 0), None);
        assert_eq!(attribute(&limits, -1), None);
        assert_eq!(attribute(&limits, LAST + 1), None);
        assert!((1..=LAST).all(|number| attribute(&limits, number).is_some()));
        assert_eq!(attribute(&limits, 75), Some(8));
        assert_eq!(attribute(&limits, 97), Some(163 << 10));
    }
}
