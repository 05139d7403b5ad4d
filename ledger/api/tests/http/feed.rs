//! The change feed.

use ledger::model::{Entry, Transfer, TransferFlags};
use serde_json::Value;

use crate::support::web::Event;
use crate::support::{Server, Setup, transfer, units};

/// A connection that ends with its answer.
const CLOSE: &[(&str, &str)] = &[("Connection", "close")];

#[test]
fn every_change_comes_once_in_order_from_any_place() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    client.create_transfers(&[transfer(1, 5), transfer(2, 5)]).unwrap();
    let void = Transfer {
        id: 4,
        pending_id: 3,
        flags: TransferFlags::VOID_PENDING,
        ..Transfer::default()
    };
    let held = Transfer { flags: TransferFlags::PENDING, ..transfer(3, 5) };
    client
        .create_transfers(&[held, void, Transfer { debit_account_id: 5, ..transfer(5, 1) }])
        .unwrap();
    let web = server.web();
    let mut feed = web.events("/v1/feed", &[]);
    let mut next = || feed.next().unwrap();
    let first: Vec<Event> = (0..5).map(|_| next()).collect();
    // What happens while somebody listens comes, too.
    client.create_transfers(&[transfer(6, 5)]).unwrap();
    let last = next();
    let id = |event: &Event| {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        let place = format!("{}.{}", data["op"].as_str().unwrap(), data["index"]);
        assert_eq!(place, event.id);
        data["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(first.iter().map(id).collect::<Vec<_>>(), ["1", "2", "3", "4", "5"]);
    let kinds: Vec<&str> = first.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["transfer", "transfer", "transfer", "transfer", "refusal"]);
    assert_eq!(id(&last), "6");
    // Again from behind any of them: by the header of a browser, or a parameter; within an operation, too.
    for (at, event) in first.iter().enumerate() {
        let behind = first.get(at + 1).unwrap_or(&last);
        let mut again = web.events("/v1/feed", &[("Last-Event-ID", &event.id)]);
        assert_eq!(again.next().as_ref(), Some(behind));
        let mut again = web.events(&format!("/v1/feed?after={}", event.id), &[]);
        assert_eq!(again.next().as_ref(), Some(behind));
    }
    let op = last.id.split('.').next().unwrap();
    assert_eq!(web.events(&format!("/v1/feed?from={op}"), &[]).next(), Some(last));
}

#[test]
fn a_feed_that_does_not_follow_says_that_it_is_whole() {
    let server = Server::with_accounts(Setup::default());
    server.client().create_transfers(&[transfer(1, 5), transfer(2, 5)]).unwrap();
    let events: Vec<Event> = server.web().events("/v1/feed?follow=false", CLOSE).collect();
    let kinds: Vec<&str> = events.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["transfer", "transfer", "end"]);
    let place = &events[1].id;
    let op: u64 = place.split('.').next().unwrap().parse().unwrap();
    assert_eq!(events[2].data, format!("{{\"next_op\":\"{}\"}}", op + 1));
    let mut rest = server.web().events(&format!("/v1/feed?follow=false&after={place}"), CLOSE);
    assert_eq!((rest.next().as_ref(), rest.next()), (Some(&events[2]), None));
}

#[test]
fn a_change_is_a_line_that_is_read_back() {
    let server = Server::with_accounts(Setup::default());
    // As much as there is; and more than there is, refused.
    let balancing = Transfer {
        debit_account_id: 2,
        credit_account_id: 3,
        flags: TransferFlags::BALANCING_DEBIT,
        ..transfer(2, 0)
    };
    let refused = Transfer { debit_account_id: 5, ..transfer(3, 1) };
    server.client().create_transfers(&[transfer(1, 5), balancing, refused]).unwrap();
    let web = server.web();
    let events = web.events("/v1/feed?follow=false", CLOSE).filter(|it| it.kind != "end");
    let mut ids = Vec::new();
    for event in events {
        let change = ledger_json::read(&event.data).unwrap();
        assert_eq!(event.data, ledger_json::write(&change));
        assert_eq!(event.id, ledger_json::Key::of(&change).to_string());
        assert_eq!(event.kind, ledger_json::kind(&change.entry));
        ids.push(change.entry.id().unwrap());
        if let Entry::Transfer(posted) = change.entry {
            assert_eq!(posted.transfer.amount, units(5));
            assert_eq!(posted.asked.amount, units(if posted.transfer.id == 2 { 0 } else { 5 }));
        }
    }
    assert_eq!(ids, [1, 2, 3]);
}

#[test]
fn feeds_are_bounded() {
    let mut setup = Setup::default();
    setup.http.max_feeds = 1;
    let server = Server::with_accounts(setup);
    server.client().create_transfers(&[transfer(1, 5)]).unwrap();
    let mut first = server.web().events("/v1/feed", &[]);
    first.next().unwrap();
    server.web().get("/v1/feed").problem(503, "busy");
}

#[test]
fn a_feed_ends_when_the_server_stops() {
    let mut server = Server::with_accounts(Setup::default());
    server.client().create_transfers(&[transfer(1, 5)]).unwrap();
    let mut feed = server.web().events("/v1/feed", &[]);
    feed.next().unwrap();
    server.stop().unwrap();
    assert_eq!(feed.next(), None);
}
