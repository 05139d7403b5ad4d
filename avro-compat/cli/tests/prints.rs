//! What only prints something: canonical, fingerprint, completions, serve, help.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use run::{Place, tweets};

#[test]
fn canonical_form() {
    let place = Place::with(&[(
        "a.avsc",
        r#"{"doc": "x", "type": {"type": "fixed", "size": 16, "name": "md5", "namespace": "org.example"}}"#,
    )]);
    place.run("canonical a.avsc").exits(2);
    let outcome = place.run("canonical a.avsc --lenient").exits(0);
    assert_eq!(outcome.out, "{\"name\":\"org.example.md5\",\"type\":\"fixed\",\"size\":16}\n");
}

#[test]
fn fingerprints() {
    // The published fingerprints of "int".
    let place = Place::with(&[("int.avsc", "\"int\"")]);
    for (arguments, expected) in [
        ("", "7275d51a3f395c8f"),
        (" --algorithm rabin", "7275d51a3f395c8f"),
        (" --little-endian", "8f5c393f1ad57572"),
        (" --algorithm md5", "ef524ea1b91e73173d938ade36c1db32"),
        (
            " --algorithm sha-256",
            "3f2b87a9fe7cc9b13835598c3981cd45e3e355309e5090aa0933d7becb6fba45",
        ),
    ] {
        let outcome = place.run(&format!("fingerprint int.avsc{arguments}")).exits(0);
        assert_eq!(outcome.out.trim_end(), expected);
    }
}

#[test]
fn completions() {
    let place = Place::new();
    for (shell, part) in [
        ("bash", "complete -F _avro__compat"),
        ("zsh", "#compdef avro-compat"),
        ("fish", "complete -c avro-compat"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        place.run(&format!("completions {shell}")).exits(0).says(part);
    }
}

/// What bash completes, by bash itself.
#[test]
fn bash_completes_subcommands() {
    if std::process::Command::new("bash").arg("--version").output().is_err() {
        println!("skipped: there is no bash here");
        return;
    }
    let place = Place::new();
    let script = place.run("completions bash").exits(0).out;
    let completed = |words: &str| {
        let last = words.split(' ').count() - 1;
        let word = words.rsplit(' ').next().unwrap();
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={last}; _avro__compat avro-compat '{word}' x; echo \"${{COMPREPLY[*]}}\""
        );
        let output = std::process::Command::new("bash").args(["-c", &ask]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    assert_eq!(completed("avro-compat fi"), "fix fingerprint");
    assert_eq!(completed("avro-compat fingerprint --alg"), "--algorithm");
    assert_eq!(completed("avro-compat check --mo"), "--mode");
}

#[test]
fn help_documents_exit_codes_and_has_examples() {
    let place = Place::new();
    place.run("--help").exits(0).says("Exit codes:\n  0  compatible").says("Examples:");
    for command in ["check", "diff", "witness", "fix", "rename", "fmt", "dir", "registry", "cat"] {
        let outcome = place.run(&format!("{command} --help")).exits(0);
        outcome.says("Exit codes: 0 ").says("Examples:").says(&format!("  avro-compat {command} "));
    }
}

#[test]
fn a_pipe_that_closes_is_no_fault() {
    let place = tweets();
    let mut command = place.command(&["completions", "bash"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A program that says what it was started with takes the server's place.
#[test]
#[cfg(unix)]
fn serve_starts_the_server() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    // A copy, so that nothing stands beside it.
    let program = place.path("bin/avro-compat");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_avro-compat"), &program).unwrap();
    let serve = |path: &str| {
        let mut command = std::process::Command::new(&program);
        run::outcome(command.args(["serve", "--port", "1", "x"]).env("PATH", path))
    };
    serve("")
        .exits(2)
        .complains("there is no schema-registry beside")
        .complains("cargo build -p schema-registry");
    let script = |name: &str, code: i32| {
        place.write(name, format!("#!/bin/sh\necho \"$0 $*\"\nexit {code}\n"));
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("elsewhere/schema-registry", 7);
    serve(place.path("elsewhere").to_str().unwrap())
        .exits(7)
        .says("elsewhere/schema-registry --port 1 x\n");
    script("bin/schema-registry", 8);
    serve(place.path("elsewhere").to_str().unwrap())
        .exits(8)
        .says("bin/schema-registry --port 1 x\n");
}
