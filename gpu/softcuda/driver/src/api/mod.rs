//! The functions, by chapters of the reference.

mod context;
mod copy;
mod device;
mod error;
mod event;
mod init;
mod launch;
pub(crate) mod link;
mod memory;
mod module;
mod occupancy;
mod peer;
mod primary;
mod proc_address;
mod set;
mod stream;
mod unsupported;

pub use context::*;
pub use copy::*;
pub use device::*;
pub use error::*;
pub use event::*;
pub use init::*;
pub use launch::*;
pub use link::*;
pub use memory::*;
pub use module::*;
pub use occupancy::*;
pub use peer::*;
pub use primary::*;
pub use proc_address::*;
pub use set::*;
pub use stream::*;
pub use unsupported::*;

use crate::export::Address;

/// All functions.
pub(crate) const FUNCTIONS: &[&[(&str, Address)]] = &[
    context::FUNCTIONS,
    copy::FUNCTIONS,
    device::FUNCTIONS,
    error::FUNCTIONS,
    event::FUNCTIONS,
    init::FUNCTIONS,
    launch::FUNCTIONS,
    link::FUNCTIONS,
    memory::FUNCTIONS,
    module::FUNCTIONS,
    occupancy::FUNCTIONS,
    peer::FUNCTIONS,
    primary::FUNCTIONS,
    proc_address::FUNCTIONS,
    set::FUNCTIONS,
    stream::FUNCTIONS,
    unsupported::FUNCTIONS,
];

/// Names of the functions that softcuda does not have.
#[cfg(test)]
pub(crate) fn lacking() -> Vec<&'static str> {
    unsupported::FUNCTIONS.iter().map(|(name, _)| *name).collect()
}
