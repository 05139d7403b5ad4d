//! What a workload does, as plans write it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Keys;
use super::message::Message;
use crate::history::{Acks, Commits, Delivery, Isolation};
use crate::{Error, Result};

/// Settings of librdkafka, by name: security, above all. They win over those that the workload sets itself.
pub type Settings = BTreeMap<String, String>;

/// How batches are compressed. Those that this build of librdkafka has without further libraries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// LZ4.
    Lz4,
    /// Snappy.
    Snappy,
}

impl Compression {
    /// Its name as a setting.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Snappy => "snappy",
        }
    }
}

/// What producers do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProducerOptions {
    /// What they are told about doubles.
    pub delivery: Delivery,
    /// Whose word they wait for.
    pub acks: Acks,
    /// Of transactional ones.
    pub transaction: TransactionOptions,
    /// Which keys messages have.
    pub keys: Keys,
    /// Messages a second of each producer; none is as fast as possible.
    pub rate: Option<f64>,
    /// How many messages a producer sends; none is until it is stopped.
    pub count: Option<u64>,
    /// Bytes a message.
    pub size: usize,
    /// Milliseconds that a batch waits for more.
    pub linger_ms: u32,
    /// How batches are compressed.
    pub compression: Compression,
    /// Milliseconds after which the client gives a message up; of transactional producers no more than their transaction has. Longer than any fault lasts, if
    /// producers are to be idempotent: when a message runs out of time, librdkafka begins another epoch, in which it writes again what it was about to repeat.
    pub message_timeout_ms: u32,
    /// What else librdkafka is told.
    pub client: Settings,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        Self {
            delivery: Delivery::Idempotent,
            acks: Acks::All,
            transaction: TransactionOptions::default(),
            keys: Keys::default(),
            rate: None,
            count: None,
            size: 100,
            linger_ms: 5,
            compression: Compression::None,
            message_timeout_ms: 120_000,
            client: Settings::new(),
        }
    }
}

/// Transactions of producers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransactionOptions {
    /// How many messages each has.
    pub messages: u32,
    /// The share of them that is aborted on purpose, 0 to 1.
    pub abort: f64,
    /// Milliseconds after which the cluster aborts one whose producer is silent (`transaction.timeout.ms`); and how long a call that ends one is
    /// repeated.
    pub timeout_ms: u32,
}

impl Default for TransactionOptions {
    fn default() -> Self {
        Self { messages: 100, abort: 0.0, timeout_ms: 15_000 }
    }
}

/// What consumers do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsumerOptions {
    /// Whether they share the partitions out themselves, and read each from its beginning, instead of joining the group.
    pub assigned: bool,
    /// How they commit. `transactional` is for loops.
    pub commits: Commits,
    /// What they see of transactions.
    pub isolation: Isolation,
    /// Microseconds of work a record, between its delivery and the end of its processing.
    pub work_us: u64,
    /// The most records of a batch.
    pub batch: usize,
    /// Milliseconds until a batch is taken as it is.
    pub batch_ms: u32,
    /// Milliseconds that a synchronous commit may take.
    pub commit_timeout_ms: u32,
    /// Milliseconds without heartbeats after which the group takes a member's partitions away (`session.timeout.ms`).
    pub session_timeout_ms: u32,
    /// Whether members keep the partitions that they need not give up while the group rebalances (KIP-429).
    pub cooperative: bool,
    /// What else librdkafka is told.
    pub client: Settings,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        Self {
            assigned: false,
            commits: Commits::Sync,
            isolation: Isolation::ReadCommitted,
            work_us: 0,
            batch: 1_000,
            batch_ms: 10,
            commit_timeout_ms: 10_000,
            session_timeout_ms: 10_000,
            cooperative: false,
            client: Settings::new(),
        }
    }
}

/// What consume-transform-produce loops do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoopOptions {
    /// The topics that loops write to, and nobody else does. They read all others.
    pub outputs: Vec<String>,
    /// The most records of a transaction.
    pub messages: usize,
    /// Milliseconds until a transaction is made of what there is.
    pub batch_ms: u32,
    /// As [`TransactionOptions::timeout_ms`].
    pub timeout_ms: u32,
    /// Milliseconds after which the client gives a message up.
    pub message_timeout_ms: u32,
    /// As [`ConsumerOptions::session_timeout_ms`].
    pub session_timeout_ms: u32,
    /// Bytes a message.
    pub size: usize,
    /// What else librdkafka is told, for producer and consumer.
    pub client: Settings,
}

impl Default for LoopOptions {
    fn default() -> Self {
        Self {
            outputs: Vec::new(),
            messages: 100,
            batch_ms: 50,
            timeout_ms: 15_000,
            message_timeout_ms: 10_000,
            session_timeout_ms: 10_000,
            size: 100,
            client: Settings::new(),
        }
    }
}

/// A workload: so many of each, and what they do.
///
/// ```
/// use queue_chaos::workload::Workload;
///
/// let options: Workload =
///     toml::from_str("producers = 2\n[producer]\nrate = 1000.0\nkeys = { skew = \"zipf\", keys = 100, exponent = 1.1 }\n")?;
/// options.validate()?;
/// assert_eq!(options.producers, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Workload {
    /// How many producers.
    pub producers: u32,
    /// How many consumers.
    pub consumers: u32,
    /// How many consume-transform-produce loops.
    pub loops: u32,
    /// The group of the consumers. That of the loops has `-loop` after it; transactional ids begin with it.
    pub group: String,
    /// What random choices come from.
    pub seed: u64,
    /// What producers do.
    pub producer: ProducerOptions,
    /// What consumers do.
    pub consumer: ConsumerOptions,
    /// What loops do.
    #[serde(rename = "loop")]
    pub transform: LoopOptions,
    /// What else librdkafka is told, for all of them.
    pub client: Settings,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            producers: 1,
            consumers: 1,
            loops: 0,
            group: "queue-chaos".to_owned(),
            seed: 0,
            producer: ProducerOptions::default(),
            consumer: ConsumerOptions::default(),
            transform: LoopOptions::default(),
            client: Settings::new(),
        }
    }
}

fn wrong(place: &str, what: impl Into<String>) -> Error {
    Error::Plan { place: format!("workload, {place}"), what: what.into() }
}

impl Workload {
    /// Whether the values make sense, each and together.
    ///
    /// # Errors
    /// [`Error::Plan`] with the first that does not, and what would be right.
    pub fn validate(&self) -> Result<()> {
        if self.group.is_empty() {
            return Err(wrong("group", "it must have a name"));
        }
        self.producer.validate()?;
        self.consumer.validate()?;
        self.transform.validate(self.loops > 0)
    }
}

impl ProducerOptions {
    /// Whether the values make sense, each and together.
    ///
    /// # Errors
    /// [`Error::Plan`] with the first that does not, and what would be right.
    pub fn validate(&self) -> Result<()> {
        if self.delivery != Delivery::Plain && self.acks != Acks::All {
            return Err(wrong(
                "producer.acks",
                "idempotent and transactional producers need acks = \"all\"",
            ));
        }
        self.keys.validate().map_err(|what| wrong("producer.keys", what))?;
        if let Some(rate) = self.rate
            && !(rate.is_finite() && rate > 0.0)
        {
            return Err(wrong(
                "producer.rate",
                format!("{rate} messages a second: it must be above 0; leave it out for no limit"),
            ));
        }
        check_size("producer.size", self.size)?;
        if self.message_timeout_ms == 0 {
            return Err(wrong("producer.message_timeout_ms", "0 would be for ever"));
        }
        if self.linger_ms >= self.message_timeout() {
            return Err(wrong(
                "producer.linger_ms",
                format!(
                    "{}: it must be below message_timeout_ms = {}",
                    self.linger_ms,
                    self.message_timeout()
                ),
            ));
        }
        let transaction = &self.transaction;
        if !(0.0..=1.0).contains(&transaction.abort) {
            return Err(wrong(
                "producer.transaction.abort",
                format!("{}: it must be 0 to 1", transaction.abort),
            ));
        }
        if transaction.messages == 0 {
            return Err(wrong("producer.transaction.messages", "it must be 1 at least"));
        }
        if self.delivery == Delivery::Transactional {
            check_timeouts("producer.transaction", transaction.timeout_ms, self.message_timeout())?;
        }
        Ok(())
    }
}

impl ProducerOptions {
    /// [`message_timeout_ms`](Self::message_timeout_ms), or the time of a transaction if that is shorter.
    pub(super) fn message_timeout(&self) -> u32 {
        match self.delivery {
            Delivery::Transactional => self.message_timeout_ms.min(self.transaction.timeout_ms),
            Delivery::Plain | Delivery::Idempotent => self.message_timeout_ms,
        }
    }
}

impl ConsumerOptions {
    /// Whether the values make sense, each and together.
    ///
    /// # Errors
    /// [`Error::Plan`] with the first that does not, and what would be right.
    pub fn validate(&self) -> Result<()> {
        if self.commits == Commits::Transactional {
            return Err(wrong(
                "consumer.commits",
                "transactional commits need a producer: use loops",
            ));
        }
        if self.assigned && self.commits != Commits::Never {
            return Err(wrong(
                "consumer.commits",
                "assigned consumers have no group to commit for: use commits = \"never\"",
            ));
        }
        if self.batch == 0 || self.batch > 1_000_000 {
            return Err(wrong(
                "consumer.batch",
                format!("{}: it must be 1 to 1000000", self.batch),
            ));
        }
        if self.commit_timeout_ms == 0 || self.session_timeout_ms == 0 {
            return Err(wrong(
                "consumer",
                "commit_timeout_ms and session_timeout_ms must be above 0",
            ));
        }
        Ok(())
    }

    /// The time that a synchronous commit may take.
    #[must_use]
    pub fn commit_timeout(&self) -> Duration {
        Duration::from_millis(self.commit_timeout_ms.into())
    }
}

impl LoopOptions {
    fn validate(&self, used: bool) -> Result<()> {
        if used && self.outputs.is_empty() {
            return Err(wrong("loop.outputs", "loops need a topic to write to"));
        }
        if self.messages == 0 || self.messages > 1_000_000 {
            return Err(wrong(
                "loop.messages",
                format!("{}: it must be 1 to 1000000", self.messages),
            ));
        }
        if self.session_timeout_ms == 0 {
            return Err(wrong("loop.session_timeout_ms", "it must be above 0"));
        }
        check_size("loop.size", self.size)?;
        check_timeouts("loop", self.timeout_ms, self.message_timeout_ms)
    }
}

fn check_size(place: &str, size: usize) -> Result<()> {
    // librdkafka's own limit of `message.max.bytes`.
    const MAX: usize = 1_000_000_000;
    if (Message::MIN_SIZE..=MAX).contains(&size) {
        return Ok(());
    }
    Err(wrong(place, format!("{size} bytes: it must be {} to {MAX}", Message::MIN_SIZE)))
}

fn check_timeouts(place: &str, transaction: u32, message: u32) -> Result<()> {
    if (1_000..=900_000).contains(&transaction) && message > 0 && message <= transaction {
        return Ok(());
    }
    Err(wrong(
        place,
        format!(
            "timeout_ms = {transaction} must be 1000 to 900000, and message_timeout_ms = {message} no longer than it"
        ),
    ))
}
