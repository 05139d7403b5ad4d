//! PostgreSQL as a rival: a cluster of its own, started and stopped by the bench, and pgbench.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use private_postgres::{Programs, Setup};

use super::Result;

/// Tuned as in the anchors: durable in every way, and as fast as that allows.
const SETTINGS: [(&str, &str); 13] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "4GB"),
    ("max_wal_size", "16GB"),
    ("wal_compression", "lz4"),
    ("wal_buffers", "64MB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "100"),
    ("autovacuum_naptime", "10s"),
    ("logging_collector", "off"),
    ("log_min_messages", "error"),
    ("jit", "off"),
];

/// How many accounts there are.
pub const ACCOUNTS: u64 = 10_000;

/// A running cluster. Dropping it stops it and removes its files.
pub struct Cluster(private_postgres::Cluster);

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
        let Ok(programs) = Programs::find(&["psql", "pgbench"]) else { return Ok(None) };
        let setup = Setup {
            superuser: "bench",
            initdb: &["--data-checksums"],
            settings: &SETTINGS,
            ..Setup::default()
        };
        let directory = scratch.join(format!("postgres-{}", std::process::id()));
        let cluster = Self(private_postgres::Cluster::start(&programs, &directory, &setup)?);
        cluster.ask(include_str!("sql/schema.sql"))?;
        cluster.reset()?;
        Ok(Some(cluster))
    }

    /// What it says it is.
    #[must_use]
    pub fn version(&self) -> &str {
        self.0.version()
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
        let file = self.0.directory().join(format!("{}.pgbench", script.name()));
        std::fs::write(&file, script.text())?;
        let clients = script.clients().to_string();
        let seconds = time.as_secs().max(1).to_string();
        let mut pgbench = self.0.client("pgbench");
        pgbench
            .args(["-n", "-M", "prepared", "-j", "2", "-c", &clients, "-T", &seconds, "-f"])
            .arg(&file);
        let said = told("pgbench", &mut pgbench)?;
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

    fn ask(&self, sql: &str) -> Result<String> {
        let mut psql = self.0.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        Ok(told("psql", &mut psql)?.trim().to_owned())
    }
}

/// What a client says when it has ended well.
fn told(name: &str, client: &mut Command) -> Result<String> {
    let output = client.output()?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
