//! A small disk without being root: this program again, in a namespace in which it may mount a file system in memory. The kernel says `ENOSPC` there as it does
//! anywhere, and all of it is gone with the last process.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Done, report};

/// What runs a program in a namespace with mounts of its own, and kills it when this one dies. The signal is asked for inside: entering takes it back.
const ENTER: [&str; 9] = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "--",
    "setpriv",
    "--pdeathsig",
    "KILL",
    "--",
];

/// Runs this program there, with its disk at `mount`.
pub fn run_again(mount: &Path, json: bool) -> Done {
    std::fs::create_dir(mount)?;
    if let Some(why) = impossible(mount) {
        let not_done = format!("the disk could not be filled: {why}");
        if json {
            report::print(&serde_json::json!({ "not_done": not_done }).to_string());
        }
        std::fs::remove_dir(mount)?;
        return Err(format!("not done: {not_done}").into());
    }
    let ended = enter([std::env::current_exe()?.as_os_str()])
        .args(std::env::args_os().skip(1))
        .arg("--mount")
        .arg(mount)
        .status()?;
    std::fs::remove_dir(mount)?;
    if ended.success() { Ok(()) } else { Err(format!("chaos on a small disk: {ended}").into()) }
}

/// Makes the disk, in the namespace.
pub fn mount(at: &Path, mebibytes: u32) -> Done {
    let done = Command::new("mount").args(tmpfs(at, mebibytes)).status()?;
    if done.success() { Ok(()) } else { Err(format!("{} cannot be mounted", at.display()).into()) }
}

fn tmpfs(at: &Path, mebibytes: u32) -> [std::ffi::OsString; 6] {
    let size = format!("size={mebibytes}m");
    ["-t".into(), "tmpfs".into(), "-o".into(), size.into(), "tmpfs".into(), at.into()]
}

fn enter<'a>(program: impl IntoIterator<Item = &'a OsStr>) -> Command {
    let [first, rest @ ..] = ENTER;
    let mut command = Command::new(first);
    command.args(rest).args(program).stdin(Stdio::null());
    command
}

/// Why this machine does not let this user do it.
fn impossible(mount: &Path) -> Option<String> {
    let tried = enter([OsStr::new("mount")]).args(tmpfs(mount, 1)).output();
    match tried {
        Err(error) => Some(format!("unshare (util-linux): {error}")),
        Ok(tried) if tried.status.success() => None,
        Ok(tried) => {
            let said = String::from_utf8_lossy(&tried.stderr);
            Some(said.lines().next().unwrap_or("no user namespaces").trim().to_owned())
        }
    }
}
