//! A bar, where it takes long.

use indicatif::{ProgressBar, ProgressStyle};

/// Less work than this has no bar.
const LONG: usize = 50;

/// A bar on standard error, if that is a terminal and there is much to do.
pub fn bar(what: &'static str, units: usize) -> ProgressBar {
    if units < LONG {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(units as u64);
    let template = "{msg:20!} {bar:30} {human_pos:>7}/{human_len} {eta:>4}";
    // A template is checked when it is set; should this one be wrong, the default shows the same facts.
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message(what);
    bar
}

/// Files that are smaller have no bar.
const LARGE: u64 = 16 << 20;

/// The same over the bytes of a file.
pub fn bytes(length: u64) -> ProgressBar {
    if length < LARGE {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    let template = "{bar:40} {bytes:>11}/{total_bytes} {bytes_per_sec:>13} {eta:>4}";
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}
