//! What Kafka there is: the cluster that is in every program, real nodes where there is Java, and containers.

use crate::{
    finding::{Finding, State},
    place::Place,
    system::{Package, System},
};

/// The first version of Java that Apache Kafka 4 runs on.
const JAVA: u32 = 17;

const JDK: Package = Package {
    apt: "openjdk-17-jdk-headless",
    dnf: "java-21-openjdk-headless",
    pacman: "jdk21-openjdk",
    apk: "openjdk21",
    page: "https://adoptium.net",
};

/// Java, and the jars.
#[must_use]
pub fn examine(place: &Place, system: &System) -> Vec<Finding> {
    let version =
        place.says("java", &["-XshowSettings:properties", "-version"]).and_then(|said| java(&said));
    let java = match version {
        Some((version, text)) if version >= JAVA => State::found(text),
        Some((_, text)) => State::Missing {
            without: format!("{text} is too old for Apache Kafka 4: only the embedded broker"),
            get: system.get(JDK),
        },
        None => State::Missing {
            without: "only the embedded broker (librdkafka's): lab 1-5 is not measured".to_owned(),
            get: system.get(JDK),
        },
    };
    let get = "scripts/kafka_jars.sh (Maven Central, checksums checked)".to_owned();
    let jars = match jars(place) {
        Some(version) => State::found(format!("Apache Kafka {version}")),
        None => State::Missing { without: "real nodes cannot be started".to_owned(), get },
    };
    vec![
        Finding {
            name: "broker, embedded",
            purpose: "labs 00-B and 1-1",
            required: true,
            state: State::found("librdkafka's cluster, within the process"),
        },
        Finding {
            name: "Java 17",
            purpose: "real Kafka nodes; Java's Avro",
            required: false,
            state: java,
        },
        Finding { name: "broker, Apache Kafka", purpose: "lab 1-5", required: false, state: jars },
    ]
}

/// Which Java it is, and what it calls itself.
fn java(said: &str) -> Option<(u32, String)> {
    let property = said.lines().find_map(|line| {
        line.trim().strip_prefix("java.specification.version")?.trim_start().strip_prefix('=')
    })?;
    let name = said.lines().map(str::trim).find(|line| line.contains(" version \""));
    let version = property.trim();
    // Java 8 calls itself 1.8.
    let number = version.strip_prefix("1.").unwrap_or(version).parse().ok()?;
    Some((number, name.unwrap_or(version).to_owned()))
}

/// The version of the jars of a distribution that `KAFKA_HOME` names, or of those that `scripts/kafka_jars.sh` has fetched.
fn jars(place: &Place) -> Option<String> {
    let directory = match std::env::var_os("KAFKA_HOME") {
        Some(home) => std::path::PathBuf::from(home).join("libs"),
        None => std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| place.workspace().join("target"), Into::into)
            .join("kafka-jars"),
    };
    let names = std::fs::read_dir(directory).ok()?;
    names.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).find_map(|name| {
        let version = name.strip_prefix("kafka-clients-")?.strip_suffix(".jar")?;
        Some(version.to_owned())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may fail in any way it likes
mod tests {
    use super::*;

    #[test]
    fn javas_say_what_they_are() {
        let new = "Property settings:\n    java.specification.version = 21\nopenjdk version \"21.0.2\" 2024-01-16\n";
        assert_eq!(java(new).unwrap(), (21, "openjdk version \"21.0.2\" 2024-01-16".to_owned()));
        let old = "    java.specification.version = 1.8\nopenjdk version \"1.8.0_392\"\n";
        assert_eq!(java(old).unwrap().0, 8);
        assert_eq!(java("no such file"), None);
    }
}
