//! The change feed.

use ledger::model::{Transfer, TransferFlags};
use ledger_api::grpc::v1;
use ledger_api::grpc::v1::feed_request::Begin;
use tonic::Code;

use crate::messages::entry;
use crate::rpc::{Changes, Rpc, problem};
use crate::support::{Server, Setup, transfer};

fn id(change: &v1::Change) -> String {
    use v1::entry::Kind;
    match change.entry.as_ref().unwrap().kind.as_ref().unwrap() {
        Kind::Transfer(it) => it.transfer.as_ref().unwrap().id.clone(),
        Kind::Refusal(it) => it.id.clone(),
        other => panic!("{other:?}"),
    }
}

fn some(feed: &mut Changes, count: usize) -> Vec<v1::Change> {
    (0..count).map(|_| feed.next().unwrap().unwrap()).collect()
}

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
    let poor = Transfer { debit_account_id: 5, ..transfer(5, 1) };
    client.create_transfers(&[held, void, poor]).unwrap();
    let mut rpc = Rpc::new(server.grpc);
    let mut feed = rpc.feed(None).unwrap();
    let mut all = some(&mut feed, 5);
    // What happens while somebody listens comes, too.
    client.create_transfers(&[transfer(6, 5)]).unwrap();
    all.extend(some(&mut feed, 1));
    assert_eq!(all.iter().map(id).collect::<Vec<_>>(), ["1", "2", "3", "4", "5", "6"]);
    let found = client.find_entries(&[1, 2, 3, 4, 5, 6]).unwrap();
    assert!(found.iter().zip(&all).all(|(wanted, it)| it.entry.as_ref() == Some(&entry(wanted))));
    let places: Vec<_> = all.iter().map(|it| it.place.unwrap()).collect();
    assert_eq!(places.iter().map(|it| it.index).collect::<Vec<_>>(), [0, 1, 0, 1, 2, 0]);
    // Again from behind any of them, within an operation, too; and from any operation.
    for (at, place) in places.iter().enumerate() {
        if let Some(behind) = all.get(at + 1) {
            let mut again = rpc.feed(Some(Begin::After(*place))).unwrap();
            assert_eq!(again.next().unwrap().as_ref(), Some(behind));
        }
        let mut again = rpc.feed(Some(Begin::FromOp(place.op))).unwrap();
        assert_eq!(again.next().unwrap().unwrap().place.unwrap(), v1::Place { index: 0, ..*place });
    }
}

#[test]
fn many_changes_come_in_pieces_and_who_was_cut_off_loses_none() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    for batch in 0..3 {
        let all: Vec<_> = (1..=2_000).map(|at| transfer(batch * 2_000 + at, 1)).collect();
        client.create_transfers(&all).unwrap();
    }
    let mut seen = Vec::new();
    let mut last = None;
    // Each time another connection, which is dropped in the middle.
    for count in [1, 700, 2_299, 1_999, 1_001] {
        let mut rpc = Rpc::new(server.grpc);
        let mut feed = rpc.feed(last.map(Begin::After)).unwrap();
        for change in some(&mut feed, count) {
            last = change.place;
            seen.push(id(&change).parse::<u32>().unwrap());
        }
    }
    assert_eq!(seen, (1..=6_000).collect::<Vec<_>>());
    // `next_op` of a piece is a place to begin from that leaves nothing out.
    let mut rpc = Rpc::new(server.grpc);
    let request = rpc.request(v1::FeedRequest { begin: None });
    let mut client = rpc.client.clone();
    let next = rpc.block_on(async {
        let mut stream = client.feed(request).await.unwrap().into_inner();
        loop {
            let piece = stream.message().await.unwrap().unwrap();
            assert!(piece.changes.len() <= 512);
            if piece.next_op > piece.changes[0].place.unwrap().op {
                return piece.next_op;
            }
        }
    });
    let mut again = rpc.feed(Some(Begin::FromOp(next))).unwrap();
    assert_eq!(id(&again.next().unwrap().unwrap()), "2001");
}

#[test]
fn feeds_are_bounded_and_end_when_they_should() {
    let mut setup = Setup::default();
    setup.grpc.max_feeds = 1;
    setup.grpc.max_calls = 1;
    let server = Server::with_accounts(setup);
    server.client().create_transfers(&[transfer(1, 5)]).unwrap();
    let mut rpc = Rpc::new(server.grpc);
    let mut first = rpc.feed(None).unwrap();
    some(&mut first, 1);
    problem(rpc.feed(None).map(drop), Code::ResourceExhausted, "busy");
    // A feed is no call that others wait for.
    rpc.status(v1::StatusRequest {}).unwrap();
    drop(first);
    let mut rpc = Rpc::new(server.grpc).timeout("300m");
    let mut ends = loop {
        // That the first one is gone has to be noticed.
        if let Ok(feed) = rpc.feed(None) {
            break feed;
        }
    };
    let ended = loop {
        match ends.next() {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    problem(ended, Code::DeadlineExceeded, "expired");
}

#[test]
fn a_feed_says_that_the_server_stops() {
    let mut server = Server::with_accounts(Setup::default());
    server.client().create_transfers(&[transfer(1, 5)]).unwrap();
    let mut rpc = Rpc::new(server.grpc);
    let mut feed = rpc.feed(None).unwrap();
    some(&mut feed, 1);
    server.stop().unwrap();
    problem(feed.next(), Code::Unavailable, "closing");
}
