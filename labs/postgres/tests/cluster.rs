//! Real clusters, where PostgreSQL is installed. `MOVIES_POSTGRES=require` makes its absence a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "these are tests"
)]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use private_postgres::{Cluster, Error, Programs, Setup};
use rustix::process::{Pid, getpgid, getpgrp, test_kill_process};
use tempfile::TempDir;

/// The programs, or nothing where that is allowed.
fn programs() -> Option<Programs> {
    match Programs::find(&["psql"]) {
        Ok(programs) => Some(programs),
        Err(missing) => {
            let required = std::env::var("MOVIES_POSTGRES").is_ok_and(|value| value == "require");
            assert!(!required, "MOVIES_POSTGRES=require, and {missing}");
            eprintln!("not run: {missing}");
            None
        }
    }
}

/// A short path, which other users can enter: the server's is another one than root.
fn scratch() -> (TempDir, PathBuf) {
    let scratch = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(scratch.path(), Permissions::from_mode(0o711)).unwrap();
    let directory = scratch.path().join("made/cluster");
    (scratch, directory)
}

fn ask(cluster: &Cluster, database: &str, sql: &str) -> String {
    let psql = &mut cluster.client("psql");
    let output = psql.args(["-X", "-q", "-A", "-t", "-d", database, "-c", sql]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn process_of(directory: &Path) -> Pid {
    let file = std::fs::read_to_string(directory.join("data/postmaster.pid")).unwrap();
    Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap()
}

#[test]
fn a_cluster_is_as_it_was_asked_to_be_and_goes_with_its_value() {
    let Some(programs) = programs() else { return };
    let (_scratch, directory) = scratch();
    let setup = Setup {
        superuser: "the boss",
        initdb: &["--data-checksums", "--no-sync"],
        settings: &[
            ("fsync", "on"),
            ("work_mem", "7MB"),
            ("cluster_name", r"it's \ here"),
            ("fsync", "off"),
            // What is private stays private.
            ("listen_addresses", "*"),
            ("port", "5499"),
        ],
        databases: &["shop", "a \"b\""],
    };
    let cluster = Cluster::start(&programs, &directory, &setup).unwrap();
    assert_eq!(cluster.directory(), directory);

    let settings = [
        ("fsync", "off"),
        ("work_mem", "7MB"),
        ("cluster_name", r"it's \ here"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("port", "5432"),
        ("server_encoding", "UTF8"),
        ("server_version", cluster.version()),
    ];
    for (name, value) in settings {
        assert_eq!(ask(&cluster, "postgres", &format!("SHOW {name}")), value, "{name}");
    }
    assert_eq!(ask(&cluster, "shop", "SELECT current_user"), "the boss");
    assert_eq!(ask(&cluster, "a \"b\"", "SELECT current_database()"), "a \"b\"");
    let mode = std::fs::metadata(&directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let process = process_of(&directory);
    // A terminal's ctrl-C reaches it, as it does this process.
    assert_eq!(getpgid(Some(process)).unwrap(), getpgrp());

    // Who is connected does not keep it.
    let mut idle = cluster.client("psql");
    idle.args(["-X", "-c", "SELECT pg_sleep(600)"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut idle = idle.spawn().unwrap();
    let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'";
    while ask(&cluster, "postgres", sleeps) != "1" {
        assert!(idle.try_wait().unwrap().is_none(), "it could not connect");
    }
    drop(cluster);
    assert!(!idle.wait().unwrap().success());
    assert!(test_kill_process(process).is_err(), "the server is left");
    assert!(!directory.exists(), "its files are left");
}

#[test]
fn what_fails_leaves_nothing_and_says_why() {
    let Some(programs) = programs() else { return };
    let (_scratch, directory) = scratch();
    let start = |setup: &Setup<'_>| Cluster::start(&programs, &directory, setup).unwrap_err();

    let error = start(&Setup { initdb: &["--no-such-option"], ..Setup::default() });
    assert!(
        matches!(&error, Error::Program { program: "initdb", said, .. } if said.contains("no-such-option")),
        "{error}"
    );
    assert!(!directory.exists());

    let error = start(&Setup {
        initdb: &["--no-sync"],
        databases: &["twice", "twice"],
        ..Setup::default()
    });
    assert!(
        matches!(&error, Error::Program { said, .. } if said.contains("\"twice\" already exists")),
        "{error}"
    );
    assert!(!directory.exists());

    let error = start(&Setup {
        initdb: &["--no-sync"],
        settings: &[("no_such_setting", "1")],
        ..Setup::default()
    });
    assert!(
        matches!(&error, Error::Ended { said, .. } if said.contains("no_such_setting")),
        "{error}"
    );
    assert!(error.to_string().contains(directory.to_str().unwrap()), "{error}");
    assert!(!directory.exists());
}

/// Neither needs PostgreSQL: they are found before it is asked.
#[test]
fn a_bad_place_is_refused_and_left_as_it_is() {
    let (scratch, directory) = scratch();
    for program in ["initdb", "postgres"] {
        std::fs::write(scratch.path().join(program), "").unwrap();
    }
    let programs = Programs::among([scratch.path().to_owned()], &[]).unwrap();
    let start = |directory: &Path| Cluster::start(&programs, directory, &Setup::default());

    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("mine"), "").unwrap();
    match start(&directory) {
        // Root without the package's user.
        Err(Error::NoUser { .. }) => return,
        refused => assert!(
            matches!(&refused, Err(Error::Occupied(path)) if *path == directory),
            "{refused:?}"
        ),
    }
    assert!(directory.join("mine").exists());

    let long = scratch.path().join("x".repeat(107 - 14 - scratch.path().as_os_str().len()));
    assert!(matches!(start(&long), Err(Error::LongPath { length: 108, most: 107, .. })));
    assert!(!long.exists());
    let longest = scratch.path().join("x".repeat(107 - 14 - scratch.path().as_os_str().len() - 1));
    // Long enough, and then it turns out what these programs are.
    assert!(matches!(start(&longest), Err(Error::Io { .. })));
    assert!(!longest.exists());
}
