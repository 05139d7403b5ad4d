//! The CUDA driver API without a GPU.

mod api;
mod attribute;
mod context;
mod export;
mod handle;
mod handover;
mod host;
mod launch;
mod memory;
mod module;
mod queue;
mod result;
mod settings;
mod soft;
mod statistics;
mod stream;
mod types;

pub use api::*;
pub use handover::real_driver;
pub use result::*;
pub use settings::{AlreadyDecided, Mode, Settings, configure};
pub use statistics::{last_statistics, record_statistics, take_statistics};
pub use types::*;
