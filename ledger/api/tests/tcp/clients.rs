//! The client: batches by themselves, and insists.

use std::collections::HashSet;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use ledger::codec;
use ledger::model::{Batch, Code, Reply, Transfer, TransferFlags};
use ledger_api::Problem;
use ledger_api::client::{Client, ClientError, ClientOptions, Connection};
use ledger_api::wire::Kind;

use crate::support::{Server, Setup, transfer, units};

#[test]
fn what_threads_ask_at_the_same_time_is_one_batch() {
    let server = Server::with_accounts(Setup::default());
    let mut options = server.options();
    options.connections = 1;
    let client = Client::new(options);
    let before = client.status().unwrap().op;
    let gate = server.hold();
    std::thread::scope(|scope| {
        // The first one is under way when the others come.
        let first = scope.spawn(|| client.create_transfers(&[transfer(1, 1)]).unwrap());
        while server.desk.waiting() == 0 {
            std::thread::yield_now();
        }
        let others: Vec<_> = (2..=20_u128)
            .map(|id| {
                let client = client.clone();
                scope.spawn(move || client.create_transfers(&[transfer(id, id)]).unwrap())
            })
            .collect();
        drop(gate);
        assert_eq!(first.join().unwrap()[0].code, Code::Ok);
        let mut timestamps = HashSet::new();
        for (id, other) in (2..).zip(others) {
            let outcomes = other.join().unwrap();
            assert_eq!((outcomes.len(), outcomes[0].code), (1, Code::Ok));
            assert_eq!(outcomes[0].amount, units(id), "everybody has their own answer");
            timestamps.insert(outcomes[0].timestamp);
        }
        assert_eq!(timestamps.len(), 19);
    });
    // How many batches they made depends on who came when: never more than there were calls.
    let operations = client.status().unwrap().op - before;
    assert!((2..=20).contains(&operations), "{operations}");
}

#[test]
fn open_chains_of_others_are_not_continued() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    let open = Transfer { flags: TransferFlags::LINKED, ..transfer(1, 1) };
    std::thread::scope(|scope| {
        for round in 0..20_u128 {
            let (client, open) = (client.clone(), Transfer { id: 1_000 + round, ..open });
            scope.spawn(move || {
                let outcomes = client.create_transfers(&[open]).unwrap();
                assert_eq!(outcomes[0].code, Code::LinkedEventChainOpen);
            });
            let client = server.client();
            scope.spawn(move || {
                let outcomes = client.create_transfers(&[transfer(2_000 + round, 1)]).unwrap();
                assert_eq!(outcomes[0].code, Code::Ok);
            });
        }
    });
}

#[test]
fn one_bad_request_among_others_spoils_none_of_them() {
    let server = Server::with_accounts(Setup::default());
    let mut options = server.options();
    options.connections = 1;
    let client = Client::new(options);
    let gate = server.hold();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| client.create_transfers(&[transfer(1, 1)]).unwrap());
        while server.desk.waiting() == 0 {
            std::thread::yield_now();
        }
        // Metadata that no server takes cannot be made here; too much for one batch can: each alone fits.
        let others: Vec<_> = (2..=3_u128)
            .map(|id| {
                let client = client.clone();
                let all: Vec<Transfer> =
                    (0..8_190).map(|it| transfer(id * 10_000 + it, 1)).collect();
                scope.spawn(move || client.create_transfers(&all).unwrap())
            })
            .collect();
        drop(gate);
        first.join().unwrap();
        for other in others {
            assert!(other.join().unwrap().iter().all(|it| it.code == Code::Ok));
        }
    });
}

/// A proxy that passes requests on, and cuts the connection instead of passing the first answer of a batch back.
fn cutting_proxy(server: std::net::SocketAddr) -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (number, client) in listener.incoming().enumerate() {
            let mut client = client.unwrap();
            let mut upstream = TcpStream::connect(server).unwrap();
            let (mut from_client, mut to_server) =
                (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_client, &mut to_server);
            });
            std::thread::spawn(move || {
                let mut frames = 0;
                loop {
                    let mut head = [0; 32];
                    if upstream.read_exact(&mut head).is_err() {
                        return;
                    }
                    let length = u32::from_le_bytes(head[24..28].try_into().unwrap());
                    let mut body = vec![0; length as usize];
                    upstream.read_exact(&mut body).unwrap();
                    frames += 1;
                    // The hello is the first.
                    if number == 0 && frames == 2 {
                        let _ = client.shutdown(std::net::Shutdown::Both);
                        return;
                    }
                    if client.write_all(&head).and_then(|()| client.write_all(&body)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

#[test]
fn an_answer_that_was_lost_is_the_same_after_the_retry() {
    let server = Server::with_accounts(Setup::default());
    let mut options =
        ClientOptions::new(cutting_proxy(server.tcp)).patience(Duration::from_secs(60));
    options.connections = 1;
    let client = Client::new(options);
    let outcomes = client.create_transfers(&[transfer(1, 5)]).unwrap();
    // It had happened: the retry finds it, with the balances of the first time.
    assert_eq!(outcomes[0].code, Code::Exists);
    assert_eq!((outcomes[0].amount, outcomes[0].debit.debits_posted), (units(5), units(5)));
    let account = client.find_accounts(&[1]).unwrap()[0];
    assert_eq!(account.balances.debits_posted, units(5), "once, and no more");
}

#[test]
fn without_patience_a_lost_answer_is_unknown() {
    let server = Server::with_accounts(Setup::default());
    let mut options = ClientOptions::new(cutting_proxy(server.tcp)).patience(Duration::ZERO);
    options.connections = 1;
    let client = Client::new(options);
    let lost = client.create_transfers(&[transfer(1, 5)]);
    assert!(matches!(lost, Err(ClientError::Problem(Problem::Unknown))), "{lost:?}");
    // The same id tells.
    assert_eq!(client.create_transfers(&[transfer(1, 5)]).unwrap()[0].code, Code::Exists);
}

#[test]
fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(ClientOptions::new(address).patience(Duration::ZERO));
    let refused = client.status();
    assert!(matches!(refused, Err(ClientError::Connection { .. })), "{refused:?}");
}

#[test]
fn pipelined_on_one_connection() {
    let server = Server::with_accounts(Setup::default());
    let mut connection = Connection::connect(&server.options()).unwrap();
    let sent: HashSet<u64> = (1..=100)
        .map(|id| connection.send_batch(&Batch::Transfers(vec![transfer(id, 1)])).unwrap())
        .collect();
    let mut got = HashSet::new();
    for _ in 0..100 {
        let received = connection.receive_reply().unwrap();
        let Reply::Transfers(outcomes) = received.answer.unwrap() else { panic!() };
        assert_eq!(outcomes[0].code, Code::Ok);
        got.insert(received.request);
    }
    assert_eq!(sent, got);
    assert!(connection.send_batch(&Batch::Tick).is_err());
}

/// A server that answers nonsense.
fn liar(answer: impl Fn(u64) -> Vec<u8> + Send + 'static) -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut head = [0; 32];
            let mut frame = |client: &mut TcpStream| {
                client.read_exact(&mut head).ok()?;
                let length = u32::from_le_bytes(head[24..28].try_into().unwrap());
                client.read_exact(&mut vec![0; length as usize]).ok()?;
                Some(u64::from_le_bytes(head[8..16].try_into().unwrap()))
            };
            let Some(request) = frame(&mut client) else { continue };
            let mut hello = Vec::new();
            let at = ledger_api::wire::begin(&mut hello, request, 0, 0, 0);
            ledger_api::wire::Hello {
                max_body: 1,
                max_events: 1,
                scope: ledger_api::keys::Scope::Admin,
            }
            .encode(&mut hello);
            ledger_api::wire::finish(&mut hello, at, 0);
            client.write_all(&hello).unwrap();
            let Some(request) = frame(&mut client) else { continue };
            let _ = client.write_all(&answer(request));
        }
    });
    address
}

#[test]
fn an_answer_that_makes_no_sense_is_an_error() {
    let frame = crate::support::frames::frame;
    let kind = Kind::Transfers as u16;
    let nonsense: [Box<dyn Fn(u64) -> Vec<u8> + Send>; 4] = [
        Box::new(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n........................".to_vec()),
        // No answers, too many, and those of another request.
        Box::new(move |request| frame(request, kind, 0, 0, &[])),
        Box::new(move |request| frame(request, kind, 1, 0, &[255; 160])),
        Box::new(move |request| {
            let mut body = Vec::new();
            let none = Reply::Transfers(Vec::new());
            codec::encode_reply(&none, &mut body);
            frame(request + 5, kind, 0, 0, &body)
        }),
    ];
    for answer in nonsense {
        let options = ClientOptions::new(liar(answer)).patience(Duration::ZERO);
        let told = Client::new(options).create_transfers(&[transfer(1, 1)]);
        assert!(matches!(told, Err(ClientError::Answer(_))), "{told:?}");
    }
}
