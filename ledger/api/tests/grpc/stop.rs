//! The end, and what health says of it.

use ledger::model::Code;
use ledger_api::grpc::v1;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::messages::{payment, transfers};
use crate::rpc::{Rpc, Transport};
use crate::support::{Server, Setup, keys, transfer};

#[test]
fn what_was_begun_is_answered_and_what_was_answered_is_there() {
    let mut server = Server::with_accounts(Setup::default());
    let disk = server.disk.clone();
    let address = server.grpc;
    let threads: Vec<_> = (0..4_u128)
        .map(|thread| {
            std::thread::spawn(move || {
                let mut rpc = Rpc::new(address);
                let mut done = Vec::new();
                for id in (thread * 10_000 + 1)..=(thread * 10_000 + 10_000) {
                    match rpc.create_transfers(transfers(vec![payment(id)])) {
                        Ok(answer) => assert_eq!(answer.outcomes[0].code(), v1::Code::Ok),
                        Err(_) => break,
                    }
                    done.push(id);
                }
                done
            })
        })
        .collect();
    while server.desk.progress().borrow().events < 200 {
        std::thread::yield_now();
    }
    server.stop().unwrap();
    let done: Vec<u128> = threads.into_iter().flat_map(|it| it.join().unwrap()).collect();
    assert!(!done.is_empty() && done.len() < 40_000);
    drop(server);
    let again = Server::with(Setup { disk, ..Setup::default() });
    let client = again.client();
    for ids in done.chunks(8_000) {
        let asked: Vec<_> = ids.iter().map(|id| transfer(*id, 1)).collect();
        let outcomes = client.create_transfers(&asked).unwrap();
        assert!(outcomes.iter().all(|it| it.code == Code::Exists));
    }
}

#[test]
fn health_needs_no_key_and_says_when_it_is_over() {
    let (keys, _) = keys();
    let mut server = Server::with(Setup { keys, ..Setup::default() });
    let rpc = Rpc::new(server.grpc);
    let transport = rpc.block_on(Transport::connect(server.grpc)).unwrap();
    let mut health = HealthClient::with_origin(transport, "http://localhost".parse().unwrap());
    let ask = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let serving = ServingStatus::Serving as i32;
    for name in ["", "ledger.v1.Ledger"] {
        let answer = rpc.block_on(health.check(ask(name))).unwrap().into_inner();
        assert_eq!(answer.status, serving);
    }
    let status = rpc.block_on(health.check(ask("other"))).unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
    let mut watch = rpc.block_on(health.watch(ask(""))).unwrap().into_inner();
    let mut next = || rpc.block_on(watch.message()).unwrap().map(|it| it.status);
    assert_eq!(next(), Some(serving));
    let begun = std::thread::spawn(move || server.stop());
    assert_eq!(next(), Some(ServingStatus::NotServing as i32));
    // And who watches keeps nobody from stopping.
    assert_eq!(next(), None);
    begun.join().unwrap().unwrap();
}
