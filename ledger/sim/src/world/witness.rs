//! What was ever answered, held against what is answered now: what no oracle is needed for.

use std::collections::BTreeMap;

use ledger::model::{Batch, Code, Reply, TransactionOutcome, TransferOutcome};

use super::failure::Failure;

/// The first answers by id.
#[derive(Debug, Default)]
pub struct Witness {
    transfers: BTreeMap<u128, TransferOutcome>,
    transactions: BTreeMap<u128, TransactionOutcome>,
}

const ONCE: &str = "an id happens once, and is answered the same for ever";

impl Witness {
    /// Hears an answer.
    pub(super) fn hear(&mut self, batch: &Batch, reply: &Reply) -> Result<(), Failure> {
        match (batch, reply) {
            (Batch::Transfers(events), Reply::Transfers(outcomes)) => {
                for (event, outcome) in events.iter().zip(outcomes) {
                    self.transfer(event.id, outcome)?;
                }
            }
            (Batch::Transactions(events), Reply::Transactions(outcomes)) => {
                for (event, outcome) in events.iter().zip(outcomes) {
                    self.transaction(event.id, outcome)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn transfer(&mut self, id: u128, now: &TransferOutcome) -> Result<(), Failure> {
        let twice = self.transactions.contains_key(&id);
        match (now.code, self.transfers.get(&id)) {
            (Code::Ok, None) if !twice => {
                self.transfers.insert(id, *now);
                Ok(())
            }
            (Code::Ok, _) => Err(Failure::new(ONCE, format!("{id} happened before"))),
            (Code::Exists, Some(first)) => {
                let again = TransferOutcome { code: Code::Ok, ..*now };
                if again == *first {
                    return Ok(());
                }
                Err(Failure::new(ONCE, format!("{id}: first {first:?}, again {now:?}")))
            }
            _ => Ok(()),
        }
    }

    fn transaction(&mut self, id: u128, now: &TransactionOutcome) -> Result<(), Failure> {
        let twice = self.transfers.contains_key(&id);
        match (now.code, self.transactions.get(&id)) {
            (Code::Ok, None) if !twice => {
                self.transactions.insert(id, now.clone());
                Ok(())
            }
            (Code::Ok, _) => Err(Failure::new(ONCE, format!("{id} happened before"))),
            (Code::Exists, Some(first)) => {
                let again = TransactionOutcome { code: Code::Ok, ..now.clone() };
                if again == *first {
                    return Ok(());
                }
                Err(Failure::new(ONCE, format!("{id}: first {first:?}, again {now:?}")))
            }
            _ => Ok(()),
        }
    }
}
