//! What checks have found.

use crate::export::{complain_text, put_if};
use crate::queue::Queue;
use crate::statistics::settled;
use softcuda::sanitize::{Level, Report};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ERRORS: AtomicU64 = AtomicU64::new(0);
static WARNINGS: AtomicU64 = AtomicU64::new(0);

/// Prints, counts and keeps what was found in a launch.
pub(crate) fn found(report: Report, queue: Option<&Queue>) {
    complain_text(&report.to_string());
    let count = |level| report.of_level(level).count() as u64;
    ERRORS.fetch_add(count(Level::Error), Relaxed);
    WARNINGS.fetch_add(count(Level::Warning), Relaxed);
    if let Some(queue) = queue {
        queue.found(report);
    }
}

/// What the checks of [`Settings::checks`](crate::Settings::checks) found in launches of the current context since the last call, after
/// waiting for them: a report for each launch that was not clean, of which the first 1000 are kept.
pub fn take_reports() -> Vec<Report> {
    settled().map(|context| context.queue.take_reports()).unwrap_or_default()
}

/// How many findings the checks have had in the whole process until now; of each kind and pair of instructions in a launch one. Returns
/// the number of errors and warnings together.
///
/// # Safety
/// The pointers are null or good for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn softcuda_findings(errors: *mut u64, warnings: *mut u64) -> u64 {
    let (e, w) = (ERRORS.load(Relaxed), WARNINGS.load(Relaxed));
    // SAFETY: the caller's promise.
    unsafe {
        put_if(errors, e);
        put_if(warnings, w);
    }
    e + w
}
