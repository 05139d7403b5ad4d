//! The page, in a browser.
//!
//! It runs where `scripts/browser.sh` has put what it takes; elsewhere the tests say what is missing and pass, unless `LEDGER_BROWSER=require` is in the
//! environment. The scripts drive the page; what happens to the ledger meanwhile, they ask this side to do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "what fails shall fail the test, and what does not run shall say so"
)]

#[path = "../support/mod.rs"]
mod support;

mod content;
mod script;

use std::process::Command;
use std::sync::Arc;

use ledger::disk::MemoryDisk;
use ledger_api::client::{Client, ClientOptions};
use script::Script;
use support::{Program, Server, Setup, fail_syncs};

#[test]
fn everything_that_is_in_a_ledger_is_seen_exactly_and_live() {
    let Some(script) = Script::find("page.mjs") else { return };
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let client = program.client();
    content::fill(&client);
    script.run(program.http, &[], |asked| match asked {
        "transfer" => content::one_more(&client),
        _ => panic!("{asked}?"),
    });
    assert_eq!(program.terminate(), Some(0));
}

#[test]
fn from_an_empty_ledger_to_the_first_transfer_and_to_the_end() {
    let Some(script) = Script::find("life.mjs") else { return };
    let disk = Arc::new(MemoryDisk::new());
    let mut server = Server::with(Setup { disk: Arc::clone(&disk), ..Setup::default() });
    let address = server.http;
    script.run(address, &[], |asked| match asked {
        "stop on an error" => {
            fail_syncs(&disk);
            let mut web = server.web();
            let transfer = serde_json::json!({
                "id": "900", "debit_account_id": "1", "credit_account_id": "2", "ledger": 1, "code": 1, "amount": "1",
            });
            web.post("/v1/transfers", &transfer).problem(503, "stopped");
            web.get("/health").problem(503, "stopped");
        }
        "end" => drop(server.stop()),
        _ => panic!("{asked}?"),
    });
}

#[test]
fn keys_are_asked_for_checked_and_kept_out_of_sight() {
    let Some(script) = Script::find("keys.mjs") else { return };
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let keys = keys.to_str().unwrap();
    let create = |name: &str, scope: &str| {
        let made = Command::new(env!("CARGO_BIN_EXE_ledger_api"))
            .args(["key", "create", "--name", name, "--scope", scope, "--keys", keys])
            .output()
            .unwrap();
        assert!(made.status.success());
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    };
    let (admin, read) = (create("ada", "admin"), create("bob", "read"));
    let program = Program::start(&dir.path().join("data"), &["--keys", keys]);
    let client = Client::new(ClientOptions::new(program.tcp).key(&admin));
    content::fill(&client);
    script.run(program.http, &[&read], |asked| panic!("{asked}?"));
    assert_eq!(program.terminate(), Some(0));
}
