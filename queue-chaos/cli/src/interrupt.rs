//! Ctrl-C: the first asks a run to end in order, the second ends the program; the cluster's processes die with it either way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit::Result;

/// A flag that is set by the first ctrl-C (or SIGTERM). The second one ends the program at once.
///
/// # Errors
/// If the system does not let signals be handled.
pub fn asked() -> Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the second signal finds the flag set.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&asked))?;
        signal_hook::flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(asked)
}

/// Whether it was asked.
pub fn is_asked(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}
