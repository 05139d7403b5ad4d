//! Stores that speak SQL: which statements a task is, for either model; an engine executes them.
//!
//! The relational statements are the same word for word for both engines. Those over documents differ in how a field is named and an array unrolled, and in
//! nothing else: what comes behind `films` is one text for all four stores.
//!
//! Parameters are `$1`, `$2`, and first appear in their order: SQLite takes them for names, and numbers names as they come.

mod postgres_documents;
mod relational;
mod sqlite_documents;
mod store;

pub(crate) use store::SqlStore;

use crate::Result;
use crate::answer::{Cell, Row};

/// A database that is connected to.
pub(crate) trait Engine {
    /// The rows of a query, by a statement that is prepared once.
    fn rows(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<Vec<Row>>;

    /// A change, by a statement that is prepared once.
    fn run(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<()>;

    /// Statements without parameters, not prepared.
    fn batch(&mut self, sql: &str) -> Result<()>;

    /// Inserts rows, in the way that is fast for the engine.
    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<()>;

    /// Collects what it plans with.
    fn analyze(&mut self) -> Result<()>;

    /// Does what it has put off: what a change leaves behind must not slow down what is measured next.
    fn settle(&mut self) -> Result<()>;

    /// What it takes on disk, in bytes.
    fn bytes(&mut self) -> Result<u64>;

    /// The plan of a statement, in the engine's words, a line a step.
    fn explain(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<String>;
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Int,
    Text,
    /// JSON, stored as the engine's binary form of it.
    Document,
}

/// Where rows go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
}

/// How the films are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Normalised tables.
    Relational,
    /// A document a film.
    Documents,
}

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The statements of one layout in one dialect.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) tables: &'static str,
    pub(crate) indexes: &'static str,
    pub(crate) lookup: &'static str,
    pub(crate) range: &'static str,
    pub(crate) group: &'static str,
    pub(crate) join: &'static str,
    pub(crate) above_mean: &'static str,
    pub(crate) unnest: &'static str,
    /// What comes before the field can be filled.
    pub(crate) schema_add: &'static [&'static str],
    pub(crate) schema_fill: &'static str,
    pub(crate) schema_index: &'static str,
    pub(crate) schema_count: &'static str,
    pub(crate) schema_highest: &'static str,
    pub(crate) schema_undo: &'static [&'static str],
    pub(crate) rename: &'static str,
    pub(crate) rename_counts: &'static str,
    pub(crate) rename_first: &'static str,
    pub(crate) vote: &'static str,
    pub(crate) ratings: &'static str,
}

impl Statements {
    pub(crate) fn of(layout: Layout, dialect: Dialect) -> &'static Self {
        match (layout, dialect) {
            (Layout::Relational, Dialect::Sqlite) => &relational::SQLITE,
            (Layout::Relational, Dialect::Postgres) => &relational::POSTGRES,
            (Layout::Documents, Dialect::Sqlite) => &sqlite_documents::STATEMENTS,
            (Layout::Documents, Dialect::Postgres) => &postgres_documents::STATEMENTS,
        }
    }
}

/// Query 4 over `films` (id, title, director, distributor, score).
macro_rules! join {
    ($films:literal) => {
        concat!(
            "WITH films AS (",
            $films,
            "), ranked AS (
                SELECT *, row_number() OVER (PARTITION BY director ORDER BY score DESC NULLS LAST, id) AS place FROM films
            )
            SELECT director, count(*), count(DISTINCT distributor), max(score),
                max(CASE WHEN place = 1 AND score IS NOT NULL THEN id END),
                max(CASE WHEN place = 1 AND score IS NOT NULL THEN title END),
                max(CASE WHEN place = 1 AND score IS NOT NULL THEN distributor END)
            FROM ranked GROUP BY director HAVING count(DISTINCT distributor) >= 2
            ORDER BY 3 DESC, 2 DESC, 1 LIMIT $1"
        )
    };
}

/// Query 5 over `films` (id, title, director, score), all of them known.
macro_rules! above_mean {
    ($films:literal) => {
        concat!(
            "WITH films AS MATERIALIZED (",
            $films,
            "), means AS (
                SELECT director, count(*) AS n, CAST(sum(score) AS BIGINT) AS total
                FROM films GROUP BY director HAVING count(*) >= 3
            )
            SELECT films.id, title, films.director, score, n, total
            FROM films JOIN means ON means.director = films.director
            WHERE score * n >= total + $1 * n ORDER BY score DESC, films.id LIMIT $2"
        )
    };
}

/// Query 6 over `rated` (source, score, votes).
macro_rules! unnest {
    ($rated:literal) => {
        concat!(
            "SELECT source, count(*), CAST(sum(score) AS BIGINT) * 100 / count(*), CAST(sum(votes) AS BIGINT),
                CAST(sum(votes) AS BIGINT) / NULLIF(count(votes), 0)
            FROM (",
            $rated,
            ") AS rated GROUP BY source ORDER BY source"
        )
    };
}

use {above_mean, join, unnest};
