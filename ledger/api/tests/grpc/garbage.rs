//! What is no protocol: the server goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use ledger_api::grpc::v1;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tonic::body::Body;
use tonic::codegen::{Service, http};

use crate::rpc::{Rpc, Transport};
use crate::support::{Server, Setup};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const CALLS: &[&str] =
    &["CreateTransfers", "CreateTransactions", "CreateAccounts", "Query", "BalancesAt"];

fn runner() -> TestRunner {
    TestRunner::new_with_rng(
        Config { cases: 64, failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    )
}

fn send(server: &Server, bytes: &[u8]) {
    let mut stream = TcpStream::connect(server.grpc).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // What the server does not take is the server's decision.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    // Whatever it says, it ends; or it is reset.
    let _ = stream.read_to_end(&mut Vec::new());
}

fn still_serves(server: &Server) {
    Rpc::new(server.grpc).status(v1::StatusRequest {}).unwrap();
}

#[test]
fn random_bytes() {
    let server = Server::start();
    runner()
        .run(&(prop::collection::vec(any::<u8>(), 0..400), any::<bool>()), |(bytes, greets)| {
            let greeting = if greets { PREFACE } else { &[] };
            send(&server, &[greeting, &bytes].concat());
            Ok(())
        })
        .unwrap();
    send(&server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    still_serves(&server);
}

#[test]
fn random_frames() {
    let server = Server::start();
    let frame = (0..12_u8, any::<u8>(), 0..5_u32, prop::collection::vec(any::<u8>(), 0..60));
    runner()
        .run(&prop::collection::vec(frame, 1..12), |frames| {
            let mut bytes = PREFACE.to_vec();
            bytes.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
            for (kind, flags, stream, body) in frames {
                bytes.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
                bytes.extend_from_slice(&[kind, flags]);
                bytes.extend_from_slice(&stream.to_be_bytes());
                bytes.extend_from_slice(&body);
            }
            send(&server, &bytes);
            Ok(())
        })
        .unwrap();
    still_serves(&server);
}

/// The status of a call whose body is these bytes; none if there was none.
fn call(rpc: &Rpc, transport: &Transport, path: &str, media: &str, body: &[u8]) -> Option<String> {
    let request = http::Request::post(format!("http://localhost{path}"))
        .header("content-type", media)
        .header("te", "trailers")
        .body(Body::new(http_body_util::Full::from(body.to_vec())))
        .unwrap();
    let mut transport = transport.clone();
    rpc.block_on(async {
        let response = transport.call(request).await.ok()?;
        let (parts, body) = response.into_parts();
        let of = |headers: &http::HeaderMap| {
            headers.get("grpc-status").map(|it| it.to_str().unwrap().to_owned())
        };
        let body = http_body_util::BodyExt::collect(body).await.ok()?;
        of(&parts.headers).or_else(|| of(body.trailers()?))
    })
}

#[test]
fn random_messages_are_refused_or_do_nothing() {
    let server = Server::with_accounts(Setup::default());
    let rpc = Rpc::new(server.grpc);
    let transport = rpc.block_on(Transport::connect(server.grpc)).unwrap();
    runner()
        .run(
            &(
                prop::sample::select(CALLS),
                prop::collection::vec(any::<u8>(), 0..200),
                any::<bool>(),
            ),
            |(name, message, framed)| {
                let mut body = vec![0];
                body.extend_from_slice(&(message.len() as u32).to_be_bytes());
                body.extend_from_slice(&message);
                let body = if framed { &body } else { &message };
                let path = format!("/ledger.v1.Ledger/{name}");
                let status = call(&rpc, &transport, &path, "application/grpc", body);
                prop_assert!(status.is_some());
                Ok(())
            },
        )
        .unwrap();
    still_serves(&server);
}

#[test]
fn calls_that_there_are_not() {
    let server = Server::start();
    let rpc = Rpc::new(server.grpc);
    let transport = rpc.block_on(Transport::connect(server.grpc)).unwrap();
    let empty = [0; 5];
    let status = |path: &str, media: &str| call(&rpc, &transport, path, media, &empty);
    let good = "application/grpc";
    assert_eq!(status("/ledger.v1.Ledger/Status", good).as_deref(), Some("0"));
    assert_eq!(status("/ledger.v1.Ledger/Status", "application/grpc+proto").as_deref(), Some("0"));
    for path in ["/", "/ledger.v1.Ledger/Nothing", "/ledger.v2.Ledger/Status", "/v1/status"] {
        assert_eq!(status(path, good).as_deref(), Some("12"), "{path}");
    }
    // No web page can send the one type without being asked whether it may; no other is answered.
    for media in ["", "text/plain", "application/json", "application/grpc-web"] {
        assert_eq!(status("/ledger.v1.Ledger/Status", media), None, "{media}");
    }
}
