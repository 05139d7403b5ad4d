//! The calls that only Linux has.

use std::ffi::CString;
use std::io;
use std::path::Path;

use rustix::mount::{MountFlags, UnmountFlags};
use rustix::process::{Pid, Resource, Rlimit};

/// A data directory has no devices and no programs of other users.
const FLAGS: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

pub(super) fn mount_tmpfs(source: &str, on: &Path, bytes: u64) -> io::Result<()> {
    let options = CString::new(format!("size={bytes},mode=0755"))?;
    Ok(rustix::mount::mount(source, on, "tmpfs", FLAGS, options.as_c_str())?)
}

/// Its size stays as it is.
pub(super) fn remount(at: &Path, read_only: bool) -> io::Result<()> {
    let flags = if read_only { FLAGS | MountFlags::RDONLY } else { FLAGS };
    Ok(rustix::mount::mount_remount(at, flags, "")?)
}

/// What is in use goes when it is not any more.
pub(super) fn unmount(at: &Path) -> io::Result<()> {
    match rustix::mount::unmount(at, UnmountFlags::NOFOLLOW) {
        Err(rustix::io::Errno::BUSY) => {
            Ok(rustix::mount::unmount(at, UnmountFlags::NOFOLLOW | UnmountFlags::DETACH)?)
        }
        other => Ok(other?),
    }
}

/// Lets a process write no file any more, or all that its hard limit allows. That one is not touched: lowered, it could not be raised again.
pub(super) fn limit_files(process: u32, denied: bool) -> io::Result<()> {
    let id = i32::try_from(process).ok().and_then(Pid::from_raw);
    let id = id.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let maximum = hard_limit(&std::fs::read_to_string(format!("/proc/{process}/limits"))?)?;
    let current = if denied { Some(0) } else { maximum };
    rustix::process::prlimit(Some(id), Resource::Fsize, Rlimit { current, maximum })?;
    Ok(())
}

/// proc_pid_limits(5): name, soft limit, hard limit, unit; names have blanks.
fn hard_limit(limits: &str) -> io::Result<Option<u64>> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file size"));
    match line.and_then(|line| line.split_whitespace().nth(1)) {
        Some("unlimited") => Ok(None),
        Some(number) => number.parse().map(Some).map_err(io::Error::other),
        None => Err(io::Error::other("the limits of the process say nothing of files")),
    }
}
