//! Look-ups, queries, balances of any moment, the trial balance.

use ledger::model::{
    Code, Entry, Exchange, Leg, Metadata, Posting, Side, Transaction, Transfer, TransferFlags,
    Value,
};
use ledger::money::{Rate, Rounding};
use ledger::query::{Filter, Query};

use crate::support::{Server, Setup, transfer, units};

fn transaction(id: u128, posting: Posting) -> Transaction {
    let note = ("note".to_owned(), Value::Text("rent".to_owned()));
    Transaction {
        id,
        posting,
        user_data_128: 1,
        user_data_64: 2,
        user_data_32: 3,
        code: 9,
        linked: false,
        metadata: Metadata::new(vec![note]).unwrap(),
        timestamp: 0,
    }
}

fn legs(all: &[(u128, Side, u128)]) -> Posting {
    let leg = |(account_id, side, amount): &(u128, Side, u128)| Leg {
        account_id: *account_id,
        side: *side,
        amount: units(*amount),
    };
    Posting::Legs(all.iter().map(leg).collect())
}

#[test]
fn everything_that_happened_is_read_as_it_was_answered() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    let plain =
        client.create_transfers(&[Transfer { user_data_64: 77, ..transfer(1, 10) }]).unwrap()[0];
    let pending =
        Transfer { flags: TransferFlags::PENDING, credit_account_id: 3, ..transfer(2, 20) };
    let post = Transfer {
        id: 3,
        pending_id: 2,
        flags: TransferFlags::POST_PENDING,
        ..Transfer::default()
    };
    let post = Transfer { amount: units(15), ..post };
    let two = client.create_transfers(&[pending, post]).unwrap();
    assert!(two.iter().all(|it| it.code == Code::Ok), "{two:?}");
    assert_eq!(
        client.create_transfers(&[transfer(4, 0)]).unwrap()[0].code,
        Code::AmountMustNotBeZero
    );
    let gone =
        client.create_transfers(&[Transfer { debit_account_id: 5, ..transfer(5, 9) }]).unwrap()[0];
    assert_eq!(gone.code, Code::ExceedsCredits);

    let split = legs(&[(1, Side::Debit, 30), (2, Side::Credit, 10), (3, Side::Credit, 20)]);
    let exchange = Posting::Exchange(Exchange {
        source: 1,
        source_liquidity: 2,
        target_liquidity: 21,
        target: 22,
        residue: 21,
        amount: units(1_000),
        rate: Rate { numerator: 1_601, denominator: 10 },
        rounding: Rounding::Down,
    });
    let done =
        client.create_transactions(&[transaction(6, split), transaction(7, exchange)]).unwrap();
    assert!(done.iter().all(|it| it.code == Code::Ok), "{done:?}");
    // 10 euros at 160.1: 1601 yen, and no residue.
    assert_eq!(done[1].legs.len(), 4);
    assert_eq!(done[1].legs[3].leg.amount, units(1_601));

    let entries = client.find_entries(&[1, 2, 3, 4, 5, 6, 7, 99]).unwrap();
    let ids: Vec<u128> = entries.iter().filter_map(Entry::id).collect();
    assert_eq!(ids, [1, 2, 3, 5, 6, 7]);
    let Entry::Transfer(posted) = &entries[0] else { panic!() };
    assert_eq!((posted.transfer.user_data_64, posted.transfer.timestamp), (77, plain.timestamp));
    assert_eq!((posted.debit, posted.credit), (plain.debit, plain.credit));
    let Entry::Transfer(posted) = &entries[2] else { panic!() };
    assert_eq!((posted.transfer.amount, posted.transfer.debit_account_id), (units(15), 1));
    assert_eq!(posted.asked.amount, units(15));
    let Entry::Refusal { code, timestamp, .. } = &entries[3] else { panic!() };
    assert_eq!((*code, *timestamp), (gone.code, gone.timestamp));
    let Entry::Transaction(posted) = &entries[4] else { panic!() };
    assert_eq!(posted.legs, done[0].legs);
    assert_eq!(posted.transaction.metadata.get("note"), Some(&Value::Text("rent".to_owned())));

    // The same request, the same answer.
    let again = client.create_transactions(&[posted_again(&posted.transaction)]).unwrap();
    assert_eq!((again[0].code, &again[0].legs), (Code::Exists, &done[0].legs));

    let account = client.find_accounts(&[3, 98]).unwrap();
    assert_eq!((account.len(), account[0].balances.credits_posted), (1, units(35)));
    let then =
        client.balances_at(&[(2, plain.timestamp), (2, 1), (2, u64::MAX), (98, u64::MAX)]).unwrap();
    assert_eq!(then[0], Some(plain.credit));
    assert_eq!((then[1], then[3]), (None, None));
    assert_eq!(then[2].unwrap().credits_posted, units(1_020));

    let trials = client.trial_balance().unwrap();
    assert_eq!(
        (trials[0].ledger.currency.code(), trials[1].ledger.currency.code()),
        ("EUR", "JPY")
    );
    assert!(trials.iter().all(|it| it.totals.are_balanced()));
    assert_eq!(trials[1].totals.debits_posted.amount(), Some(units(1_601)));
    let status = client.status().unwrap();
    assert_eq!((status.accounts, status.pending), (8, 0));
    assert_ne!(status.hash, [0; 32]);
}

fn posted_again(transaction: &Transaction) -> Transaction {
    Transaction { timestamp: 0, ..transaction.clone() }
}

#[test]
fn queries_page_through_everything_and_filters_mean_what_they_say() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    let all: Vec<Transfer> = (1..=100)
        .map(|id| Transfer {
            user_data_32: (id % 10) as u32,
            user_data_64: (id % 3) as u64,
            user_data_128: id % 7,
            code: 1 + (id % 2) as u16,
            credit_account_id: 2 + id % 2,
            ..transfer(id, id)
        })
        .collect();
    assert!(client.create_transfers(&all).unwrap().iter().all(|it| it.code == Code::Ok));
    let ids = |query: &Query| {
        let mut found = Vec::new();
        let mut query = query.clone();
        loop {
            let page = client.query(&query).unwrap();
            assert!(page.entries.len() <= query.limit);
            found.extend(page.entries.iter().filter_map(Entry::id));
            match page.next {
                None => return found,
                after => query.after = after,
            }
        }
    };
    let wanted = |means: &dyn Fn(&Transfer) -> bool| -> Vec<u128> {
        all.iter().filter(|it| means(it)).map(|it| it.id).collect()
    };
    let pages = Query { limit: 7, ..Query::default() };
    assert_eq!(ids(&pages), wanted(&|_| true));
    let backwards: Vec<u128> = wanted(&|_| true).into_iter().rev().collect();
    assert_eq!(ids(&Query { newest_first: true, ..pages.clone() }), backwards);
    let of_three = Query { account: Some(3), ..pages.clone() };
    assert_eq!(ids(&of_three), wanted(&|it| it.credit_account_id == 3));
    let filtered = |filters: &[Filter]| ids(&Query { any_of: filters.to_vec(), ..pages.clone() });
    let both = Filter { user_data_32: Some(4), user_data_64: Some(1), ..Filter::default() };
    assert_eq!(filtered(&[both]), wanted(&|it| it.user_data_32 == 4 && it.user_data_64 == 1));
    let one = Filter { code: Some(2), user_data_128: Some(6), ..Filter::default() };
    let large = Filter { amount: Some(units(95)..=units(97)), ..Filter::default() };
    assert_eq!(
        filtered(&[one, large]),
        wanted(
            &|it| (it.code == 2 && it.user_data_128 == 6) || (95..=97).contains(&it.amount.get())
        )
    );
    let debit = Filter { account: Some((3, Some(Side::Debit))), ..Filter::default() };
    assert_eq!(filtered(&[debit]), Vec::<u128>::new());
    let credit = Filter {
        account: Some((3, Some(Side::Credit))),
        ledger: Some(1),
        pending: Some(false),
        ..Filter::default()
    };
    assert_eq!(filtered(&[credit]), wanted(&|it| it.credit_account_id == 3));
    let none = Filter { ledger: Some(2), ..Filter::default() };
    assert_eq!(filtered(&[none]), Vec::<u128>::new());
}
