//! SQLite, compiled into this program.

use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::answer::{Cell, Row};
use crate::sql::{Column, Dialect, Engine, Layout, SqlStore, Table};
use crate::store::Store;
use crate::{Error, Result};

/// What both stores are opened with: a log ahead, which is synced at every commit; 64 MB of cache; references between tables are enforced.
pub const SETTINGS: [&str; 4] =
    ["journal_mode = WAL", "synchronous = FULL", "cache_size = -65536", "foreign_keys = ON"];

/// The version of SQLite.
#[must_use]
pub fn version() -> &'static str {
    rusqlite::version()
}

/// A store in a new file of `directory`.
///
/// # Errors
/// [`Error::Sqlite`]; [`Error::Io`] if an old file cannot be removed.
pub fn open(directory: &Path, layout: Layout) -> Result<Box<dyn Store>> {
    let (name, file) = match layout {
        Layout::Relational => ("SQLite, relational", "relational.sqlite"),
        Layout::Documents => ("SQLite, documents", "documents.sqlite"),
    };
    let path = directory.join(file);
    for end in ["", "-wal", "-shm"] {
        let old = directory.join(format!("{file}{end}"));
        match std::fs::remove_file(&old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(&old, error));
            }
            _ => {}
        }
    }
    let connection = Connection::open(&path)?;
    connection.set_prepared_statement_cache_capacity(64);
    for setting in SETTINGS {
        connection.execute_batch(&format!("PRAGMA {setting}"))?;
    }
    Ok(Box::new(SqlStore::new(
        name,
        layout,
        Dialect::Sqlite,
        Sqlite { connection, path, store: name },
    )))
}

struct Sqlite {
    connection: Connection,
    path: PathBuf,
    store: &'static str,
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Sqlite {
    fn cell(&self, value: ValueRef<'_>) -> Result<Cell> {
        let wrong = |what: &str| Error::Answer { store: self.store, what: what.to_owned() };
        match value {
            ValueRef::Null => Ok(Cell::Null),
            ValueRef::Integer(number) => Ok(Cell::Int(number)),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map(Cell::from)
                .map_err(|_| wrong("text that is not UTF-8")),
            ValueRef::Real(number) => Err(wrong(&number.to_string())),
            ValueRef::Blob(_) => Err(wrong("bytes")),
        }
    }
}

impl Engine for Sqlite {
    fn rows(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let width = statement.column_count();
        let mut found = statement.query(params_from_iter(parameters))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push((0..width).map(|at| self.cell(row.get_ref(at)?)).collect::<Result<Row>>()?);
        }
        Ok(rows)
    }

    fn run(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute(params_from_iter(parameters))?;
        Ok(())
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.connection.execute_batch(sql)?)
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        let value = |(at, column): (usize, &Column)| match column {
            Column::Document => format!("jsonb(?{})", at + 1),
            Column::Int | Column::Text => format!("?{}", at + 1),
        };
        let values: Vec<_> = table.columns.iter().enumerate().map(value).collect();
        let mut statement = self.connection.prepare(&format!(
            "INSERT INTO {} VALUES ({})",
            table.name,
            values.join(", ")
        ))?;
        for row in rows {
            statement.execute(params_from_iter(row))?;
        }
        Ok(())
    }

    fn analyze(&mut self) -> Result<()> {
        self.connection.execute_batch("ANALYZE")?;
        self.settle()
    }

    fn settle(&mut self) -> Result<()> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    fn bytes(&mut self) -> Result<u64> {
        self.settle()?;
        std::fs::metadata(&self.path)
            .map(|meta| meta.len())
            .map_err(|error| Error::io(&self.path, error))
    }

    fn explain(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<String> {
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let mut found = statement.query(params_from_iter(parameters))?;
        let mut depths = std::collections::HashMap::from([(0_i64, 0_usize)]);
        let mut text = String::new();
        while let Some(row) = found.next()? {
            let (id, parent): (i64, i64) = (row.get(0)?, row.get(1)?);
            let depth = depths.get(&parent).copied().unwrap_or(0);
            depths.insert(id, depth + 1);
            text += &format!("{}{}\n", "  ".repeat(depth), row.get::<_, String>(3)?);
        }
        Ok(text)
    }
}
