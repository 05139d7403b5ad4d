//! Limits.

use crate::value::MAX_DEPTH;

/// Limits of compiling and of reading.
#[derive(Clone, Debug)]
pub struct ResolveOptions {
    /// How many instructions a program may have. By default 2^20, some 30 MB.
    pub max_instructions: usize,
    /// How many bytes the encoded defaults may have. By default 16 MiB.
    pub max_default_bytes: usize,
    /// How deep records, arrays and maps may nest in data. By default 200; more than 400 counts as 400, since the stack of a thread
    /// must hold it (2 MiB do, in a build without optimisation).
    pub max_depth: u32,
    /// How many values that take no bytes one datum may have: an array of a billion nulls is five bytes. By default 100,000.
    pub max_empty: u64,
    /// Whether to make a program even if no data at all could be read with it. By default false.
    pub hopeless: bool,
}

impl Default for ResolveOptions {
    fn default() -> Self {
        Self {
            max_instructions: 1 << 20,
            max_default_bytes: 16 << 20,
            max_depth: MAX_DEPTH,
            max_empty: 100_000,
            hopeless: false,
        }
    }
}
