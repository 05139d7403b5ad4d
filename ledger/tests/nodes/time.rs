//! The ends of time: clocks that say 0, and that say the last nanosecond there is.

use std::ops::RangeInclusive;

use ledger::{
    Error, Node,
    model::{Code, Entry},
    query::Query,
};

use crate::world::{NOW, SECOND, World, options, pending, send, transfer};

fn pages(
    node: &Node,
    account: Option<u128>,
    timestamps: RangeInclusive<u64>,
    newest_first: bool,
) -> Vec<u64> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let query = Query {
            account,
            timestamps: timestamps.clone(),
            newest_first,
            limit: 1,
            after,
            ..Query::default()
        };
        let page = node.query(&query).unwrap();
        found.extend(page.entries.iter().map(Entry::timestamp));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    if newest_first {
        found.reverse();
    }
    found
}

#[test]
fn a_clock_that_says_0_is_a_clock_that_stands() {
    let world = World::new();
    let (mut node, _) = world.open();
    node.tick(0).unwrap();
    node.checkpoint().unwrap();
    drop(node);
    let (node, recovery) = world.open();
    assert_eq!((recovery.tail.op, node.state().timestamp()), (0, 0));
    drop(node);

    let (world, mut node) = World::begin(options());
    // Time goes on by what happens: with a second for a billion events nothing ever expires.
    let outcomes = send(&mut node, 0, &[pending(1, 2, 3, 10, 1), transfer(2, 2, 3, 1)]).unwrap();
    assert_eq!(outcomes[1].timestamp, outcomes[0].timestamp + 1);
    node.tick(0).unwrap();
    assert!(node.state().is_pending(1));
    node.tick(outcomes[0].timestamp + SECOND - 1).unwrap();
    assert!(node.state().is_pending(1), "one nanosecond before");
    node.tick(outcomes[0].timestamp + SECOND).unwrap();
    assert!(!node.state().is_pending(1));
    let digest = node.state().digest();
    drop(node);
    assert_eq!(world.open().0.state().digest(), digest);
}

#[test]
fn the_last_nanosecond_is_used_and_then_nothing_more_happens() {
    for archived in [false, true] {
        let (world, mut node) = World::begin(options());
        send(&mut node, NOW, &[pending(1, 2, 3, 10, 5), pending(2, 2, 3, 10, u32::MAX)]).unwrap();
        if archived {
            node.checkpoint().unwrap();
        }
        // What is due expires within what is left.
        send(&mut node, u64::MAX - 10, &[transfer(3, 2, 3, 1)]).unwrap();
        assert_eq!(node.state().pending_count(), 0);
        let outcomes =
            send(&mut node, u64::MAX - 5, &[pending(4, 2, 3, 1, 1), pending(5, 2, 3, 1, 0)])
                .unwrap();
        assert_eq!(
            (outcomes[0].code, outcomes[1].code),
            (Code::OverflowsTimeout, Code::Ok),
            "a deadline behind the end of time"
        );
        let last = send(&mut node, u64::MAX, &[transfer(6, 2, 3, 1)]).unwrap();
        assert_eq!(last[0].timestamp, u64::MAX);
        if archived {
            node.checkpoint().unwrap();
        }
        let all: Vec<u64> = node
            .changes(1, usize::MAX)
            .unwrap()
            .changes
            .iter()
            .map(|change| change.entry.timestamp())
            .collect();
        assert_eq!(all.last(), Some(&u64::MAX));
        let meant: Vec<u64> = node
            .changes(1, usize::MAX)
            .unwrap()
            .changes
            .iter()
            .filter(|change| !matches!(change.entry, Entry::Refusal { .. }))
            .map(|change| change.entry.timestamp())
            .collect();
        for newest_first in [false, true] {
            for account in [None, Some(2)] {
                assert_eq!(pages(&node, account, 0..=u64::MAX, newest_first), meant);
                assert_eq!(pages(&node, account, u64::MAX..=u64::MAX, newest_first), [u64::MAX]);
                assert_eq!(pages(&node, account, 0..=0, newest_first), [0; 0]);
                for at in &meant {
                    assert_eq!(pages(&node, account, *at..=*at, newest_first), [*at]);
                }
            }
        }
        let now = node.state().account(3).unwrap().balances;
        assert_eq!(node.balances_at(3, u64::MAX).unwrap(), Some(now));
        let before = node.balances_at(3, u64::MAX - 1).unwrap().unwrap();
        assert_eq!(before.credits_posted.get() + 1, now.credits_posted.get());
        let statement = node.statement(3, u64::MAX..=u64::MAX, 10).unwrap().unwrap();
        assert_eq!((statement.opening, statement.lines.len(), statement.closing), (before, 1, now));
        // There is no time for more, and nothing of it happens, however often it is asked for.
        let (tail, digest) = (node.tail(), node.state().digest());
        node.tick(u64::MAX).unwrap();
        let error = send(&mut node, u64::MAX, &[transfer(7, 2, 3, 1)]).unwrap_err();
        assert!(matches!(error, Error::Invariant(_)), "{error}");
        drop(node);
        let (node, _) = world.open();
        assert_eq!((node.tail(), node.state().digest()), (tail, digest));
        assert_eq!(pages(&node, Some(2), 0..=u64::MAX, true), meant);
        node.state().check().unwrap();
    }
}
