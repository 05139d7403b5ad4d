//! The CUDA driver API without a GPU: `cu*` functions that run PTX on [`softcuda`], or hand over to a real `libcuda.so.1` where there is one
//! with a device. One binary serves both.
//!
//! ```
//! use softcuda_driver::*;
//! use std::ffi::c_void;
//! use std::ptr::null_mut;
//!
//! let ptx = c".version 7.0
//!     .target sm_80
//!     .address_size 64
//!     .visible .entry double(.param .u64 data) {
//!         .reg .b64 %d<3>;
//!         .reg .f32 %f;
//!         .reg .b32 %r;
//!         ld.param.u64 %d1, [data];
//!         mov.u32 %r, %tid.x;
//!         mul.wide.u32 %d2, %r, 4;
//!         add.s64 %d2, %d1, %d2;
//!         ld.global.f32 %f, [%d2];
//!         add.f32 %f, %f, %f;
//!         st.global.f32 [%d2], %f;
//!         ret;
//!     }";
//! // On a machine with a GPU this would run there, if not for `Force`.
//! configure(Settings { mode: Some(Mode::Force), ..Settings::default() })?;
//! let (mut context, mut module, mut kernel) = (null_mut(), null_mut(), null_mut());
//! let (mut data, mut host) = (0, [1.0_f32, 2.0, 3.0]);
//! // SAFETY: every pointer is to a variable of the right type, and the kernel has one parameter.
//! unsafe {
//!     cuInit(0).ok()?;
//!     cuCtxCreate_v2(&mut context, 0, 0).ok()?;
//!     cuModuleLoadData(&mut module, ptx.as_ptr().cast()).ok()?;
//!     cuModuleGetFunction(&mut kernel, module, c"double".as_ptr()).ok()?;
//!     cuMemAlloc_v2(&mut data, 12).ok()?;
//!     cuMemcpyHtoD_v2(data, host.as_ptr().cast(), 12).ok()?;
//!     let mut params: [*mut c_void; 1] = [(&raw mut data).cast()];
//!     let launch = |threads| {
//!         let params = (&raw const params).cast_mut().cast();
//!         cuLaunchKernel(kernel, 1, 1, 1, threads, 1, 1, 0, null_mut(), params, null_mut())
//!     };
//!     launch(3).ok()?;
//!     cuMemcpyDtoH_v2(host.as_mut_ptr().cast(), data, 12).ok()?;
//!     assert_eq!(host, [2.0, 4.0, 6.0]);
//!
//!     // A thread past the end fails the context, and what it did is known.
//!     launch(4).ok()?;
//!     assert_eq!(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
//! }
//! let what = last_error().unwrap_or_default();
//! assert!(what.contains("kernel double, block (0,0,0), thread (3,0,0), `ld.global.f32` at PTX line"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Three ways to use it
//!
//! - From Rust, by the functions of this crate, with no CUDA installed and nothing set.
//! - Under bindings to `libcuda` such as the crate `cust`: a dependency on this crate and `use softcuda_driver as _;` in the program give the
//!   linker the functions (the package `softcuda-cust` shows it).
//! - Under programs in any language, as the shared library of the package `softcuda-libcuda`.
//!
//! # Who answers
//!
//! The first call of [`cuInit`], [`cuDriverGetVersion`] or [`cuGetProcAddress`] decides for the whole process, by [`Settings`]: `SOFTCUDA=auto`
//! (the default) looks for a `libcuda.so.1` that is not softcuda, is of CUDA 11.0 or later and has a device, and hands every call over to
//! it; without one, softcuda answers. `force` is softcuda, `never` the real driver or no device. [`real_driver`] tells which it became.
//! Functions that this crate does not have are not handed over: the program does not find them.
//!
//! # Streams
//!
//! A context has one thread that does its work in the order in which it was issued; calls return before it is done, as on a GPU. This order
//! meets all that CUDA promises: of one stream, of the legacy default stream against all others, of events, and of functions of the host
//! ([`cuLaunchHostFunc`]). Work that CUDA lets overlap never does within a context; contexts, and so devices, run beside each other, and
//! [`cuStreamWaitEvent`] orders them. Two kernels of one context that wait for each other never end (they need not on a GPU either).
//! Elapsed times are those of the host: how long softcuda took, which says nothing of a GPU.
//!
//! # Errors
//!
//! Codes are those of NVIDIA's reference. Handles are numbers that are looked up: a wrong, foreign or destroyed one is
//! `CUDA_ERROR_INVALID_HANDLE`, `CUDA_ERROR_INVALID_CONTEXT` or (for the current context) `CUDA_ERROR_CONTEXT_IS_DESTROYED`, never a crash.
//! Null where a pointer is needed, and memory of devices that is not all of one allocation, are `CUDA_ERROR_INVALID_VALUE`. What a pointer
//! to memory of the host promises cannot be checked. Launches that the device cannot take are refused at once; a kernel that goes wrong
//! fails its context, whose functions then all answer with its code until it is destroyed or reset:
//!
//! | what a kernel did | code |
//! |---|---|
//! | accessed what is not allocated or was freed; wrote to a constant | `CUDA_ERROR_ILLEGAL_ADDRESS` |
//! | accessed an address that is not aligned | `CUDA_ERROR_MISALIGNED_ADDRESS` |
//! | `assert` | `CUDA_ERROR_ASSERT` |
//! | `brx.idx` past its table | `CUDA_ERROR_INVALID_PC` |
//! | `trap`, misuse of a barrier or of a member mask | `CUDA_ERROR_LAUNCH_FAILED` |
//! | ran more than `SOFTCUDA_STEP_LIMIT`, or none of a block's threads can go on | `CUDA_ERROR_LAUNCH_TIMEOUT` |
//!
//! | what a launch asked for | code |
//! |---|---|
//! | a grid or block beyond the device's limits, more shared memory than it may have | `CUDA_ERROR_INVALID_VALUE` |
//! | a block that `.maxntid` or `.reqntid` of the kernel does not allow | `CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES` |
//! | a cooperative grid that is not resident at once | `CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE` |
//! | a kernel or stream of another context | `CUDA_ERROR_INVALID_HANDLE` |
//!
//! [`last_error`] (in C: [`softcuda_last_error`]) tells the details; `SOFTCUDA_VERBOSE=1` prints them as they come. PTX that cannot be loaded
//! is `CUDA_ERROR_INVALID_PTX`, with line and column in the JIT's error log. Images that are no text (cubin, fat binary) are
//! `CUDA_ERROR_NO_BINARY_FOR_GPU`.
//!
//! # Checks and counters
//!
//! `SOFTCUDA_CHECK=all` checks every launch as [`softcuda::sanitize`] does: findings are printed, counted ([`softcuda_findings`]) and kept
//! ([`take_reports`]). [`last_statistics`] and [`take_statistics`] have the counters of launches; `SOFTCUDA_PROFILE=1` prints their sums.
//! A real driver has none of these.
//!
//! # What is there
//!
//! | chapter | functions |
//! |---|---|
//! | initialisation, devices, primary contexts, contexts, errors | all that programs commonly use; `cuCtxCreate_v3` and `_v4` without parameters |
//! | memory | linear, pitched, page-locked, registered, managed, by stream (without pools); copies and fills, also rectangles and between devices |
//! | modules | PTX text, from memory or a file; the linker ([`cuLinkAddData_v2`]) takes one text |
//! | launches | [`cuLaunchKernel`], [`cuLaunchCooperativeKernel`], with `kernelParams` or `extra` |
//! | streams, events | all but capture |
//! | occupancy | by threads, blocks and shared memory; not by registers, which PTX does not tell |
//! | peers | all devices reach each other's memory, enabled or not |
//! | by name | [`cuGetProcAddress`] |
//!
//! These answer `CUDA_ERROR_NOT_SUPPORTED`:
//!
//! | what | functions |
//! |---|---|
//! | arrays | [`cuArray3DCreate_v2`], [`cuArray3DGetDescriptor_v2`], [`cuArrayDestroy`], [`cuMemcpyAtoH_v2`], [`cuMemcpyHtoA_v2`]; arrays in [`cuMemcpy2D_v2`] |
//! | textures | [`cuTexObjectCreate`], [`cuTexObjectDestroy`], [`cuTexObjectGetResourceDesc`], [`cuTexObjectGetResourceViewDesc`] |
//! | surfaces | [`cuSurfObjectCreate`], [`cuSurfObjectDestroy`], [`cuSurfObjectGetResourceDesc`] |
//! | graphs | [`cuGraphCreate`], [`cuGraphDestroy`], [`cuGraphAddKernelNode`], [`cuGraphKernelNodeGetParams`], [`cuGraphNodeGetType`], [`cuGraphGetNodes`], [`cuGraphGetEdges`], [`cuGraphDebugDotPrint`] |
//! | imported memory | [`cuImportExternalMemory`], [`cuExternalMemoryGetMappedBuffer`], [`cuDestroyExternalMemory`] |
//!
//! These have no effect but to be noted: limits, cache and bank configurations, priorities, flags that say how the host waits, advice and
//! prefetching of managed memory, options of the JIT other than its logs.

mod api;
mod attribute;
mod context;
mod export;
mod findings;
mod handle;
mod handover;
mod host;
mod launch;
mod memory;
mod module;
mod profile;
mod queue;
mod result;
mod settings;
mod soft;
mod statistics;
mod stream;
mod types;

pub use api::*;
pub use findings::{softcuda_findings, take_reports};
pub use handover::real_driver;
pub use result::*;
pub use settings::{AlreadyDecided, Mode, Settings, configure};
pub use statistics::{
    Profiling, last_statistics, profile_launches, record_statistics, take_profile, take_statistics,
};
pub use types::*;

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_lacking_is_in_the_table() {
        let text = include_str!("lib.rs");
        let missing = |name: &str| !text.contains(&format!("[`{name}`]"));
        let names = crate::api::lacking();
        assert_eq!(names.iter().filter(|name| missing(name)).count(), 0);
        assert_eq!(names.len(), 23);
    }
}
