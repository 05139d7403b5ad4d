//! What stands in `docker/` and `vendor/`, without Docker: that it is pinned, on this machine only, complete, and what it says it is.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

use std::path::{Path, PathBuf};

use dash::panels::Dashboard;
use sha2::{Digest as _, Sha256};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|it| panic!("{path}: {it}"))
}

#[test]
fn uplot_is_what_its_page_says() {
    let table = read("labs/dash/vendor/README.md");
    for file in ["uPlot.iife.min.js", "uPlot.min.css"] {
        let bytes = std::fs::read(root().join("labs/dash/vendor").join(file)).unwrap();
        let sum: String = Sha256::digest(&bytes).iter().map(|it| format!("{it:02x}")).collect();
        assert!(table.contains(&format!("| `{file}` | `{sum}` |")), "{file} is {sum}");
    }
    assert!(read("labs/dash/vendor/uPlot.iife.min.js").contains("uPlot (v1.6.32)"));
    assert!(read("labs/dash/vendor/uPlot.LICENSE").contains("MIT"));
}

#[test]
fn images_are_pinned_and_nothing_listens_beyond_this_machine() {
    let text = read("docker/plumbing.yml");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|it| !it.starts_with('#')).collect();
    let images: Vec<&str> = lines.iter().filter_map(|it| it.strip_prefix("image: ")).collect();
    for wanted in ["prom/prometheus:", "prom/alertmanager:", "grafana/grafana:", "apache/kafka:4."]
    {
        assert!(images.iter().any(|it| it.starts_with(wanted)), "no {wanted}");
    }
    for image in images {
        let version = image.rsplit_once(':').expect(image).1.trim_start_matches('v');
        assert_eq!(version.split('.').count(), 3, "{image} is not pinned");
        assert!(version.split('.').all(|it| it.parse::<u32>().is_ok()), "{image}");
    }
    assert!(!text.contains("0.0.0.0") && !lines.iter().any(|it| it.starts_with("ports:")));
    for wanted in [
        "--web.listen-address=127.0.0.1:9090",
        "--web.listen-address=127.0.0.1:9093",
        "GF_SERVER_HTTP_ADDR: 127.0.0.1",
        "KAFKA_LISTENERS: PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:29093",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    // What is mounted is there.
    for line in lines.iter().filter_map(|it| it.strip_prefix("- ./")) {
        let path = Path::new("docker").join(line.split(':').next().unwrap());
        assert!(root().join(&path).exists(), "{}", path.display());
    }
}

#[test]
fn every_alert_is_tested_and_says_what_to_do() {
    let (rules, tests) = (read("docker/rules.yml"), read("docker/rules_test.yml"));
    let alerts: Vec<&str> =
        rules.lines().filter_map(|it| it.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 10);
    for alert in &alerts {
        let uses = tests.matches(&format!("alertname: {alert}\n")).count();
        let silent = tests.matches(&format!("alertname: {alert}, exp_alerts: []")).count();
        assert!(uses >= 1, "no test where {alert} fires");
        assert!(silent >= 1, "no test where {alert} does not fire");
    }
    for word in ["severity: ", "summary: ", "action: ", "for: "] {
        assert_eq!(rules.matches(word).count(), alerts.len(), "{word}");
    }
}

/// What rules and panels look at is what servers have: the names, in the sources that write them.
#[test]
fn jobs_are_those_of_the_page() {
    let config = read("docker/prometheus.yml");
    for target in dash::target::DEFAULTS {
        let (name, url) = target.split_once('=').unwrap();
        let host = url.split('/').nth(2).unwrap();
        assert!(
            config.contains(&format!(
                "job_name: {name}\n    static_configs: [{{ targets: [\"{host}\"] }}]"
            )),
            "{target}"
        );
    }
    assert!(!Dashboard::built_in().unwrap().panels.is_empty());
}
