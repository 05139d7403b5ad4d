//! A cluster in a directory of its own, on a socket only, started and stopped by the lab.

use std::path::Path;
use std::rc::Rc;

use postgres::{Client, Config, NoTls};
use private_postgres::{Programs, Setup};

use super::engine::Postgres;
use crate::Result;
use crate::sql::{Dialect, Layout, SqlStore};
use crate::store::Store;

/// Durable in every way, one core a query as in SQLite, and no vacuum that begins in the middle of a measurement: the lab calls it in between.
pub const SETTINGS: [(&str, &str); 10] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "128MB"),
    ("work_mem", "64MB"),
    ("max_wal_size", "4GB"),
    ("autovacuum", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
    ("log_min_messages", "error"),
];

/// The databases, one for each layout.
const RELATIONAL: &str = "relational";
const DOCUMENTS: &str = "documents";
/// Who the lab is in them.
const USER: &str = "lab";

/// A running cluster. Stops, and removes its files, when it and all stores in it are dropped.
#[derive(Debug)]
pub struct Cluster(private_postgres::Cluster);

impl Cluster {
    /// Makes a cluster in a new directory below `scratch`, and starts it with [`SETTINGS`] and `more`, of which the last counts. `None` where there is no PostgreSQL. `scratch` must be one that other users can enter
    /// if this is root, and its path short: the path of a socket has 107 bytes.
    ///
    /// # Errors
    /// [`Error::Cluster`](crate::Error::Cluster) if it is there and does not start.
    pub fn start(scratch: &Path, more: &[(&str, &str)]) -> Result<Option<Rc<Self>>> {
        let Ok(programs) = Programs::find(&[]) else { return Ok(None) };
        let settings: Vec<(&str, &str)> = SETTINGS.iter().chain(more).copied().collect();
        let setup = Setup {
            superuser: USER,
            settings: &settings,
            databases: &[RELATIONAL, DOCUMENTS],
            ..Setup::default()
        };
        let cluster =
            private_postgres::Cluster::start(&programs, &scratch.join("postgres"), &setup)?;
        Ok(Some(Rc::new(Self(cluster))))
    }

    /// What the server says it is: `15.14`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.0.version()
    }

    /// An empty store in it. What was in the layout's database is gone.
    ///
    /// # Errors
    /// [`Error::Postgres`](crate::Error::Postgres).
    pub fn open(self: &Rc<Self>, layout: Layout) -> Result<Box<dyn Store>> {
        let (name, database) = match layout {
            Layout::Relational => ("PostgreSQL, relational", RELATIONAL),
            Layout::Documents => ("PostgreSQL, documents", DOCUMENTS),
        };
        let mut client = self.connect(database)?;
        client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")?;
        let engine = Postgres::new(client, Rc::clone(self), name);
        Ok(Box::new(SqlStore::new(name, layout, Dialect::Postgres, engine)))
    }

    fn connect(&self, database: &str) -> Result<Client> {
        let mut config = Config::new();
        config
            .host_path(self.0.directory())
            .port(private_postgres::Cluster::PORT)
            .user(USER)
            .dbname(database);
        // Dropping what is there is no news.
        Ok(config.notice_callback(|_| {}).connect(NoTls)?)
    }
}
