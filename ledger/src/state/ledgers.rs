//! The ledgers that are defined, and their totals.

use super::totals::Totals;
use crate::{
    Error, Result,
    model::{Code, Ledger, Outcome},
};
use std::collections::BTreeMap;

/// A ledger, when it was defined, and the sums over its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Defined {
    pub(super) ledger: Ledger,
    pub(super) timestamp: u64,
    pub(super) totals: Totals,
}

/// All ledgers, in the order in which they were defined.
#[derive(Debug, Default)]
pub(super) struct Ledgers {
    list: Vec<Defined>,
    places: BTreeMap<u32, usize>,
}

impl Ledgers {
    /// Of an image's list.
    pub(super) fn from_list(list: Vec<Defined>) -> Result<Self> {
        let mut places = BTreeMap::new();
        for (place, defined) in list.iter().enumerate() {
            if places.insert(defined.ledger.id, place).is_some() {
                return Err(Error::Invariant(format!(
                    "ledger {} is there twice",
                    defined.ledger.id
                )));
            }
        }
        Ok(Self { list, places })
    }

    pub(super) fn list(&self) -> &[Defined] {
        &self.list
    }

    pub(super) fn find(&self, id: u32) -> Option<&Defined> {
        self.list.get(*self.places.get(&id)?)
    }

    /// Changes the totals of a ledger that is defined.
    #[inline(always)]
    pub(super) fn totals(&mut self, id: u32, change: impl FnOnce(&mut Totals)) {
        // Most have one ledger, or a few.
        let place = match self.list.first() {
            Some(first) if first.ledger.id == id => Some(0),
            _ => self.places.get(&id).copied(),
        };
        if let Some(defined) = place.and_then(|place| self.list.get_mut(place)) {
            change(&mut defined.totals);
        }
    }

    /// Defines one.
    pub(super) fn create(&mut self, ledger: &Ledger, timestamp: u64) -> Outcome {
        let (code, timestamp) = match self.find(ledger.id) {
            _ if ledger.id == 0 => (Code::LedgerMustNotBeZero, timestamp),
            Some(known) if known.ledger.currency == ledger.currency => {
                (Code::Exists, known.timestamp)
            }
            Some(_) => (Code::ExistsWithDifferentCurrency, timestamp),
            None => {
                self.places.insert(ledger.id, self.list.len());
                self.list.push(Defined {
                    ledger: *ledger,
                    timestamp,
                    totals: Totals::new(ledger.id),
                });
                (Code::Ok, timestamp)
            }
        };
        Outcome { code, timestamp }
    }
}
