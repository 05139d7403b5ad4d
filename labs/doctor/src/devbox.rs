//! The dev container: whether it is built from what the scripts install, and what it takes.
//!
//! There is one list of packages, `scripts/packages.txt`, and one way to a toolchain, `scripts/install.sh`: the container copies both. What is checked here is that it does, that the
//! list and the scripts name the same things, that apt has them, and, where an engine runs, that the image builds and starts.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use serde::Serialize;

use crate::{place::Place, programs};

/// What the image is called.
const IMAGE: &str = "mlsj-devbox";
/// Where the list is.
const LIST: &str = "scripts/packages.txt";

/// Something that was checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// What.
    pub what: &'static str,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", content = "detail", rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Pass(String),
    /// It does not.
    Fail(String),
    /// It cannot be told here.
    NotMeasured(String),
}

/// What the image is, where one was built.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Image {
    /// Its size in bytes.
    pub bytes: u64,
    /// From `docker run` to the end of `true` in it, in seconds.
    pub start_seconds: f64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DevBox {
    /// What was checked.
    pub checks: Vec<Checked>,
    /// The image, where an engine runs.
    pub image: Option<Image>,
}

impl DevBox {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.checks.iter().any(|checked| matches!(checked.verdict, Verdict::Fail(_)))
    }
}

/// Checks everything. Takes a second without an engine, and minutes where the image has to be built.
#[must_use]
pub fn examine(place: &Place) -> DevBox {
    let list = list(place.workspace());
    let mut checks = vec![
        Checked {
            what: "devcontainer.json names a Dockerfile that is there",
            verdict: told(configuration(place.workspace())),
        },
        Checked {
            what: "the Dockerfile takes packages and toolchain from where the scripts do",
            verdict: told(dockerfile(place.workspace())),
        },
        Checked {
            what: "scripts and list name the same things",
            verdict: told(list.clone().and_then(|list| same_names(place.workspace(), &list))),
        },
        Checked {
            what: "doctor advises what the list has",
            verdict: told(list.clone().and_then(|list| same_advice(&list))),
        },
        Checked { what: "apt has every package", verdict: known(place, list) },
    ];
    let (built, image) = image(place);
    checks.push(Checked {
        what: "the image builds, starts, and has a compiler and a toolchain",
        verdict: built,
    });
    DevBox { checks, image }
}

fn told(result: Result<String, String>) -> Verdict {
    match result {
        Ok(detail) => Verdict::Pass(detail),
        Err(why) => Verdict::Fail(why),
    }
}

/// Names and packages.
type List = Vec<(String, String)>;

fn read(root: &Path, path: &str) -> Result<String, String> {
    fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))
}

fn list(root: &Path) -> Result<List, String> {
    let text = read(root, LIST)?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let list: List = lines
        .map(|line| {
            let pair =
                line.split_once(' ').ok_or_else(|| format!("{LIST}: `{line}` has no package"))?;
            Ok((pair.0.to_owned(), pair.1.trim().to_owned()))
        })
        .collect::<Result<_, String>>()?;
    let names: BTreeSet<&String> = list.iter().map(|(name, _)| name).collect();
    if names.len() < list.len() {
        return Err(format!("{LIST}: a name is there twice"));
    }
    Ok(list)
}

/// The configuration may have comments of whole lines, as its readers allow.
fn configuration(root: &Path) -> Result<String, String> {
    let path = ".devcontainer/devcontainer.json";
    let text = read(root, path)?;
    let bare: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let json: serde_json::Value =
        serde_json::from_str(&bare).map_err(|error| format!("{path}: {error}"))?;
    let dockerfile = json["build"]["dockerfile"]
        .as_str()
        .ok_or_else(|| format!("{path}: no build.dockerfile"))?;
    let context =
        json["build"]["context"].as_str().ok_or_else(|| format!("{path}: no build.context"))?;
    read(root, &format!(".devcontainer/{dockerfile}"))?;
    let whole = root
        .join(".devcontainer")
        .join(context)
        .canonicalize()
        .map_err(|error| format!("{path}: {context}: {error}"))?;
    if root.canonicalize().map_err(|error| error.to_string())? != whole {
        return Err(format!("{path}: the context {context} is not the work tree"));
    }
    Ok(format!("{} keys", json.as_object().map_or(0, serde_json::Map::len)))
}

fn dockerfile(root: &Path) -> Result<String, String> {
    let path = ".devcontainer/Dockerfile";
    let text = read(root, path)?.replace("\\\n", " ");
    let ignored = read(root, ".devcontainer/Dockerfile.dockerignore")?;
    let mut copied = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let mut words: Vec<&str> =
            line.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        words.pop();
        for source in words {
            if !root.join(source).exists() {
                return Err(format!("{path}: copies {source}, which is not there"));
            }
            if !ignored.lines().any(|line| line.strip_prefix('!') == Some(source)) {
                return Err(format!(
                    "{path}: copies {source}, which Dockerfile.dockerignore keeps out"
                ));
            }
            copied.insert(source.to_owned());
        }
    }
    for needed in [LIST, "scripts/install.sh", "rust-toolchain.toml"] {
        if !copied.contains(needed) {
            return Err(format!("{path}: does not copy {needed}"));
        }
    }
    if !text.lines().any(|line| {
        line.starts_with("RUN")
            && line.contains("packages.txt |")
            && line.contains("apt-get install")
    }) {
        return Err(format!("{path}: installs nothing from {LIST}"));
    }
    if !text.contains("need_toolchain") {
        return Err(format!("{path}: does not get the toolchain as the scripts do"));
    }
    let base = text.lines().find_map(|line| line.strip_prefix("FROM ")).unwrap_or_default();
    Ok(format!("on {base}"))
}

/// Every name that the scripts ask for is in the list, and the other way round.
fn same_names(root: &Path, list: &List) -> Result<String, String> {
    let script = read(root, "scripts/install.sh")?;
    let asked: BTreeSet<&str> = script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| {
            ["apt_thing ", "packages_of "]
                .into_iter()
                .flat_map(move |call| line.split(call).skip(1))
        })
        .filter_map(|rest| {
            rest.split(|c: char| !c.is_ascii_alphanumeric()).next().filter(|name| !name.is_empty())
        })
        .collect();
    let listed: BTreeSet<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
    let odd: Vec<&str> = asked.symmetric_difference(&listed).copied().collect();
    if odd.is_empty() {
        Ok(format!("{} things", listed.len()))
    } else {
        Err(format!("only in one of scripts/install.sh and {LIST}: {}", odd.join(", ")))
    }
}

/// What people are told to install is what the scripts would install.
fn same_advice(list: &List) -> Result<String, String> {
    let advice = programs::apt();
    let all: Vec<&str> = list.iter().flat_map(|(_, packages)| packages.split(' ')).collect();
    let odd: Vec<String> = advice
        .iter()
        .filter(|(name, packages)| {
            *name != "Docker" && !packages.split(' ').all(|package| all.contains(&package))
        })
        .map(|(name, packages)| format!("{name}: {packages}"))
        .collect();
    if odd.is_empty() {
        Ok(format!("{} programs", advice.len()))
    } else {
        Err(format!("not in {LIST}: {}", odd.join("; ")))
    }
}

fn known(place: &Place, list: Result<List, String>) -> Verdict {
    let packages: Vec<String> = match list {
        Ok(list) => {
            list.iter().flat_map(|(_, packages)| packages.split(' ').map(str::to_owned)).collect()
        }
        Err(why) => return Verdict::Fail(why),
    };
    if place.program("apt-cache").is_none() {
        return Verdict::NotMeasured("there is no apt here".to_owned());
    }
    // One question for all: apt reads its lists for each. `bash` shows whether it has any.
    let mut arguments = vec!["policy", "bash"];
    arguments.extend(packages.iter().map(String::as_str));
    let said = place.says("apt-cache", &arguments).unwrap_or_default();
    let candidates = candidates(&said);
    if !candidates.contains("bash") {
        return Verdict::NotMeasured("apt has no lists yet: apt-get update".to_owned());
    }
    let unknown: Vec<&str> = packages
        .iter()
        .map(String::as_str)
        .filter(|package| !candidates.contains(package))
        .collect();
    if unknown.is_empty() {
        Verdict::Pass(format!("{} packages", packages.len()))
    } else {
        Verdict::Fail(format!("apt has no {}", unknown.join(", ")))
    }
}

/// The packages that could be installed, in what `apt-cache policy` says.
fn candidates(said: &str) -> BTreeSet<&str> {
    let mut package = "";
    let mut candidates = BTreeSet::new();
    for line in said.lines() {
        match line.trim().strip_prefix("Candidate: ") {
            Some("(none)") => {}
            Some(_) => {
                candidates.insert(package);
            }
            None if !line.starts_with(' ') => package = line.trim_end_matches(':'),
            None => {}
        }
    }
    candidates
}

fn image(place: &Place) -> (Verdict, Option<Image>) {
    if !place.has_docker() {
        return (Verdict::NotMeasured("no Docker engine answers".to_owned()), None);
    }
    match build(place.workspace()) {
        Ok(image) => {
            let detail =
                format!("{} MiB, starts in {:.2} s", image.bytes >> 20, image.start_seconds);
            (Verdict::Pass(detail), Some(image))
        }
        Err(why) => (Verdict::Fail(why), None),
    }
}

fn build(root: &Path) -> Result<Image, String> {
    docker(root, &["build", "--quiet", "--tag", IMAGE, "--file", ".devcontainer/Dockerfile", "."])?;
    let size = docker(root, &["image", "inspect", "--format", "{{.Size}}", IMAGE])?;
    let bytes =
        size.trim().parse().map_err(|_| format!("docker says a size of `{}`", size.trim()))?;
    let begun = Instant::now();
    docker(root, &["run", "--rm", "--network", "none", IMAGE, "true"])?;
    let start_seconds = begun.elapsed().as_secs_f64();
    docker(
        root,
        &[
            "run",
            "--rm",
            "--network",
            "none",
            IMAGE,
            "bash",
            "-c",
            "cc --version && rustup toolchain list && javac -version",
        ],
    )?;
    Ok(Image { bytes, start_seconds })
}

fn docker(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker")
        .current_dir(root)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("docker: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last: Vec<&str> = said.lines().rev().take(3).collect();
    Err(format!(
        "docker {}: {}",
        arguments.first().unwrap_or(&""),
        last.into_iter().rev().collect::<Vec<_>>().join(" / ")
    ))
}
