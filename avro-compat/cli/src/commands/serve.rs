//! The server beside this program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::error::{Error, Result};
use crate::exit::Verdict;

/// What the server's program is called.
const SERVER: &str = "schema-registry";

/// Starts the server schema-registry: the one beside this program, else the first on PATH
#[derive(Debug, Args)]
pub struct Serve {
    /// Its arguments, as they are
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub arguments: Vec<OsString>,
}

impl Serve {
    /// Becomes the server; comes back only if that does not start.
    pub fn run(&self) -> Result<Verdict> {
        let beside = std::env::current_exe()
            .ok()
            .and_then(|it| it.parent().map(Path::to_owned))
            .unwrap_or_default();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let directories = std::iter::once(beside.clone()).chain(std::env::split_paths(&path));
        let name = format!("{SERVER}{}", std::env::consts::EXE_SUFFIX);
        let program = directories.map(|it| it.join(&name)).find(|it| is_program(it));
        let program = program.ok_or(Error::NoServer { beside })?;
        start(&program, &self.arguments)
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// In place of this process, so that signals go to the server.
#[cfg(unix)]
fn start(program: &Path, arguments: &[OsString]) -> Result<Verdict> {
    use std::os::unix::process::CommandExt as _;
    let source = Command::new(program).args(arguments).exec();
    Err(Error::Server { path: PathBuf::from(program), source })
}

#[cfg(not(unix))]
fn start(program: &Path, arguments: &[OsString]) -> Result<Verdict> {
    let failed = |source| Error::Server { path: PathBuf::from(program), source };
    let status = Command::new(program).args(arguments).status().map_err(failed)?;
    Ok(Verdict::failed_if(!status.success()))
}
