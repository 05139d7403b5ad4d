//! What a profiler would tell: occupancy, parallelism, rooflines and predicted times of a launch on named GPUs.
//!
//! ```
//! use softcuda::profile::{self, Bound, Options, Registers};
//! use softcuda::{Arg, Device, LaunchOptions, Module};
//!
//! let text = "
//!     .version 8.0
//!     .target sm_80
//!     .address_size 64
//!     .visible .entry double(.param .u64 data) {
//!         .reg .b32 %r<5>;
//!         .reg .b64 %d<3>;
//!         .reg .f32 %f;
//!         ld.param.u64 %d1, [data];
//!         mov.u32 %r1, %ctaid.x;
//!         mov.u32 %r2, %ntid.x;
//!         mov.u32 %r3, %tid.x;
//!         mad.lo.u32 %r4, %r1, %r2, %r3;
//!         mul.wide.u32 %d2, %r4, 4;
//!         add.s64 %d2, %d1, %d2;
//!         ld.global.f32 %f, [%d2];
//!         add.f32 %f, %f, %f;
//!         st.global.f32 [%d2], %f;
//!         ret;
//!     }";
//! let kernel = Module::load(text)?.kernel("double")?;
//! let device = Device::new(8 << 20);
//! let data = device.memory().alloc(4 << 20)?;
//! let options = Options { registers: &|_| Registers::Known(16), ..Options::default() };
//! let plain = LaunchOptions::default();
//! let profile =
//!     profile::launch(&kernel, &device, 4096, 256, &[Arg::from(data)], &plain, &options)?;
//! assert_eq!(profile.traffic.dram_bytes, 8 << 20); // each byte read once and written once
//! let a100 = profile.on("A100-80").unwrap();
//! assert_eq!(a100.occupancy.occupancy, 1.0);
//! assert_eq!(a100.predicted.as_ref().unwrap().bound, Bound::Dram);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`GPUS`]: T4, A100, RTX 4090, H100, with the source of each figure; [`occupancy`]: as CUDA's calculator has it.
//! - [`launch`]: runs a kernel and gives its [`Profile`].
//! - [`Ilp`], [`Traffic`], [`Point`], [`Prediction`]: the models; their documentation says what they leave out. Every time is *predicted*.
//! - Feature `serde`: what is found can be serialised. Feature `json`: registers from a `Manifest`. Feature `plot`: rooflines as SVG.

mod footprint;
mod gpu;
mod ilp;
mod launch;
#[cfg(feature = "json")]
mod manifest;
mod occupancy;
#[cfg(feature = "plot")]
mod plot;
mod predict;
mod rates;
mod roofline;
mod trace;
mod traffic;

pub use footprint::Footprint;
pub use gpu::{A100, GPUS, Gpu, H100, RTX_4090, T4};
pub use ilp::Ilp;
pub use launch::{OnGpu, Options, Profile, Registers, launch};
#[cfg(feature = "json")]
pub use manifest::{Manifest, ManifestError};
pub use occupancy::{Limiter, Occupancy, Usage, occupancy};
#[cfg(feature = "plot")]
pub use plot::{PlotError, Plotted, roofline};
pub use predict::{Bound, BoundTime, Caches, MODEL, Measured, Prediction, predict};
pub use rates::{Latencies, Pipe, Rates, is_folded};
pub use roofline::{Point, Units, point, shared_bandwidth};
pub use traffic::Traffic;
