//! What is scraped, and scraping it.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::exposition::{Limits, Sample, parse};
use crate::{Error, Result};

/// The most bytes of an answer.
const BYTES: u64 = 4 << 20;
/// How long a target may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A server that has metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// What it is called: Prometheus' `job`.
    pub name: String,
    /// Where its metrics are.
    pub url: String,
    /// Its address: Prometheus' `instance`.
    #[serde(skip)]
    pub instance: String,
}

/// Our servers, at the ports that they have if nobody says otherwise.
pub const DEFAULTS: [&str; 3] = [
    "ledger=http://127.0.0.1:7080/metrics",
    "registry=http://127.0.0.1:8081/metrics",
    "queue=http://127.0.0.1:9308/metrics",
];

impl std::str::FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |what| Error::Target { target: text.to_owned(), what };
        let (name, url) = text.split_once('=').ok_or_else(|| bad("it has no ="))?;
        let plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(bad("its name is not from 1 to 64 letters, digits and -_."));
        }
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| bad("its URL does not begin with http://"))?;
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() || host.contains(['@', '?', '#', ' ']) {
            return Err(bad("its URL has no host, or more than that"));
        }
        Ok(Self { name: name.to_owned(), url: url.to_owned(), instance: host.to_owned() })
    }
}

/// What came of a scrape.
#[derive(Clone, Debug)]
pub struct Scraped {
    /// The samples, or why there are none.
    pub samples: std::result::Result<Vec<Sample>, String>,
    /// How long it took.
    pub took: Duration,
}

/// Scrapes targets: one client with its connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scraper {
    agent: ureq::Agent,
}

impl Default for Scraper {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .proxy(None)
            .user_agent("dash")
            .build();
        Self { agent: config.into() }
    }
}

impl Scraper {
    /// Scrapes a target: at the longest two seconds.
    #[must_use]
    pub fn scrape(&self, target: &Target) -> Scraped {
        let begun = Instant::now();
        let samples = self.get(&target.url);
        Scraped { samples, took: begun.elapsed() }
    }

    fn get(&self, url: &str) -> std::result::Result<Vec<Sample>, String> {
        let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
        let mut response =
            self.agent.get(url).header("Accept", accept).call().map_err(|it| it.to_string())?;
        if response.status() != 200 {
            return Err(format!("status {}", response.status().as_u16()));
        }
        let text = response.body_mut().with_config().limit(BYTES).read_to_string();
        let text = text.map_err(|it| it.to_string())?;
        parse(&text, &Limits::default()).map_err(|it| it.to_string())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails shall fail the test")]
mod tests {
    use super::*;

    #[test]
    fn targets_by_name() {
        for text in DEFAULTS {
            let target: Target = text.parse().unwrap();
            assert_eq!(format!("{}={}", target.name, target.url), text);
            assert!(target.instance.starts_with("127.0.0.1:"));
        }
        for bad in
            ["x", "=http://a/", "a b=http://a/", "a=https://b/", "a=http:///x", "a=http://u:p@h/"]
        {
            assert!(
                bad.parse::<Target>().unwrap_err().to_string().contains("expected NAME="),
                "{bad}"
            );
        }
    }

    #[test]
    fn nobody_there_is_no_sample_and_a_reason() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let target: Target = format!("x=http://127.0.0.1:{port}/metrics").parse().unwrap();
        let error = Scraper::default().scrape(&target).samples.unwrap_err();
        assert!(!error.is_empty());
    }
}
