//! CUDA without a GPU: PTX parsed, run warp by warp on the host's cores, checked and counted.
//!
//! ```
//! use softcuda::{Arg, Device, Module};
//!
//! let text = "
//!     .version 8.0
//!     .target sm_80
//!     .address_size 64
//!     .visible .entry double(.param .u64 data, .param .u32 n) {
//!         .reg .pred %p;
//!         .reg .b32 %r<4>;
//!         .reg .b64 %d<3>;
//!         .reg .f32 %f;
//!         ld.param.u64 %d1, [data];
//!         ld.param.u32 %r1, [n];
//!         mov.u32 %r2, %tid.x;
//!         setp.ge.u32 %p, %r2, %r1;
//!         @%p ret;
//!         mul.wide.u32 %d2, %r2, 4;
//!         add.s64 %d2, %d1, %d2;
//!         ld.global.f32 %f, [%d2];
//!         add.f32 %f, %f, %f;
//!         st.global.f32 [%d2], %f;
//!         ret;
//!     }";
//! let kernel = Module::load(text)?.kernel("double")?;
//! let device = Device::new(1 << 20);
//! let data = device.memory().alloc(8)?;
//! device.memory().write(data, &[0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])?; // 1.0, 2.0
//! let done = kernel.launch(&device, 1, 32, 0, &[Arg::from(data), Arg::from(2_u32)])?;
//! let mut out = [0; 8];
//! device.memory().read(data, &mut out)?;
//! assert_eq!(out, [0, 0, 0, 0x40, 0, 0, 0x80, 0x40]);
//! assert_eq!(done.totals().global_sectors, 2);
//!
//! // A thread past the end of the allocation is found.
//! let error = kernel.launch(&device, 1, 32, 0, &[Arg::from(data), Arg::from(3_u32)]).unwrap_err();
//! assert!(error.to_string().contains("0 bytes past the end of allocation 0"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`ptx`]: the parser; [`lower`]: modules, lowered to [`machine`]'s programs; [`memory`]: allocations and addresses;
//!   [`count`]: what a launch did; [`profile`]: what that would be on a GPU; [`sanitize`]: races, uninitialised reads, barriers.
//! - Which instructions there are: [`lower::supported`].
//! - Features, off by default: `serde` (pulls in `serde`), counters and profiles can be serialised; `json` (and `serde_json`), reports of
//!   checks as JSON and manifests of registers; `plot` (pulls in `plotters`), rooflines as SVG.

pub mod count;
pub mod lower;
pub mod machine;
pub mod memory;
pub mod profile;
pub mod ptx;
pub mod sanitize;

pub use count::Statistics;
pub use lower::{Kernel, LoadError, Module};
pub use machine::{Arg, Device, Dim, LaunchError, LaunchOptions};
