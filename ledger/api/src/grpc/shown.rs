//! What the ledger holds and answers, as messages.

use ledger::model::{
    Account, AccountFlags, Balances, Code, Entry, Outcome, PostedLeg, PostedTransaction,
    PostedTransfer, Posting, Side, TransactionOutcome, Transfer, TransferFlags, TransferOutcome,
    Value,
};
use ledger::money::Rounding;

use super::v1;
use crate::wire::Trial;

fn code(code: Code) -> i32 {
    // The numbers are the same: a test below.
    code.number().into()
}

pub(super) fn balances(it: &Balances) -> v1::Balances {
    v1::Balances {
        debits_pending: it.debits_pending.to_string(),
        debits_posted: it.debits_posted.to_string(),
        credits_pending: it.credits_pending.to_string(),
        credits_posted: it.credits_posted.to_string(),
    }
}

/// The numbers of flags: see `asked`.
fn flags<T: Copy>(names: &[(&str, T)], contains: impl Fn(T) -> bool) -> Vec<i32> {
    (1..).zip(names).filter(|(_, it)| contains(it.1)).map(|(number, _)| number).collect()
}

pub(super) fn account(it: &Account) -> v1::Account {
    v1::Account {
        id: it.id.to_string(),
        ledger: it.ledger,
        code: it.code.into(),
        flags: flags(AccountFlags::NAMES, |flag| it.flags.contains(flag)),
        user_data_128: it.user_data_128.to_string(),
        user_data_64: it.user_data_64,
        user_data_32: it.user_data_32,
        balances: Some(balances(&it.balances)),
        timestamp: it.timestamp,
    }
}

pub(super) fn outcome(it: &Outcome) -> v1::Outcome {
    v1::Outcome { code: code(it.code), timestamp: it.timestamp }
}

pub(super) fn transfer_outcome(it: &TransferOutcome) -> v1::TransferOutcome {
    let (code, timestamp) = (code(it.code), it.timestamp);
    if !it.code.is_success() {
        return v1::TransferOutcome { code, timestamp, ..Default::default() };
    }
    v1::TransferOutcome {
        code,
        timestamp,
        amount: it.amount.to_string(),
        debit: Some(balances(&it.debit)),
        credit: Some(balances(&it.credit)),
    }
}

pub(super) fn transaction_outcome(it: &TransactionOutcome) -> v1::TransactionOutcome {
    let legs = it.legs.iter().map(leg).collect();
    v1::TransactionOutcome { code: code(it.code), timestamp: it.timestamp, legs }
}

fn side(side: Side) -> i32 {
    match side {
        Side::Debit => v1::Side::Debit.into(),
        Side::Credit => v1::Side::Credit.into(),
    }
}

fn leg(it: &PostedLeg) -> v1::PostedLeg {
    v1::PostedLeg {
        account_id: it.leg.account_id.to_string(),
        side: side(it.leg.side),
        amount: it.leg.amount.to_string(),
        balances: Some(balances(&it.balances)),
    }
}

fn transfer(it: &Transfer) -> v1::Transfer {
    v1::Transfer {
        id: it.id.to_string(),
        debit_account_id: it.debit_account_id.to_string(),
        credit_account_id: it.credit_account_id.to_string(),
        amount: it.amount.to_string(),
        ledger: it.ledger,
        code: it.code.into(),
        flags: flags(TransferFlags::NAMES, |flag| it.flags.contains(flag)),
        pending_id: it.pending_id.to_string(),
        timeout: it.timeout,
        user_data_128: it.user_data_128.to_string(),
        user_data_64: it.user_data_64,
        user_data_32: it.user_data_32,
        timestamp: it.timestamp,
    }
}

fn posted(it: &PostedTransfer) -> v1::PostedTransfer {
    v1::PostedTransfer {
        transfer: Some(transfer(&it.transfer)),
        debit: Some(balances(&it.debit)),
        credit: Some(balances(&it.credit)),
    }
}

fn value(it: &Value) -> v1::Value {
    use v1::value::Kind;
    let kind = match it {
        Value::Bool(yes) => Kind::Bool(*yes),
        Value::Integer(number) => Kind::Integer(*number),
        Value::Text(text) => Kind::Text(text.clone()),
        Value::Time(time) => Kind::Time(*time),
    };
    v1::Value { kind: Some(kind) }
}

fn transaction(posted: &PostedTransaction) -> v1::PostedTransaction {
    let it = &posted.transaction;
    let posting = match &it.posting {
        Posting::Legs(_) => None,
        Posting::Exchange(it) => Some(v1::transaction::Posting::Exchange(v1::Exchange {
            source: it.source.to_string(),
            source_liquidity: it.source_liquidity.to_string(),
            target_liquidity: it.target_liquidity.to_string(),
            target: it.target.to_string(),
            residue: it.residue.to_string(),
            amount: it.amount.to_string(),
            rate: Some(v1::Rate { numerator: it.rate.numerator, denominator: it.rate.denominator }),
            rounding: match it.rounding {
                Rounding::Down => v1::Rounding::Down.into(),
                Rounding::Up => v1::Rounding::Up.into(),
                Rounding::HalfEven => v1::Rounding::HalfEven.into(),
            },
        })),
    };
    let metadata = it.metadata.entries().iter();
    v1::PostedTransaction {
        transaction: Some(v1::Transaction {
            id: it.id.to_string(),
            code: it.code.into(),
            linked: it.linked,
            posting,
            metadata: metadata.map(|(key, it)| (key.clone(), value(it))).collect(),
            user_data_128: it.user_data_128.to_string(),
            user_data_64: it.user_data_64,
            user_data_32: it.user_data_32,
            timestamp: it.timestamp,
        }),
        legs: posted.legs.iter().map(leg).collect(),
    }
}

pub(super) fn entry(it: &Entry) -> v1::Entry {
    use v1::entry::Kind;
    let kind = match it {
        Entry::Transfer(it) => Kind::Transfer(posted(it)),
        Entry::Transaction(it) => Kind::Transaction(transaction(it)),
        Entry::Expiry {
            timestamp,
            pending_id,
            debit_account_id,
            credit_account_id,
            amount,
            debit,
            credit,
        } => Kind::Expiry(v1::Expiry {
            timestamp: *timestamp,
            pending_id: pending_id.to_string(),
            debit_account_id: debit_account_id.to_string(),
            credit_account_id: credit_account_id.to_string(),
            amount: amount.to_string(),
            debit: Some(balances(debit)),
            credit: Some(balances(credit)),
        }),
        Entry::Refusal { timestamp, id, code: why, .. } => Kind::Refusal(v1::Refusal {
            timestamp: *timestamp,
            id: id.to_string(),
            code: code(*why),
        }),
    };
    v1::Entry { kind: Some(kind) }
}

pub(super) fn trial(it: &Trial) -> v1::LedgerTotals {
    let Trial { ledger, timestamp, totals } = it;
    v1::LedgerTotals {
        ledger: ledger.id,
        currency: ledger.currency.code().to_owned(),
        exponent: ledger.currency.exponent().into(),
        timestamp: *timestamp,
        balanced: totals.are_balanced(),
        debits_pending: totals.debits_pending.to_string(),
        debits_posted: totals.debits_posted.to_string(),
        credits_pending: totals.credits_pending.to_string(),
        credits_posted: totals.credits_posted.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_ledgers_names_and_numbers() {
        for code in Code::ALL {
            let shown = v1::Code::try_from(i32::from(code.number())).unwrap();
            assert_eq!(shown.as_str_name(), format!("CODE_{}", code.name().to_uppercase()));
        }
        let known = (0..1_000).filter(|it| v1::Code::try_from(*it).is_ok()).count();
        assert_eq!(known, Code::ALL.len());
    }
}
