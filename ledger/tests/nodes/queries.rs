//! Queries against a model that looks at everything.

use std::collections::BTreeMap;

use ledger::{
    Node, NodeOptions,
    model::{Balances, Entry, Side, Transfer, TransferFlags},
    money::Amount,
    query::{Filter, Query},
};
use proptest::prelude::*;

use crate::world::{ACCOUNTS, NOW, SECOND, World, options, send};

fn transfers() -> impl Strategy<Value = Vec<Vec<Transfer>>> {
    let one =
        (1..200_u128, 1..ACCOUNTS, 1..ACCOUNTS, 0..50_u128, 1..4_u16, 0..4_u32, 0..6_u8, 0..3_u32);
    let one = one.prop_map(|(id, debit, credit, amount, code, user_data_32, kind, timeout)| {
        let flags = match kind {
            0 | 1 => TransferFlags::PENDING,
            2 => TransferFlags::POST_PENDING,
            3 => TransferFlags::LINKED,
            _ => TransferFlags::NONE,
        };
        let resolves = flags == TransferFlags::POST_PENDING;
        Transfer {
            id,
            debit_account_id: if resolves { 0 } else { debit },
            credit_account_id: if resolves { 0 } else { credit },
            amount: Amount::new(if resolves { 0 } else { amount }).unwrap(),
            pending_id: if resolves { amount } else { 0 },
            user_data_32,
            timeout: if flags == TransferFlags::PENDING { timeout } else { 0 },
            ledger: if resolves { 0 } else { 1 },
            code: if resolves { 0 } else { code },
            flags,
            ..Transfer::default()
        }
    });
    proptest::collection::vec(proptest::collection::vec(one, 1..8), 1..30)
}

fn filters() -> impl Strategy<Value = Filter> {
    let account = proptest::option::of((
        1..ACCOUNTS,
        proptest::option::of(prop_oneof![Just(Side::Debit), Just(Side::Credit)]),
    ));
    let amount = proptest::option::of((0..30_u128, 10..50_u128));
    (
        account,
        proptest::option::of(1..4_u16),
        proptest::option::of(0..4_u32),
        amount,
        proptest::option::of(any::<bool>()),
    )
        .prop_map(|(account, code, user_data_32, amount, pending)| Filter {
            account,
            code,
            user_data_32,
            amount: amount
                .map(|(low, high)| Amount::new(low).unwrap()..=Amount::new(high).unwrap()),
            pending,
            ..Filter::default()
        })
}

/// By looking at all entries with plain conditions.
fn expected(all: &[Entry], query: &Query) -> Vec<Entry> {
    let touches = |entry: &Entry, account: u128| entry.touched().any(|(id, _)| id == account);
    let means = |filter: &Filter, entry: &Entry| {
        let (transfer, expired) = match entry {
            Entry::Transfer(posted) => (posted.transfer, false),
            Entry::Expiry { debit_account_id, credit_account_id, amount, .. } => (
                Transfer {
                    debit_account_id: *debit_account_id,
                    credit_account_id: *credit_account_id,
                    amount: *amount,
                    ..Transfer::default()
                },
                true,
            ),
            _ => return false,
        };
        let side = |(id, side): (u128, Option<Side>)| {
            (side != Some(Side::Credit) && transfer.debit_account_id == id)
                || (side != Some(Side::Debit) && transfer.credit_account_id == id)
        };
        filter.account.is_none_or(side)
            && filter.amount.as_ref().is_none_or(|bounds| bounds.contains(&transfer.amount))
            && filter.code.is_none_or(|code| !expired && code == transfer.code)
            && filter.user_data_32.is_none_or(|data| !expired && data == transfer.user_data_32)
            && filter
                .pending
                .is_none_or(|pending| pending == transfer.flags.contains(TransferFlags::PENDING))
    };
    let mut found: Vec<Entry> = all
        .iter()
        .filter(|entry| query.timestamps.contains(&entry.timestamp()))
        .filter(|entry| query.account.is_none_or(|account| touches(entry, account)))
        .filter(|entry| {
            if query.any_of.is_empty() {
                !matches!(entry, Entry::Refusal { .. })
            } else {
                query.any_of.iter().any(|filter| means(filter, entry))
            }
        })
        .cloned()
        .collect();
    if query.newest_first {
        found.reverse();
    }
    found
}

/// All pages of an answer.
fn pages(node: &Node, mut query: Query) -> Vec<Entry> {
    let mut found = Vec::new();
    loop {
        let page = node.query(&query).unwrap();
        assert!(page.entries.len() <= query.limit);
        found.extend(page.entries);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return found,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn queries_find_what_looking_at_everything_finds(
        batches in transfers(),
        any_of in proptest::collection::vec(filters(), 0..3),
        account in proptest::option::of(1..ACCOUNTS),
        span in (0..40_u64, 0..40_u64),
        newest_first in any::<bool>(),
        limit in 1..20_usize,
        generation_entries in 1..60_usize,
    ) {
        let (_, mut node) = World::begin(NodeOptions { generation_entries, ..options() });
        let mut clock = NOW;
        for batch in &batches {
            clock += SECOND;
            send(&mut node, clock, batch).unwrap();
        }
        let changes = node.changes(1, usize::MAX).unwrap();
        prop_assert_eq!(changes.next_op, node.state().op() + 1);
        let all: Vec<Entry> = changes.changes.iter().map(|change| change.entry.clone()).collect();
        prop_assert!(all.windows(2).all(|pair| pair[0].timestamp() < pair[1].timestamp()));

        let query = Query {
            account,
            any_of,
            timestamps: NOW + span.0 * SECOND..=NOW + (span.0 + span.1) * SECOND,
            newest_first,
            limit,
            after: None,
        };
        prop_assert_eq!(pages(&node, query.clone()), expected(&all, &query));

        // The feed in small pieces is the feed in one, with the same keys.
        let mut pieces = Vec::new();
        let mut next = 1;
        while next <= node.state().op() {
            let piece = node.changes(next, limit).unwrap();
            prop_assert!(piece.next_op > next);
            next = piece.next_op;
            pieces.extend(piece.changes);
        }
        prop_assert_eq!(pieces, changes.changes);

        // Balances of any moment: those of the last entry until then.
        let mut balances: BTreeMap<u128, Balances> = BTreeMap::new();
        for entry in &all {
            balances.extend(entry.touched());
            for id in 1..ACCOUNTS {
                let then = node.balances_at(id, entry.timestamp()).unwrap();
                prop_assert_eq!(then, Some(balances.get(&id).copied().unwrap_or_default()));
            }
        }
        for id in 1..ACCOUNTS {
            prop_assert_eq!(node.balances_at(id, NOW - SECOND).unwrap(), None);
            let statement = node.statement(id, query.timestamps.clone(), usize::MAX).unwrap().unwrap();
            let of_account = Query { account: Some(id), any_of: Vec::new(), newest_first: false, ..query.clone() };
            let lines: Vec<Entry> = statement.lines.iter().map(|line| line.entry.clone()).collect();
            prop_assert_eq!(lines, expected(&all, &of_account));
            let last = statement.lines.last().map_or(statement.opening, |line| line.balances);
            prop_assert_eq!(statement.closing, last);
            prop_assert!(!statement.truncated);
        }
    }
}
