//! A table of what the launches of each kernel did, printed when the process ends.

use crate::export::complain_text;
use softcuda::Statistics;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Copy, Default)]
struct Sums {
    launches: u64,
    instructions: u64,
    warps: u64,
    flops: u64,
    bytes: u64,
    sectors: u64,
    passes: u64,
    ideal_passes: u64,
}

static KERNELS: Mutex<BTreeMap<String, Sums>> = Mutex::new(BTreeMap::new());

unsafe extern "C" {
    /// Of the C library: has a function called when the process ends.
    safe fn atexit(function: extern "C" fn()) -> c_int;
}

extern "C" fn end() {
    // A process that ends has no use for a panic.
    let _ = std::panic::catch_unwind(|| complain_text(&table()));
}

/// Has the table printed at the end.
pub(crate) fn begin() {
    if atexit(end) != 0 {
        crate::export::complain("SOFTCUDA_PROFILE: the table cannot be printed at the end");
    }
}

/// Adds a launch.
pub(crate) fn add(statistics: &Statistics) {
    let totals = statistics.totals();
    let mut kernels = KERNELS.lock().unwrap_or_else(PoisonError::into_inner);
    let sums = kernels.entry(statistics.kernel.clone()).or_default();
    sums.launches += 1;
    sums.instructions += totals.thread_instructions;
    sums.warps += totals.warp_instructions;
    sums.flops += totals.flops;
    sums.bytes += totals.global_bytes;
    sums.sectors += totals.global_sectors;
    sums.passes += totals.shared_passes;
    sums.ideal_passes += totals.shared_ideal_passes;
}

fn table() -> String {
    let kernels = KERNELS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let width = kernels.keys().map(String::len).max().unwrap_or(0).max("kernel".len());
    let mut out = format!(
        "softcuda: {:width$} {:>9} {:>15} {:>7} {:>15} {:>15} {:>15} {:>9} {:>9}",
        "kernel",
        "launches",
        "instructions",
        "active",
        "flops",
        "global bytes",
        "sectors",
        "coalesced",
        "conflicts"
    );
    let ratio = |a: u64, b: u64| {
        if b == 0 { "-".to_owned() } else { format!("{:.2}", a as f64 / b as f64) }
    };
    for (name, it) in &kernels {
        // A string takes all that is written to it.
        let _ = write!(
            out,
            "\nsoftcuda: {name:width$} {:>9} {:>15} {:>7} {:>15} {:>15} {:>15} {:>9} {:>9}",
            it.launches,
            it.instructions,
            ratio(it.instructions, 32 * it.warps),
            it.flops,
            it.bytes,
            it.sectors,
            ratio(it.bytes, 32 * it.sectors),
            ratio(it.passes, it.ideal_passes),
        );
    }
    out
}
