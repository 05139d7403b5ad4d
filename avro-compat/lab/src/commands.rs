//! The course's commands: run by `curl` as they stand in a script that is left for people, with what came of each.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::tweets::Version;
use crate::{Result, protocol};

const VERSIONS: &str = "/subjects/tweets-value/versions";
const CHECK: &str = "/compatibility/subjects/tweets-value/versions/latest?verbose=true";

/// A request, and what its answer must have.
struct Step {
    why: &'static str,
    method: &'static str,
    path: String,
    body: Option<Value>,
    status: u16,
    /// The whole answer, or members of it.
    answer: Value,
}

/// What a command printed.
struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    /// The id in it.
    fn id(&self) -> Result<u32> {
        let id = self.body["id"].as_u64().ok_or_else(|| format!("no id in {}", self.body))?;
        Ok(u32::try_from(id)?)
    }
}

/// Ids that the registry gave to the versions.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    pub v1: u32,
    pub v2: u32,
    pub aliased: u32,
}

/// The commands of the lab.
pub struct Commands {
    script: PathBuf,
    transcript: PathBuf,
    url: String,
    commands: String,
    answers: String,
    rows: Vec<Vec<String>>,
    as_expected: u64,
    /// What the registry answered to the rename.
    rename_status: u16,
}

impl Commands {
    /// None run yet.
    pub fn new(out: &Path, url: &str) -> Result<Self> {
        if Command::new("curl").arg("--version").output().is_err() {
            return Err("curl is not installed, and this lab is about its commands: install it (apt install curl), then run this again".into());
        }
        let commands = "#!/bin/sh\n# The commands of lab 1-4. Start a registry first: cargo course schema-registry -- --help\n\
             # Another address: registry=http://127.0.0.1:PORT sh commands.sh\nregistry=${registry:-http://127.0.0.1:8081}\n";
        Ok(Self {
            script: out.join("commands.sh"),
            transcript: out.join("transcript.txt"),
            url: url.to_owned(),
            commands: commands.to_owned(),
            answers: String::new(),
            rows: Vec::new(),
            as_expected: 0,
            rename_status: 0,
        })
    }

    /// Runs all of them.
    pub fn run(&mut self) -> Result<Ids> {
        let get = |why, path: &str, answer| step(why, "GET", path, None, 200, answer);
        let put = |why, level: &str| {
            let body = json!({"compatibility": level});
            step(why, "PUT", "/config/tweets-value", Some(body.clone()), 200, body)
        };
        let compatible = |why, version, is| {
            step(why, "POST", CHECK, Some(sent(version)), 200, json!({"is_compatible": is}))
        };
        let register = |why, version, status, answer| {
            step(why, "POST", VERSIONS, Some(sent(version)), status, answer)
        };
        self.ask(&get("Nothing is registered yet.", "/subjects", json!([])))?;
        let v1 = self.ask(&register("The first version.", Version::V1, 200, json!({})))?;
        self.ask(&get(
            "What is there now.",
            &format!("{VERSIONS}/latest"),
            json!({"subject": "tweets-value", "version": 1}),
        ))?;
        self.ask(&put(
            "From now on each version shall read what the others wrote, and be read by them.",
            "FULL_TRANSITIVE",
        ))?;
        self.ask(&compatible(
            "Would the second version do? It has a new field with a default.",
            Version::V2,
            true,
        ))?;
        let v2 = self.ask(&register("It would.", Version::V2, 200, json!({})))?;
        self.ask(&register(
            "Registering again changes nothing: the same id.",
            Version::V1,
            200,
            v1.body.clone(),
        ))?;
        self.ask(&get("Both versions.", VERSIONS, json!([1, 2])))?;
        self.ask(&get(
            "The schema of an id, as consumers look it up.",
            &format!("/schemas/ids/{}", v1.id()?),
            json!({"schema": compact(Version::V1)?}),
        ))?;
        self.ask(&compatible(
            "A field with another name: old tweets have no body.",
            Version::Renamed,
            false,
        ))?;
        let refused = json!({"error_code": 409});
        let rename = register("So it is refused.", Version::Renamed, 409, refused);
        self.rename_status = self.ask(&rename)?.status;
        self.ask(&compatible(
            "With an alias the new reads the old, but not the old the new: still refused under FULL_TRANSITIVE.",
            Version::Aliased,
            false,
        ))?;
        self.ask(&put(
            "If all consumers are upgraded before the first producer, BACKWARD is enough.",
            "BACKWARD_TRANSITIVE",
        ))?;
        self.ask(&compatible("Now the alias will do.", Version::Aliased, true))?;
        let aliased =
            self.ask(&register("The third version.", Version::Aliased, 200, json!({})))?;
        self.ask(&get("All versions.", VERSIONS, json!([1, 2, 3])))?;
        Ok(Ids { v1: v1.id()?, v2: v2.id()?, aliased: aliased.id()? })
    }

    /// Runs one, and returns its answer, whether or not it is what it must be.
    fn ask(&mut self, step: &Step) -> Result<Answer> {
        let Step { why, method, path, body, status, answer } = step;
        let mut line = String::from("curl -sS");
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "30", "-w", "\n%{http_code}", "-X", method]);
        if *method != "GET" {
            write!(line, " -X {method}")?;
        }
        if let Some(body) = body {
            let body = body.to_string();
            let header = "Content-Type: application/vnd.schemaregistry.v1+json";
            curl.args(["-H", header, "--data", &body]);
            // No text of the lab has a single quote in it.
            write!(line, " -H '{header}' \\\n    --data '{body}' \\\n   ")?;
        }
        write!(line, " \"$registry{path}\"")?;
        write!(self.commands, "\n# {why}\n{line}\necho\n")?;
        let output = curl.arg(format!("{}{path}", self.url)).output()?;
        if !output.status.success() {
            return Err(format!("curl: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let (text, code) = text.rsplit_once('\n').ok_or("curl printed no status")?;
        writeln!(self.answers, "# {why}\n$ {}\n{code} {text}\n", line.replace("\\\n", ""))?;
        let found = Answer { status: code.parse()?, body: serde_json::from_str(text)? };
        self.as_expected += u64::from(found.status == *status && has(&found.body, answer));
        self.rows.push(vec![
            format!("{method} {path}"),
            (*why).to_owned(),
            code.to_owned(),
            shorten(text),
        ]);
        Ok(found)
    }

    /// Leaves script and transcript, and tells of them.
    pub fn save(self) -> Result<()> {
        std::fs::write(&self.script, self.commands)?;
        std::fs::write(&self.transcript, self.answers)?;
        protocol::artefact(&self.script, "The commands");
        protocol::artefact(&self.transcript, "The commands and their answers");
        protocol::measure("curl_commands_as_expected", self.as_expected, "commands");
        protocol::measure("rename_status", self.rename_status.into(), "status");
        protocol::table(
            "What the registry answered",
            &["request", "why", "status", "answer"],
            self.rows,
        );
        Ok(())
    }
}

fn step(
    why: &'static str,
    method: &'static str,
    path: &str,
    body: Option<Value>,
    status: u16,
    answer: Value,
) -> Step {
    Step { why, method, path: path.to_owned(), body, status, answer }
}

fn sent(version: Version) -> Value {
    json!({"schema": compact(version).unwrap_or_default()})
}

/// The text without blanks that mean nothing.
fn compact(version: Version) -> Result<String> {
    Ok(version.schema()?.to_json())
}

/// Whether an answer is what it must be; of objects, has the members that it must have.
fn has(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| found.get(name) == Some(value))
        }
        _ => found == expected,
    }
}

fn shorten(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
