//! Programs as cust's documentation has them. Nothing in them knows softcuda, but for `begin`, which keeps them from a GPU that may be there.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod errors;
mod memory;
mod streams;
mod vec_add;

use cust::context::Context;
use cust::module::Module;
use softcuda_driver::{Mode, Settings, configure};
use std::sync::Once;

/// As `cust::quick_init`, on softcuda.
fn begin() -> Context {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        configure(Settings { mode: Some(Mode::Force), ..Settings::default() }).unwrap();
    });
    cust::quick_init().unwrap()
}

const PTX: &str = include_str!("../../../../kernels/vec_add.ptx");

fn vec_add() -> Module {
    Module::from_ptx(PTX, &[]).unwrap()
}
