//! Machines that are made up: what is said of each.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it stands")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use doctor::{
    examine,
    finding::{Examination, Finding, State},
    place::Place,
    show,
};
use tempfile::TempDir;

/// A machine in a directory.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        fs::create_dir(machine.at("bin")).unwrap();
        machine.file("work/rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n");
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A program that does what a line of shell says.
    fn program(&self, name: &str, line: &str) {
        self.script(&self.at("bin").join(name), line);
    }

    fn script(&self, path: &Path, line: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\n{line}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn examine(&self) -> Examination {
        let place = Place::made_up(self.at("root"), vec![self.at("bin")], self.at("work"));
        examine(&place).unwrap()
    }
}

fn finding<'a>(examination: &'a Examination, name: &str) -> &'a Finding {
    examination
        .findings
        .iter()
        .find(|finding| finding.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

fn detail<'a>(examination: &'a Examination, name: &str) -> &'a str {
    match &finding(examination, name).state {
        State::Found { detail } => detail,
        State::Missing { without, .. } => panic!("{name} is missing: {without}"),
    }
}

fn get<'a>(examination: &'a Examination, name: &str) -> &'a str {
    match &finding(examination, name).state {
        State::Missing { get, .. } => get,
        State::Found { detail } => panic!("{name} is there: {detail}"),
    }
}

#[test]
fn an_empty_machine_lacks_what_is_required_and_says_how_to_get_it() {
    let machine = Machine::new();
    machine
        .file("root/etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
    let found = machine.examine();
    let lacking: Vec<&str> = found.lacking().map(|finding| finding.name).collect();
    assert_eq!(lacking, ["Rust toolchain", "C compiler", "C++ compiler", "make", "curl"]);
    assert_eq!(get(&found, "C compiler"), "sudo apt install gcc libc6-dev");
    assert_eq!(get(&found, "Rust toolchain"), "https://rustup.rs");
    assert_eq!(get(&found, "browser"), "sudo apt install chromium");
    let text = show::table(&found, Some(120));
    assert!(text.starts_with("Debian GNU/Linux 12 (bookworm)\n"), "{text}");
    assert!(
        text.contains(
            "Missing, and required: Rust toolchain, C compiler, C++ compiler, make, curl"
        ),
        "{text}"
    );
    // What is always there.
    assert!(detail(&found, "broker, embedded").contains("librdkafka"));
    assert!(detail(&found, "GPU, emulated").contains("softcuda"));
}

#[test]
fn other_systems_are_told_in_their_words() {
    for (id, expected) in [
        ("ID=fedora\n", "sudo dnf install chromium"),
        ("ID=\"manjaro\"\nID_LIKE=arch\n", "sudo pacman -S chromium"),
        ("ID=alpine\n", "sudo apk add chromium"),
        ("ID=plan9\n", "https://www.chromium.org/getting-involved/download-chromium/"),
        ("", "https://www.chromium.org/getting-involved/download-chromium/"),
    ] {
        let machine = Machine::new();
        machine.file("root/etc/os-release", id);
        assert_eq!(get(&machine.examine(), "browser"), expected, "{id}");
    }
}

#[test]
fn what_is_there_says_its_version() {
    let machine = Machine::new();
    machine.program("rustup", "echo 1.95.0-x86_64-unknown-linux-gnu");
    machine.program("cc", "echo 'cc (Debian) 12.2.0'");
    machine.program("c++", "echo 'c++ (Debian) 12.2.0'");
    machine.program("make", "echo 'GNU Make 4.3'");
    machine.program("curl", "echo 'curl 7.88.1'");
    machine.program(
        "java",
        "echo '    java.specification.version = 17' >&2; echo 'openjdk version \"17.0.9\"' >&2",
    );
    machine.program("nvidia-smi", "echo 'NVIDIA A100-SXM4-40GB, 40960 MiB, 535.104'");
    machine.program("docker", "echo 'engine 26.0'");
    machine.script(
        &machine.at("root/usr/lib/postgresql/15/bin/postgres"),
        "echo 'postgres (PostgreSQL) 15.8'",
    );
    machine.file("root/proc/meminfo", "MemTotal:       16777216 kB\nMemAvailable:   8388608 kB\n");
    machine.file("root/proc/cpuinfo", "model name\t: A Processor\nflags\t\t: fpu sse4_2 avx2\n");
    let found = machine.examine();
    assert_eq!(found.lacking().count(), 0);
    assert_eq!(detail(&found, "Rust toolchain"), "1.95.0 (rustup)");
    assert_eq!(detail(&found, "Java 17"), "openjdk version \"17.0.9\"");
    assert_eq!(detail(&found, "PostgreSQL"), "postgres (PostgreSQL) 15.8");
    assert_eq!(detail(&found, "GPU"), "NVIDIA A100-SXM4-40GB, 40960 MiB, 535.104");
    assert_eq!(detail(&found, "memory"), "16.0 GiB, 8.0 GiB of it free");
    assert!(detail(&found, "processor").ends_with("A Processor, avx2"));
    assert!(show::table(&found, Some(120)).contains("All that is required is there"));
}

#[test]
fn a_client_without_its_engine_is_no_docker_and_an_old_java_is_too_old() {
    let machine = Machine::new();
    machine.program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    machine.program(
        "java",
        "echo '    java.specification.version = 11' >&2; echo 'openjdk version \"11.0.2\"' >&2",
    );
    let found = machine.examine();
    assert!(!finding(&found, "Docker").state.is_found());
    let State::Missing { without, .. } = &finding(&found, "Java 17").state else { panic!() };
    assert!(without.contains("openjdk version \"11.0.2\" is too old"), "{without}");
}

#[test]
fn a_toolchain_that_is_not_the_pinned_one_is_named() {
    let machine = Machine::new();
    machine.program("rustup", "echo 1.90.0-x86_64-unknown-linux-gnu");
    let found = machine.examine();
    assert_eq!(get(&found, "Rust toolchain"), "rustup toolchain install 1.95.0 --profile minimal");
}

#[test]
fn a_work_tree_that_cannot_be_written_to_is_an_error_that_names_it() {
    let machine = Machine::new();
    machine.file("work/out", "a file where a directory should be");
    let place = Place::made_up(machine.at("root"), Vec::new(), machine.at("work"));
    let error = examine(&place).unwrap_err().to_string();
    assert!(error.contains("work/out"), "{error}");
}

#[test]
fn json_and_events_say_the_same() {
    let found = Machine::new().examine();
    let json = show::json(&found);
    assert_eq!(json["format"], 1);
    assert_eq!(json["findings"].as_array().unwrap().len(), found.findings.len());
    assert_eq!(json["findings"][0]["state"], "found");
    let events = show::events(&found);
    let measure =
        |id: &str| events.iter().find(|event| event["id"] == id).unwrap()["value"].as_f64();
    assert_eq!(measure("required_missing"), Some(5.0));
    assert_eq!(measure("brokers"), Some(1.0));
    let table = events.iter().find(|event| event["event"] == "table").unwrap();
    assert_eq!(table["rows"].as_array().unwrap().len(), found.findings.len());
}
