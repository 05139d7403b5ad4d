//! The program, started as people start it.
#![allow(dead_code)] // each test file uses its part
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What the program said.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Outcome {
    /// That it ended so, without having panicked.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|it| panic!("{it}: {self:#?}"))
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        assert!(self.out.contains(part), "no {part:?} in {self:#?}");
        self
    }

    #[track_caller]
    pub fn complains(self, part: &str) -> Self {
        assert!(self.err.contains(part), "no {part:?} in {self:#?}");
        self
    }
}

/// A directory of files, in which the program is started.
pub struct Place(pub TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avro-compat"));
        command.args(arguments).current_dir(self.0.path());
        for name in [
            "NO_COLOR",
            "SCHEMA_REGISTRY_AUTH",
            "http_proxy",
            "HTTP_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the program, with arguments between blanks.
    pub fn run(&self, arguments: &str) -> Outcome {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        outcome(&mut self.command(&arguments))
    }

    /// The same with standard input.
    pub fn run_with_input(&self, arguments: &str, input: impl AsRef<[u8]>) -> Outcome {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        let mut command = self.command(&arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The program may have ended before it has read all.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        told(child.wait_with_output().unwrap())
    }
}

pub fn outcome(command: &mut Command) -> Outcome {
    told(command.stdin(Stdio::null()).output().unwrap())
}

fn told(output: std::process::Output) -> Outcome {
    Outcome {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub const OLD: &str = r#"{
  "type": "record", "name": "Tweet", "namespace": "example",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN", "DE"]}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}
  ]
}
"#;

pub const NEW: &str = r#"{
  "type": "record", "name": "Tweet", "namespace": "example",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "lang", "type": {"type": "enum", "name": "Lang", "symbols": ["EN"]}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "retweets", "type": "int"}
  ]
}
"#;

/// The old and the new schema, as files.
pub fn tweets() -> Place {
    Place::with(&[("old.avsc", OLD), ("new.avsc", NEW)])
}
