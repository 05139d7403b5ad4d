//! Where Apache Kafka's jars are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::{Error, Result};

/// What gets the jars.
const FETCH: &str =
    "run scripts/kafka_jars.sh (it needs curl), or set KAFKA_HOME to an unpacked Apache Kafka 4";

/// Jars of Apache Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    jars: PathBuf,
    version: String,
}

impl Distribution {
    /// Looks for it, in this order:
    ///
    /// 1. `KAFKA_HOME/libs`, an unpacked distribution,
    /// 2. `QUEUE_CHAOS_JARS`, a directory of jars,
    /// 3. `kafka-jars` in `CARGO_TARGET_DIR`, or in the directory `target` of the current directory or one above it: where `scripts/kafka_jars.sh` puts them,
    /// 4. `~/.cache/queue-chaos/kafka-jars`.
    ///
    /// A variable that is set is believed: if there is no Kafka where it points, that is the error.
    ///
    /// # Errors
    /// [`Error::Broker`] that says what to do if there is none.
    pub fn find() -> Result<Self> {
        if let Some(home) = set("KAFKA_HOME") {
            return Self::at(Path::new(&home).join("libs"));
        }
        if let Some(jars) = set("QUEUE_CHAOS_JARS") {
            return Self::at(jars);
        }
        let mut places = Vec::new();
        places.extend(set("CARGO_TARGET_DIR").map(PathBuf::from));
        if let Ok(here) = env::current_dir() {
            places.extend(here.ancestors().map(|above| above.join("target")));
        }
        places.extend(set("HOME").map(|home| Path::new(&home).join(".cache/queue-chaos")));
        places
            .into_iter()
            .map(|place| place.join("kafka-jars"))
            .find(|jars| jars.is_dir())
            .map_or_else(
                || {
                    Err(Error::Broker {
                        what: "looking for Apache Kafka".into(),
                        why: format!("it is not here: {FETCH}"),
                    })
                },
                Self::at,
            )
    }

    /// That of a directory of jars.
    ///
    /// # Errors
    /// [`Error::File`] if the directory cannot be read, [`Error::Broker`] if it has no `kafka_2.13-4.*.jar`, or several.
    pub fn at(jars: impl Into<PathBuf>) -> Result<Self> {
        let jars = jars.into();
        let entries =
            fs::read_dir(&jars).map_err(|source| Error::File { path: jars.clone(), source })?;
        let mut versions: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| {
                let version = name.strip_prefix("kafka_2.13-")?.strip_suffix(".jar")?;
                version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
            })
            // The distribution has further jars whose names go on.
            .filter(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
            .collect();
        let wrong = |why: String| Error::Broker {
            what: format!("Apache Kafka in {}", jars.display()),
            why,
        };
        match (versions.pop(), versions.pop()) {
            (None, _) => Err(wrong(format!("no kafka_2.13-4.*.jar there: {FETCH}"))),
            (Some(one), Some(other)) => {
                Err(wrong(format!("both {one} and {other} are there, and Java would mix them")))
            }
            (Some(version), None) if version.starts_with("4.") => Ok(Self { jars, version }),
            (Some(version), None) => Err(wrong(format!("it is {version}; what is needed is 4"))),
        }
    }

    /// Kafka's version, as `4.3.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The directory of its jars.
    #[must_use]
    pub fn jars(&self) -> &Path {
        &self.jars
    }

    /// What Java is told to take classes from.
    pub(super) fn class_path(&self) -> OsString {
        self.jars.join("*").into_os_string()
    }

    /// The first number of the version of a Java, 17 and such, which runs once for that.
    ///
    /// # Errors
    /// [`Error::Broker`] if it cannot be run, or says nothing of the kind.
    pub fn java_version(java: &Path) -> Result<u32> {
        let what = || format!("running {} -version", java.display());
        let output = Command::new(java).arg("-version").stdin(Stdio::null()).output();
        let output = output.map_err(|error| Error::Broker {
            what: what(),
            why: format!("{error}: install Java 17 or later, or set JAVA_HOME"),
        })?;
        let said = String::from_utf8_lossy(&output.stderr);
        version_of(&said).ok_or_else(|| Error::Broker {
            what: what(),
            why: format!("it does not say which version it is: {}", said.trim()),
        })
    }

    /// The Java of `JAVA_HOME`, else the one that the system finds.
    #[must_use]
    pub fn java() -> PathBuf {
        set("JAVA_HOME").map_or_else(|| "java".into(), |home| Path::new(&home).join("bin/java"))
    }
}

fn set(variable: &str) -> Option<OsString> {
    env::var_os(variable).filter(|value| !value.is_empty())
}

/// As in `openjdk version "17.0.15" 2025-04-15`, and `java version "1.8.0_292"`.
fn version_of(said: &str) -> Option<u32> {
    let version = said.split('"').nth(1)?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        first => Some(first),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version_of("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK"), Some(17));
        assert_eq!(version_of("openjdk version \"21\" 2023-09-19"), Some(21));
        assert_eq!(version_of("openjdk version \"22-ea\" 2024-03-19"), Some(22));
        assert_eq!(version_of("java version \"1.8.0_292\""), Some(8));
        assert_eq!(version_of("no java"), None);
    }

    #[test]
    fn a_directory_must_have_one_kafka_of_version_4() {
        let directory = tempfile::tempdir().unwrap();
        let at = || Distribution::at(directory.path()).map_err(|error| error.to_string());
        let put = |name: &str| fs::write(directory.path().join(name), "").unwrap();

        assert!(at().unwrap_err().contains("scripts/kafka_jars.sh"));
        put("kafka-clients-4.3.1.jar");
        assert!(at().is_err());
        put("kafka_2.13-4.3.1.jar");
        put("kafka_2.13-4.3.1-sources.jar");
        assert_eq!(at().unwrap().version(), "4.3.1");
        put("kafka_2.13-4.2.0.jar");
        assert!(at().unwrap_err().contains("both"));
        fs::remove_file(directory.path().join("kafka_2.13-4.3.1.jar")).unwrap();
        fs::rename(
            directory.path().join("kafka_2.13-4.2.0.jar"),
            directory.path().join("kafka_2.13-3.9.0.jar"),
        )
        .unwrap();
        assert!(at().unwrap_err().contains("3.9.0"));
        assert!(Distribution::at(directory.path().join("none")).is_err());
    }
}
