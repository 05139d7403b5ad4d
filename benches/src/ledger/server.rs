//! The ledger's server in a process of its own: the bench starts itself again.
//!
//! It is put together as the program `ledger_api` does it, with the same defaults. It says where it listens in one line of JSON, and ends in order when its standard input
//! does, and at once when its parent dies.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::archive::LsmArchive;
use ledger::disk::RealDisk;
use ledger::{Node, NodeOptions};
use ledger_api::client::{ClientOptions, Connection};
use ledger_api::http::{self, HttpOptions};
use ledger_api::keys::Keys;
use ledger_api::metrics::Metrics;
use ledger_api::service::{Service, ServiceOptions};
use ledger_api::tcp::{TcpOptions, TcpServer};
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use super::Result;
use crate::lsm::meter::Memory;

/// What a child is started with, before its directory.
pub const FLAG: &str = "--serve";

/// What it says when it can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Where it speaks the binary protocol.
    pub tcp: SocketAddr,
    /// Where it speaks HTTP.
    pub http: SocketAddr,
    /// Its last operation.
    pub op: u64,
    /// How many operations of the log it had to do again.
    pub replayed: u64,
}

/// A server that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// What it said.
    pub ready: Ready,
    /// From the start of its process until then.
    pub opening: Duration,
}

impl Server {
    /// Starts one on a directory, and waits until it can be asked.
    ///
    /// # Errors
    /// What the child says on its standard error, if it ends instead.
    pub fn start(directory: &Path) -> Result<Self> {
        let begun = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .arg(FLAG)
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = &mut child.stdout {
            BufReader::new(output).read_line(&mut line)?;
        }
        match serde_json::from_str(&line) {
            Ok(ready) => Ok(Self { child, ready, opening: begun.elapsed() }),
            Err(_) => Err(format!("the server did not start: {}", last_words(child)?).into()),
        }
    }

    /// A connection to it.
    ///
    /// # Errors
    /// The client's.
    pub fn connect(&self) -> Result<Connection> {
        // Longer than any disk takes: a reading must not end because of a pause.
        let options = ClientOptions::new(self.ready.tcp).deadline(Duration::from_secs(25));
        Ok(Connection::connect(&options)?)
    }

    /// The memory of its process now.
    ///
    /// # Errors
    /// There is no such process any more.
    pub fn memory(&self) -> Result<Memory> {
        Memory::of(&self.child.id().to_string())
    }

    /// Nanoseconds of processor time that its threads have used so far, by their names; those that have ended are `ended`.
    ///
    /// # Errors
    /// There is no such process any more, or the kernel does not count.
    pub fn processor(&self) -> Result<BTreeMap<String, u64>> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let mut threads = BTreeMap::<String, u64>::new();
        for thread in std::fs::read_dir(process.join("task"))? {
            let thread = thread?.path();
            // One that ends meanwhile is among the ended the next time.
            let Ok(name) = std::fs::read_to_string(thread.join("comm")) else { continue };
            let Ok(used) = std::fs::read_to_string(thread.join("schedstat")) else { continue };
            let used = used.split_whitespace().next().unwrap_or_default();
            *threads.entry(name.trim().to_owned()).or_default() += used.parse::<u64>()?;
        }
        // User and system time of all threads there were, in hundredths of a second.
        let stat = std::fs::read_to_string(process.join("stat"))?;
        let fields: Vec<&str> =
            stat.rsplit(") ").next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<u64>().ok()).unwrap_or(0);
        let all = (ticks(11) + ticks(12)) * 10_000_000;
        let running: u64 = threads.values().sum();
        threads.insert("ended".to_owned(), all.saturating_sub(running));
        Ok(threads)
    }

    /// Ends it in order, with a checkpoint.
    ///
    /// # Errors
    /// What it says, if it does not end well.
    pub fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        let mut said = String::new();
        if let Some(errors) = &mut self.child.stderr {
            errors.read_to_string(&mut said)?;
        }
        Err(format!("the server ended with {status}: {}", said.trim()).into())
    }

    /// Kills it, as a power switch does to a process: SIGKILL. Dropping it waits until it is gone.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(&self) -> Result<()> {
        let pid =
            Pid::from_raw(self.child.id().cast_signed()).ok_or("a process without a number")?;
        Ok(kill_process(pid, Signal::KILL)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended, if it was stopped or killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn last_words(mut child: Child) -> Result<String> {
    drop(child.stdin.take());
    let output = child.wait_with_output()?;
    Ok(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// In the child: serves until its standard input ends.
#[must_use]
#[expect(clippy::print_stderr, reason = "it is how a child answers")]
pub fn answer(directory: &str) -> ExitCode {
    match serve(Path::new(directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(directory: &Path) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let disk = Arc::new(RealDisk::open(directory)?);
    let archive = LsmArchive::open(directory.join("archive"), LsmArchive::options())?;
    let (node, recovery) = Node::open(disk, Arc::new(archive), NodeOptions::default())?;
    let metrics = Arc::new(Metrics::default());
    let service = Service::start(node, ServiceOptions::default(), Arc::clone(&metrics))?;
    let desk = service.desk();
    let local = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let (tcp, web) = (local(0)?, local(0)?);
    let binary = TcpServer::start(
        tcp,
        desk.clone(),
        Keys::open(),
        Arc::clone(&metrics),
        TcpOptions::default(),
    )?;
    let router = http::router(desk, Keys::open(), metrics, HttpOptions::default());
    let ready = Ready {
        tcp: binary.address(),
        http: web.local_addr()?,
        op: recovery.tail.op,
        replayed: recovery.replayed,
    };

    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    runtime.block_on(async {
        web.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(web)?;
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            // Nothing is ever said there.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            drop(ended);
        });
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&ready)?)?;
        http::serve(listener, router, http::Server::default(), async { drop(end.await) }).await;
        Ok::<_, super::Fault>(())
    })?;
    binary.stop();
    Ok(service.stop()?)
}

/// A new directory for books, removed when it is dropped.
#[derive(Debug)]
pub struct Books(PathBuf);

impl Books {
    /// Makes one.
    ///
    /// # Errors
    /// The system's.
    pub fn new(files: &Path) -> Result<Self> {
        let directory = files.join("books");
        // A reading that ended early may have left some.
        if directory.exists() {
            std::fs::remove_dir_all(&directory)?;
        }
        std::fs::create_dir_all(&directory)?;
        Ok(Self(directory))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        // What cannot be removed stays below `out/`.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
