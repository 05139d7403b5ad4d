//! A topic, as a reader of what is committed sees it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use ledger::query::Change;
use ledger_json::Key;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
    message::BorrowedMessage,
};

use super::KafkaOptions;
use crate::{Error, Result};

/// How many offsets before the end the last record is looked for at first. Ends of transactions take offsets, too, and so does what was aborted.
const WINDOW: i64 = 256;

/// A topic with one partition.
pub struct Topic {
    options: KafkaOptions,
    consumer: BaseConsumer,
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Topic {
    /// Looks whether there is such a topic.
    ///
    /// # Errors
    ///
    /// [`Error::Away`] if nobody answers; there is none, or it has more than one partition.
    pub fn open(options: KafkaOptions) -> Result<Self> {
        let config = options.config(&[
            // Nothing is read without the name of a group; it is never joined.
            ("group.id", "ledger-feed"),
            ("isolation.level", "read_committed"),
            ("enable.partition.eof", "true"),
            ("enable.auto.commit", "false"),
            ("auto.offset.reset", "error"),
            ("check.crcs", "true"),
            ("fetch.wait.max.ms", "50"),
        ])?;
        let doing = "connecting";
        let consumer: BaseConsumer =
            config.create().map_err(|error| options.fault(doing, &error))?;
        let found = consumer
            .fetch_metadata(Some(&options.topic), options.patience)
            .map_err(|error| options.fault(doing, &error))?;
        let found = found.topics().iter().find(|it| it.name() == options.topic);
        let found = found.ok_or_else(|| options.missing())?;
        if let Some(error) = found.error() {
            let error = KafkaError::MetadataFetch(error.into());
            return Err(options.fault(doing, &error));
        }
        match found.partitions().len() {
            0 => Err(options.missing()),
            1 => Ok(Self { options, consumer }),
            many => Err(Error::Asked(format!(
                "topic {} has {many} partitions: changes keep their order in one only, and consumers need it; make a topic with --partitions 1",
                options.topic
            ))),
        }
    }

    /// The first offset that is there, and the one behind the last that is decided.
    fn ends(&self) -> Result<(i64, i64)> {
        self.consumer
            .fetch_watermarks(&self.options.topic, 0, self.options.patience)
            .map_err(|error| self.options.fault("asking for its ends", &error))
    }

    /// The last change in it. Reads some hundred records, or more if many transactions were aborted.
    ///
    /// # Errors
    ///
    /// [`Error::Away`]; a record that is no change, or records that were there and are gone.
    pub fn last(&self) -> Result<Option<Change>> {
        let (low, high) = self.ends()?;
        let mut window = WINDOW;
        loop {
            let from = high.saturating_sub(window).max(low);
            if let Some(last) = self.read(from)?.last().transpose()? {
                return Ok(Some(last));
            }
            if from > low {
                window = window.saturating_mul(16);
            } else if low > 0 {
                return Err(Error::Asked(format!(
                    "topic {} is empty, but {low} records were deleted from it: nobody can tell where it ended. Make a new topic that keeps them (retention.ms=-1)",
                    self.options.topic
                )));
            } else {
                return Ok(None);
            }
        }
    }

    /// All changes in it, from its beginning to what is its end when that is reached.
    ///
    /// # Errors
    ///
    /// [`Error::Away`]; its beginning is gone.
    pub fn changes(&self) -> Result<Records<'_>> {
        let (low, _) = self.ends()?;
        if low > 0 {
            return Err(Error::Asked(format!(
                "the first {low} records of topic {} were deleted: balances cannot be made from the rest. Let it keep them (retention.ms=-1), and feed a new topic",
                self.options.topic
            )));
        }
        self.read(low)
    }

    fn read(&self, from: i64) -> Result<Records<'_>> {
        let mut place = TopicPartitionList::new();
        place
            .add_partition_offset(&self.options.topic, 0, Offset::Offset(from))
            .and_then(|()| self.consumer.assign(&place))
            .map_err(|error| self.options.fault("reading it", &error))?;
        Ok(Records { topic: self, ended: false })
    }
}

/// Changes of a topic, one after another.
#[derive(Debug)]
pub struct Records<'a> {
    topic: &'a Topic,
    ended: bool,
}

impl Records<'_> {
    fn read(&self) -> Result<Option<Change>> {
        let options = &self.topic.options;
        let until = Instant::now() + options.patience;
        let mut says = "nothing came".to_owned();
        while Instant::now() < until {
            match self.topic.consumer.poll(Duration::from_millis(100)) {
                None => {}
                Some(Ok(message)) => return self.change(&message).map(Some),
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(None),
                Some(Err(
                    error @ (KafkaError::MessageConsumptionFatal(_)
                    | KafkaError::MessageConsumption(
                        RDKafkaErrorCode::AutoOffsetReset
                        | RDKafkaErrorCode::TopicAuthorizationFailed
                        | RDKafkaErrorCode::UnknownTopicOrPartition,
                    )),
                )) => return Err(options.fault("reading it", &error)),
                // librdkafka tries again by itself.
                Some(Err(error)) => says = error.to_string(),
            }
        }
        Err(options.away("reading it", &says))
    }

    fn change(&self, message: &BorrowedMessage<'_>) -> Result<Change> {
        let strange = |why: &dyn fmt::Display| {
            Error::Asked(format!(
                "topic {}, offset {}: no change of a ledger ({why}); name a topic that has nothing else",
                self.topic.options.topic,
                message.offset()
            ))
        };
        let value = std::str::from_utf8(message.payload().unwrap_or_default())
            .map_err(|error| strange(&error))?;
        let change = ledger_json::read(value).map_err(|error| strange(&error))?;
        let key = Key::of(&change).to_string();
        if message.key() != Some(key.as_bytes()) {
            return Err(strange(&format_args!("its key is not {key}")));
        }
        Ok(change)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = !matches!(read, Ok(Some(_)));
        read.transpose()
    }
}
