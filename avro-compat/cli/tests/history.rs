//! Git's history of a path. Skipped, with the reason, where there is no Git.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use std::process::Command;

use run::{Outcome, Place};

/// A repository, if there is Git.
struct Repository(Place);

impl Repository {
    #[expect(clippy::print_stdout, reason = "why nothing is tested")]
    fn new() -> Option<Self> {
        if let Err(error) = Command::new("git").arg("--version").output() {
            println!("skipped: git cannot be started: {error}");
            return None;
        }
        let repository = Self(Place::new());
        repository.git("init -q -b main .");
        Some(repository)
    }

    fn git(&self, arguments: &str) {
        self.git_with(&arguments.split(' ').collect::<Vec<_>>());
    }

    fn git_with(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.0.0.path());
        command.args(["-c", "user.name=n", "-c", "user.email=e@example.com"]);
        command.args(["-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null"]);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
    }

    fn commit(&self, name: &str, text: &str) {
        self.0.write(name, text);
        self.git("add .");
        self.git("commit -q -m x");
    }

    fn run(&self, arguments: &str) -> Outcome {
        self.0.run(arguments)
    }

    /// Reader and writer of each comparison, commits without their hashes.
    fn compared(&self, arguments: &str) -> Vec<(String, String)> {
        let json = self.run(&format!("{arguments} --format json")).json();
        let name = |it: &serde_json::Value| match it.as_str().unwrap().split_once(':') {
            Some((hash, path)) => {
                assert!(hash.len() == 12 && hash.bytes().all(|it| it.is_ascii_hexdigit()), "{it}");
                format!("commit:{path}")
            }
            None => it.as_str().unwrap().to_owned(),
        };
        let all = json["comparisons"].as_array().unwrap();
        all.iter().map(|it| (name(&it["reader"]), name(&it["writer"]))).collect()
    }
}

fn pair(reader: &str, writer: &str) -> (String, String) {
    (reader.to_owned(), writer.to_owned())
}

#[test]
fn commits_are_versions() {
    let Some(repository) = Repository::new() else { return };
    repository.commit("s/a.avsc", "\"int\"");
    repository.commit("s/b.avsc", "\"string\"");
    repository.commit("s/a.avsc", "\"long\"");
    // Not a version: another file.
    repository.commit("s/readme.md", "text");
    assert_eq!(repository.compared("dir --git s"), [pair("s/a.avsc", "commit:s/a.avsc")]);
    assert_eq!(repository.compared("dir --git ."), [pair("s/a.avsc", "commit:s/a.avsc")]);
    repository
        .run("dir --git s")
        .exits(0)
        .says("compatible (BACKWARD, 1 comparison of 2 subjects)");
    repository.run("dir --git s --mode FULL").exits(1);
    // What is not committed is the newest.
    repository.0.write("s/a.avsc", "\"int\"");
    let expected =
        [pair("commit:s/a.avsc", "commit:s/a.avsc"), pair("s/a.avsc", "commit:s/a.avsc")];
    assert_eq!(repository.compared("dir --git s/a.avsc"), expected);
    let outcome = repository.run("dir --git s/a.avsc --newest --format github").exits(1);
    assert!(
        outcome
            .out
            .starts_with("::error file=s/a.avsc,line=1,col=1,title=type::s/a.avsc reads what "),
        "{}",
        outcome.out
    );
}

#[test]
fn renames_are_followed() {
    let Some(repository) = Repository::new() else { return };
    repository.commit("old name.avsc", run::OLD);
    repository.git_with(&["mv", "old name.avsc", "new.avsc"]);
    repository.git("commit -q -m renamed");
    repository.commit("new.avsc", run::NEW);
    let compared = repository.compared("dir --git new.avsc");
    assert_eq!(compared, [pair("new.avsc", "commit:old name.avsc")]);
    repository.run("dir --git new.avsc").exits(1).says("2 errors, 1 hazard");
}

#[test]
fn merges_count_as_a_whole_and_broken_versions_do_not() {
    let Some(repository) = Repository::new() else { return };
    repository.commit("a.avsc", "\"int\"");
    repository.git("checkout -q -b topic");
    repository.commit("a.avsc", "\"string\"");
    repository.commit("a.avsc", "\"long\"");
    repository.git("checkout -q main");
    repository.git("merge -q --no-ff -m merged topic");
    assert_eq!(repository.compared("dir --git a.avsc"), [pair("a.avsc", "commit:a.avsc")]);
    repository.run("dir --git a.avsc").exits(0);
    repository.commit("a.avsc", "\"lon");
    repository.commit("a.avsc", "\"double\"");
    let outcome = repository.run("dir --git a.avsc").exits(0);
    let outcome = outcome.says("compatible (BACKWARD, 2 comparisons of 1 subject, 1 hazard)");
    outcome.complains("left out: ").complains("does not end");
    // A broken one that is the newest is an error.
    repository.commit("a.avsc", "\"lon");
    repository.run("dir --git a.avsc").exits(2).says("error[schema]: this string does not end");
}

#[test]
fn what_git_does_not_know() {
    let Some(repository) = Repository::new() else { return };
    repository.0.write("new.avsc", "\"int\"");
    repository
        .run("dir --git new.avsc")
        .exits(2)
        .complains("new.avsc: no .avsc file that git knows");
    repository.run("dir --git .").exits(2).complains("commit it first");
    let outside = Place::with(&[("a.avsc", "\"int\"")]);
    let mut command = outside.command(&["dir", "--git", "."]);
    // Whatever is around the temporary directory.
    command.env("GIT_CEILING_DIRECTORIES", outside.0.path().parent().unwrap());
    run::outcome(&mut command)
        .exits(2)
        .complains("git rev-parse: ")
        .complains("not a git repository");
    let mut command = outside.command(&["dir", "--git", "."]);
    let outcome = run::outcome(command.env("PATH", "")).exits(2);
    outcome.complains("git rev-parse: the program cannot be started");
}

/// A gate that compares with nothing would always be open.
#[test]
fn a_shallow_clone_is_refused() {
    let Some(repository) = Repository::new() else { return };
    repository.commit("a.avsc", "\"int\"");
    repository.commit("a.avsc", "\"string\"");
    let source = format!("file://{}", repository.0.0.path().display());
    repository.git_with(&["clone", "-q", "--depth", "1", &source, "clone"]);
    let outcome = repository.run("dir --git clone/a.avsc").exits(2);
    outcome.complains("is a shallow clone").complains("fetch-depth: 0");
    repository.run("dir --git clone --allow-shallow").exits(0).says("0 comparisons of 1 subject");
}
