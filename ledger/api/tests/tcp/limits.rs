//! Deadlines, back-pressure, slow clients, and the end.

use std::time::Duration;

use ledger::codec;
use ledger::model::{Code, Reply};
use ledger_api::Problem;
use ledger_api::service::ServiceOptions;
use ledger_api::tcp::TcpOptions;
use ledger_api::wire::Kind;

use crate::support::frames::{Raw, frame, hello};
use crate::support::{Server, Setup, transfer};

fn payment(request: u64, id: u128, deadline_ms: u32) -> Vec<u8> {
    frame(request, Kind::Transfers as u16, 1, deadline_ms, &codec::transfer_bytes(&transfer(id, 5)))
}

#[track_caller]
fn happened(raw: &mut Raw, code: Code) {
    let (header, body) = raw.receive().unwrap();
    assert_eq!(header.problem, 0, "{}", String::from_utf8_lossy(&body));
    let Ok(Reply::Transfers(all)) = codec::decode_reply(header.kind, header.count, &body) else {
        panic!()
    };
    assert_eq!(all[0].code, code);
}

#[test]
fn an_expired_deadline_happened_never() {
    let server = Server::with_accounts(Setup::default());
    let mut raw = Raw::greeted(server.tcp, "");
    let gate = server.hold();
    raw.send(&payment(5, 1, 1));
    assert_eq!(raw.problem(), Problem::Expired);
    drop(gate);
    let client = server.client();
    assert!(client.find_entries(&[1]).unwrap().is_empty());
    // The same id, with time enough.
    raw.send(&payment(6, 1, 60_000));
    happened(&mut raw, Code::Ok);
    raw.send(&payment(7, 1, 60_000));
    happened(&mut raw, Code::Exists);
}

#[test]
fn a_full_queue_says_so_and_nothing_happens() {
    let mut service = ServiceOptions::default();
    service.max_requests = 2;
    let server = Server::with_accounts(Setup { service, ..Setup::default() });
    let mut raw = Raw::greeted(server.tcp, "");
    let gate = server.hold();
    for id in 1..=4 {
        raw.send(&payment(id, id.into(), 60_000));
    }
    // The first two wait; the others are answered at once, while they do.
    for request in [3, 4] {
        let (header, _) = raw.receive().unwrap();
        assert_eq!((header.request, header.problem), (request, Problem::Busy.number()));
    }
    drop(gate);
    happened(&mut raw, Code::Ok);
    happened(&mut raw, Code::Ok);
    let client = server.client();
    assert_eq!(client.find_entries(&[1, 2, 3, 4]).unwrap().len(), 2);
    raw.send(&payment(5, 3, 60_000));
    happened(&mut raw, Code::Ok);
}

#[test]
fn a_full_queue_by_bytes() {
    let mut service = ServiceOptions::default();
    service.max_bytes = 200;
    let server = Server::with_accounts(Setup { service, ..Setup::default() });
    let mut raw = Raw::greeted(server.tcp, "");
    let gate = server.hold();
    raw.send(&payment(1, 1, 60_000));
    raw.send(&payment(2, 2, 60_000));
    assert_eq!(raw.problem(), Problem::Busy);
    drop(gate);
    happened(&mut raw, Code::Ok);
}

#[test]
fn answers_of_many_requests_under_way_come_with_their_numbers() {
    let mut tcp = TcpOptions::default();
    // Less than are sent: the rest is read when there is room.
    tcp.max_flights = 7;
    let server = Server::with_accounts(Setup { tcp, ..Setup::default() });
    let mut raw = Raw::greeted(server.tcp, "");
    let gate = server.hold();
    let all: Vec<u8> = (1..=500).flat_map(|id| payment(id, id.into(), 60_000)).collect();
    raw.send(&all);
    drop(gate);
    let mut seen: Vec<u64> = (0..500).map(|_| raw.receive().unwrap().0.request).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=500));
}

#[test]
fn who_is_slow_in_the_middle_of_a_frame_is_cut() {
    let mut tcp = TcpOptions::default();
    tcp.patience = Duration::from_millis(10);
    let server = Server::with_accounts(Setup { tcp, ..Setup::default() });
    // Where this machine is slow, even a hello is: then once more.
    let greeted = || loop {
        let mut raw = Raw::connect(server.tcp);
        raw.send(&hello(""));
        if raw.receive().is_some_and(|it| it.0.problem == 0) {
            break raw;
        }
    };
    let (mut idle, mut slow) = (greeted(), greeted());
    slow.send(&payment(1, 1, 0)[..40]);
    slow.ends();
    // Who never says hello, too; but who is idle between two frames is not.
    Raw::connect(server.tcp).ends();
    idle.send(&payment(1, 2, 0));
    happened(&mut idle, Code::Ok);
}

#[test]
fn too_many_connections_are_told_that_the_server_is_busy() {
    let mut tcp = TcpOptions::default();
    tcp.max_connections = 1;
    let server = Server::with(Setup { tcp, ..Setup::default() });
    let first = Raw::greeted(server.tcp, "");
    let mut second = Raw::connect(server.tcp);
    assert_eq!(second.problem(), Problem::Busy);
    second.ends();
    drop(first);
}

#[test]
fn what_is_under_way_when_the_server_stops_is_answered() {
    let mut server = Server::with_accounts(Setup::default());
    let mut raw = Raw::greeted(server.tcp, "");
    let gate = server.hold();
    raw.send(&payment(1, 1, 60_000));
    // It has been read when it waits.
    while server.desk.waiting() == 0 {
        std::thread::yield_now();
    }
    let (desk, address) = (server.desk.clone(), server.tcp);
    let stopped = std::thread::spawn(move || server.stop());
    // The face takes nothing new once it has heard.
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
    drop(gate);
    happened(&mut raw, Code::Ok);
    raw.ends();
    stopped.join().unwrap().unwrap();
    assert!(desk.closed().is_some());
}

#[test]
fn a_ledger_that_stops_tells_everybody_why() {
    let setup = Setup::default();
    let disk = std::sync::Arc::clone(&setup.disk);
    let mut server = Server::with_accounts(setup);
    let mut raw = Raw::greeted(server.tcp, "");
    crate::support::fail_syncs(&disk);
    raw.send(&payment(1, 1, 60_000));
    let first = raw.problem();
    assert!(matches!(first, Problem::Stopped(_)), "{first}");
    raw.send(&payment(2, 2, 60_000));
    assert!(matches!(raw.problem(), Problem::Stopped(_)));
    assert!(matches!(server.desk.closed(), Some(Problem::Stopped(_))));
    server.web().get("/health").problem(503, "stopped");
    assert!(server.stop().is_err());
}
