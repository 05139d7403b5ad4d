//! The server as a child of this process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::Done;

/// A server that lives or was killed.
pub struct Child {
    program: PathBuf,
    data: PathBuf,
    address: SocketAddr,
    process: std::process::Child,
}

impl Child {
    /// Starts it on any port.
    pub fn start(program: &Path, data: &Path) -> Done<Self> {
        Self::start_at(program, data, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Starts it at an address.
    pub fn start_at(program: &Path, data: &Path, at: SocketAddr) -> Done<Self> {
        let (process, address) = start(program, data, at)?;
        Ok(Self { program: program.to_owned(), data: data.to_owned(), address, process })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An error if it has ended by itself.
    pub fn must_live(&mut self) -> Done {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("the server ended by itself: {status}").into()),
        }
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) -> Done {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again, at the same address.
    pub fn restart(&mut self) -> Done {
        self.process = start(&self.program, &self.data, self.address)?.0;
        Ok(())
    }

    /// `SIGTERM`; waits until it is gone.
    pub fn terminate(mut self) -> Done<ExitStatus> {
        let id = self.process.id().to_string();
        if !Command::new("kill").args(["-TERM", &id]).status()?.success() {
            return Err("the server cannot be told to stop".into());
        }
        Ok(self.process.wait()?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server that listens. Small generations, so that the archive and snapshots are killed in the middle of their work, too.
fn start(program: &Path, data: &Path, at: SocketAddr) -> Done<(std::process::Child, SocketAddr)> {
    // What the server says stays beside its directory.
    let log =
        std::fs::OpenOptions::new().create(true).append(true).open(data.with_extension("log"))?;
    let mut process = Command::new(program)
        .args([
            "--http",
            "127.0.0.1:0",
            "--tcp",
            &at.to_string(),
            "--generation",
            "5000",
            "--segment",
            "4",
            "--data",
        ])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|it| format!("{} cannot be started: {it}", program.display()))?;
    let lines = process.stdout.take().map(BufReader::new);
    let address = lines
        .into_iter()
        .flat_map(BufRead::lines)
        .find_map(|line| line.ok()?.strip_prefix("tcp ")?.parse().ok());
    match address {
        Some(address) => Ok((process, address)),
        None => {
            let status = process.wait()?;
            Err(format!("the server did not start: {status}; its directory is {}", data.display())
                .into())
        }
    }
}
