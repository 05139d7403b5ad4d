//! The library's values as messages: written here once more, not taken from the server.

use ledger::model::{
    Balances, Entry, PostedLeg, Posting, Side, Transaction, Transfer, TransferFlags, Value,
};
use ledger_api::grpc::v1;

pub fn digits(number: impl std::fmt::Display) -> String {
    number.to_string()
}

/// 1 from 1 to 2.
pub fn payment(id: u128) -> v1::Transfer {
    transfer(&crate::support::transfer(id, 1))
}

pub fn transfers(transfers: Vec<v1::Transfer>) -> v1::CreateTransfersRequest {
    v1::CreateTransfersRequest { transfers }
}

pub fn transfer(it: &Transfer) -> v1::Transfer {
    let bits = it.flags.bits();
    v1::Transfer {
        id: digits(it.id),
        debit_account_id: digits(it.debit_account_id),
        credit_account_id: digits(it.credit_account_id),
        amount: digits(it.amount),
        ledger: it.ledger,
        code: it.code.into(),
        flags: (0..8).filter(|at| bits & (1 << at) != 0).map(|at| at + 1).collect(),
        pending_id: digits(it.pending_id),
        timeout: it.timeout,
        user_data_128: digits(it.user_data_128),
        user_data_64: it.user_data_64,
        user_data_32: it.user_data_32,
        timestamp: it.timestamp,
    }
}

pub fn side(side: Side) -> i32 {
    (if side == Side::Debit { v1::Side::Debit } else { v1::Side::Credit }).into()
}

pub fn transaction(it: &Transaction) -> v1::Transaction {
    let posting = match &it.posting {
        Posting::Legs(legs) => {
            let leg = |it: &ledger::model::Leg| v1::Leg {
                account_id: digits(it.account_id),
                side: side(it.side),
                amount: digits(it.amount),
            };
            v1::transaction::Posting::Legs(v1::Legs { legs: legs.iter().map(leg).collect() })
        }
        Posting::Exchange(it) => v1::transaction::Posting::Exchange(v1::Exchange {
            source: digits(it.source),
            source_liquidity: digits(it.source_liquidity),
            target_liquidity: digits(it.target_liquidity),
            target: digits(it.target),
            residue: digits(it.residue),
            amount: digits(it.amount),
            rate: Some(v1::Rate { numerator: it.rate.numerator, denominator: it.rate.denominator }),
            rounding: it.rounding as i32,
        }),
    };
    let value = |it: &Value| {
        use v1::value::Kind;
        let kind = match it {
            Value::Bool(it) => Kind::Bool(*it),
            Value::Integer(it) => Kind::Integer(*it),
            Value::Time(it) => Kind::Time(*it),
            Value::Text(it) => Kind::Text(it.clone()),
        };
        v1::Value { kind: Some(kind) }
    };
    let metadata = it.metadata.entries().iter();
    v1::Transaction {
        id: digits(it.id),
        code: it.code.into(),
        linked: it.linked,
        posting: Some(posting),
        metadata: metadata.map(|(key, it)| (key.clone(), value(it))).collect(),
        user_data_128: digits(it.user_data_128),
        user_data_64: it.user_data_64,
        user_data_32: it.user_data_32,
        timestamp: it.timestamp,
    }
}

pub fn balances(it: &Balances) -> v1::Balances {
    v1::Balances {
        debits_pending: digits(it.debits_pending),
        debits_posted: digits(it.debits_posted),
        credits_pending: digits(it.credits_pending),
        credits_posted: digits(it.credits_posted),
    }
}

pub fn leg(it: &PostedLeg) -> v1::PostedLeg {
    v1::PostedLeg {
        account_id: digits(it.leg.account_id),
        side: side(it.leg.side),
        amount: digits(it.leg.amount),
        balances: Some(balances(&it.balances)),
    }
}

pub fn entry(it: &Entry) -> v1::Entry {
    use v1::entry::Kind;
    let kind = match it {
        Entry::Transfer(it) => Kind::Transfer(v1::PostedTransfer {
            transfer: Some(transfer(&it.transfer)),
            debit: Some(balances(&it.debit)),
            credit: Some(balances(&it.credit)),
        }),
        Entry::Transaction(it) => {
            let mut said = transaction(&it.transaction);
            if matches!(it.transaction.posting, Posting::Legs(_)) {
                said.posting = None;
            }
            let legs = it.legs.iter().map(leg).collect();
            Kind::Transaction(v1::PostedTransaction { transaction: Some(said), legs })
        }
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
            pending_id: digits(pending_id),
            debit_account_id: digits(debit_account_id),
            credit_account_id: digits(credit_account_id),
            amount: digits(amount),
            debit: Some(balances(debit)),
            credit: Some(balances(credit)),
        }),
        Entry::Refusal { timestamp, id, code, .. } => Kind::Refusal(v1::Refusal {
            timestamp: *timestamp,
            id: digits(id),
            code: code.number().into(),
        }),
    };
    v1::Entry { kind: Some(kind) }
}

pub fn flags(flags: TransferFlags) -> Vec<i32> {
    transfer(&Transfer { flags, ..Transfer::default() }).flags
}
