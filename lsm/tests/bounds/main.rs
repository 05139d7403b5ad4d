//! Bounds that hold whatever the work is: of the log, of level 0, of what background work writes; and the figures that tell
//! how near they are.
// A test may fail in any way it likes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod backlog;
mod gate;
mod log;
mod rate;
mod statistics;
mod versions;

use std::sync::Arc;

use lsm::{
    Options,
    fs::{FileSystem, sim::SimFs},
};

const DIR: &str = "/data/db";

/// A machine with an empty directory for the database.
fn machine() -> SimFs {
    let fs = SimFs::new();
    fs.create_dir_all("/data".as_ref()).unwrap();
    fs.sync_all();
    fs
}

/// A database so small that a few commits flush and compact.
fn options(fs: impl FileSystem + 'static) -> Options {
    Options::default()
        .file_system(Arc::new(fs))
        .write_buffer_bytes(4096)
        .segment_bytes(4096)
        .cache_bytes(16 << 10)
}

/// What no compression makes shorter.
fn random_bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}
