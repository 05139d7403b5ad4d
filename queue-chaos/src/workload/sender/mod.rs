//! A librdkafka producer whose every message has an outcome in the history.

mod burst;
mod transaction;

use burst::Burst;
pub(super) use burst::{BURST, Draft};
pub(super) use transaction::{Ending, Offsets};

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{BaseProducer, Producer as _, ProducerContext, PurgeConfig};

use super::Site;
use super::native::{MainQueue, Topic};
use super::outcome;
use super::signal::{Order, Signal};
use super::statistics::Meter;
use crate::history::{Acks, Delivery, Sink, Step, What};
use crate::id::{PartitionId, ProducerId};
use crate::{Error, Result};

/// A message that is on its way, or was.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// When, by the sink's clock; `DONE` if its outcome is written down.
    at: u64,
    to: PartitionId,
}

const DONE: u64 = u64::MAX;

/// The messages of a producer from the first without an outcome on.
#[derive(Debug, Default)]
struct Outstanding {
    first: u64,
    sent: VecDeque<Sent>,
    open: usize,
    /// What has happened and is not written down yet: it is, in one go, before this producer waits for anything.
    news: Vec<Step>,
}

impl Outstanding {
    fn begin(&mut self, at: u64, to: PartitionId) {
        self.sent.push_back(Sent { at, to });
        self.open += 1;
    }

    /// The message, if it had no outcome before.
    fn end(&mut self, sequence: u64) -> Option<Sent> {
        let at = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        let entry = self.sent.get_mut(at)?;
        if entry.at == DONE {
            return None;
        }
        let sent = *entry;
        entry.at = DONE;
        self.open -= 1;
        while self.sent.front().is_some_and(|sent| sent.at == DONE) {
            self.sent.pop_front();
            self.first += 1;
        }
        Some(sent)
    }

    /// Those without an outcome.
    fn drain(&mut self) -> Vec<u64> {
        let first = self.first;
        let open = self.sent.iter().enumerate().filter(|(_, sent)| sent.at != DONE);
        let open = open.map(|(at, _)| first + at as u64).collect();
        self.first += self.sent.len() as u64;
        self.sent.clear();
        self.open = 0;
        open
    }
}

/// Writes outcomes down as librdkafka reports them.
pub(super) struct Reports {
    id: ProducerId,
    sink: Arc<dyn Sink>,
    meter: Arc<Meter>,
    outstanding: Mutex<Outstanding>,
}

/// A message that was written, and where if that is known.
struct Written {
    sequence: u64,
    offset: Option<u64>,
}

thread_local! {
    /// What a thread that polls has been told: they all came together, and are dealt with together. None while it does not poll.
    static HEARD: RefCell<Option<Vec<Written>>> = const { RefCell::new(None) };
}

impl Reports {
    fn outstanding(&self) -> std::sync::MutexGuard<'_, Outstanding> {
        self.outstanding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unknown(&self, sequence: u64, why: String) {
        self.meter.unknown.fetch_add(1, Ordering::Relaxed);
        self.record(What::Unknown { p: self.id, s: sequence, why });
    }

    /// Writes down what happens now, and before it what has happened.
    fn record(&self, what: What) {
        let at = self.sink.now();
        let mut outstanding = self.outstanding();
        self.sink.record_steps(self.id, &mut outstanding.news);
        self.sink.record(at, what);
    }

    /// Writes down what has happened.
    fn tell(&self) {
        self.sink.record_steps(self.id, &mut self.outstanding().news);
    }

    /// Writes down what this thread has heard in a call of `poll`, with what has happened before.
    fn hear(&self, at: u64, heard: &mut Vec<Written>) {
        let mut outstanding = self.outstanding();
        let mut acks = self.meter.acks();
        for Written { sequence: s, offset: o } in heard.drain(..) {
            let Some(sent) = outstanding.end(s) else { continue };
            acks.count(at.saturating_sub(sent.at));
            outstanding.news.push(Step::Ack { at, s, to: sent.to, o });
        }
        drop(acks);
        self.sink.record_steps(self.id, &mut outstanding.news);
    }
}

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sequence: usize) {
        let sequence = sequence as u64;
        match result {
            Ok(message) => {
                let offset = u64::try_from(message.offset()).ok();
                let written = Written { sequence, offset };
                let alone = HEARD.with_borrow_mut(|heard| match heard {
                    Some(heard) => {
                        heard.push(written);
                        None
                    }
                    None => Some(written),
                });
                // Nobody is going to tell it.
                if let Some(written) = alone {
                    self.hear(self.sink.now(), &mut vec![written]);
                }
            }
            Err((error, message)) => {
                let (p, s) = (self.id, sequence);
                if self.outstanding().end(s).is_none() {
                    return;
                }
                let why = error.rdkafka_error_code().map_or(error.to_string(), |e| e.to_string());
                if outcome::certain(error, message) {
                    self.meter.failed.fetch_add(1, Ordering::Relaxed);
                    self.record(What::Nack { p, s, why });
                } else {
                    self.unknown(s, why);
                }
            }
        }
    }
}

/// A request without an answer is given up after so long.
const ANSWER_MS: u32 = 10_000;

/// How a producer is set up.
pub(super) struct Setup<'a> {
    pub(super) delivery: Delivery,
    pub(super) acks: Acks,
    pub(super) linger_ms: u32,
    pub(super) compression: &'static str,
    pub(super) message_timeout_ms: u32,
    /// Its name and its time.
    pub(super) transaction: Option<(&'a str, u32)>,
    pub(super) client: &'a super::Settings,
}

impl Setup<'_> {
    fn config(&self, site: &Site) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &site.bootstrap);
        config.set("linger.ms", self.linger_ms.to_string());
        config.set("compression.type", self.compression);
        config.set("message.timeout.ms", self.message_timeout_ms.to_string());
        // A request that nobody answers must not outlive the message, nor keep it from being sent again in time.
        let answer = self.message_timeout_ms.min(ANSWER_MS);
        config.set("request.timeout.ms", answer.to_string());
        config.set("socket.timeout.ms", answer.max(1_000).to_string());
        // More under way would be no faster, but out of the processor's caches.
        config.set("queue.buffering.max.messages", "50000");
        config.set("reconnect.backoff.max.ms", "1000");
        let acks = match self.acks {
            Acks::None => "0",
            Acks::Leader => "1",
            Acks::All => "all",
        };
        config.set("acks", acks);
        config.set("enable.idempotence", (self.delivery != Delivery::Plain).to_string());
        if let Some((name, timeout_ms)) = self.transaction {
            config.set("transactional.id", name);
            config.set("transaction.timeout.ms", timeout_ms.to_string());
        }
        for (name, value) in site.client.iter().chain(self.client) {
            config.set(name, value);
        }
        config
    }
}

/// How a producer's life went on.
pub(super) enum Sending {
    /// The messages are under way, or have their outcomes.
    Sent,
    /// Killed, or stopped, before there was room for them.
    Ended,
    /// No message can be sent by this producer any more.
    Broken(String),
}

/// A producer, from its first line in the history to its last.
pub(super) struct Sender {
    /// Before the producer, which must outlive it. None once the producer ends.
    queue: Option<MainQueue>,
    /// By the number of the topic, from the first message to it on. Before the producer, too.
    topics: Vec<Option<Topic>>,
    producer: Arc<BaseProducer<Reports>>,
    sink: Arc<dyn Sink>,
    signal: Arc<Signal>,
    meter: Arc<Meter>,
    site: Arc<Site>,
    pub(super) id: ProducerId,
    sequence: u64,
    size: usize,
    burst: Burst,
    /// Memory for what is heard.
    heard: Cell<Vec<Written>>,
    /// Microseconds since 1970 when the sink's clock was 0.
    epoch: u64,
    gone: bool,
}

impl Sender {
    /// Makes a client, gives it a number, and writes down that it begins.
    pub(super) fn new(
        site: &Arc<Site>,
        setup: &Setup<'_>,
        size: usize,
        signal: &Arc<Signal>,
        meter: &Arc<Meter>,
    ) -> Result<Self> {
        let id = site.ids.producer();
        let sink = Arc::clone(&site.sink);
        let reports = Reports {
            id,
            sink: Arc::clone(&sink),
            meter: Arc::clone(meter),
            outstanding: Mutex::default(),
        };
        let producer = BaseProducer::from_config_and_context(&setup.config(site), reports)
            .map_err(|source| Error::Kafka { what: format!("{id}: making its client"), source })?;
        let now = sink.now();
        sink.record(now, What::Producer { p: id, delivery: setup.delivery, acks: setup.acks });
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let queue = MainQueue::new(producer.client(), Arc::clone(signal));
        Ok(Self {
            queue: Some(queue),
            topics: Vec::new(),
            producer: Arc::new(producer),
            sink,
            signal: Arc::clone(signal),
            meter: Arc::clone(meter),
            site: Arc::clone(site),
            id,
            sequence: 0,
            size,
            burst: Burst::default(),
            heard: Cell::default(),
            epoch: (since.as_micros() as u64).saturating_sub(now),
            gone: false,
        })
    }

    /// How many messages have been sent.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How many messages have no outcome yet.
    pub(super) fn outstanding(&self) -> usize {
        self.producer.context().outstanding().open
    }

    /// Takes the reports that have come.
    pub(super) fn poll(&self) {
        // They are handed over by this thread, before `poll` returns.
        HEARD.set(Some(self.heard.take()));
        self.producer.poll(Duration::ZERO);
        let mut heard = HEARD.take().unwrap_or_default();
        self.producer.context().hear(self.sink.now(), &mut heard);
        self.heard.set(heard);
    }

    /// Waits for reports, an order or so long, and takes the reports.
    pub(super) fn wait(&self, seen: Order, time: Duration) {
        let empty = |queue: &MainQueue| queue.is_empty();
        self.producer.context().tell();
        if self.queue.as_ref().is_none_or(empty) {
            self.signal.wait(seen, time);
        }
        self.poll();
        while self.queue.as_ref().is_some_and(|queue| !queue.is_empty()) {
            self.poll();
        }
    }

    fn record(&self, what: What) {
        self.producer.context().record(what);
    }

    /// Why no message can be sent any more, if so.
    pub(super) fn broken(&self) -> Option<String> {
        self.producer.client().fatal_error().map(|(code, why)| format!("{code}: {why}"))
    }

    /// The topic, for which there is a handle then, and the number of a partition within it.
    fn place(&mut self, to: PartitionId) -> std::result::Result<(u32, i32), String> {
        let place = self.site.partitions.table().get(to.0 as usize);
        let &(topic, partition) = place.ok_or_else(|| format!("{to} is not in the table"))?;
        self.open(topic as usize)?;
        Ok((topic, partition as i32))
    }

    /// Sees to it that there is a handle for a topic of the table.
    fn open(&mut self, topic: usize) -> std::result::Result<(), String> {
        if matches!(self.topics.get(topic), Some(Some(_))) {
            return Ok(());
        }
        let name = self.site.partitions.topics().get(topic);
        let name = name.ok_or_else(|| format!("topic {topic} is not in the table"))?;
        let opened =
            Topic::new(self.producer.client(), name).map_err(|it| format!("{name}: {it}"))?;
        if self.topics.len() <= topic {
            self.topics.resize_with(topic + 1, || None);
        }
        self.topics[topic] = Some(opened);
        Ok(())
    }

    fn refuse(&self, s: u64, why: &str) {
        if self.producer.context().outstanding().end(s).is_some() {
            self.meter.failed.fetch_add(1, Ordering::Relaxed);
            self.record(What::Nack { p: self.id, s, why: why.to_owned() });
        }
    }

    /// Waits until all messages have outcomes; until `deadline` at most, or the thread is killed. Whether they have.
    pub(super) fn flush(&self, deadline: Instant) -> bool {
        // Those that linger are sent now, and reports make room.
        while self.outstanding() > 0 {
            let now = Instant::now();
            if now >= deadline || self.signal.killed() {
                return false;
            }
            let time = (deadline - now).min(Duration::from_millis(100));
            match self.producer.flush(Duration::ZERO) {
                Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut)) | Ok(()) => {}
                Err(_) => return false,
            }
            if self.outstanding() > 0 {
                self.wait(self.signal.order(), time);
            }
        }
        true
    }

    /// The end. What has no outcome yet gets it: unknown, with this reason. Of a killed producer also what the client would still have sent is
    /// thrown away.
    pub(super) fn end(mut self, killed: bool, why: &str) {
        self.finish(killed, why);
    }

    fn finish(&mut self, killed: bool, why: &str) {
        if std::mem::replace(&mut self.gone, true) {
            return;
        }
        // What has been reported already counts; what is purged now is reported as purged, which is unknown.
        self.wait(self.signal.order(), Duration::ZERO);
        // Not in the loop's head, where the lock would be held while each is written down.
        let open = self.producer.context().outstanding().drain();
        for s in open {
            self.producer.context().unknown(s, why.to_owned());
        }
        self.producer.purge(PurgeConfig::default().queue().inflight());
        self.queue = None;
        self.topics.clear();
        self.record(What::ProducerGone { p: self.id, killed });
    }
}

impl Drop for Sender {
    /// A panic of its thread is its death.
    fn drop(&mut self) {
        self.finish(true, "its thread has ended");
    }
}
