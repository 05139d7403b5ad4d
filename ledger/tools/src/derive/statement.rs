//! What somebody else says that accounts have: a CSV file of a bank, or of a back end.
//!
//! ```csv
//! account_id,debits_posted,credits_posted
//! 1,150,0
//! 0x1f,0,150
//! ```
//!
//! Minor units. Pending sums are nobody's business but the ledger's, and are not compared. An account that is not mentioned is not compared.

use std::{collections::BTreeMap, io::BufRead};

use crate::{Error, Result};

/// Debits and credits by account.
pub type Statement = BTreeMap<u128, (i128, i128)>;

/// The first line.
const HEADER: &str = "account_id,debits_posted,credits_posted";

/// Reads one.
///
/// # Errors
///
/// Another first line, or a line that is not an id and two amounts, or an account twice; with the line's number.
pub fn read(input: impl BufRead) -> Result<Statement> {
    let mut statement = Statement::new();
    let mut lines = input.lines();
    let header = lines.next().transpose()?.unwrap_or_default();
    if header.trim_end() != HEADER {
        return Err(Error::Statement(format!(
            "line 1 is {:?}, it must be {HEADER:?}",
            shortened(&header)
        )));
    }
    for (number, line) in (2_u64..).zip(lines) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [id, debits, credits] = fields[..] else {
            return Err(Error::Statement(format!(
                "line {number} has {} fields, not 3",
                fields.len()
            )));
        };
        let bad = |what: &str, text: &str| {
            Error::Statement(format!("line {number}: {:?} is no {what}", shortened(text)))
        };
        let account = account_id(id).ok_or_else(|| bad("account id", id))?;
        let debits = amount(debits).ok_or_else(|| bad("amount in minor units", debits))?;
        let credits = amount(credits).ok_or_else(|| bad("amount in minor units", credits))?;
        if statement.insert(account, (debits, credits)).is_some() {
            return Err(Error::Statement(format!(
                "line {number}: account {account} for the second time"
            )));
        }
    }
    Ok(statement)
}

/// An id, decimal or `0x` and hexadecimal.
#[must_use]
pub fn account_id(text: &str) -> Option<u128> {
    match text.strip_prefix("0x") {
        Some(digits) => u128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn amount(text: &str) -> Option<i128> {
    if !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    Some(ledger::money::Amount::new(text.parse().ok()?)?.get() as i128)
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
