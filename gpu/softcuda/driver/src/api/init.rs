//! Initialisation and version.

use crate::export::{export, put};
use crate::result::invalid;
use std::ffi::{c_int, c_uint};
use std::sync::atomic::Ordering::Relaxed;

/// CUDA 13.0, whose compiler writes PTX 9.0.
pub(crate) const VERSION: c_int = 13_000;

export! {
    /// Begins. With the first of this, `cuDriverGetVersion` and `cuGetProcAddress` it is decided who answers from then on: softcuda, or
    /// a real driver. `CUDA_ERROR_NO_DEVICE` with `SOFTCUDA=never` where there is no real driver with a device,
    /// `CUDA_ERROR_SYSTEM_DRIVER_MISMATCH` where it is too old; `CUDA_ERROR_INVALID_VALUE` for a setting that is none.
    fn cuInit(Flags: c_uint) {
        if Flags != 0 {
            return Err(invalid(format!("flags must be 0, not {Flags}")));
        }
        crate::handover::soft()?.initialised.store(true, Relaxed);
        Ok(())
    }

    /// The version of CUDA that the driver serves: 1000 times the major number and 10 times the minor one.
    fn cuDriverGetVersion(driverVersion: *mut c_int) {
        crate::handover::soft()?;
        put(driverVersion, VERSION, "driverVersion")
    }
}
