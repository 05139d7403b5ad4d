//! Prometheus itself: it checks our rules and configuration, scrapes our servers, and answers every panel's expression as we do.
//!
//! Debian's package prometheus has what it takes. Without it this says so and passes; with `DASH_PROMETHEUS=require` it fails.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dash::board::{Board, BoardOptions};
use dash::demo::{Demo, DemoOptions};
use dash::history::PanelView;
use dash::panels::{Dashboard, Panel};
use dash::target::Scraper;
use serde_json::Value;

/// When something counts as hanging.
const DEADLINE: Duration = Duration::from_secs(300);

fn docker() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("docker")
}

/// Whether Prometheus is here. Says so if not.
#[expect(clippy::print_stderr, reason = "what did not run is said")]
fn here() -> bool {
    let there = |program: &str| {
        Command::new(program).arg("--version").output().is_ok_and(|it| it.status.success())
    };
    let found = there("promtool") && there("prometheus");
    let required = std::env::var("DASH_PROMETHEUS").is_ok_and(|it| it == "require");
    assert!(
        found || !required,
        "DASH_PROMETHEUS=require, and there is no prometheus and promtool (apt: prometheus)"
    );
    if !found {
        eprintln!("not run: there is no prometheus and promtool here (apt: prometheus)");
    }
    found
}

fn promtool(arguments: &[&str]) {
    let output = Command::new("promtool").args(arguments).current_dir(docker()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {arguments:?}:\n{said}");
}

#[test]
fn rules_and_configuration() {
    if !here() {
        return;
    }
    promtool(&["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"]);
    promtool(&["test", "rules", "rules_test.yml"]);
    promtool(&["check", "config", "prometheus.yml"]);
}

/// A Prometheus that is killed when it is dropped.
struct Prometheus {
    child: Child,
    address: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// On the checked-in configuration, with our servers where they are.
    fn start(directory: &Path, demo: &Demo) -> Self {
        let mut config = std::fs::read_to_string(docker().join("prometheus.yml")).unwrap();
        for (target, default) in demo.targets().iter().zip(dash::target::DEFAULTS) {
            let usual = default.split('/').nth(2).unwrap();
            assert!(config.contains(usual));
            config = config.replace(usual, &target.instance);
        }
        config = config
            .replace("interval: 5s", "interval: 1s")
            .replace("scrape_timeout: 4s", "scrape_timeout: 1s");
        std::fs::write(directory.join("prometheus.yml"), config).unwrap();
        std::fs::copy(docker().join("rules.yml"), directory.join("rules.yml")).unwrap();
        // A port that is free now, and perhaps not any more: then there is another.
        for _ in 0..10 {
            let address =
                TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            let mut child = Command::new("prometheus")
                .arg(format!("--config.file={}", directory.join("prometheus.yml").display()))
                .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
                .arg(format!("--web.listen-address={address}"))
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
            let ready = lines
                .by_ref()
                .map_while(Result::ok)
                .any(|it| it.contains("Server is ready to receive web requests"));
            let prometheus = Self { child, address };
            if ready {
                // Or it would wait for somebody to read what it says.
                std::thread::spawn(move || lines.for_each(drop));
                return prometheus;
            }
        }
        panic!("prometheus does not start");
    }

    fn query(&self, expression: &str) -> Vec<(BTreeMap<String, String>, f64)> {
        let url = format!("http://{}/api/v1/query", self.address);
        let text = ureq::get(&url)
            .query("query", expression)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                let labels = serde_json::from_value(it["metric"].clone()).unwrap();
                (labels, it["value"][1].as_str().unwrap().parse().unwrap())
            })
            .collect()
    }
}

/// In what Prometheus' lines of a panel differ from ours.
fn difference(prometheus: &Prometheus, panel: &Panel, shown: &PanelView) -> Option<String> {
    let mut expected: Vec<String> = Vec::new();
    for query in &panel.queries {
        let found = prometheus.query(&query.text);
        if found.is_empty() || found.iter().any(|it| !it.1.is_finite()) {
            return Some(format!("{}: no finite answer to {}: {found:?}", panel.id, query.text));
        }
        expected
            .extend(found.into_iter().map(|it| query.name(&it.0.into_iter().collect::<Vec<_>>())));
    }
    // Prometheus has a target more: the node's exporter, which is not here.
    expected.retain(|it| it != "node");
    let mut found: Vec<&str> = shown.lines.iter().map(|it| it.name.as_str()).collect();
    expected.sort_unstable();
    found.sort_unstable();
    (found != expected).then(|| format!("{}: {found:?} here, {expected:?} there", panel.id))
}

#[test]
fn every_panel_has_an_answer_from_prometheus_and_the_same_lines_here() {
    if !here() {
        return;
    }
    let demo = Demo::start(&DemoOptions::anywhere()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(directory.path(), &demo);
    let dashboard = Dashboard::built_in().unwrap();
    let every = Duration::from_secs(1);
    let board = Board::new(
        dashboard.clone(),
        demo.targets(),
        BoardOptions { every, ..BoardOptions::default() },
    );
    let scraper = Scraper::default();
    let begun = Instant::now();
    // Until each expression has an answer of finite numbers, and ours are lines of the same names: rates take two scrapes, of either side.
    loop {
        std::thread::sleep(every);
        board.look(&scraper);
        let view = board.since(0);
        let differ: Vec<String> = dashboard
            .panels
            .iter()
            .zip(&view.panels)
            .filter_map(|(panel, shown)| difference(&prometheus, panel, shown))
            .collect();
        if differ.is_empty() {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "{differ:#?}");
    }
    // Servers under load do something, for whoever looks.
    for expression in [
        "sum(rate(kafka_topic_partition_current_offset[1m]))",
        "sum(rate(ledger_events_total{kind=\"transfer\"}[1m]))",
        "sum(rate(schema_registry_http_requests_total[1m]))",
    ] {
        assert!(prometheus.query(expression)[0].1 > 0.0, "{expression}");
    }
    // And no rule says that they are down.
    assert!(prometheus.query("ALERTS{job!=\"node\",alertname=\"TargetDown\"}").is_empty());
}
