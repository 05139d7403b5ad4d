//! Modules and kernels.

use crate::result::{
    Answer, CUDA_ERROR_INVALID_IMAGE, CUDA_ERROR_INVALID_PTX, CUDA_ERROR_NO_BINARY_FOR_GPU,
    Failure, fail,
};
use softcuda::{Kernel, Module};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32};

/// Dynamic shared memory that needs no leave (`CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES`), together with the static.
pub(crate) const SHARED: u32 = 48 << 10;

/// A module.
pub(crate) struct LoadedModule {
    pub context: u64,
    pub module: Module,
    /// Handles of the kernels that were asked for.
    pub functions: Mutex<BTreeMap<String, u64>>,
}

/// A kernel.
pub(crate) struct Function {
    pub context: u64,
    pub module: u64,
    pub name: CString,
    pub kernel: Kernel,
    pub max_dynamic_shared: AtomicU32,
    pub carveout: AtomicI32,
}

/// Refuses what is not text: ELF and fat binaries hold machine code of GPUs.
///
/// # Safety
/// `image` points to the begin of an image.
pub(crate) unsafe fn read_image<'a>(image: *const c_char) -> Answer<&'a str> {
    const BINARIES: [([u8; 4], &str); 3] = [
        (*b"\x7fELF", "a cubin"),
        ([0x50, 0xed, 0x55, 0xba], "a fat binary"),
        ([0xb1, 0x43, 0x62, 0x46], "a fat binary's wrapper"),
    ];
    for (magic, what) in BINARIES {
        let found = magic.iter().enumerate().all(|(i, &byte)| {
            // SAFETY: an image has at least the bytes up to the first that is 0, and the magics have none.
            unsafe { *image.add(i).cast::<u8>() == byte }
        });
        if found {
            let detail = format!("the image is {what}: softcuda runs PTX (nvcc -ptx)");
            return Err(fail(CUDA_ERROR_NO_BINARY_FOR_GPU, detail));
        }
    }
    // SAFETY: PTX images end with 0.
    let bytes = unsafe { CStr::from_ptr(image) };
    bytes
        .to_str()
        .map_err(|error| fail(CUDA_ERROR_INVALID_IMAGE, format!("the image is no PTX: {error}")))
}

/// Loads PTX.
pub(crate) fn load(text: &str) -> Answer<Module> {
    Module::load(text).map_err(refused)
}

fn refused(error: softcuda::LoadError) -> Failure {
    fail(CUDA_ERROR_INVALID_PTX, error.to_string())
}
