//! The change feed.

use ledger::model::{Transfer, TransferFlags};
use serde_json::Value;

use crate::support::web::Event;
use crate::support::{Server, Setup, transfer};

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
