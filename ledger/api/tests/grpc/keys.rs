//! Who may ask what.

use ledger_api::grpc::v1;
use tonic::Code;

use crate::messages::payment;
use crate::rpc::{Rpc, problem};
use crate::support::{Server, Setup, keys};

#[test]
fn scopes_and_wrong_keys() {
    let (keys, texts) = keys();
    let server = Server::with(Setup { keys, ..Setup::default() });
    let [read, write, admin] = [0, 1, 2].map(|at: usize| Rpc::new(server.grpc).key(&texts[at]));
    let mut near = texts[2].clone();
    near.pop();
    for wrong in ["", "x", "lk_nobody_00", &near] {
        let mut rpc = Rpc::new(server.grpc).key(wrong);
        problem(rpc.status(v1::StatusRequest {}), Code::Unauthenticated, "unauthorized");
        problem(rpc.transfer(payment(1)), Code::Unauthenticated, "unauthorized");
    }
    let mut nobody = Rpc::new(server.grpc);
    problem(nobody.feed(None).map(drop), Code::Unauthenticated, "unauthorized");
    let ledgers = vec![v1::NewLedger { id: 1, currency: "EUR".into(), exponent: 2 }];
    let ledger = v1::CreateLedgersRequest { ledgers };
    let account = v1::Account { id: "1".into(), ledger: 1, code: 1, ..Default::default() };
    let account = v1::CreateAccountsRequest { accounts: vec![account] };
    let (mut read, mut write, mut admin) = (read, write, admin);
    for rpc in [&mut read, &mut write] {
        let told = problem(rpc.create_ledgers(ledger.clone()), Code::PermissionDenied, "forbidden");
        assert!(told.contains("the scope admin"), "{told}");
        let asked = v1::CheckpointRequest {};
        problem(rpc.checkpoint(asked), Code::PermissionDenied, "forbidden");
    }
    assert_eq!(admin.create_ledgers(ledger).unwrap().outcomes[0].code, 0);
    problem(read.create_accounts(account.clone()), Code::PermissionDenied, "forbidden");
    problem(read.transfer(payment(1)), Code::PermissionDenied, "forbidden");
    let none = v1::CreateTransactionsRequest::default();
    problem(read.create_transactions(none), Code::PermissionDenied, "forbidden");
    assert_eq!(write.create_accounts(account).unwrap().outcomes[0].code, 0);
    for rpc in [&mut read, &mut write, &mut admin] {
        rpc.status(v1::StatusRequest {}).unwrap();
        rpc.feed(None).unwrap();
        rpc.query(v1::QueryRequest::default()).unwrap();
    }
}
