//! Deadlines, back-pressure, large messages, slow clients, a disk without room.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use ledger_api::grpc::v1;
use ledger_api::service::ServiceOptions;
use tonic::Code;

use crate::messages::{payment, transfers};
use crate::rpc::{Rpc, Transport, client, problem};
use crate::support::{Server, Setup, fail_syncs, transfer};

#[test]
fn an_expired_deadline_happened_never() {
    let server = Server::with_accounts(Setup::default());
    let gate = server.hold();
    let mut rpc = Rpc::new(server.grpc).timeout("1m");
    let told = problem(rpc.transfer(payment(1)), Code::DeadlineExceeded, "expired");
    assert!(told.starts_with("expired: send it again with the same id"), "{told}");
    problem(rpc.status(v1::StatusRequest {}), Code::DeadlineExceeded, "expired");
    drop(gate);
    let mut patient = Rpc::new(server.grpc).timeout("600S");
    let asked = v1::LookupEntriesRequest { ids: vec!["1".into()] };
    assert_eq!(patient.lookup_entries(asked).unwrap().entries, []);
    assert_eq!(patient.transfer(payment(1)).unwrap().code(), v1::Code::Ok);
    let mut rpc = Rpc::new(server.grpc).timeout("soon");
    problem(rpc.status(v1::StatusRequest {}), Code::InvalidArgument, "bad_request");
}

#[test]
fn a_full_queue_says_so() {
    let mut service = ServiceOptions::default();
    service.max_requests = 1;
    let server = Server::with_accounts(Setup { service, ..Setup::default() });
    let gate = server.hold();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| Rpc::new(server.grpc).transfer(payment(1)));
        while server.desk.waiting() == 0 {
            std::thread::yield_now();
        }
        let mut rpc = Rpc::new(server.grpc);
        let told = problem(rpc.transfer(payment(2)), Code::ResourceExhausted, "busy");
        assert!(told.starts_with("busy: wait a little"), "{told}");
        drop(gate);
        assert_eq!(waits.join().unwrap().unwrap().code, 0);
    });
    let metrics = server.web().get("/metrics").body;
    for line in [
        "ledger_busy_total 1",
        "grpc_calls_total{call=\"CreateTransfers\",code=\"ResourceExhausted\"} 1",
        "grpc_calls_total{call=\"CreateTransfers\",code=\"Ok\"} 1",
        "ledger_connections{face=\"grpc\"}",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[test]
fn large_messages() {
    let server = Server::with_accounts(Setup::default());
    let mut rpc = Rpc::new(server.grpc);
    let long = v1::Transfer { id: "9".repeat(5 << 20), ..payment(1) };
    assert_eq!(rpc.transfer(long).unwrap_err().code(), Code::OutOfRange);
    // What the ledger takes at a time fits, at its longest.
    let most = u128::MAX - 1;
    let wide = |id: u128| v1::Transfer {
        id: (u128::MAX - 1 - id).to_string(),
        user_data_128: most.to_string(),
        user_data_64: u64::MAX,
        user_data_32: u32::MAX,
        ..payment(1)
    };
    let asked = transfers((1..=8_190).map(wide).collect());
    let outcomes = rpc.create_transfers(asked).unwrap().outcomes;
    assert!(outcomes.len() == 8_190 && outcomes.iter().all(|it| it.code == 0));
    // Small on the wire, and large for who would read it.
    let asked = v1::LookupAccountsRequest { ids: vec![String::new(); 1 << 20] };
    problem(rpc.lookup_accounts(asked), Code::InvalidArgument, "too_large");
    let asked = transfers(vec![v1::Transfer::default(); 1 << 20]);
    problem(rpc.create_transfers(asked), Code::InvalidArgument, "too_large");
    let legs = v1::Legs { legs: vec![v1::Leg::default(); 1 << 20] };
    let posting = Some(v1::transaction::Posting::Legs(legs));
    let transactions = vec![v1::Transaction { posting, ..Default::default() }];
    let asked = v1::CreateTransactionsRequest { transactions };
    problem(rpc.create_transactions(asked), Code::InvalidArgument, "too_large");
}

#[test]
fn large_metadata() {
    let server = Server::start();
    let rpc = Rpc::new(server.grpc);
    let mut request = tonic::Request::new(v1::StatusRequest {});
    request.metadata_mut().insert("x-large", "x".repeat(64 << 10).parse().unwrap());
    let mut large = rpc.client.clone();
    assert!(rpc.block_on(large.status(request)).is_err());
    Rpc::new(server.grpc).status(v1::StatusRequest {}).unwrap();
}

#[test]
fn connections_wait_for_one_another() {
    let mut setup = Setup::default();
    setup.grpc_server.max_connections = 1;
    let server = Server::with(setup);
    let mut first = Rpc::new(server.grpc);
    first.status(v1::StatusRequest {}).unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| Rpc::new(server.grpc).status(v1::StatusRequest {}));
        // Whatever time passes, it has to wait.
        for _ in 0..20 {
            first.status(v1::StatusRequest {}).unwrap();
        }
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap().unwrap();
    });
}

#[test]
fn calls_wait_for_one_another() {
    let mut setup = Setup::default();
    setup.grpc.max_calls = 1;
    setup.grpc_server.max_streams = 2;
    let server = Server::with_accounts(setup);
    let mut rpc = Rpc::new(server.grpc);
    // From the first answer on the client knows how many it may ask at a time.
    rpc.status(v1::StatusRequest {}).unwrap();
    let asked = (1..=50).map(|id| {
        let mut client = rpc.client.clone();
        async move { client.create_transfers(transfers(vec![payment(id)])).await }
    });
    let asked: Vec<_> = asked.collect();
    let answers = rpc.block_on(async {
        let tasks: Vec<_> = asked.into_iter().map(tokio::spawn).collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap().unwrap().into_inner().outcomes[0].code());
        }
        answers
    });
    assert_eq!(answers, [v1::Code::Ok; 50]);
}

fn read_to_end(mut stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // Or it is reset.
    if let Err(error) = stream.read_to_end(&mut Vec::new()) {
        assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "nobody cut it off");
    }
}

#[test]
fn who_says_nothing_is_cut_off() {
    let mut setup = Setup::default();
    setup.grpc_server.patience = Duration::from_millis(200);
    setup.grpc_server.ping = Duration::from_millis(200);
    let server = Server::with(setup);
    let silent = TcpStream::connect(server.grpc).unwrap();
    // One that begins, and goes no further than that.
    let mut slow = TcpStream::connect(server.grpc).unwrap();
    slow.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    read_to_end(silent);
    read_to_end(slow);
}

/// One that answers pings, and leaves no room for an answer.
#[test]
fn who_fetches_nothing_is_cut_off() {
    let mut setup = Setup::default();
    setup.grpc_server.patience = Duration::from_millis(200);
    let server = Server::with_accounts(setup);
    let all: Vec<_> = (1..=2_000).map(|id| transfer(id, 1)).collect();
    server.client().create_transfers(&all).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.unwrap();
    let mut stalled = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.grpc).await.unwrap();
        let mut client = client(Transport::with_window(stream, 1_000).await.unwrap());
        client.feed(v1::FeedRequest::default()).await.unwrap().into_inner()
    });
    let cut = "ledger_connections_cut_total{face=\"grpc\"} 1";
    while !server.web().get("/metrics").body.contains(cut) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let ended = runtime.block_on(async {
        while stalled.message().await?.is_some() {}
        Ok::<_, tonic::Status>(())
    });
    assert!(ended.is_err());
}

#[test]
fn a_disk_without_room_refuses_and_goes_on_when_there_is_room() {
    let setup = Setup::default();
    let disk = Arc::clone(&setup.disk);
    let server = Server::with_accounts(setup);
    let mut rpc = Rpc::new(server.grpc);
    disk.set_capacity(Some(disk.used()));
    let mut id = 0;
    let refused = loop {
        let batch = (0..8_000).map(|at| payment(id + 1 + at)).collect();
        id += 8_000;
        let answer = rpc.create_transfers(transfers(batch));
        if answer.is_err() {
            break answer;
        }
        assert!(id < 1_000_000, "the disk never fills");
    };
    let told = problem(refused, Code::ResourceExhausted, "no_room");
    assert!(told.contains("nothing happened"), "{told}");
    disk.set_capacity(None);
    assert_eq!(rpc.transfer(payment(id)).unwrap().code(), v1::Code::Ok);
}

#[test]
fn a_ledger_that_stopped_says_so() {
    let setup = Setup::default();
    let disk = Arc::clone(&setup.disk);
    let server = Server::with_accounts(setup);
    let mut rpc = Rpc::new(server.grpc);
    fail_syncs(&disk);
    let told = problem(rpc.transfer(payment(1)), Code::Unavailable, "stopped");
    assert!(told.contains("retry with the same id"), "{told}");
    problem(rpc.status(v1::StatusRequest {}), Code::Unavailable, "stopped");
}
