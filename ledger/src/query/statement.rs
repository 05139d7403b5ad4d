//! Balances of any moment, and statements.

use std::ops::{ControlFlow, RangeInclusive};

use crate::{
    Node, Result,
    model::{Balances, Entry},
};

/// What happened to an account within a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Before the first line.
    pub opening: Balances,
    /// Each entry of the account, with its balances right after it.
    pub lines: Vec<StatementLine>,
    /// After the last line.
    pub closing: Balances,
    /// Whether lines were left out because there were too many: then the statement ends with the last line that is there.
    pub truncated: bool,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// What happened.
    pub entry: Entry,
    /// The account right after it.
    pub balances: Balances,
}

/// An account's balances right after an entry that touched it.
fn after(entry: &Entry, account: u128) -> Option<Balances> {
    // Of several legs all say the same: the account after the whole.
    entry.touched().find(|(id, _)| *id == account).map(|(_, balances)| balances)
}

impl Node {
    /// The balances of an account at a moment: after everything that happened through `timestamp`. `None` if there was no such account yet.
    ///
    /// # Errors
    ///
    /// What the archive says; [`Error::Stopped`](crate::Error::Stopped).
    pub fn balances_at(&self, account: u128, timestamp: u64) -> Result<Option<Balances>> {
        self.running()?;
        let Some(found) = self.state().account(account) else { return Ok(None) };
        if found.timestamp > timestamp {
            return Ok(None);
        }
        let mut balances = Balances::default();
        self.timeline(
            Some(account),
            0..=timestamp,
            true,
            &mut |entry| match after(&entry, account) {
                Some(then) => {
                    balances = then;
                    ControlFlow::Break(())
                }
                None => ControlFlow::Continue(()),
            },
        )?;
        Ok(Some(balances))
    }

    /// What happened to an account within a span of time, with its balances before, after, and in between; at most `limit` lines. `None` if there is no such
    /// account.
    ///
    /// # Errors
    ///
    /// What the archive says; [`Error::Stopped`](crate::Error::Stopped).
    pub fn statement(
        &self,
        account: u128,
        timestamps: RangeInclusive<u64>,
        limit: usize,
    ) -> Result<Option<Statement>> {
        self.running()?;
        if self.state().account(account).is_none() {
            return Ok(None);
        }
        let opening = match timestamps.start().checked_sub(1) {
            Some(before) => self.balances_at(account, before)?.unwrap_or_default(),
            None => Balances::default(),
        };
        let mut statement =
            Statement { opening, lines: Vec::new(), closing: opening, truncated: false };
        self.timeline(Some(account), timestamps, false, &mut |entry| {
            let Some(balances) = after(&entry, account) else { return ControlFlow::Continue(()) };
            if statement.lines.len() == limit {
                statement.truncated = true;
                return ControlFlow::Break(());
            }
            statement.closing = balances;
            statement.lines.push(StatementLine { entry, balances });
            ControlFlow::Continue(())
        })?;
        Ok(Some(statement))
    }
}
