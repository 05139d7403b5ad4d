//! Balances by sums over a table of all postings, in a Parquet file.
//!
//! A row is one account's part in a change: `op`, `index`, `timestamp`, `kind`, `transfer` (what reserves, and what posts or gives back), `account`,
//! `side`, `amount` as `Decimal(38, 0)`. Ids are 32 hexadecimal digits, in which order they sort as numbers.
//!
//! The sums: of every side of an account, what was posted is the sum of rows of the kinds `transfer`, `post` and `leg`; what is pending is the sum of `pending`
//! rows whose transfer no row of `release` names.

use std::{fs::File, path::Path};

use ledger::{
    model::{Entry, Side, Transfer, TransferFlags},
    money::Amount,
    query::Change,
};
use polars::prelude::*;

use super::{Books, Sums};
use crate::{Error, Result};

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
    pub fn add(&mut self, change: &Change) {
        match &change.entry {
            Entry::Transfer(posted) => self.transfer(change, &posted.transfer),
            Entry::Expiry { pending_id, debit_account_id, credit_account_id, amount, .. } => {
                let accounts = (*debit_account_id, *credit_account_id);
                self.pair(change, "release", *pending_id, accounts, *amount);
            }
            Entry::Transaction(posted) => {
                let id = posted.transaction.id;
                for posted in &posted.legs {
                    let side = match posted.leg.side {
                        Side::Debit => DEBIT,
                        Side::Credit => CREDIT,
                    };
                    let (account, amount) = (posted.leg.account_id, posted.leg.amount);
                    self.row(change, "leg", id, account, side, amount);
                }
            }
            Entry::Refusal { .. } => {}
        }
    }

    fn transfer(&mut self, change: &Change, transfer: &Transfer) {
        let accounts = (transfer.debit_account_id, transfer.credit_account_id);
        let amount = transfer.amount;
        let is = |flag| transfer.flags.contains(flag);
        let (posts, voids) = (is(TransferFlags::POST_PENDING), is(TransferFlags::VOID_PENDING));
        if posts || voids {
            self.pair(change, "release", transfer.pending_id, accounts, amount);
        }
        let kind = match (is(TransferFlags::PENDING), posts) {
            (true, _) => "pending",
            (_, true) => "post",
            (false, false) => "transfer",
        };
        if !voids {
            self.pair(change, kind, transfer.id, accounts, amount);
        }
    }

    fn pair(
        &mut self,
        change: &Change,
        kind: &'static str,
        transfer: u128,
        (debit, credit): (u128, u128),
        amount: Amount,
    ) {
        self.row(change, kind, transfer, debit, DEBIT, amount);
        self.row(change, kind, transfer, credit, CREDIT, amount);
    }

    fn row(
        &mut self,
        change: &Change,
        kind: &'static str,
        transfer: u128,
        account: u128,
        side: &'static str,
        amount: Amount,
    ) {
        self.op.push(change.op);
        self.index.push(change.index);
        self.timestamp.push(change.entry.timestamp());
        self.kind.push(kind);
        self.transfer.push(id_text(transfer));
        self.account.push(id_text(account));
        self.side.push(side);
        // Below 10^38 < 2^127.
        self.amount.push(amount.get() as i128);
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
