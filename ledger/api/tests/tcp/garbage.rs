//! What is no protocol: the server says so, cuts, and goes on.

use ledger::codec;
use ledger_api::Problem;
use ledger_api::wire::{HEADER_BYTES, Kind, MAX_BODY_BYTES};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::frames::{Raw, frame, hello};
use crate::support::{Server, Setup, transfer};

#[track_caller]
fn still_serves(server: &Server) {
    server.client().status().unwrap();
}

#[test]
fn random_bytes() {
    let server = Server::start();
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 64, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    runner
        .run(&(prop::collection::vec(any::<u8>(), 1..300), any::<bool>()), |(bytes, greeted)| {
            let mut raw =
                if greeted { Raw::greeted(server.tcp, "") } else { Raw::connect(server.tcp) };
            raw.send(&bytes);
            raw.0.shutdown(std::net::Shutdown::Write).unwrap();
            // Whatever it says, it ends.
            while let Some((header, _)) = raw.receive() {
                prop_assert_ne!(header.problem, 0);
            }
            Ok(())
        })
        .unwrap();
    still_serves(&server);
}

#[test]
fn mutated_frames_are_never_taken_for_others() {
    let server = Server::with_accounts(Setup::default());
    let good = frame(7, Kind::Transfers as u16, 1, 0, &codec::transfer_bytes(&transfer(1, 5)));
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        let mut raw = Raw::greeted(server.tcp, "");
        raw.send(&bad);
        raw.0.shutdown(std::net::Shutdown::Write).unwrap();
        if let Some((header, _)) = raw.receive() {
            assert_ne!(header.problem, 0, "byte {at}");
        }
        raw.ends();
    }
    assert!(server.client().find_entries(&[1]).unwrap().is_empty());
}

#[test]
fn truncated_frames() {
    let server = Server::with_accounts(Setup::default());
    let good = frame(7, Kind::Transfers as u16, 1, 0, &codec::transfer_bytes(&transfer(1, 5)));
    for length in [1, 3, 4, HEADER_BYTES - 1, HEADER_BYTES, good.len() - 1] {
        let mut raw = Raw::greeted(server.tcp, "");
        raw.send(&good[..length]);
        raw.0.shutdown(std::net::Shutdown::Write).unwrap();
        raw.ends();
    }
    assert!(server.client().find_entries(&[1]).unwrap().is_empty());
}

#[test]
fn a_wrong_sum_a_huge_length_another_protocol() {
    let server = Server::start();
    let mut wrong = frame(7, Kind::Status as u16, 0, 0, &[]);
    wrong[4] ^= 1;
    let mut huge = frame(7, Kind::Status as u16, 0, 0, &[]);
    huge[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut long = frame(7, Kind::Status as u16, 0, 0, &[]);
    long[24..28].copy_from_slice(&(MAX_BODY_BYTES as u32 + 1).to_le_bytes());
    for (bytes, says) in [
        (&wrong[..], "CRC-32C"),
        (&huge, "4294967295 bytes"),
        (&long, "1048577 bytes"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "begins with GET"),
        (b"LDG\x02............................", "version 2"),
    ] {
        let mut raw = Raw::greeted(server.tcp, "");
        raw.send(bytes);
        let problem = raw.problem();
        assert!(matches!(problem, Problem::BadFrame(_)), "{problem}");
        assert!(problem.to_string().contains(says), "{problem}");
        raw.ends();
    }
    still_serves(&server);
}

#[test]
fn nobody_asks_before_the_hello() {
    let server = Server::start();
    let mut raw = Raw::connect(server.tcp);
    raw.send(&frame(1, Kind::Status as u16, 0, 0, &[]));
    assert!(raw.problem().to_string().contains("the first frame of a connection is a hello"));
    raw.ends();
    // Nor is memory had before it: a key is short.
    let mut raw = Raw::connect(server.tcp);
    raw.send(&hello(&"x".repeat(2_000)));
    assert!(raw.problem().to_string().contains("at most 1024"));
    raw.ends();
    // A second one is refused, and nothing else happens.
    let mut raw = Raw::greeted(server.tcp, "");
    raw.send(&hello(""));
    assert!(matches!(raw.problem(), Problem::BadRequest(_)));
    raw.send(&frame(2, Kind::Status as u16, 0, 0, &[]));
    assert_eq!(raw.receive().unwrap().0.problem, 0);
}

#[test]
fn bodies_of_reads_that_are_none() {
    let server = Server::with_accounts(Setup::default());
    let mut raw = Raw::greeted(server.tcp, "");
    let reads = [
        (Kind::FindAccounts, 1, vec![0; 15]),
        (Kind::FindAccounts, u32::MAX, vec![0; 16]),
        (Kind::FindEntries, 2, vec![0; 16]),
        (Kind::Query, 0, vec![0; 47]),
        (Kind::Query, 1, vec![0; 48]),
        (Kind::Query, 0, vec![255; 48]),
        (Kind::Query, 65, vec![0; 48 + 65 * 96]),
        (Kind::BalancesAt, 1, vec![0; 16]),
        (Kind::TrialBalance, 1, vec![]),
        (Kind::Status, 0, vec![1]),
    ];
    for (kind, count, body) in reads {
        raw.send(&frame(3, kind as u16, count, 0, &body));
        let problem = raw.problem();
        assert!(
            matches!(problem, Problem::BadRequest(_) | Problem::TooLarge(_)),
            "{kind:?}: {problem}"
        );
    }
    raw.send(&frame(4, Kind::Status as u16, 0, 0, &[]));
    assert_eq!(raw.receive().unwrap().0.problem, 0);
}
