//! Balances by sums over a table of all postings, in a Parquet file.
//!
//! A row is one account's part in a change: `op`, `index`, `timestamp`, `kind`, `transfer` (what reserves, and what posts or gives back), `account`,
//! `side`, `amount` as `Decimal(38, 0)`. Ids are 32 hexadecimal digits, in which order they sort as numbers.
//!
//! The sums: of every side of an account, what was posted is the sum of rows of the kinds `transfer`, `post` and `leg`; what is pending is the sum of `pending`
//! rows whose transfer no row of `release` names.

use std::{fs::File, path::Path};

use polars::prelude::*;

use super::{Books, Sums};
use crate::{
    Error, Result,
    line::{Line, Moved, SideName, What},
};

/// The columns of a table of postings, row by row.
#[derive(Default)]
pub struct Postings {
    op: Vec<u64>,
    index: Vec<u32>,
    timestamp: Vec<u64>,
    kind: Vec<&'static str>,
    transfer: Vec<String>,
    account: Vec<String>,
    side: Vec<&'static str>,
    amount: Vec<i128>,
}

/// As long as a number is, so that texts sort as numbers do.
fn id_text(id: u128) -> String {
    format!("{id:032x}")
}

impl Postings {
    /// Adds the rows of a change.
    ///
    /// # Errors
    ///
    /// An amount above the limit.
    pub fn add(&mut self, line: &Line) -> Result<()> {
        match &line.what {
            What::Transfer(moved) => self.pair(line, "transfer", moved.id.0, moved),
            What::Pending(moved) => self.pair(line, "pending", moved.id.0, moved),
            What::Post(moved) => {
                self.release(line, moved)?;
                self.pair(line, "post", moved.id.0, moved)
            }
            What::Void(moved) | What::Expiry(moved) => self.release(line, moved),
            What::Transaction { id, legs, .. } => {
                for leg in legs {
                    let side = match leg.side {
                        SideName::Debit => DEBIT,
                        SideName::Credit => CREDIT,
                    };
                    self.row(line, "leg", id.0, leg.account_id.0, side, leg.amount.0)?;
                }
                Ok(())
            }
            What::Refusal { .. } => Ok(()),
        }
    }

    fn pair(
        &mut self,
        line: &Line,
        kind: &'static str,
        transfer: u128,
        moved: &Moved,
    ) -> Result<()> {
        self.row(line, kind, transfer, moved.debit_account_id.0, DEBIT, moved.amount.0)?;
        self.row(line, kind, transfer, moved.credit_account_id.0, CREDIT, moved.amount.0)
    }

    fn release(&mut self, line: &Line, moved: &Moved) -> Result<()> {
        let pending = moved.pending_id.map_or(0, |id| id.0);
        self.pair(line, "release", pending, moved)
    }

    fn row(
        &mut self,
        line: &Line,
        kind: &'static str,
        transfer: u128,
        account: u128,
        side: &'static str,
        amount: u128,
    ) -> Result<()> {
        let amount = ledger::money::Amount::new(amount).ok_or_else(|| {
            Error::Feed(format!("change {}.{}: {amount} is above the limit", line.op, line.index))
        })?;
        self.op.push(line.op);
        self.index.push(line.index);
        self.timestamp.push(line.timestamp.0);
        self.kind.push(kind);
        self.transfer.push(id_text(transfer));
        self.account.push(id_text(account));
        self.side.push(side);
        // Below 10^38.
        self.amount.push(amount.get() as i128);
        Ok(())
    }

    /// Writes the table.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn save(self, path: &Path) -> Result<()> {
        let amount = Int128Chunked::from_vec("amount".into(), self.amount).into_decimal(38, 0)?;
        let columns = vec![
            Column::new("op".into(), self.op),
            Column::new("index".into(), self.index),
            Column::new("timestamp".into(), self.timestamp),
            Column::new("kind".into(), self.kind),
            Column::new("transfer".into(), self.transfer),
            Column::new("account".into(), self.account),
            Column::new("side".into(), self.side),
            amount.into_series().into_column(),
        ];
        let mut table = DataFrame::new_infer_height(columns)?;
        ParquetWriter::new(File::create(path)?).finish(&mut table)?;
        Ok(())
    }
}

const DEBIT: &str = "debit";
const CREDIT: &str = "credit";

/// Sums the table up.
///
/// # Errors
///
/// It is no such table.
pub fn books(path: &Path) -> Result<Books> {
    let table = ParquetReader::new(File::open(path)?).finish()?.lazy();
    let posted = table
        .clone()
        .filter(kind_is("transfer").or(kind_is("post")).or(kind_is("leg")))
        .group_by([col("account"), col("side")])
        .agg([col("amount").sum()]);
    let released = table
        .clone()
        .filter(kind_is("release"))
        .select([col("transfer"), lit(true).alias("released")])
        .unique(None, UniqueKeepStrategy::Any);
    let pending = table
        .filter(kind_is("pending"))
        .join(released, [col("transfer")], [col("transfer")], JoinArgs::new(JoinType::Left))
        .filter(col("released").is_null())
        .group_by([col("account"), col("side")])
        .agg([col("amount").sum()]);
    let mut books = Books::new();
    for (sums, reserved) in [(posted.collect()?, false), (pending.collect()?, true)] {
        let accounts = sums.column("account")?.str()?.clone();
        let sides = sums.column("side")?.str()?.clone();
        let amounts = sums.column("amount")?.decimal()?.physical().clone();
        for ((account, side), amount) in accounts.iter().zip(sides.iter()).zip(amounts.iter()) {
            let (Some(account), Some(side), Some(amount)) = (account, side, amount) else {
                return Err(Error::Feed(
                    "the table has a row without account, side or amount".to_owned(),
                ));
            };
            let id = u128::from_str_radix(account, 16)
                .map_err(|e| Error::Feed(format!("the table's account {account:?}: {e}")))?;
            let sums: &mut Sums = books.entry(id).or_default();
            *match (side, reserved) {
                (DEBIT, false) => &mut sums.debits_posted,
                (DEBIT, true) => &mut sums.debits_pending,
                (CREDIT, false) => &mut sums.credits_posted,
                (CREDIT, true) => &mut sums.credits_pending,
                _ => {
                    return Err(Error::Feed(format!(
                        "the table's side {side:?} is neither debit nor credit"
                    )));
                }
            } = amount;
        }
    }
    books.retain(|_, sums| *sums != Sums::default());
    Ok(books)
}

fn kind_is(kind: &'static str) -> Expr {
    col("kind").eq(lit(kind))
}
