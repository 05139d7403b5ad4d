//! PostgreSQL as a rival: a cluster of its own in a directory of its own, on a socket only, started and stopped by the bench.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Result;

/// Tuned as in the anchors: durable in every way, and as fast as that allows.
const SETTINGS: [&str; 14] = [
    "listen_addresses=",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "shared_buffers=4GB",
    "max_wal_size=16GB",
    "wal_compression=lz4",
    "wal_buffers=64MB",
    "checkpoint_timeout=30min",
    "max_connections=100",
    "autovacuum_naptime=10s",
    "logging_collector=off",
    "log_min_messages=error",
    "jit=off",
];

/// How many accounts there are.
pub const ACCOUNTS: u64 = 10_000;

/// A running cluster. Dropping it stops it and removes its files.
pub struct Cluster {
    bin: PathBuf,
    dir: PathBuf,
    user: Option<(u32, u32)>,
    server: Child,
    /// What it says it is.
    pub version: String,
}

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// One transfer a transaction, between any two accounts.
    Uniform,
    /// One transfer a transaction, one account in all of them.
    Hot,
    /// 1,000 transfers a transaction, in order.
    Batch,
    /// 8,190 transfers a transaction, as sets.
    Netted,
}

impl Script {
    /// What it is called in notes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Hot => "hot",
            Self::Batch => "batch",
            Self::Netted => "netted",
        }
    }

    fn text(self) -> String {
        let id = "\\set id random(1, 9000000000000000000)\n\\set amount random(1, 100)\n";
        match self {
            Self::Uniform => format!(
                "{id}\\set d random(1, {ACCOUNTS})\n\\set c 1 + (:d + random(0, {ACCOUNTS} - 2)) % {ACCOUNTS}\nSELECT transfer(:id, :d, :c, :amount);\n"
            ),
            Self::Hot => format!(
                "{id}\\set c random(2, {ACCOUNTS})\nSELECT transfer(:id, 1, :c, :amount);\n"
            ),
            Self::Batch => format!("SELECT transfer_batch(1000, {ACCOUNTS});\n"),
            Self::Netted => format!("SELECT transfer_netted(8190, {ACCOUNTS});\n"),
        }
    }

    /// Transfers of one transaction.
    fn transfers(self) -> f64 {
        match self {
            Self::Uniform | Self::Hot => 1.0,
            Self::Batch => 1000.0,
            Self::Netted => 8190.0,
        }
    }

    fn clients(self) -> u32 {
        match self {
            Self::Uniform | Self::Hot => 16,
            Self::Batch | Self::Netted => 2,
        }
    }
}

impl Cluster {
    /// Makes a cluster in a new directory below `scratch`, and starts it. `None` where there is no PostgreSQL.
    ///
    /// # Errors
    /// It is there and does not start.
    pub fn start(scratch: &Path) -> Result<Option<Self>> {
        let Some(bin) = find() else { return Ok(None) };
        let dir = scratch.join(format!("postgres-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let user = other_user()?;
        // The server refuses to be root, and to have a directory that others can read.
        if let Some((uid, gid)) = user {
            chown(&dir, Some(uid), Some(gid))?;
        }
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700))?;
        let data = dir.join("data");
        let made = as_user(user, bin.join("initdb"))
            .current_dir(&dir)
            .args([
                "--username=bench",
                "--auth=trust",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C",
                "--pgdata",
            ])
            .arg(&data)
            .output()?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let mut command = as_user(user, bin.join("postgres"));
        command.current_dir(&dir).arg("-D").arg(&data).arg("-k").arg(&dir);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let server =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut cluster = Self { bin, dir, user, server, version: String::new() };
        cluster.wait()?;
        cluster.version = cluster.ask("SHOW server_version")?;
        cluster.ask(include_str!("sql/schema.sql"))?;
        cluster.reset()?;
        Ok(Some(cluster))
    }

    /// New books: the accounts, and no transfer.
    ///
    /// # Errors
    /// What the server says.
    pub fn reset(&self) -> Result<()> {
        self.ask(&format!("TRUNCATE transfers, accounts; INSERT INTO accounts (id) SELECT generate_series(1, {ACCOUNTS})"))?;
        self.ask("VACUUM ANALYZE accounts")?;
        self.ask("CHECKPOINT")?;
        Ok(())
    }

    /// Transfers a second that pgbench gets done.
    ///
    /// # Errors
    /// What pgbench says; that the books do not balance afterwards.
    pub fn measure(&self, script: Script, time: Duration) -> Result<f64> {
        let file = self.dir.join(format!("{}.pgbench", script.name()));
        std::fs::write(&file, script.text())?;
        let clients = script.clients().to_string();
        let seconds = time.as_secs().max(1).to_string();
        let output = as_user(self.user, self.bin.join("pgbench"))
            .current_dir(&self.dir)
            .args([
                "-n", "-M", "prepared", "-j", "2", "-c", &clients, "-T", &seconds, "-U", "bench",
                "-h",
            ])
            .arg(&self.dir)
            .arg("-f")
            .arg(&file)
            .arg("postgres")
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let tps = said
            .lines()
            .find_map(|line| {
                line.strip_prefix("tps = ")?.split_whitespace().next()?.parse::<f64>().ok()
            })
            .ok_or("pgbench says no rate")?;
        let difference = self.ask("SELECT sum(debits) - sum(credits) FROM accounts")?;
        if difference != "0" {
            return Err(format!("PostgreSQL's books are off by {difference}").into());
        }
        Ok(tps * script.transfers())
    }

    fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.server.try_wait()? {
                return Err(format!("postgres ended at its start: {status}").into());
            }
            if self.ask("SELECT 1").is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("postgres does not answer after a minute".into())
    }

    fn ask(&self, sql: &str) -> Result<String> {
        let output = as_user(self.user, self.bin.join("psql"))
            .current_dir(&self.dir)
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "bench",
                "-d",
                "postgres",
                "-c",
                sql,
                "-h",
            ])
            .arg(&self.dir)
            .output()?;
        if !output.status.success() {
            return Err(format!("psql: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.server.id().cast_signed()) {
            // SIGINT is its fast shutdown. It may have ended by itself.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Where the newest server's programs are.
fn find() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    found.into_iter().rev().map(|(_, bin)| bin).chain(std::env::split_paths(&on_path)).find(|bin| {
        ["postgres", "initdb", "psql", "pgbench"].iter().all(|program| bin.join(program).is_file())
    })
}

/// Root must be somebody else: who the package's server is.
fn other_user() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = |flag| -> Result<u32> {
        let output = Command::new("id").args([flag, "postgres"]).output()?;
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .map_err(|_| "there is no user postgres to run the server as")?)
    };
    Ok(Some((id("-u")?, id("-g")?)))
}

fn as_user(user: Option<(u32, u32)>, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Some((uid, gid)) = user {
        command.gid(gid).uid(uid);
    }
    command
}
