//! A cluster in a directory of its own, on a socket only, started and stopped by the lab.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use postgres::{Client, Config, NoTls};

use super::engine::Postgres;
use crate::sql::{Dialect, Layout, SqlStore};
use crate::store::Store;
use crate::{Error, Result};

/// Durable in every way, one core a query as in SQLite, and no vacuum that begins in the middle of a measurement: the lab calls it in between.
pub const SETTINGS: [&str; 11] = [
    "listen_addresses=",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "shared_buffers=128MB",
    "work_mem=64MB",
    "max_wal_size=4GB",
    "autovacuum=off",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "log_min_messages=error",
];

/// A running cluster. Stops, and removes its files, when it and all stores in it are dropped.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    server: Child,
    /// What it says it is.
    version: String,
}

impl Cluster {
    /// Makes a cluster in a new directory below `scratch`, and starts it with [`SETTINGS`] and `more`, of which the last counts. `None` where there is no PostgreSQL. `scratch` must be one that other users can enter
    /// if this is root, and its path short: the path of a socket has 107 bytes.
    ///
    /// # Errors
    /// [`Error::Cluster`] if it is there and does not start; [`Error::Io`].
    pub fn start(scratch: &Path, more: &[&str]) -> Result<Option<Rc<Self>>> {
        let Some(programs) = find() else { return Ok(None) };
        let directory = scratch.join("postgres");
        let at = |error| Error::io(&directory, error);
        std::fs::create_dir_all(&directory).map_err(at)?;
        let user = other_user()?;
        // The server refuses to be root, and to have a directory that others can read.
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid)).map_err(at)?;
        }
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).map_err(at)?;
        let data = directory.join("data");
        let made = as_user(user, programs.join("initdb"))
            .current_dir(&directory)
            .args(["--username=lab", "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(&data)
            .output()
            .map_err(at)?;
        if !made.status.success() {
            return Err(Error::Cluster(format!(
                "initdb: {}",
                String::from_utf8_lossy(&made.stderr).trim()
            )));
        }
        let mut command = as_user(user, programs.join("postgres"));
        command.current_dir(&directory).arg("-D").arg(&data).arg("-k").arg(&directory);
        for setting in SETTINGS.iter().chain(more) {
            command.args(["-c", setting]);
        }
        let server = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(at)?;
        let mut cluster = Self { directory, server, version: String::new() };
        let mut client = cluster.first_connection()?;
        cluster.version = client.query_one("SHOW server_version", &[])?.try_get(0)?;
        client.batch_execute("CREATE DATABASE relational")?;
        client.batch_execute("CREATE DATABASE documents")?;
        Ok(Some(Rc::new(cluster)))
    }

    /// What the server says it is: `15.14`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// An empty store in it. What was in the layout's database is gone.
    ///
    /// # Errors
    /// [`Error::Postgres`].
    pub fn open(self: &Rc<Self>, layout: Layout) -> Result<Box<dyn Store>> {
        let (name, database) = match layout {
            Layout::Relational => ("PostgreSQL, relational", "relational"),
            Layout::Documents => ("PostgreSQL, documents", "documents"),
        };
        let mut client = self.connect(database)?;
        client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")?;
        let engine = Postgres::new(client, Rc::clone(self), name);
        Ok(Box::new(SqlStore::new(name, layout, Dialect::Postgres, engine)))
    }

    fn connect(&self, database: &str) -> Result<Client> {
        let mut config = Config::new();
        config.host_path(&self.directory).user("lab").dbname(database);
        // Dropping what is there is no news.
        Ok(config.notice_callback(|_| {}).connect(NoTls)?)
    }

    fn first_connection(&mut self) -> Result<Client> {
        let begun = Instant::now();
        loop {
            match self.connect("postgres") {
                Ok(client) => return Ok(client),
                Err(error) if begun.elapsed() > Duration::from_secs(60) => return Err(error),
                Err(_) => {}
            }
            match self.server.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                ended => {
                    return Err(Error::Cluster(format!(
                        "the server ended at its start: {ended:?}"
                    )));
                }
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.server.id().cast_signed()) {
            // SIGINT is its fast shutdown. It may have ended by itself.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Where the newest server's programs are.
fn find() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let places = found
        .into_iter()
        .rev()
        .map(|(_, programs)| programs)
        .chain(std::env::split_paths(&on_path));
    places
        .into_iter()
        .find(|place| ["postgres", "initdb"].iter().all(|program| place.join(program).is_file()))
}

/// Root must be somebody else: who the package's server is.
fn other_user() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = |flag| {
        let output = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    let both = id("-u").zip(id("-g"));
    both.map(Some).ok_or_else(|| {
        Error::Cluster(
            "this is root, and there is no user postgres to run the server as".to_owned(),
        )
    })
}

fn as_user(user: Option<(u32, u32)>, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Some((uid, gid)) = user {
        command.gid(gid).uid(uid);
    }
    command
}
