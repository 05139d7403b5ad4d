//! Compilers, interpreters, servers, browsers.

use crate::{
    finding::{Finding, State},
    place::Place,
    system::{Package, System},
};

/// A program of one of several names.
struct Program {
    name: &'static str,
    purpose: &'static str,
    required: bool,
    /// Names or paths below `/`, and how each is asked for its version. The first that answers counts.
    ways: &'static [(&'static str, &'static [&'static str])],
    without: &'static str,
    package: Package,
}

const VERSION: &[&str] = &["--version"];

const REQUIRED: [Program; 4] = [
    Program {
        name: "C compiler",
        purpose: "linking every program",
        required: true,
        ways: &[("cc", VERSION)],
        without: "rustc cannot link",
        package: Package {
            apt: "gcc libc6-dev",
            dnf: "gcc",
            pacman: "gcc",
            apk: "build-base",
            page: "a C compiler that is found as `cc`",
        },
    },
    Program {
        name: "C++ compiler",
        purpose: "building librdkafka, which is the embedded broker; RocksDB, the rival of `just bench lsm`",
        required: true,
        ways: &[("c++", VERSION)],
        without: "librdkafka is not configured without one",
        package: Package {
            apt: "g++",
            dnf: "gcc-c++",
            pacman: "gcc",
            apk: "build-base",
            page: "a C++ compiler that is found as `c++`",
        },
    },
    Program {
        name: "make",
        purpose: "building librdkafka",
        required: true,
        ways: &[("make", VERSION)],
        without: "librdkafka is not built",
        package: Package {
            apt: "make",
            dnf: "make",
            pacman: "make",
            apk: "build-base",
            page: "https://www.gnu.org/software/make/",
        },
    },
    Program {
        name: "curl",
        purpose: "lab 1-4; fetching Apache Kafka's jars",
        required: true,
        ways: &[("curl", VERSION)],
        without: "lab 1-4 fails",
        package: Package {
            apt: "curl",
            dnf: "curl",
            pacman: "curl",
            apk: "curl",
            page: "https://curl.se",
        },
    },
];

const OPTIONAL: [Program; 8] = [
    Program {
        name: "just",
        purpose: "short commands",
        required: false,
        ways: &[("just", VERSION)],
        without: "./dev_up.sh, ./dev_test.sh and `cargo labs` work all the same",
        package: Package {
            apt: "",
            dnf: "just",
            pacman: "just",
            apk: "just",
            page: "cargo install --locked just",
        },
    },
    Program {
        name: "PostgreSQL",
        purpose: "stores of lab 1-2, and the rival of `just bench ledger`",
        required: false,
        ways: &[
            ("postgres", VERSION),
            ("/usr/lib/postgresql/17/bin/postgres", VERSION),
            ("/usr/lib/postgresql/16/bin/postgres", VERSION),
            ("/usr/lib/postgresql/15/bin/postgres", VERSION),
        ],
        without: "lab 1-2 measures SQLite alone; the ledger's ratios are not measured",
        package: Package {
            apt: "postgresql",
            dnf: "postgresql-server postgresql-contrib",
            pacman: "postgresql",
            apk: "postgresql postgresql-contrib",
            page: "https://www.postgresql.org/download/",
        },
    },
    Program {
        name: "browser",
        purpose: "looking at reports; tests of web pages drive it",
        required: false,
        ways: &[
            ("chromium", VERSION),
            ("chromium-browser", VERSION),
            ("google-chrome", VERSION),
            ("firefox", VERSION),
        ],
        without: "pages are not tested in a browser",
        package: Package {
            apt: "chromium",
            dnf: "chromium",
            pacman: "chromium",
            apk: "chromium",
            page: "https://www.chromium.org/getting-involved/download-chromium/",
        },
    },
    Program {
        name: "Python",
        purpose: "tests and gates that ask fastavro and a Python client",
        required: false,
        ways: &[("python3", VERSION)],
        without: "these comparisons do not run",
        package: Package {
            apt: "python3 python3-venv",
            dnf: "python3",
            pacman: "python",
            apk: "python3",
            page: "https://www.python.org/downloads/",
        },
    },
    Program {
        name: "node",
        purpose: "tests with a JavaScript client, and in a browser",
        required: false,
        ways: &[("node", VERSION), ("nodejs", VERSION)],
        without: "these tests do not run",
        package: Package {
            apt: "nodejs npm",
            dnf: "nodejs npm",
            pacman: "nodejs npm",
            apk: "nodejs npm",
            page: "https://nodejs.org",
        },
    },
    Program {
        name: "Docker",
        purpose: "the stack of Prometheus and Grafana; the dev container",
        required: false,
        // The engine has to answer, not only the client.
        ways: &[
            ("docker", &["version", "--format", "engine {{.Server.Version}}"]),
            ("podman", &["version", "--format", "podman {{.Client.Version}}"]),
        ],
        without: "`just dash` draws the same figures without it",
        package: Package {
            apt: "docker.io",
            dnf: "podman",
            pacman: "docker",
            apk: "docker",
            page: "https://docs.docker.com/engine/install/",
        },
    },
    Program {
        name: "promtool",
        purpose: "testing the alert rules",
        required: false,
        ways: &[("promtool", VERSION)],
        without: "rules are not tested",
        package: Package {
            apt: "prometheus",
            dnf: "golang-github-prometheus",
            pacman: "prometheus",
            apk: "prometheus",
            page: "https://prometheus.io/download/",
        },
    },
    Program {
        name: "mdbook",
        purpose: "the book as a site",
        required: false,
        ways: &[("mdbook", VERSION)],
        without: "its pages are read in docs/src",
        package: Package {
            apt: "",
            dnf: "mdbook",
            pacman: "mdbook",
            apk: "mdbook",
            page: "cargo install --locked mdbook",
        },
    },
];

/// What Debian calls the programs that it has.
pub(crate) fn apt() -> Vec<(&'static str, &'static str)> {
    let all = REQUIRED.iter().chain(&OPTIONAL);
    all.map(|program| (program.name, program.package.apt))
        .filter(|(_, apt)| !apt.is_empty())
        .collect()
}

/// What nothing goes without.
#[must_use]
pub fn required(place: &Place, system: &System) -> Vec<Finding> {
    let programs = REQUIRED.iter().map(|program| examine(place, system, program));
    std::iter::once(toolchain(place)).chain(programs).collect()
}

/// What is good to have.
#[must_use]
pub fn optional(place: &Place, system: &System) -> Vec<Finding> {
    OPTIONAL.iter().map(|program| examine(place, system, program)).collect()
}

fn examine(place: &Place, system: &System, program: &Program) -> Finding {
    let version = program.ways.iter().find_map(|(name, arguments)| place.version(name, arguments));
    let state = match version {
        Some(version) => State::found(version),
        None => {
            State::Missing { without: program.without.to_owned(), get: system.get(program.package) }
        }
    };
    Finding { name: program.name, purpose: program.purpose, required: program.required, state }
}

/// The toolchain that the work tree pins. rustup would fetch it when it is asked for its version: so it is asked what there is.
fn toolchain(place: &Place) -> Finding {
    let pinned = std::fs::read_to_string(place.workspace().join("rust-toolchain.toml"));
    let pinned = pinned.unwrap_or_default().lines().find_map(|line| {
        let value = line.strip_prefix("channel")?.trim_start().strip_prefix('=')?;
        Some(value.trim().trim_matches('"').to_owned())
    });
    let name = "Rust toolchain";
    let purpose = "building";
    let without = || "nothing can be built".to_owned();
    let missing = |get: String| State::Missing { without: without(), get };
    let wanted = pinned.as_deref().unwrap_or("stable");
    let state = match place.says("rustup", &["toolchain", "list"]) {
        Some(list) => {
            if list.lines().any(|line| line.starts_with(&format!("{wanted}-")) || line == wanted) {
                State::found(format!("{wanted} (rustup)"))
            } else {
                missing(format!("rustup toolchain install {wanted} --profile minimal"))
            }
        }
        None => match place.version("cargo", VERSION) {
            Some(version) if at_least(&version, wanted) => State::found(version),
            Some(version) => {
                missing(format!("{version} is older than {wanted}: https://rustup.rs"))
            }
            None => missing("https://rustup.rs".to_owned()),
        },
    };
    Finding { name, purpose, required: true, state }
}

/// Whether `cargo 1.95.0 (...)` is 1.95 or later.
fn at_least(said: &str, wanted: &str) -> bool {
    let numbers =
        |text: &str| -> Vec<u32> { text.split('.').map_while(|part| part.parse().ok()).collect() };
    let said = said.split_whitespace().nth(1).map(numbers).unwrap_or_default();
    !said.is_empty() && said >= numbers(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(at_least("cargo 1.95.0 (abc 2026-03-01)", "1.95"));
        assert!(at_least("cargo 1.100.2", "1.95.0"));
        assert!(!at_least("cargo 1.9.0", "1.95.0"));
        assert!(!at_least("", "1.95.0"));
    }
}
