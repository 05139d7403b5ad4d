//! Writes changes to a topic.

use std::{
    fmt,
    time::{Duration, Instant},
};

use ledger::query::Change;
use ledger_json::Key;
use rdkafka::{
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, Producer as _},
};

use super::{KafkaOptions, Topic};
use crate::{
    Error, Result,
    target::{Position, Target},
};

/// How long an answer to an abort is waited for: whoever begins next aborts it as well.
const ABORT: Duration = Duration::from_secs(10);

/// A topic that is written to. At most one sink of a topic can; the newest shuts the others out.
pub struct Sink {
    options: KafkaOptions,
    producer: Option<BaseProducer>,
    in_transaction: bool,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Sink {
    /// One that connects when it is opened.
    #[must_use]
    pub fn new(options: KafkaOptions) -> Self {
        Self { options, producer: None, in_transaction: false }
    }

    fn producer(&self) -> Result<&BaseProducer> {
        self.producer
            .as_ref()
            .ok_or_else(|| Error::Asked(format!("topic {} was not opened", self.options.topic)))
    }

    /// What an error means. The transaction is aborted: that tells whether another sink has taken the topic over, which is fatal to this producer, or
    /// whether only time ran out.
    fn fault(&self, doing: &str, error: &KafkaError) -> Error {
        if let Some(producer) = self.producer.as_ref().filter(|_| self.in_transaction) {
            // There may be none any more, and nobody may answer.
            let _ = producer.abort_transaction(self.options.patience.min(ABORT));
        }
        match self.producer.as_ref().and_then(|it| it.client().fatal_error()) {
            Some((RDKafkaErrorCode::InvalidProducerEpoch, _)) => {
                Error::Fenced { topic: self.options.topic.clone() }
            }
            Some((code, _)) => self.options.fault(doing, &KafkaError::Global(code)),
            None => self.options.fault(doing, error),
        }
    }

    /// Makes a call until it is done, time is out, or it makes no sense to make it again.
    fn insist(
        &self,
        doing: &str,
        call: impl Fn(&BaseProducer, Duration) -> KafkaResult<()>,
    ) -> Result<()> {
        let producer = self.producer()?;
        let until = Instant::now() + self.options.patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match call(producer, left) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Transaction(error)) if error.is_retriable() && !left.is_zero() => {
                    // Some say at once that it is too early.
                    producer.poll(Duration::from_millis(20));
                }
                Err(error) => return Err(self.fault(doing, &error)),
            }
        }
    }
}

impl Target for Sink {
    /// Shuts other sinks out, and looks where the topic ends.
    fn open(&mut self) -> Result<Option<Position>> {
        // The one before is no more when its successor begins.
        (self.producer, self.in_transaction) = (None, false);
        let topic = Topic::open(self.options.clone())?;
        let config = self.options.config(&[
            ("transactional.id", &self.options.transactional_id()),
            ("enable.idempotence", "true"),
            ("acks", "all"),
            ("linger.ms", "5"),
            ("compression.type", "lz4"),
            // A transaction is of a second at the most; the rest is for a broker that is slow.
            ("transaction.timeout.ms", "60000"),
            ("message.timeout.ms", "60000"),
        ])?;
        let doing = "taking it over";
        let producer: BaseProducer =
            config.create().map_err(|error| self.options.fault(doing, &error))?;
        self.producer = Some(producer);
        self.insist(doing, |producer, left| producer.init_transactions(left))?;
        let last = topic.last()?;
        Ok(last.map(|change| Position { key: Key::of(&change), change: Some(change) }))
    }

    fn put(&mut self, change: &Change) -> Result<()> {
        let doing = "writing to it";
        if !self.in_transaction {
            self.insist(doing, |producer, _| producer.begin_transaction())?;
            self.in_transaction = true;
        }
        let (key, value) = (Key::of(change).to_string(), ledger_json::write(change));
        let producer = self.producer()?;
        let until = Instant::now() + self.options.patience;
        let mut record = BaseRecord::to(&self.options.topic).partition(0).key(&key).payload(&value);
        loop {
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), unsent))
                    if Instant::now() < until =>
                {
                    record = unsent;
                    producer.poll(Duration::from_millis(50));
                }
                Err((error, _)) => return Err(self.fault(doing, &error)),
            }
        }
    }

    /// Commits. After an error the transaction is void, and the sink must be opened again.
    fn settle(&mut self) -> Result<()> {
        if !self.in_transaction {
            return Ok(());
        }
        let doing = "committing";
        self.insist(doing, |producer, left| producer.flush(left))?;
        self.insist(doing, |producer, left| producer.commit_transaction(left))?;
        self.in_transaction = false;
        Ok(())
    }
}
