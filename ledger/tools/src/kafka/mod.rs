//! The feed in a Kafka topic: exactly once, in order.
//!
//! A record is a change: its key is `op.index`, its value the line of [`ledger_json`]. The topic has **one partition**, since Kafka keeps an order only within one, and a
//! consumer that keeps the last key it applied needs the order of the whole ledger.
//!
//! # How it is exactly once
//!
//! [`Sink`] keeps no position of its own: **the topic is the position**. It writes in transactions whose id is made from the topic's name, so that
//!
//! 1. when a sink starts, Kafka shuts out whichever was there before (also one that only seemed dead), and ends its open transaction: nothing of it can come any more;
//! 2. then the sink reads the last committed record, and goes on behind that change, after it has compared it with the source's;
//! 3. what a crash left in an open transaction is aborted, and written again.
//!
//! So a consumer that reads what is committed (`isolation.level=read_committed`, which is librdkafka's default and not the Java client's) sees each change once, in order. One that
//! reads what is not committed may see the end of what was before a crash once more; it keeps the last key that it applied, and loses nothing: what is in an aborted transaction
//! happened, too.
//!
//! # What it needs
//!
//! Kafka 2.5 or later, a topic with one partition that nobody else writes to and that keeps everything (`retention.ms=-1`, `cleanup.policy=delete`), and the rights to write to it, to read it, and to
//! use the transactional id `ledger-feed.TOPIC`.

mod fault;
mod sink;
mod topic;

use std::time::Duration;

use rdkafka::ClientConfig;

use crate::{Error, Result};

pub use sink::Sink;
pub use topic::{Records, Topic};

/// Which topic of which cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaOptions {
    /// `HOST:PORT`, several with commas between them.
    pub brokers: String,
    /// The topic.
    pub topic: String,
    /// How long an answer may take before it is an error.
    pub patience: Duration,
    /// Further settings of librdkafka, as those for TLS and passwords.
    pub settings: Vec<(String, String)>,
}

/// What exactly-once rests on.
const OURS: [&str; 8] = [
    "bootstrap.servers",
    "transactional.id",
    "enable.idempotence",
    "acks",
    "isolation.level",
    "enable.partition.eof",
    "enable.auto.commit",
    "auto.offset.reset",
];

impl KafkaOptions {
    /// That topic, with 30 seconds of patience.
    #[must_use]
    pub fn new(brokers: impl Into<String>, topic: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic: topic.into(),
            patience: Duration::from_secs(30),
            settings: Vec::new(),
        }
    }

    fn config(&self, ours: &[(&str, &str)]) -> Result<ClientConfig> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config.set("client.id", "ledger");
        config.set("reconnect.backoff.max.ms", "1000");
        for (name, value) in &self.settings {
            if OURS.contains(&name.as_str()) {
                return Err(Error::Asked(format!(
                    "--kafka-set {name}: what is exact here rests on it, leave it away"
                )));
            }
            config.set(name, value);
        }
        for (name, value) in ours {
            config.set(*name, *value);
        }
        Ok(config)
    }
}
