//! Amounts of requests: minor units, or major units with the currency of a ledger.

use std::collections::HashMap;

use ledger::money::{Amount, Currency};

use super::{App, Deadline};
use crate::Problem;
use crate::numbers::Units;

/// Which ledger's currency a decimal amount is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Of {
    /// This one's.
    Ledger(u32),
    /// That of this account.
    Account(u128),
}

/// An amount of a request: `amount` in minor units, or `decimal` in major ones.
pub(super) struct Asked<'a> {
    pub amount: Option<Units>,
    pub decimal: Option<&'a str>,
    pub of: Of,
}

/// The currencies that a request's decimal amounts are of.
#[derive(Default)]
pub(super) struct Currencies(HashMap<Of, Currency>);

impl Currencies {
    /// Looks up what `asked` needs: nothing, unless somebody says `decimal`.
    ///
    /// # Errors
    ///
    /// [`Problem::BadRequest`] if there is no such ledger or account; what the desk says.
    pub async fn find(
        app: &App,
        deadline: Deadline,
        asked: impl Iterator<Item = Of>,
    ) -> Result<Self, Problem> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        for of in asked {
            let known = match of {
                Of::Ledger(id) => app.currencies.read().get(&id).copied(),
                Of::Account(_) => None,
            };
            match known {
                Some(currency) => drop(found.insert(of, currency)),
                None => missing.push(of),
            }
        }
        if missing.is_empty() {
            return Ok(Self(found));
        }
        let looked_up = app.desk.read(deadline.0, move |node| {
            let state = node.state();
            missing
                .into_iter()
                .map(|of| {
                    let ledger = match of {
                        Of::Ledger(id) => id,
                        Of::Account(id) => state.account(id).map_or(0, |it| it.ledger),
                    };
                    let currency = state.ledger(ledger).map(|it| it.currency);
                    let currency = currency.ok_or_else(|| {
                        Problem::BadRequest(match of {
                            Of::Ledger(id) => {
                                format!("a decimal amount of ledger {id}, which is not defined")
                            }
                            Of::Account(id) => {
                                format!("a decimal amount of account {id}, which does not exist")
                            }
                        })
                    })?;
                    Ok((of, ledger, currency))
                })
                .collect::<Result<Vec<_>, Problem>>()
        });
        for (of, ledger, currency) in looked_up.await? {
            app.currencies.write().insert(ledger, currency);
            found.insert(of, currency);
        }
        Ok(Self(found))
    }

    /// The minor units of an amount. `at` says where it stands, for the message.
    ///
    /// # Errors
    ///
    /// [`Problem::BadRequest`].
    pub fn amount(
        &self,
        asked: &Asked<'_>,
        at: usize,
        default: Option<Amount>,
    ) -> Result<Amount, Problem> {
        let bad = |says: String| Problem::BadRequest(format!("event {at}: {says}"));
        match (asked.amount, asked.decimal) {
            (Some(_), Some(_)) => Err(bad("both amount and decimal; say one of them".to_owned())),
            (Some(units), None) => Ok(units.0),
            (None, None) => default.ok_or_else(|| bad("neither amount nor decimal".to_owned())),
            (None, Some(text)) => {
                // `find` was given all that say it.
                let currency = self.0.get(&asked.of).copied();
                let currency = currency
                    .ok_or_else(|| bad("a decimal amount of an unknown currency".to_owned()))?;
                Amount::parse(text, &currency).map_err(|it| bad(it.to_string()))
            }
        }
    }
}
