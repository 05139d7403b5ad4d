//! One connection.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::rc::Rc;

use bytes::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Statement};

use super::Cluster;
use crate::answer::{Cell, Row};
use crate::sql::{Column, Engine, Table};
use crate::{Error, Result};

/// How many rows an insert carries.
const BATCH: usize = 1_000;

pub(super) struct Postgres {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
    store: &'static str,
    /// Stops when its last store is gone. After the client, which is dropped in this order.
    _cluster: Rc<Cluster>,
}

impl ToSql for Cell {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Self::Text(text) if *kind == Type::TEXT => text.to_sql(kind, out),
            cell => Err(format!("{cell} is no {kind}").into()),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT4, Type::INT8, Type::TEXT].contains(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Cell {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        if *kind == Type::INT4 {
            return i32::from_sql(kind, raw).map(Self::from);
        }
        if *kind == Type::INT8 {
            return i64::from_sql(kind, raw).map(Self::from);
        }
        <&str>::from_sql(kind, raw).map(Self::from)
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT4, Type::INT8, Type::TEXT].contains(kind)
    }
}

/// Parameters as the driver wants them.
fn borrowed(parameters: &[Cell]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|cell| cell as _).collect()
}

impl Postgres {
    pub(super) fn new(client: Client, cluster: Rc<Cluster>, store: &'static str) -> Self {
        Self { client, prepared: HashMap::new(), store, _cluster: cluster }
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }
}

impl Engine for Postgres {
    fn rows(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let found = self.client.query(&statement, &borrowed(parameters))?;
        let store = self.store;
        let row = |row: &postgres::Row| {
            let cell = |at| {
                row.try_get(at).map_err(|error| Error::Answer { store, what: error.to_string() })
            };
            (0..row.len()).map(cell).collect()
        };
        found.iter().map(row).collect()
    }

    fn run(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<()> {
        let statement = self.prepare(sql)?;
        self.client.execute(&statement, &borrowed(parameters))?;
        Ok(())
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.client.batch_execute(sql)?)
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        let (mut values, mut arrays) = (Vec::new(), Vec::new());
        for (number, column) in (1..).zip(table.columns) {
            let (array, value) = match column {
                Column::Int => ("BIGINT[]", format!("c{number}")),
                Column::Text => ("TEXT[]", format!("c{number}")),
                Column::Document => ("TEXT[]", format!("c{number}::JSONB")),
            };
            values.push(value);
            arrays.push(format!("${number}::{array}"));
        }
        let names: Vec<_> = (1..=table.columns.len()).map(|number| format!("c{number}")).collect();
        let sql = format!(
            "INSERT INTO {} SELECT {} FROM unnest({}) AS rows ({})",
            table.name,
            values.join(", "),
            arrays.join(", "),
            names.join(", ")
        );
        let statement = self.client.prepare(&sql)?;
        for rows in rows.chunks(BATCH) {
            let columns: Vec<Vec<&Cell>> = (0..table.columns.len())
                .map(|at| rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null)).collect())
                .collect();
            let parameters: Vec<&(dyn ToSql + Sync)> =
                columns.iter().map(|column| column as _).collect();
            self.client.execute(&statement, &parameters)?;
        }
        Ok(())
    }

    fn analyze(&mut self) -> Result<()> {
        self.batch("VACUUM ANALYZE")?;
        self.batch("CHECKPOINT")
    }

    fn settle(&mut self) -> Result<()> {
        self.batch("VACUUM movies")
    }

    fn bytes(&mut self) -> Result<u64> {
        let sql = "SELECT CAST(sum(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let bytes: i64 = self.client.query_one(sql, &[])?.try_get(0)?;
        Ok(bytes.unsigned_abs())
    }

    fn explain(&mut self, sql: &'static str, parameters: &[Cell]) -> Result<String> {
        // Executed, so that it says what came true beside what was expected.
        let found = self
            .client
            .query(&format!("EXPLAIN (ANALYZE, FORMAT TEXT) {sql}"), &borrowed(parameters))?;
        let lines: std::result::Result<Vec<String>, _> =
            found.iter().map(|row| row.try_get::<_, String>(0)).collect();
        Ok(lines?.join("\n") + "\n")
    }
}
