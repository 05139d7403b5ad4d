//! Functions by name.

use super::FUNCTIONS as ALL;
use crate::export::{export, not_null, put, put_if, text};
use crate::result::{Answer, CUDA_ERROR_NOT_FOUND, fail, invalid};
use std::ffi::{c_char, c_int, c_void};

/// `CU_GET_PROC_ADDRESS_SUCCESS` and `_SYMBOL_NOT_FOUND`.
const FOUND: c_int = 0;
const NOT_FOUND: c_int = 1;
/// Greatest flags: legacy or per-thread default stream.
const FLAGS: u64 = 2;

/// Functions that changed their arguments: since which version of CUDA a name means which of them, if it is here.
const CHANGED: &[(&str, c_int, Option<&str>)] = &[
    ("cuCtxCreate", 0, Some("cuCtxCreate_v2")),
    ("cuCtxCreate", 11_040, Some("cuCtxCreate_v3")),
    ("cuCtxCreate", 12_050, Some("cuCtxCreate_v4")),
    ("cuGetProcAddress", 0, Some("cuGetProcAddress")),
    ("cuGetProcAddress", 12_000, Some("cuGetProcAddress_v2")),
    ("cuMemAdvise", 12_020, None),
    ("cuMemPrefetchAsync", 12_020, None),
];

export! {
    /// The address of a function by its name, without the suffix of its version, as CUDA up to 11 calls it.
    fn cuGetProcAddress(
        symbol: *const c_char,
        pfn: *mut *mut c_void,
        cudaVersion: c_int,
        flags: u64,
    ) {
        not_null(pfn, "pfn")?;
        let found = lookup(text(symbol, "symbol")?, cudaVersion, flags)?;
        put(pfn, found.unwrap_or(std::ptr::null_mut()), "pfn")?;
        found.map(drop).ok_or_else(|| CUDA_ERROR_NOT_FOUND.into())
    }

    /// The address of a function by its name, without the suffix of its version: null and `symbolStatus` 1 where there is none.
    fn cuGetProcAddress_v2(
        symbol: *const c_char,
        pfn: *mut *mut c_void,
        cudaVersion: c_int,
        flags: u64,
        symbolStatus: *mut c_int,
    ) {
        not_null(pfn, "pfn")?;
        let name = text(symbol, "symbol")?;
        let found = lookup(name, cudaVersion, flags)?;
        put(pfn, found.unwrap_or(std::ptr::null_mut()), "pfn")?;
        put_if(symbolStatus, if found.is_some() { FOUND } else { NOT_FOUND });
        found.map(drop).ok_or_else(|| {
            fail(CUDA_ERROR_NOT_FOUND, format!("there is no function {name}"))
        })
    }
}

fn lookup(name: &str, version: c_int, flags: u64) -> Answer<Option<*mut c_void>> {
    if flags > FLAGS {
        return Err(invalid(format!("unknown flags 0x{flags:x}")));
    }
    Ok(find(name, version).map(|address| address.cast_mut().cast()))
}

/// The address of the newest function of a name that programs of a version of CUDA know.
fn find(name: &str, version: c_int) -> Option<*const ()> {
    let exact = |name: &str| {
        let mut all = ALL.iter().copied().flatten();
        all.find(|(known, _)| *known == name).map(|(_, address)| address.0)
    };
    let mut changed = CHANGED.iter().rev();
    match changed.find(|(base, since, _)| *base == name && version >= *since) {
        Some((.., here)) => here.and_then(exact),
        None => (2..=3).rev().find_map(|v| exact(&format!("{name}_v{v}"))).or_else(|| exact(name)),
    }
}
