//! A memory limit for a child process, through a control group below our own.
//!
//! Below, never beside: limits that somebody set on us keep holding. The group counts anonymous memory and the page cache
//! that its members fault in, which is the point: a limit of a quarter of the data makes reads go to the disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::Result;

/// A control group with a memory limit; removed when dropped (the child in it must have ended).
#[derive(Debug)]
pub struct Confinement {
    group: PathBuf,
}

impl Confinement {
    /// Makes a group limited to `bytes`.
    ///
    /// # Errors
    ///
    /// A sentence that says why this machine has none: no controller mounted, no permission, or (version 2) the memory
    /// controller not handed down to us.
    pub fn new(bytes: u64) -> Result<Self> {
        let ours = fs::read_to_string("/proc/self/cgroup")?;
        let name = format!("lsm-gates-{}", std::process::id());
        let (parent, limit, swap) = place(&ours, Path::new("/sys/fs/cgroup"))
            .ok_or("no cgroup: this process is in no group with a memory controller")?;
        let group = parent.join(name);
        fs::create_dir(&group)
            .map_err(|error| format!("no cgroup: cannot make {}: {error}", group.display()))?;
        let confinement = Self { group };
        let file = confinement.group.join(limit);
        fs::write(&file, bytes.to_string())
            .map_err(|error| format!("no cgroup: cannot write {}: {error}", file.display()))?;
        // Swap would hide the limit. The file is absent where the kernel has no swap accounting, which changes nothing
        // on a machine without swap.
        let none = if swap == "memory.swap.max" { 0 } else { bytes };
        let _ = fs::write(confinement.group.join(swap), none.to_string());
        Ok(confinement)
    }

    /// The directory of the group: a child enters by [`enter`].
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.group
    }
}

impl Drop for Confinement {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.group);
    }
}

/// Moves the calling process into `group`; memory it takes from now on is charged there.
pub fn enter(group: &Path) -> Result<()> {
    Ok(fs::write(group.join("cgroup.procs"), std::process::id().to_string())?)
}

/// Where a group of ours may be made, and the names of its two limits, by the lines of `/proc/self/cgroup`
/// (cgroups(7): `id:controllers:path`, version 2 being `0::path`).
fn place(ours: &str, root: &Path) -> Option<(PathBuf, &'static str, &'static str)> {
    let below = |mount: PathBuf, path: &str| {
        let inner = mount.join(path.trim_start_matches('/'));
        // In a container the path may be one of the host's: the mount's top is then our own group.
        if inner.is_dir() { inner } else { mount }
    };
    for line in ours.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        if controllers.split(',').any(|controller| controller == "memory") {
            let limits = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes");
            return Some((below(root.join("memory"), path), limits.0, limits.1));
        }
    }
    let path = ours.lines().find_map(|line| line.strip_prefix("0::"))?;
    let parent = below(root.to_owned(), path);
    let handed_down = fs::read_to_string(parent.join("cgroup.subtree_control")).ok()?;
    let memory = handed_down.split_whitespace().any(|controller| controller == "memory");
    memory.then_some((parent, "memory.max", "memory.swap.max"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_place_by_version() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("memory/a/b")).unwrap();
        fs::create_dir_all(root.join("c")).unwrap();
        let (path, limit, _) = place("5:cpu:/x\n4:memory:/a/b\n0::/c\n", root).unwrap();
        assert_eq!((path, limit), (root.join("memory/a/b"), "memory.limit_in_bytes"));
        let (path, ..) = place("4:cpuset,memory:/elsewhere\n", root).unwrap();
        assert_eq!(path, root.join("memory"));
        assert!(place("0::/c\n", root).is_none(), "not handed down");
        fs::write(root.join("c/cgroup.subtree_control"), "cpu memory\n").unwrap();
        let (path, limit, _) = place("0::/c\n", root).unwrap();
        assert_eq!((path, limit), (root.join("c"), "memory.max"));
        assert!(place("nonsense", root).is_none());
    }
}
