//! The server as a child of this process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process};

use crate::Done;

/// How a server is started.
pub struct Setup {
    /// Its program.
    pub program: PathBuf,
    /// Its directory.
    pub data: PathBuf,
    /// Where goes what it says.
    pub log: PathBuf,
    /// How large its generations are, in turns.
    pub generations: &'static [&'static str],
}

/// A server that lives or was killed.
pub struct Child {
    setup: Setup,
    address: SocketAddr,
    process: std::process::Child,
    starts: usize,
}

impl Child {
    /// Starts it on any port.
    pub fn start(setup: Setup) -> Done<Self> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (process, address) = start(&setup, any, 0)?;
        Ok(Self { setup, address, process, starts: 1 })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it ended, if it has by itself.
    pub fn ended(&mut self) -> Done<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) -> Done {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again, at the same address.
    pub fn restart(&mut self) -> Done {
        self.starts += 1;
        self.process = start(&self.setup, self.address, self.starts)?.0;
        Ok(())
    }

    /// `SIGTERM`; waits until it is gone.
    pub fn terminate(mut self) -> Done<ExitStatus> {
        kill_process(Pid::from_child(&self.process), Signal::TERM)
            .map_err(|error| format!("the server cannot be told to stop: {error}"))?;
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

/// A server that listens.
fn start(setup: &Setup, at: SocketAddr, number: usize) -> Done<(std::process::Child, SocketAddr)> {
    let Setup { program, data, log, generations } = setup;
    let generation = generations.get(number % generations.len().max(1)).unwrap_or(&"5000");
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
    let mut process = dies_with_us(program)
        .args(["--http", "127.0.0.1:0", "--grpc", "none", "--tcp", &at.to_string()])
        .args(["--generation", generation, "--segment", "4", "--data"])
        .arg(data)
        .stdin(Stdio::null())
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

/// A program that the kernel kills when this one dies, whatever it dies of; without `setpriv` (util-linux) it is left behind then.
pub fn dies_with_us(program: &Path) -> Command {
    static WORKS: OnceLock<bool> = OnceLock::new();
    let works = WORKS.get_or_init(|| {
        let tried = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|it| it.success())
    });
    if !works {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}
