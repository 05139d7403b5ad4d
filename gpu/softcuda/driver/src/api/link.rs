//! The linker: takes one PTX text, which it gives back as the image to load. Linking several is not supported.

use super::module::Log;
use crate::export::{export, not_null, put, put_if, text};
use crate::module::load;
use crate::result::{
    Answer, CUDA_ERROR_FILE_NOT_FOUND, CUDA_ERROR_INVALID_IMAGE, CUDA_ERROR_INVALID_VALUE,
    CUDA_ERROR_NO_BINARY_FOR_GPU, CUDA_ERROR_NOT_SUPPORTED, fail,
};
use crate::soft::{current, soft};
use crate::types::CUlinkState;
use std::ffi::{CString, c_char, c_uint, c_void};
use std::ptr::without_provenance_mut;
use std::sync::{Mutex, OnceLock, PoisonError};

/// `CU_JIT_INPUT_PTX`.
const PTX: c_uint = 1;

/// A linker's state.
pub(crate) struct Link {
    log: Log,
    input: Mutex<Option<CString>>,
    image: OnceLock<CString>,
}

export! {
    /// Begins to link. The buffers for messages that the options name must last until [`cuLinkDestroy`].
    fn cuLinkCreate_v2(
        numOptions: c_uint,
        options: *mut c_uint,
        optionValues: *mut *mut c_void,
        stateOut: *mut CUlinkState,
    ) {
        let (soft, _) = current()?;
        not_null(stateOut, "stateOut")?;
        let log = Log::read(numOptions, options, optionValues)?;
        let link = Link { log, input: Mutex::default(), image: OnceLock::new() };
        put(stateOut, without_provenance_mut(soft.links.insert(link) as usize), "stateOut")
    }

    /// Adds PTX, with or without a 0 at its end. Options have no effect; name neither.
    fn cuLinkAddData_v2(
        state: CUlinkState,
        r#type: c_uint,
        data: *mut c_void,
        size: usize,
        name: *const c_char,
        numOptions: c_uint,
        options: *mut c_uint,
        optionValues: *mut *mut c_void,
    ) {
        current()?;
        not_null(data, "data")?;
        if size > isize::MAX as usize {
            return Err(CUDA_ERROR_INVALID_VALUE.into());
        }
        add(state, r#type, std::slice::from_raw_parts(data.cast::<u8>(), size))
    }

    /// Adds a file of PTX.
    fn cuLinkAddFile_v2(
        state: CUlinkState,
        r#type: c_uint,
        path: *const c_char,
        numOptions: c_uint,
        options: *mut c_uint,
        optionValues: *mut *mut c_void,
    ) {
        current()?;
        let path = text(path, "path")?;
        let data = std::fs::read(path)
            .map_err(|error| fail(CUDA_ERROR_FILE_NOT_FOUND, format!("{path}: {error}")))?;
        add(state, r#type, &data)
    }

    /// Ends linking: the image, which lasts until [`cuLinkDestroy`].
    fn cuLinkComplete(state: CUlinkState, cubinOut: *mut *mut c_void, sizeOut: *mut usize) {
        current()?;
        let link = soft()?.links.get(state.addr() as u64)?;
        not_null(cubinOut, "cubinOut")?;
        let input = link.input.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(input) = input else {
            return Err(fail(CUDA_ERROR_INVALID_IMAGE, "nothing was added"));
        };
        let image = link.image.get_or_init(|| input);
        put(cubinOut, image.as_ptr().cast_mut().cast(), "cubinOut")?;
        put_if(sizeOut, image.as_bytes_with_nul().len());
        Ok(())
    }

    /// Ends a linker and its image.
    fn cuLinkDestroy(state: CUlinkState) {
        soft()?.links.remove(state.addr() as u64).map(drop)
    }
}

/// Adds an input.
///
/// # Safety
/// The buffers for messages are still there.
unsafe fn add(state: CUlinkState, kind: c_uint, data: &[u8]) -> Answer {
    let link = soft()?.links.get(state.addr() as u64)?;
    if kind != PTX {
        let detail = format!("input of type {kind}: softcuda runs PTX");
        return Err(fail(CUDA_ERROR_NO_BINARY_FOR_GPU, detail));
    }
    let mut input = link.input.lock().unwrap_or_else(PoisonError::into_inner);
    if input.is_some() {
        return Err(fail(CUDA_ERROR_NOT_SUPPORTED, "softcuda links one PTX text, not several"));
    }
    let end = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    let ptx = std::str::from_utf8(&data[..end])
        .map_err(|error| fail(CUDA_ERROR_INVALID_IMAGE, format!("no PTX: {error}")))?;
    let loaded = load(ptx);
    let message = loaded.as_ref().err().map_or("", |failure| &failure.detail);
    // SAFETY: the caller's promise.
    unsafe { link.log.write(message) };
    loaded?;
    *input = CString::new(ptx).ok();
    Ok(())
}
