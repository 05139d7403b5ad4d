//! A change, and each kind of entry.

use ledger::{
    model::{Balances, Code, Entry},
    money::Amount,
    query::Change,
};
use serde::{Deserialize, Serialize};

use crate::{
    numbers::{Digest, Text},
    transaction::TransactionForm,
    transfer::TransferForm,
};

/// A change.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    op: Text<u64>,
    index: u32,
    #[serde(flatten)]
    entry: Form,
}

/// An entry.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Form {
    Transfer(Box<TransferForm>),
    Transaction(Box<TransactionForm>),
    Expiry(Box<ExpiryForm>),
    Refusal(RefusalForm),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ExpiryForm {
    pending_id: Text<u128>,
    debit_account_id: Text<u128>,
    credit_account_id: Text<u128>,
    amount: Text<Amount>,
    debit: Sums,
    credit: Sums,
    timestamp: Text<u64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefusalForm {
    id: Text<u128>,
    code: String,
    number: u16,
    #[serde(skip_deserializing)]
    says: &'static str,
    digest: Digest,
    timestamp: Text<u64>,
}

/// Balances.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sums {
    debits_pending: Text<Amount>,
    debits_posted: Text<Amount>,
    credits_pending: Text<Amount>,
    credits_posted: Text<Amount>,
}

impl From<&Balances> for Sums {
    fn from(balances: &Balances) -> Self {
        Self {
            debits_pending: Text(balances.debits_pending),
            debits_posted: Text(balances.debits_posted),
            credits_pending: Text(balances.credits_pending),
            credits_posted: Text(balances.credits_posted),
        }
    }
}

impl From<Sums> for Balances {
    fn from(sums: Sums) -> Self {
        Self {
            debits_pending: sums.debits_pending.0,
            debits_posted: sums.debits_posted.0,
            credits_pending: sums.credits_pending.0,
            credits_posted: sums.credits_posted.0,
        }
    }
}

impl From<&Entry> for Form {
    fn from(entry: &Entry) -> Self {
        match entry {
            Entry::Transfer(posted) => Self::Transfer(Box::new(posted.into())),
            Entry::Transaction(posted) => Self::Transaction(Box::new((&**posted).into())),
            Entry::Expiry {
                timestamp,
                pending_id,
                debit_account_id,
                credit_account_id,
                amount,
                debit,
                credit,
            } => Self::Expiry(Box::new(ExpiryForm {
                pending_id: Text(*pending_id),
                debit_account_id: Text(*debit_account_id),
                credit_account_id: Text(*credit_account_id),
                amount: Text(*amount),
                debit: debit.into(),
                credit: credit.into(),
                timestamp: Text(*timestamp),
            })),
            Entry::Refusal { timestamp, id, code, digest } => Self::Refusal(RefusalForm {
                id: Text(*id),
                code: code.name(),
                number: code.number(),
                says: code.says(),
                digest: Digest(*digest),
                timestamp: Text(*timestamp),
            }),
        }
    }
}

impl TryFrom<Form> for Entry {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        match form {
            Form::Transfer(form) => Ok(Self::Transfer((*form).into())),
            Form::Transaction(form) => Ok(Self::Transaction(Box::new((*form).try_into()?))),
            Form::Expiry(form) => Ok(Self::Expiry {
                timestamp: form.timestamp.0,
                pending_id: form.pending_id.0,
                debit_account_id: form.debit_account_id.0,
                credit_account_id: form.credit_account_id.0,
                amount: form.amount.0,
                debit: form.debit.into(),
                credit: form.credit.into(),
            }),
            Form::Refusal(form) => {
                let code = Code::from_number(form.number).filter(|it| it.name() == form.code);
                let code = code.ok_or_else(|| {
                    let shown: String = form.code.chars().take(48).collect();
                    format!("{shown:?} is not the code with the number {}", form.number)
                })?;
                Ok(Self::Refusal {
                    timestamp: form.timestamp.0,
                    id: form.id.0,
                    code,
                    digest: form.digest.0,
                })
            }
        }
    }
}

impl From<&Change> for Line {
    fn from(change: &Change) -> Self {
        Self { op: Text(change.op), index: change.index, entry: (&change.entry).into() }
    }
}

impl TryFrom<Line> for Change {
    type Error = String;

    fn try_from(line: Line) -> Result<Self, String> {
        Ok(Self { op: line.op.0, index: line.index, entry: line.entry.try_into()? })
    }
}
