//! A node: its files, its process, the proxies in front of it.

use std::ffi::OsString;
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use rustix::process::Signal;

use super::KafkaOptions;
use super::addresses::{Addresses, Proxies};
use super::keeper::{Keeping, Process, Program};
use super::settings::{self, Settings};
use super::tools::Tools;
use crate::broker::{NodeState, waiting, wire};
use crate::disk::{self, Quota};
use crate::id::NodeId;
use crate::{Error, Result};

/// How much of a log is told in an error.
const LAST_LINES: usize = 15;

/// Where its partitions are.
const DATA: &str = "data";

#[derive(Debug)]
pub(super) struct Node {
    pub id: NodeId,
    pub is_controller: bool,
    directory: PathBuf,
    pub listens: Addresses,
    pub advertised: Addresses,
    process: Option<Process>,
    paused: bool,
    /// Whether its process is kept from writing.
    read_only: bool,
    pub proxies: Option<Proxies>,
    /// The file system of its data, or why it has no size.
    quota: std::result::Result<Quota, String>,
}

impl Node {
    /// Nothing but its directory, and the proxies in front of it.
    pub fn new(
        id: NodeId,
        is_controller: bool,
        cluster: &Path,
        listens: Addresses,
        options: &KafkaOptions,
    ) -> Result<Self> {
        let directory = cluster.join(format!("node-{}", id.0));
        fs::create_dir_all(&directory)
            .map_err(|source| Error::File { path: directory.clone(), source })?;
        let proxies = options.proxies.then(|| Proxies::in_front_of(&listens)).transpose()?;
        let advertised =
            proxies.as_ref().map_or(listens, |proxies| proxies.addresses(listens.direct));
        let quota = match options.disk_quota {
            Some(bytes) => Quota::mount(directory.join(DATA), bytes).map_err(|why| why.to_string()),
            None => Err("its disks have no limit: it was started without `disk_quota`".into()),
        };
        Ok(Self {
            id,
            is_controller,
            directory,
            listens,
            advertised,
            process: None,
            paused: false,
            read_only: false,
            proxies,
            quota,
        })
    }

    /// Where its partitions are.
    pub fn data(&self) -> PathBuf {
        self.directory.join(DATA)
    }

    /// Where the cluster's own log is.
    pub fn metadata(&self) -> PathBuf {
        self.directory.join("metadata")
    }

    /// Where it writes what happens.
    pub fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    fn properties(&self) -> PathBuf {
        self.directory.join("server.properties")
    }

    fn log4j(&self) -> PathBuf {
        self.directory.join("log4j2.xml")
    }

    /// Writes its files, anew if they are there.
    pub fn write_settings(
        &self,
        voters: &[(NodeId, SocketAddr)],
        brokers: u32,
        further: &[(String, String)],
    ) -> Result<()> {
        let (data, metadata) = (self.data(), self.metadata());
        let settings = Settings {
            id: self.id,
            is_controller: self.is_controller,
            listens: self.listens,
            advertised: self.advertised,
            voters,
            brokers,
            data: &data,
            metadata: &metadata,
            further,
        };
        let write = |path: PathBuf, text: String| {
            fs::write(&path, text).map_err(|source| Error::File { path, source })
        };
        write(self.properties(), settings.properties())?;
        write(self.log4j(), settings::log4j(&self.log()))
    }

    /// Begins to make empty directories into ones of this cluster; those that are made already stay as they are.
    pub fn format(&self, tools: &Tools, cluster: &str) -> Result<super::tools::Running> {
        let arguments: [OsString; 6] = [
            "format".into(),
            "--ignore-formatted".into(),
            "--cluster-id".into(),
            cluster.into(),
            "--config".into(),
            self.properties().into(),
        ];
        tools.start("kafka.tools.StorageTool", &arguments, &self.directory.join("format.log"))
    }

    /// Deletes what is on its disk. If no other node knows of the cluster, it goes on knowing of topics: else it would not be of this cluster any more.
    pub fn wipe(&self, keep_metadata: bool) -> Result<()> {
        let mut gone = vec![self.data()];
        if !keep_metadata {
            gone.push(self.metadata());
        }
        for directory in gone {
            remove_contents(&directory)
                .map_err(|source| Error::File { path: directory.clone(), source })?;
        }
        Ok(())
    }

    /// What it is doing. A process that has ended by itself is down.
    pub fn state(&self) -> NodeState {
        match &self.process {
            Some(process) if process.ended().is_none() => {
                if self.paused {
                    NodeState::Paused
                } else {
                    NodeState::Up
                }
            }
            _ => NodeState::Down,
        }
    }

    /// Begins to start it.
    pub fn start(&mut self, tools: &Tools, heap_mib: u32, run: &str) -> Result<()> {
        let mut log4j = OsString::from("-Dlog4j2.configurationFile=");
        log4j.push(self.log4j());
        let mut arguments: Vec<OsString> = vec![
            format!("-Xmx{heap_mib}m").into(),
            "-XX:+ExitOnOutOfMemoryError".into(),
            log4j,
            format!("-Dqueue-chaos.run={run}").into(),
            format!("-Dqueue-chaos.node={}", self.id.0).into(),
        ];
        arguments.extend(tools.java_arguments());
        arguments.extend(["kafka.Kafka".into(), self.properties().into_os_string()]);
        let program = Program {
            path: tools.java.clone(),
            arguments,
            output: self.directory.join("stdout.log"),
        };
        let process = Process::start(&program, Keeping::of_this_machine())
            .map_err(|error| self.error("starting", error.to_string()))?;
        self.process = Some(process);
        self.paused = false;
        // A disk that is read-only is so for the next process too.
        if self.read_only { self.deny_writes(true) } else { Ok(()) }
    }

    /// Waits until it says that it is a broker of the cluster.
    pub fn wait_until_it_answers(&self, patience: Duration) -> Result<()> {
        let (id, direct) = (self.id, self.listens.direct);
        let what = format!("starting {id}");
        let answered = waiting::until(&what, patience, || {
            if let Some(status) = self.process.as_ref().and_then(Process::ended) {
                let why = format!("it has ended ({status})");
                return Err(Error::Broker { what: what.clone(), why });
            }
            Ok(match wire::metadata(direct, Duration::from_secs(2)) {
                Ok(metadata) if metadata.brokers.contains(&id) => Ok(()),
                Ok(_) => Err("it is not a broker of the cluster yet".into()),
                Err(error) => Err(format!("{direct}: {error}")),
            })
        });
        answered.map_err(|error| match error {
            Error::Broker { what, why } => Error::Broker { what, why: why + &self.last_lines() },
            other => other,
        })
    }

    /// Asks it to shut down.
    pub fn ask_to_stop(&mut self) -> Result<()> {
        self.resume()?;
        self.signal("stopping", Signal::TERM)
    }

    /// Waits until it has shut down. If it takes too long, it is killed, and that is an error.
    pub fn wait_until_stopped(&mut self, patience: Duration) -> Result<()> {
        if self.stops_within(patience) {
            return Ok(());
        }
        let error = self.error("stopping", format!("not within {patience:?}; it has been killed"));
        self.kill()?;
        Err(error)
    }

    /// Waits until it has shut down, and kills it if it takes too long.
    pub fn stop_or_kill(&mut self, patience: Duration) -> Result<()> {
        if self.stops_within(patience) { Ok(()) } else { self.kill() }
    }

    fn stops_within(&mut self, patience: Duration) -> bool {
        let stopped = self.process.as_ref().is_none_or(|process| process.wait(patience).is_some());
        if stopped {
            self.process = None;
        }
        stopped
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(process) = &self.process {
            let killed = process.kill();
            killed.map_err(|error| self.error("killing", error.to_string()))?;
        }
        self.process = None;
        self.paused = false;
        Ok(())
    }

    pub fn pause(&mut self) -> Result<()> {
        self.signal("pausing", Signal::STOP)?;
        self.paused = true;
        Ok(())
    }

    pub fn resume(&mut self) -> Result<()> {
        self.signal("resuming", Signal::CONT)?;
        self.paused = false;
        Ok(())
    }

    /// Why its disk cannot be filled, if it cannot.
    pub fn why_no_quota(&self) -> Option<&str> {
        self.quota.as_ref().err().map(String::as_str)
    }

    fn quota(&self) -> Result<&Quota> {
        self.quota.as_ref().map_err(|why| self.error("limiting the disk of", why.clone()))
    }

    /// Fills its disk to the last byte.
    pub fn fill_disk(&self) -> Result<()> {
        self.quota()?.fill().map(drop)
    }

    /// Deletes what filled it.
    pub fn free_disk(&self) -> Result<()> {
        self.quota()?.free()
    }

    /// Keeps its process from writing to any file, or not any more.
    pub fn deny_writes(&mut self, denied: bool) -> Result<()> {
        let was = std::mem::replace(&mut self.read_only, denied);
        match &self.process {
            Some(process) if (was || denied) && process.ended().is_none() => {
                disk::deny_writes(process.id(), denied)
            }
            _ => Ok(()),
        }
    }

    /// Cuts the ends of logs off, and with them the sign that the node has shut down in order: it would take them for whole.
    pub fn tear_tail(&self, partitions: &[String], bytes: u64) -> Result<()> {
        let data = self.data();
        disk::tear_tail(&data, partitions, bytes)?;
        let sign = data.join(".kafka_cleanshutdown");
        match fs::remove_file(&sign) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::File { path: sign, source })
            }
            _ => Ok(()),
        }
    }

    fn signal(&self, doing: &str, signal: Signal) -> Result<()> {
        let Some(process) = &self.process else { return Ok(()) };
        let sent = process.signal(signal);
        sent.map_err(|error| self.error(doing, error.to_string()))
    }

    fn error(&self, doing: &str, why: String) -> Error {
        Error::Broker { what: format!("{doing} {}", self.id), why: why + &self.last_lines() }
    }

    /// What its log ends with, or, if it has none, what it printed.
    fn last_lines(&self) -> String {
        let of = |path: PathBuf| {
            let lines = last_lines(&path).ok().filter(|lines| !lines.is_empty())?;
            Some(format!("; {} ends with:\n{lines}", path.display()))
        };
        of(self.log()).or_else(|| of(self.directory.join("stdout.log"))).unwrap_or_default()
    }
}

fn last_lines(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(16 << 10)))?;
    let mut end = Vec::new();
    file.take(16 << 10).read_to_end(&mut end)?;
    let text = String::from_utf8_lossy(&end);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
}

fn remove_contents(directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
