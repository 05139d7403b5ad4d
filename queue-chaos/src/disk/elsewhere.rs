//! Where the calls are missing that Linux has.

use std::io;
use std::path::Path;

fn missing() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "only Linux has this")
}

pub(super) fn mount_tmpfs(_: &str, _: &Path, _: u64) -> io::Result<()> {
    Err(missing())
}

pub(super) fn remount(_: &Path, _: bool) -> io::Result<()> {
    Err(missing())
}

pub(super) fn unmount(_: &Path) -> io::Result<()> {
    Err(missing())
}

pub(super) fn limit_files(_: u32, _: bool) -> io::Result<()> {
    Err(missing())
}
