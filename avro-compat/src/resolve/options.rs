//! Limits, and what is done where there is a choice.

use crate::value::MAX_DEPTH;

/// What becomes of bytes that are read as a string and are no UTF-8. What was written as a string must always be UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InvalidUtf8 {
    /// U+FFFD takes the place of each longest sequence that is none, as in Java. Then bytes can always be read as a string, as
    /// [`check`](fn@crate::check::check) has it.
    #[default]
    Replace,
    /// They are errors.
    Refuse,
}

/// Limits of compiling and of reading, and what is done where there is a choice.
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
    /// What becomes of bytes that are read as a string and are no UTF-8. By default that is replaced which is none.
    pub invalid_utf8: InvalidUtf8,
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
            invalid_utf8: InvalidUtf8::Replace,
            hopeless: false,
        }
    }
}
