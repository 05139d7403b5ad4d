//! Events that are refused, each with its code; and the money does not move.

use ledger::codec;
use ledger::model::{Batch, Code, MAX_EVENTS, Transfer, TransferFlags};
use ledger::money::Amount;
use ledger_api::Problem;
use ledger_api::client::{ClientError, Connection};
use ledger_api::wire::Kind;

use crate::support::frames::{Raw, frame};
use crate::support::{Server, Setup, transfer, units};

#[test]
fn every_bad_transfer_has_its_code() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    let linked = TransferFlags::LINKED;
    let cases: &[(Transfer, Code)] = &[
        (Transfer { debit_account_id: 99, ..transfer(101, 5) }, Code::DebitAccountNotFound),
        (Transfer { credit_account_id: 99, ..transfer(102, 5) }, Code::CreditAccountNotFound),
        (
            Transfer { credit_account_id: 21, ..transfer(103, 5) },
            Code::AccountsMustHaveTheSameLedger,
        ),
        (Transfer { ledger: 2, ..transfer(104, 5) }, Code::TransferMustHaveTheSameLedgerAsAccounts),
        (transfer(105, 0), Code::AmountMustNotBeZero),
        (Transfer { debit_account_id: 5, ..transfer(106, 5) }, Code::ExceedsCredits),
        (Transfer { debit_account_id: 6, ..transfer(107, 5) }, Code::DebitAccountAlreadyClosed),
        (Transfer { credit_account_id: 6, ..transfer(108, 5) }, Code::CreditAccountAlreadyClosed),
        (Transfer { flags: linked, ..transfer(109, 5) }, Code::LinkedEventChainOpen),
        (
            Transfer { flags: TransferFlags::from_bits(1 << 15), ..transfer(110, 5) },
            Code::UnknownFlags,
        ),
        (transfer(0, 5), Code::IdMustNotBeZero),
        (transfer(u128::MAX, 5), Code::IdMustNotBeIntMax),
        (Transfer { timestamp: 7, ..transfer(111, 5) }, Code::TimestampMustBeZero),
        (Transfer { credit_account_id: 1, ..transfer(112, 5) }, Code::AccountsMustBeDifferent),
        (Transfer { code: 0, ..transfer(113, 5) }, Code::CodeMustNotBeZero),
    ];
    for (transfer, code) in cases {
        let outcomes = client.create_transfers(&[*transfer]).unwrap();
        assert_eq!(outcomes[0].code, *code, "{transfer:?}");
    }
    let overflow = client
        .create_transfers(&[Transfer { amount: Amount::MAX, ..transfer(120, 1) }, transfer(121, 1)])
        .unwrap();
    assert_eq!((overflow[0].code, overflow[1].code), (Code::Ok, Code::OverflowsDebitsPosted));
    let trials = client.trial_balance().unwrap();
    assert_eq!(trials[0].totals.debits_posted.amount(), Some(Amount::MAX));
    assert!(trials.iter().all(|it| it.totals.are_balanced()));
}

#[test]
fn half_a_chain_is_none() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    let linked = |id, amount| Transfer { flags: TransferFlags::LINKED, ..transfer(id, amount) };
    let outcomes = client.create_transfers(&[linked(1, 5), linked(2, 0), transfer(3, 5)]).unwrap();
    let codes: Vec<Code> = outcomes.iter().map(|it| it.code).collect();
    assert_eq!(
        codes,
        [Code::LinkedEventFailed, Code::AmountMustNotBeZero, Code::LinkedEventFailed]
    );
    let open = client.create_transfers(&[linked(4, 5), linked(5, 5)]).unwrap();
    let codes: Vec<Code> = open.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::LinkedEventFailed, Code::LinkedEventChainOpen]);
    assert_eq!(client.find_accounts(&[1]).unwrap()[0].balances, Default::default());
    // Whole, it happens.
    let whole = client.create_transfers(&[linked(6, 5), transfer(7, 5)]).unwrap();
    assert!(whole.iter().all(|it| it.code == Code::Ok));
    assert_eq!(whole[1].debit.debits_posted, units(10));
}

#[test]
fn batches_that_are_none() {
    let server = Server::with_accounts(Setup::default());
    let mut raw = Raw::greeted(server.tcp, "");
    let record = codec::transfer_bytes(&transfer(1, 5));
    let mut above = record;
    above[63] = 0xff;
    let kind = Kind::Transfers as u16;
    let mut refused = |kind, count, body: &[u8]| {
        raw.send(&frame(9, kind, count, 0, body));
        raw.problem()
    };
    assert!(matches!(refused(kind, 0, &[]), Problem::BadRequest(_)));
    assert!(matches!(refused(kind, 2, &record), Problem::BadRequest(_)));
    assert!(matches!(refused(kind, 1, &record[..127]), Problem::BadRequest(_)));
    assert!(matches!(refused(kind, u32::MAX, &record), Problem::TooLarge(_)));
    let told = refused(kind, 1, &above).to_string();
    assert!(told.contains("event 0") && told.contains("above the limit"), "{told}");
    let many = vec![0; (MAX_EVENTS + 1) * 16];
    assert!(matches!(
        refused(Kind::Ledgers as u16, MAX_EVENTS as u32 + 1, &many),
        Problem::TooLarge(_)
    ));
    assert!(matches!(refused(Kind::Transactions as u16, 1, &[255; 64]), Problem::BadRequest(_)));
    assert!(matches!(refused(5, 0, &[]), Problem::BadRequest(_)), "a tick is nobody's to send");
    assert!(matches!(refused(77, 0, &[]), Problem::BadRequest(_)));
    // The connection is as good as before.
    raw.send(&frame(10, kind, 1, 0, &record));
    let (header, body) = raw.receive().unwrap();
    assert_eq!((header.request, header.problem, header.count), (10, 0, 1));
    assert_eq!(body.len(), codec::TRANSFER_OUTCOME_BYTES);
}

#[test]
fn an_oversized_batch_is_refused_and_the_largest_is_not() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    let all: Vec<Transfer> = (1..=MAX_EVENTS as u128 + 3).map(|id| transfer(id, 1)).collect();
    let refused = client.create_transfers(&all);
    assert!(matches!(refused, Err(ClientError::Problem(Problem::TooLarge(_)))));
    // One that does not ask its client first.
    let mut connection = Connection::connect(&server.options()).unwrap();
    let refused = connection.commit(&Batch::Transfers(all[..=MAX_EVENTS].to_vec()));
    assert!(matches!(refused, Err(ClientError::Problem(Problem::TooLarge(_)))), "{refused:?}");
    // A frame that is longer than any may be is none: the connection ends, maybe before all of it was sent.
    let refused = connection.commit(&Batch::Transfers(all.clone()));
    let expected = matches!(
        refused,
        Err(ClientError::Problem(Problem::BadFrame(_)) | ClientError::Connection { .. })
    );
    assert!(expected, "{refused:?}");
    let outcomes = client.create_transfers(&all[..MAX_EVENTS]).unwrap();
    assert!(outcomes.iter().all(|it| it.code == Code::Ok));
    assert_eq!(outcomes.len(), MAX_EVENTS);
}
