//! Every code, from the events that produce it.

use crate::desk::*;
use Code::*;
use ledger::{
    model::*,
    money::{Amount, Currency, Rate, Rounding},
};

const MOST: u128 = Amount::MAX.get();

#[test]
fn every_code_is_produced() {
    for code in Code::ALL {
        assert_eq!(produce(*code), *code, "{}", code.name());
    }
}

/// What became of an event that should become this.
fn produce(code: Code) -> Code {
    let mut desk = Desk::new();
    let plain = move_(1, 1, 2, 5);
    match code {
        Ok => desk.code(plain),
        Exists | LinkedEventFailed | LinkedEventChainOpen => of_chains(&mut desk, code),
        UnknownFlags => desk.code(with(plain, TransferFlags::from_bits(1 << 12))),
        TimestampMustBeZero => desk.code(Transfer { timestamp: 1, ..plain }),
        IdMustNotBeZero => desk.code(Transfer { id: 0, ..plain }),
        IdMustNotBeIntMax => desk.code(Transfer { id: u128::MAX, ..plain }),
        FlagsAreMutuallyExclusive => desk.code(with(post(1, 2, 0), TransferFlags::VOID_PENDING)),
        BalancesMustBeZero => {
            let balances = Balances { credits_pending: Amount::ONE, ..Balances::default() };
            of_account(&mut desk, |account| Account { balances, ..account })
        }
        LedgerMustNotBeZero => desk.code(Transfer { ledger: 0, ..plain }),
        CodeMustNotBeZero => desk.code(Transfer { code: 0, ..plain }),
        ExistsWithDifferentFlags
        | ExistsWithDifferentPendingId
        | ExistsWithDifferentTimeout
        | ExistsWithDifferentDebitAccountId
        | ExistsWithDifferentCreditAccountId
        | ExistsWithDifferentAmount
        | ExistsWithDifferentUserData128
        | ExistsWithDifferentUserData64
        | ExistsWithDifferentUserData32
        | ExistsWithDifferentLedger
        | ExistsWithDifferentCode
        | ExistsWithDifferentContent => of_conflicts(&mut desk, code),
        ExistsWithDifferentCurrency => {
            desk.ledgers(vec![Ledger { id: 1, currency: Currency::new("EUR", 3).unwrap() }])[0].code
        }
        DebitAccountIdMustNotBeZero => desk.code(Transfer { debit_account_id: 0, ..plain }),
        DebitAccountIdMustNotBeIntMax => {
            desk.code(Transfer { debit_account_id: u128::MAX, ..plain })
        }
        CreditAccountIdMustNotBeZero => desk.code(Transfer { credit_account_id: 0, ..plain }),
        CreditAccountIdMustNotBeIntMax => {
            desk.code(Transfer { credit_account_id: u128::MAX, ..plain })
        }
        AccountsMustBeDifferent => desk.code(Transfer { credit_account_id: 1, ..plain }),
        PendingIdMustBeZero => desk.code(Transfer { pending_id: 7, ..plain }),
        PendingIdMustNotBeZero => desk.code(post(1, 0, 0)),
        PendingIdMustNotBeIntMax => desk.code(void(1, u128::MAX)),
        PendingIdMustBeDifferent => desk.code(post(1, 1, 0)),
        TimeoutReservedForPending => desk.code(Transfer { timeout: 1, ..plain }),
        ClosingMustBePending => desk.code(with(plain, TransferFlags::CLOSING_DEBIT)),
        AmountMustNotBeZero => desk.code(move_(1, 1, 2, 0)),
        TooFewLegs => desk.transaction(legs(1, &[debit(1, 5)])).code,
        TooManyLegs => desk.transaction(legs(1, &[debit(1, 5); 129])).code,
        RateIsInvalid | ExchangeMustBeBetweenLedgers | ExchangeIsTooSmall | LegsAreNotBalanced => {
            of_transactions(&mut desk, code)
        }
        LedgerNotFound => of_account(&mut desk, |account| Account { ledger: 9, ..account }),
        DebitAccountNotFound => desk.code(move_(1, 99, 98, 5)),
        CreditAccountNotFound => desk.code(move_(1, 1, 98, 5)),
        AccountsMustHaveTheSameLedger => desk.code(move_(1, 1, 11, 5)),
        TransferMustHaveTheSameLedgerAsAccounts => desk.code(Transfer { ledger: 2, ..plain }),
        PendingTransferNotFound
        | PendingTransferNotPending
        | PendingTransferHasDifferentDebitAccountId
        | PendingTransferHasDifferentCreditAccountId
        | PendingTransferHasDifferentLedger
        | PendingTransferHasDifferentCode
        | ExceedsPendingTransferAmount
        | PendingTransferHasDifferentAmount
        | PendingTransferAlreadyPosted
        | PendingTransferAlreadyVoided
        | PendingTransferExpired => of_two_phases(&mut desk, code),
        DebitAccountAlreadyClosed => desk.code(move_(1, 6, 2, 5)),
        CreditAccountAlreadyClosed => desk.code(move_(1, 1, 6, 5)),
        OverflowsDebitsPending => {
            last(&mut desk, &[reserve(1, 1, 2, MOST, 0), reserve(2, 1, 3, 1, 0)])
        }
        OverflowsCreditsPending => {
            last(&mut desk, &[reserve(1, 1, 3, MOST, 0), reserve(2, 2, 3, 1, 0)])
        }
        OverflowsDebitsPosted => last(&mut desk, &[move_(1, 1, 2, MOST), move_(2, 1, 3, 1)]),
        OverflowsCreditsPosted => last(&mut desk, &[move_(1, 1, 3, MOST), move_(2, 2, 3, 1)]),
        OverflowsDebits => last(&mut desk, &[reserve(1, 1, 2, MOST, 0), move_(2, 1, 3, 1)]),
        OverflowsCredits => last(&mut desk, &[reserve(1, 1, 3, MOST, 0), move_(2, 2, 3, 1)]),
        OverflowsTimeout => {
            desk.clock = u64::MAX - SECOND + 1;
            desk.code(reserve(1, 1, 2, 5, 1))
        }
        ExceedsCredits => desk.code(move_(1, 3, 2, 5)),
        ExceedsDebits => desk.code(move_(1, 1, 5, 5)),
        other => panic!("no test produces {other:?}"),
    }
}

/// The last of several transfers, of which the others happen.
fn last(desk: &mut Desk, events: &[Transfer]) -> Code {
    let (event, before) = events.split_last().unwrap();
    desk.ok(before.to_vec());
    desk.code(*event)
}

fn of_account(desk: &mut Desk, change: impl Fn(Account) -> Account) -> Code {
    desk.accounts(vec![change(Account { id: 50, ledger: 1, code: 1, ..Account::default() })])[0]
        .code
}

fn of_chains(desk: &mut Desk, code: Code) -> Code {
    match code {
        Exists => last(desk, &[move_(1, 1, 2, 5), move_(1, 1, 2, 5)]),
        LinkedEventFailed => desk.codes(vec![linked(move_(1, 1, 2, 5)), move_(2, 1, 2, 0)])[0],
        _ => desk.code(linked(move_(1, 1, 2, 5))),
    }
}

fn of_conflicts(desk: &mut Desk, code: Code) -> Code {
    desk.ok(vec![reserve(7, 1, 2, 9, 0), reserve(8, 1, 2, 9, 0), post(9, 7, 0)]);
    let first = reserve(1, 1, 2, 5, 6);
    desk.ok(vec![first]);
    desk.code(match code {
        ExistsWithDifferentFlags => move_(1, 1, 2, 5),
        ExistsWithDifferentPendingId => post(9, 8, 0),
        ExistsWithDifferentTimeout => Transfer { timeout: 7, ..first },
        ExistsWithDifferentDebitAccountId => Transfer { debit_account_id: 3, ..first },
        ExistsWithDifferentCreditAccountId => Transfer { credit_account_id: 3, ..first },
        ExistsWithDifferentAmount => Transfer { amount: amount(6), ..first },
        ExistsWithDifferentUserData128 => Transfer { user_data_128: 1, ..first },
        ExistsWithDifferentUserData64 => Transfer { user_data_64: 1, ..first },
        ExistsWithDifferentUserData32 => Transfer { user_data_32: 1, ..first },
        ExistsWithDifferentLedger => Transfer { ledger: 2, ..first },
        ExistsWithDifferentCode => Transfer { code: 2, ..first },
        _ => return desk.transaction(legs(1, &[debit(1, 5), credit(2, 5)])).code,
    })
}

fn of_transactions(desk: &mut Desk, code: Code) -> Code {
    let exchange = |source_liquidity, units, numerator| {
        transaction(
            1,
            Posting::Exchange(Exchange {
                source: 1,
                source_liquidity,
                target_liquidity: 11,
                target: 12,
                residue: 13,
                amount: amount(units),
                rate: Rate { numerator, denominator: 1 },
                rounding: Rounding::Down,
            }),
        )
    };
    let event = match code {
        RateIsInvalid => exchange(2, 5, 0),
        ExchangeMustBeBetweenLedgers => exchange(14, 5, 1),
        ExchangeIsTooSmall => exchange(2, 99, 1),
        _ => legs(1, &[debit(1, 5), credit(2, 4)]),
    };
    desk.transaction(event).code
}

fn of_two_phases(desk: &mut Desk, code: Code) -> Code {
    desk.ok(vec![move_(6, 1, 2, 9), reserve(7, 1, 2, 9, 1)]);
    let end = post(1, 7, 0);
    let event = match code {
        PendingTransferNotFound => post(1, 5, 0),
        PendingTransferNotPending => post(1, 6, 0),
        PendingTransferHasDifferentDebitAccountId => Transfer { debit_account_id: 2, ..end },
        PendingTransferHasDifferentCreditAccountId => Transfer { credit_account_id: 1, ..end },
        PendingTransferHasDifferentLedger => Transfer { ledger: 2, ..end },
        PendingTransferHasDifferentCode => Transfer { code: 2, ..end },
        ExceedsPendingTransferAmount => post(1, 7, 10),
        PendingTransferHasDifferentAmount => Transfer { amount: amount(8), ..void(1, 7) },
        PendingTransferAlreadyPosted => {
            desk.ok(vec![post(8, 7, 0)]);
            end
        }
        PendingTransferAlreadyVoided => {
            desk.ok(vec![void(8, 7)]);
            end
        }
        _ => {
            desk.clock += 10 * SECOND;
            end
        }
    };
    desk.code(event)
}

// Of several reasons the lowest is told, whatever stands first in the record.
#[test]
fn the_order_of_reasons() {
    let mut desk = Desk::new();
    // Each takes one reason away from the one before.
    let worst = Transfer {
        id: 0,
        debit_account_id: 0,
        credit_account_id: 0,
        pending_id: 3,
        timeout: 3,
        timestamp: 3,
        flags: TransferFlags::from_bits(1 << 9) | TransferFlags::CLOSING_CREDIT,
        ..Transfer::default()
    };
    let mut event = worst;
    let mut step = |expected: Code, change: &dyn Fn(&mut Transfer)| {
        assert_eq!(desk.code(event), expected, "{event:?}");
        change(&mut event);
    };
    step(UnknownFlags, &|event| event.flags = TransferFlags::CLOSING_CREDIT);
    step(TimestampMustBeZero, &|event| event.timestamp = 0);
    step(IdMustNotBeZero, &|event| event.id = 1);
    step(LedgerMustNotBeZero, &|event| event.ledger = 2);
    step(CodeMustNotBeZero, &|event| event.code = 1);
    step(DebitAccountIdMustNotBeZero, &|event| event.debit_account_id = 77);
    step(CreditAccountIdMustNotBeZero, &|event| event.credit_account_id = 77);
    step(AccountsMustBeDifferent, &|event| event.credit_account_id = 78);
    step(PendingIdMustBeZero, &|event| event.pending_id = 0);
    step(TimeoutReservedForPending, &|event| event.timeout = 0);
    step(ClosingMustBePending, &|event| event.flags = TransferFlags::NONE);
    step(AmountMustNotBeZero, &|event| event.amount = Amount::ONE);
    // From here on refusals are remembered: the next attempts have ids of their own.
    step(DebitAccountNotFound, &|event| (event.id, event.debit_account_id) = (2, 6));
    step(CreditAccountNotFound, &|event| (event.id, event.credit_account_id) = (3, 11));
    step(AccountsMustHaveTheSameLedger, &|event| (event.id, event.credit_account_id) = (4, 5));
    step(TransferMustHaveTheSameLedgerAsAccounts, &|event| (event.id, event.ledger) = (5, 1));
    step(DebitAccountAlreadyClosed, &|event| (event.id, event.debit_account_id) = (6, 3));
    step(ExceedsCredits, &|event| (event.id, event.debit_account_id) = (7, 1));
    step(ExceedsDebits, &|event| (event.id, event.credit_account_id) = (8, 2));
    step(Ok, &|_| {});
}

#[test]
fn the_reasons_of_accounts_and_ledgers() {
    let mut desk = Desk::new();
    let good = Account {
        id: 50,
        ledger: 1,
        code: 1,
        user_data_128: 1,
        user_data_64: 2,
        user_data_32: 3,
        ..Account::default()
    };
    let limits =
        AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS;
    let table = [
        (Account { flags: AccountFlags::from_bits(1 << 15), timestamp: 1, ..good }, UnknownFlags),
        (Account { timestamp: 1, id: 0, ..good }, TimestampMustBeZero),
        (Account { id: 0, flags: limits, ..good }, IdMustNotBeZero),
        (Account { id: u128::MAX, ..good }, IdMustNotBeIntMax),
        (Account { flags: limits, ledger: 0, ..good }, FlagsAreMutuallyExclusive),
        (Account { ledger: 0, code: 0, ..good }, LedgerMustNotBeZero),
        (Account { code: 0, ledger: 9, ..good }, CodeMustNotBeZero),
        (Account { ledger: 9, ..good }, LedgerNotFound),
        (good, Ok),
        (good, Exists),
        (
            Account { flags: AccountFlags::HISTORY, user_data_128: 9, ..good },
            ExistsWithDifferentFlags,
        ),
        (Account { user_data_128: 9, user_data_64: 9, ..good }, ExistsWithDifferentUserData128),
        (Account { user_data_64: 9, user_data_32: 9, ..good }, ExistsWithDifferentUserData64),
        (Account { user_data_32: 9, ledger: 9, ..good }, ExistsWithDifferentUserData32),
        (Account { ledger: 9, code: 9, ..good }, ExistsWithDifferentLedger),
        (Account { code: 9, ..good }, ExistsWithDifferentCode),
        (
            Account {
                id: 6,
                flags: AccountFlags::CLOSED,
                ledger: 1,
                code: 1,
                ..Account::default()
            },
            Exists,
        ),
        (Account { id: 6, ledger: 1, code: 1, ..Account::default() }, ExistsWithDifferentFlags),
    ];
    for (event, expected) in table {
        assert_eq!(desk.accounts(vec![event])[0].code, expected, "{event:?}");
    }
    let ledger = |id| Ledger { id, currency: Currency::new("EUR", 2).unwrap() };
    let outcomes = desk.ledgers(vec![ledger(0), ledger(1), ledger(2), ledger(3), ledger(3)]);
    let codes: Vec<_> = outcomes.iter().map(|outcome| outcome.code).collect();
    assert_eq!(codes, [LedgerMustNotBeZero, Exists, ExistsWithDifferentCurrency, Ok, Exists]);
    assert_eq!(outcomes[3].timestamp, outcomes[4].timestamp);
    assert_eq!(outcomes[1].timestamp, desk.state.ledgers().next().unwrap().1);
}
