//! Names and texts of errors.

use crate::export::{export, put};
use crate::result::{CUresult, invalid};
use std::ffi::c_char;

export! {
    /// The name of a code; null and `CUDA_ERROR_INVALID_VALUE` for one that is none.
    fn cuGetErrorName(error: CUresult, pStr: *mut *const c_char) {
        let name = error.c_name();
        put(pStr, name.map_or(std::ptr::null(), |name| name.as_ptr()), "pStr")?;
        name.map(drop).ok_or_else(|| invalid(format!("there is no code {}", error.0)))
    }

    /// What a code means; null and `CUDA_ERROR_INVALID_VALUE` for one that is none.
    fn cuGetErrorString(error: CUresult, pStr: *mut *const c_char) {
        let text = error.c_text();
        put(pStr, text.map_or(std::ptr::null(), |text| text.as_ptr()), "pStr")?;
        text.map(drop).ok_or_else(|| invalid(format!("there is no code {}", error.0)))
    }
}

/// What the last function that failed on the calling thread failed of, as [`last_error`](crate::last_error) has it: copied into the
/// buffer as a C string, cut where it ends. Returns the length of the whole text, without the 0; 0 when nothing failed. With a null
/// buffer nothing is copied.
///
/// Its presence also marks a `libcuda.so.1` as softcuda.
///
/// # Safety
/// `buffer` is null or good for writes of `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn softcuda_last_error(buffer: *mut c_char, size: usize) -> usize {
    let text = crate::last_error().unwrap_or_default();
    if !buffer.is_null() && size > 0 {
        // SAFETY: not null and not empty, and so good by the caller's promise.
        unsafe { crate::export::put_text(buffer, size, &text) };
    }
    text.len()
}
