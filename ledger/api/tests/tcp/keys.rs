//! Who may ask what.

use ledger::model::{Batch, Ledger};
use ledger::money::Currency;
use ledger_api::Problem;
use ledger_api::client::{Client, ClientError, Connection};
use ledger_api::keys::Scope;

use crate::support::frames::{Raw, hello};
use crate::support::{Server, Setup, furnish, keys, transfer};

#[test]
fn a_wrong_key_is_nobodys() {
    let (keys, texts) = keys();
    let server = Server::with(Setup { keys, ..Setup::default() });
    let mut near = texts[2].clone();
    near.pop();
    for wrong in ["", "admin", "lk_admin_00", "lk_nobody_00", &near] {
        let mut raw = Raw::connect(server.tcp);
        raw.send(&hello(wrong));
        assert_eq!(raw.problem(), Problem::Unauthorized, "{wrong}");
        raw.ends();
        let refused = Connection::connect(&server.options().key(wrong));
        assert!(matches!(refused, Err(ClientError::Problem(Problem::Unauthorized))));
    }
    // A key that is no text.
    let mut raw = Raw::connect(server.tcp);
    raw.send(&crate::support::frames::frame(1, 0, 0, 0, &[0xff; 40]));
    assert_eq!(raw.problem(), Problem::Unauthorized);
}

#[test]
fn scopes() {
    let (keys, texts) = keys();
    let server = Server::with(Setup { keys, ..Setup::default() });
    furnish(&Client::new(server.options().key(&texts[2])));
    let ledger = Batch::Ledgers(vec![Ledger { id: 3, currency: Currency::new("USD", 2).unwrap() }]);
    let payment = Batch::Transfers(vec![transfer(1, 5)]);
    let forbidden = |scope, result: Result<_, ClientError>| {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, ClientError::Problem(it) if *it == Problem::Forbidden(scope)),
            "{error}"
        );
    };
    for (scope, text) in Scope::ALL.into_iter().zip(&texts) {
        let mut connection = Connection::connect(&server.options().key(text)).unwrap();
        assert_eq!(connection.hello().scope, scope);
        let client = Client::new(server.options().key(text));
        client.status().unwrap();
        client.find_accounts(&[1]).unwrap();
        match scope {
            Scope::Read => forbidden(Scope::Write, connection.commit(&payment)),
            _ => drop(connection.commit(&payment).unwrap()),
        }
        match scope {
            Scope::Admin => drop(connection.commit(&ledger).unwrap()),
            _ => forbidden(Scope::Admin, connection.commit(&ledger)),
        }
    }
}

#[test]
fn many_with_the_same_key_at_once() {
    let (keys, texts) = keys();
    let server = Server::with(Setup { keys, ..Setup::default() });
    // The first ones are verified, the others remembered; none waits for ever, whoever is first.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| Client::new(server.options().key(&texts[0])).status().unwrap());
        }
    });
}
