//! The dev container of this work tree, and copies of it that were broken.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use doctor::{
    devbox::{DevBox, Verdict, examine},
    place::Place,
};
use tempfile::TempDir;

const FILES: [&str; 6] = [
    ".devcontainer/devcontainer.json",
    ".devcontainer/Dockerfile",
    ".devcontainer/Dockerfile.dockerignore",
    "scripts/packages.txt",
    "scripts/install.sh",
    "rust-toolchain.toml",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A copy in which something is replaced.
fn broken(file: &str, from: &str, to: &str) -> (TempDir, DevBox) {
    let copy = tempfile::tempdir().unwrap();
    for name in FILES {
        let text = fs::read_to_string(root().join(name)).unwrap();
        let text = if name == file {
            assert!(text.contains(from), "{file} has no `{from}`");
            text.replace(from, to)
        } else {
            text
        };
        let path = copy.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = examine(&Place::made_up("/nowhere", Vec::new(), copy.path()));
    (copy, found)
}

fn failures(found: &DevBox) -> Vec<&str> {
    let all = found.checks.iter();
    all.filter_map(|checked| {
        if let Verdict::Fail(why) = &checked.verdict { Some(why.as_str()) } else { None }
    })
    .collect()
}

#[test]
fn the_container_is_what_the_scripts_make() {
    let found = examine(&Place::made_up("/nowhere", Vec::new(), root()));
    assert_eq!(failures(&found), Vec::<&str>::new());
    assert!(found.is_ready());
    assert_eq!(found.image, None);
    assert!(
        matches!(&found.checks.last().unwrap().verdict, Verdict::NotMeasured(why) if why.contains("Docker"))
    );
}

#[test]
fn what_is_broken_is_named() {
    for (file, from, to, expected) in [
        (
            FILES[0],
            "\"dockerfile\": \"Dockerfile\"",
            "\"dockerfile\": \"Elsewhere\"",
            ".devcontainer/Elsewhere",
        ),
        (FILES[0], "\"context\": \"..\"", "\"context\": \"../scripts\"", "is not the work tree"),
        (FILES[0], "\"name\":", "name:", "devcontainer.json"),
        (
            FILES[1],
            "COPY scripts/packages.txt",
            "COPY scripts/nothing.txt",
            "copies scripts/nothing.txt, which is not there",
        ),
        (
            FILES[1],
            "scripts/install.sh scripts/packages.txt",
            "scripts/packages.txt",
            "does not copy scripts/install.sh",
        ),
        (
            FILES[1],
            "grep -v '^#' /tmp/packages.txt",
            "echo git",
            "installs nothing from scripts/packages.txt",
        ),
        (FILES[2], "!rust-toolchain.toml", "", "keeps out"),
        (FILES[3], "prometheus prometheus", "prometheus", "`prometheus` has no package"),
        (FILES[3], "prometheus prometheus", "curl prometheus", "a name is there twice"),
        (
            FILES[3],
            "prometheus prometheus",
            "metrics prometheus",
            "only in one of scripts/install.sh and scripts/packages.txt: metrics, prometheus",
        ),
        (FILES[3], "python python3 python3-venv", "python python3", "Python: python3 python3-venv"),
    ] {
        let (_copy, found) = broken(file, from, to);
        let why = failures(&found).join("\n");
        assert!(why.contains(expected), "{expected}: {why}");
        assert!(!found.is_ready());
    }
}

/// A docker that answers as the real one does, and writes down what it was asked.
#[test]
fn where_an_engine_runs_the_image_is_built_and_started() {
    let copy = tempfile::tempdir().unwrap();
    let docker = copy.path().join("docker");
    let asked = copy.path().join("asked");
    let script = "#!/bin/sh\necho \"$1\" >>\"$(dirname \"$0\")/asked\"\ncase $1 in version) echo 26.0;; image) echo 1468006400;; esac\n";
    fs::write(&docker, script).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_devbox"))
        .arg("--workspace")
        .arg(root())
        .arg("--json")
        .env("PATH", format!("{}:/usr/bin:/bin", copy.path().display()))
        .output()
        .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["image"]["bytes"], 1_468_006_400_u64);
    assert!(json["image"]["start_seconds"].as_f64().unwrap() > 0.0);
    let asked = fs::read_to_string(asked).unwrap();
    assert_eq!(
        asked.split_whitespace().collect::<Vec<_>>(),
        ["version", "build", "image", "run", "run"]
    );
}
