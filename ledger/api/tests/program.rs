//! The program: what kills it, what it refuses, how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

mod support;

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ledger::model::Code;
use ledger_api::client::{Client, ClientOptions};
use rustix::process::{Pid, Signal, kill_process};
use support::{Program, furnish, transfer, units, web};

fn output(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Program::command(dir, arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn files(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect();
    all.sort();
    all
}

/// Changes one byte.
fn damage(path: &Path, at: u64) {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

#[test]
fn killed_again_and_again_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..4_u128 {
        let program = Program::start(dir.path(), &["--generation", "50"]);
        let client = program.client();
        furnish(&client);
        for id in round * 100 + 1..=round * 100 + 40 {
            let outcome = client.create_transfers(&[transfer(id, id)]).unwrap()[0];
            assert_eq!(outcome.code, Code::Ok, "{id}: {outcome:?}");
            acknowledged.push((id, outcome));
        }
        program.kill();
    }
    let program = Program::start(dir.path(), &[]);
    let client = program.client();
    for (id, outcome) in &acknowledged {
        let again = client.create_transfers(&[transfer(*id, *id)]).unwrap()[0];
        assert_eq!(again.code, Code::Exists);
        assert_eq!(
            (again.timestamp, again.debit, again.credit),
            (outcome.timestamp, outcome.debit, outcome.credit)
        );
    }
    let sum = units(acknowledged.iter().map(|it| it.0).sum());
    assert_eq!(client.find_accounts(&[1]).unwrap()[0].balances.debits_posted, sum);
    assert_eq!(program.terminate(), Some(0));
}

#[test]
fn stopped_in_order_there_is_nothing_to_replay() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let client = program.client();
    furnish(&client);
    client.create_transfers(&[transfer(1, 5)]).unwrap();
    assert_eq!(program.terminate(), Some(0));
    assert_eq!(files(dir.path(), "snapshot-").len(), 1);
    let program = Program::start(dir.path(), &[]);
    assert_eq!(program.client().find_accounts(&[2]).unwrap()[0].balances.credits_posted, units(5));
    assert_eq!(program.terminate(), Some(0));
}

#[test]
fn what_the_archive_does_is_measured_and_no_amount_is() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &["--generation", "10"]);
    let client = program.client();
    furnish(&client);
    for id in 1..=40 {
        client.create_transfers(&[transfer(id, 987_654_321)]).unwrap();
    }
    let text = web::Web::new(program.http).get("/metrics").body;
    let of = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(of("lsm_user_bytes_total ") > 0.0, "{text}");
    assert!(of("lsm_written_bytes_total{purpose=\"log\"} ") > 0.0, "{text}");
    assert_eq!(of("ledger_healthy "), 1.0);
    assert!(text.ends_with("\n# EOF\n"));
    assert!(!text.contains("987654321"), "{text}");
}

#[test]
fn a_directory_that_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let _program = Program::start(dir.path(), &[]);
    let (code, told) = output(dir.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(told.contains("is in use by another process"), "{told}");
}

#[test]
fn an_address_that_is_in_use_and_a_directory_that_cannot_be() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let told = Command::new(env!("CARGO_BIN_EXE_ledger_api"))
        .args(["--tcp", &address, "--http", "127.0.0.1:0", "--grpc", "none", "--data"])
        .arg(dir.path().join("data"))
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stderr).contains(&format!("cannot listen on {address}")));
    assert!(!dir.path().join("data").exists(), "it was not touched");
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let (code, told) = output(&file, &[]);
    assert_eq!(code, Some(1));
    assert!(told.contains("could not create"), "{told}");
}

#[test]
fn a_damaged_segment_is_named_and_nothing_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let client = program.client();
    furnish(&client);
    for id in 1..=20 {
        client.create_transfers(&[transfer(id, 5)]).unwrap();
    }
    program.kill();
    let segment = files(dir.path(), "log-").remove(0);
    // In the first record, which later records say was durable.
    damage(&segment, 4_096 + 130);
    let (code, told) = output(dir.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(told.contains("is damaged at byte") && told.contains("log-"), "{told}");
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let client = program.client();
    furnish(&client);
    client.create_transfers(&[transfer(1, 5)]).unwrap();
    assert_eq!(program.terminate(), Some(0));
    damage(&files(dir.path(), "snapshot-").remove(0), 500);
    let program = Program::start(dir.path(), &[]);
    // By the log, all of it.
    assert_eq!(program.client().find_accounts(&[2]).unwrap()[0].balances.credits_posted, units(5));
    assert_eq!(program.terminate(), Some(0));
}

#[test]
fn beyond_this_machine_only_with_keys_and_tls() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let keys = dir.path().join("keys");
    let keys_text = keys.to_str().unwrap();
    let key = Command::new(env!("CARGO_BIN_EXE_ledger_api"))
        .args(["key", "create", "--name", "till-1", "--scope", "write", "--keys", keys_text])
        .output()
        .unwrap();
    assert!(key.status.success());
    for (arguments, says) in [
        (vec!["--grpc", "none", "--http", "0.0.0.0:0"], "API keys (--keys) and TLS"),
        (vec!["--grpc", "none", "--http", "0.0.0.0:0", "--keys", keys_text], "takes TLS"),
        #[cfg(feature = "grpc")]
        (vec!["--grpc", "0.0.0.0:0", "--http", "127.0.0.1:0"], "API keys (--keys) and TLS"),
    ] {
        let told = Command::new(env!("CARGO_BIN_EXE_ledger_api"))
            .args(["--tcp", "127.0.0.1:0", "--data"])
            .arg(&data)
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(told.status.code(), Some(1));
        let told = String::from_utf8(told.stderr).unwrap();
        assert!(told.contains(says) && told.contains("--insecure"), "{told}");
    }
    assert!(!data.exists());
}

#[test]
fn keys_by_the_program_and_never_in_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let keys = keys.to_str().unwrap();
    let create = |name: &str, scope: &str| {
        Command::new(env!("CARGO_BIN_EXE_ledger_api"))
            .args(["key", "create", "--name", name, "--scope", scope, "--keys", keys])
            .output()
            .unwrap()
    };
    let made = create("ada", "admin");
    assert!(made.status.success());
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let secret = key.rsplit('_').next().unwrap();
    assert!(!String::from_utf8(made.stderr).unwrap().contains(secret));
    assert!(!std::fs::read_to_string(keys).unwrap().contains(secret));
    assert_eq!(create("ada", "read").status.code(), Some(1), "the name is taken");
    assert_eq!(create("bob", "all").status.code(), Some(2), "there is no such scope");

    let mut child = Program::command(&dir.path().join("data"), &["--keys", keys]);
    let log = dir.path().join("log");
    let child =
        child.stdout(std::process::Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
    let mut child = child.spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let address = lines
        .map_while(Result::ok)
        .find_map(|it| it.strip_prefix("tcp ").map(|it| it.parse().unwrap()))
        .unwrap();
    let client = Client::new(ClientOptions::new(address).key(&key));
    furnish(&client);
    client.create_transfers(&[transfer(1, 123_456_789)]).unwrap();
    let nobody = Client::new(ClientOptions::new(address));
    assert!(nobody.status().is_err());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("event=\"opened\"") && log.contains("event=\"stopped\""), "{log}");
    assert!(
        !log.contains(secret) && !log.contains("123456789") && !log.contains("1234567.89"),
        "{log}"
    );
    std::fs::write(keys, "nonsense").unwrap();
    let (code, told) = output(&dir.path().join("data"), &["--keys", keys]);
    assert_eq!(code, Some(1));
    assert!(told.contains("line 1 of"), "{told}");
}

#[test]
fn chaos_in_short() {
    let told = Command::new(env!("CARGO_BIN_EXE_simulate_transfers"))
        .args([
            "--chaos",
            "--duration",
            "2",
            "--kills",
            "3",
            "--connections",
            "4",
            "--batch",
            "8",
            "--accounts",
            "50",
            "--json",
        ])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{error}");
    let proof: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(proof["kills"].as_u64().unwrap() >= 3, "{proof}");
    assert_eq!(proof["minor_units_missing"], "0");
}

/// The kernel's own `ENOSPC`, in a namespace; a machine that allows none says so, and nothing is tested.
#[test]
fn chaos_on_a_disk_that_runs_full() {
    let told = Command::new(env!("CARGO_BIN_EXE_simulate_transfers"))
        .args(["--chaos", "--fill", "--disk", "128", "--duration", "4", "--kills", "2"])
        .args(["--connections", "4", "--batch", "64", "--accounts", "50", "--rate", "40000"])
        .arg("--json")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&told.stderr);
    let proof: serde_json::Value = serde_json::from_slice(&told.stdout).expect(&error);
    if proof["not_done"].is_string() {
        return;
    }
    assert!(told.status.success(), "{error}");
    assert!(proof["disk_filled"].as_u64().unwrap() >= 1, "{proof}");
    assert_eq!(proof["minor_units_missing"], "0");
}

/// What clients know can be held against the ledger by somebody else.
#[test]
fn chaos_leaves_a_statement() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("statement.csv");
    let told = Command::new(env!("CARGO_BIN_EXE_simulate_transfers"))
        .args(["--chaos", "--transfers", "300", "--kills", "1", "--connections", "2"])
        .args(["--batch", "8", "--accounts", "20", "--json", "--data"])
        .arg(dir.path().join("data"))
        .arg("--statement")
        .arg(&file)
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let proof: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let statement = std::fs::read_to_string(&file).unwrap();
    let mut lines = statement.lines();
    assert_eq!(lines.next(), Some("account_id,debits_posted,credits_posted"));
    let mut sums = [0_u128; 2];
    for line in lines {
        let columns: Vec<u128> = line.split(',').map(|it| it.parse().unwrap()).collect();
        sums = [sums[0] + columns[1], sums[1] + columns[2]];
    }
    assert_eq!(sums.map(|it| it.to_string()), [proof["minor_units_posted"].as_str().unwrap(); 2]);
}

#[test]
fn load_of_every_profile() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let load = |address: std::net::SocketAddr, arguments: &[&str]| {
        let told = Command::new(env!("CARGO_BIN_EXE_simulate_transfers"))
            .args([
                "--json",
                "--connections",
                "2",
                "--accounts",
                "100",
                "--server",
                &address.to_string(),
            ])
            .args(arguments)
            .output()
            .unwrap();
        assert!(told.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&told.stderr));
        let report: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(
            (&report["balanced"], &report["refused"]),
            (&true.into(), &serde_json::json!({})),
            "{report}"
        );
        assert!(report["transfers"].as_u64().unwrap() >= 400, "{report}");
    };
    for profile in ["uniform", "hot", "zipf", "two-phase", "multi-currency"] {
        load(program.tcp, &["--profile", profile, "--transfers", "400", "--batch", "20"]);
    }
    load(program.tcp, &["--transfers", "400", "--ids", "random"]);
    load(program.http, &["--face", "http", "--transfers", "400"]);
    load(
        program.http,
        &["--face", "http", "--transfers", "400", "--batch", "20", "--profile", "two-phase"],
    );
    let nobody = Command::new(env!("CARGO_BIN_EXE_simulate_transfers"))
        .arg("--connections")
        .arg("0")
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(2));
}
