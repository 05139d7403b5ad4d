//! A librdkafka consumer whose every step is in the history.

mod rebalance;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::batch::Batch;
use super::message::Message;
use super::signal::Signal;
use super::statistics::{Meter, Progress};
use super::{Partitions, Settings, Site, native, outcome};
use crate::history::{Commits, Isolation, Outcome, Record, What};
use crate::id::{ConsumerId, PartitionId};
use crate::{Error, Result};

/// How long a member asks for offsets while its group waits for it.
const ASK: Duration = Duration::from_secs(5);

/// The word for an isolation level in librdkafka's settings.
pub(crate) fn isolation_level(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::ReadUncommitted => "read_uncommitted",
        Isolation::ReadCommitted => "read_committed",
    }
}

/// How a member is set up.
#[derive(Clone, Debug)]
pub(super) struct MemberSetup {
    pub(super) group: String,
    /// If not in a group: what it reads.
    pub(super) assigned: Option<Vec<PartitionId>>,
    pub(super) topics: Vec<String>,
    pub(super) commits: Commits,
    pub(super) isolation: Isolation,
    pub(super) work: Duration,
    pub(super) batch: usize,
    pub(super) batch_time: Duration,
    pub(super) commit_timeout: Duration,
    pub(super) session_timeout_ms: u32,
    pub(super) cooperative: bool,
    pub(super) client: Settings,
}

impl MemberSetup {
    fn config(&self, site: &Site) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &site.bootstrap);
        config.set("group.id", &self.group);
        config.set("enable.auto.commit", "false");
        config.set("auto.offset.reset", "earliest");
        config.set("isolation.level", isolation_level(self.isolation));
        config.set("check.crcs", "true");
        config.set("socket.timeout.ms", "10000");
        config.set("reconnect.backoff.max.ms", "1000");
        config.set("fetch.wait.max.ms", "100");
        config.set("fetch.error.backoff.ms", "100");
        let new_protocol = [&self.client, &site.client]
            .iter()
            .any(|settings| settings.get("group.protocol").is_some_and(|it| it == "consumer"));
        // KIP-848 leaves these to the broker.
        if !new_protocol {
            config.set("session.timeout.ms", self.session_timeout_ms.to_string());
            let heartbeat = (self.session_timeout_ms / 4).clamp(1, 3_000);
            config.set("heartbeat.interval.ms", heartbeat.to_string());
            let strategy = if self.cooperative { "cooperative-sticky" } else { "range" };
            config.set("partition.assignment.strategy", strategy);
        }
        for (name, value) in site.client.iter().chain(&self.client) {
            config.set(name, value);
        }
        config
    }
}

/// What a consumer does besides reading; librdkafka calls it when its group rebalances.
pub(super) struct Member {
    pub(super) id: ConsumerId,
    pub(super) site: Arc<Site>,
    signal: Arc<Signal>,
    meter: Arc<Meter>,
    progress: Arc<Progress>,
    setup: MemberSetup,
    batch: Mutex<Batch>,
    /// Commits that nobody waits for.
    pending: Mutex<Pending>,
}

pub(super) type Client = BaseConsumer<Member>;

#[derive(Default)]
struct Pending {
    /// Where answers come. None before the first and after the end.
    queue: Option<native::Commits>,
    /// Those without an answer.
    open: Vec<Vec<(PartitionId, u64)>>,
}

/// The list for some offsets.
pub(crate) fn list(partitions: &Partitions, next: &[(PartitionId, u64)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(next.len());
    for &(id, offset) in next {
        if let Some((topic, partition)) = partitions.name(id) {
            // It fails for offsets that are negative as i64: no log has them.
            let _ = list.add_partition_offset(topic, partition, Offset::Offset(offset as i64));
        }
    }
    list
}

impl Member {
    /// Makes a client, gives it a number, writes down that it begins, and joins the group or takes its partitions.
    pub(super) fn start(
        site: &Arc<Site>,
        setup: &MemberSetup,
        signal: &Arc<Signal>,
        meter: &Arc<Meter>,
        progress: &Arc<Progress>,
    ) -> Result<Client> {
        let id = site.ids.consumer();
        let failed = |source| Error::Kafka { what: format!("{id}: making its client"), source };
        let member = Self {
            id,
            site: Arc::clone(site),
            signal: Arc::clone(signal),
            meter: Arc::clone(meter),
            progress: Arc::clone(progress),
            setup: setup.clone(),
            batch: Mutex::default(),
            pending: Mutex::default(),
        };
        let client =
            BaseConsumer::from_config_and_context(&setup.config(site), member).map_err(failed)?;
        let member = client.context();
        member.record(What::Consumer {
            c: id,
            group: setup.assigned.is_none().then(|| setup.group.clone()),
            isolation: setup.isolation,
            commits: setup.commits,
        });
        let joined = match &setup.assigned {
            Some(partitions) => member.assign(&client, partitions),
            None => {
                let topics: Vec<&str> = setup.topics.iter().map(String::as_str).collect();
                client.subscribe(&topics)
            }
        };
        if let Err(source) = joined {
            member.record(What::ConsumerGone { c: id, killed: false });
            native::abandon(client);
            return Err(failed(source));
        }
        Ok(client)
    }

    pub(super) fn record(&self, what: What) {
        self.site.sink.record(self.site.sink.now(), what);
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn assign(&self, client: &Client, partitions: &[PartitionId]) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        let mut to = Vec::new();
        let until = Instant::now() + ASK;
        for &id in partitions {
            let Some((topic, partition)) = self.site.partitions.name(id) else { continue };
            list.add_partition_offset(topic, partition, Offset::Beginning)?;
            let left = until.saturating_duration_since(Instant::now());
            let low = client.fetch_watermarks(topic, partition, left).ok();
            to.push((id, low.and_then(|(low, _)| u64::try_from(low).ok())));
        }
        self.record(What::Assign { c: self.id, to });
        client.assign(&list)
    }

    fn ids(&self, list: &TopicPartitionList) -> Vec<PartitionId> {
        let elements = list.elements();
        elements.iter().filter_map(|e| self.site.partitions.id(e.topic(), e.partition())).collect()
    }

    fn offsets(&self, list: &TopicPartitionList) -> Vec<(PartitionId, u64)> {
        let known = |e: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
            let id = self.site.partitions.id(e.topic(), e.partition())?;
            match e.offset() {
                Offset::Offset(offset) => Some((id, u64::try_from(offset).ok()?)),
                _ => None,
            }
        };
        list.elements().iter().filter_map(known).collect()
    }

    /// Gets records until the batch is full or its time is over. The first may take `patience`.
    ///
    /// # Errors
    /// Why no more will come to this client.
    pub(super) fn gather(&self, client: &Client, patience: Duration) -> Result<(), String> {
        self.hear(0);
        self.take(client, patience)?;
        if self.batch().is_empty() {
            return Ok(());
        }
        let end = Instant::now() + self.setup.batch_time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.batch().len() >= self.setup.batch || self.signal.killed() {
                return Ok(());
            }
            // Whole milliseconds: shorter waits spin.
            let wait = if left < Duration::from_millis(2) { Duration::ZERO } else { left };
            if !self.take(client, wait)? && wait.is_zero() {
                return Ok(());
            }
        }
    }

    /// One poll. Whether there was a record.
    fn take(&self, client: &Client, wait: Duration) -> Result<bool, String> {
        match client.poll(wait) {
            None => Ok(false),
            Some(Ok(message)) => {
                self.got(&message);
                Ok(true)
            }
            Some(Err(KafkaError::MessageConsumptionFatal(code))) => Err(code.to_string()),
            Some(Err(_)) => match client.client().fatal_error() {
                Some((code, why)) => Err(format!("{code}: {why}")),
                // Brokers that are gone, leaders that are elsewhere: librdkafka sees to it.
                None => Ok(false),
            },
        }
    }

    fn got(&self, message: &BorrowedMessage<'_>) {
        let Some(to) = self.site.partitions.id(message.topic(), message.partition()) else {
            return;
        };
        let Ok(offset) = u64::try_from(message.offset()) else { return };
        self.meter.read.fetch_add(1, Ordering::Relaxed);
        match Message::decode(message.payload().unwrap_or_default()) {
            Ok(it) => {
                self.batch().push(to, Record(offset, it.id.producer, it.id.sequence));
            }
            Err(it) => {
                self.batch().push_corrupt(self.id, to, offset, it.why, &*self.site.sink);
            }
        }
    }

    /// Writes down what was got, does the work, and commits, in the order that the commits want.
    pub(super) fn settle(&self, client: &Client) {
        let mut batch = self.batch().take();
        batch.write(self.id, &*self.site.sink);
        if batch.is_empty() {
            return;
        }
        let next = batch.next();
        if self.setup.assigned.is_none() {
            if self.setup.commits == Commits::Early {
                self.commit(client, next.clone());
            }
            if !self.work(&batch) {
                return;
            }
            match self.setup.commits {
                Commits::Sync => self.commit(client, next.clone()),
                Commits::Async => self.commit_async(client, next.clone()),
                Commits::Never | Commits::Early | Commits::Transactional => {}
            }
        }
        self.progress.reached(&next);
    }

    /// What came so far, written down. For those who do the work themselves.
    pub(super) fn written(&self) -> Batch {
        let mut batch = self.batch().take();
        batch.write(self.id, &*self.site.sink);
        batch
    }

    pub(super) fn done(&self, records: &[(PartitionId, u64)]) {
        let at = self.site.sink.now();
        for &(to, o) in records {
            self.site.sink.record(at, What::Done { c: self.id, to, o });
        }
    }

    /// The positions of these partitions are set anew.
    pub(super) fn moved(&self, partitions: &[PartitionId]) {
        self.batch().moved(partitions);
    }

    pub(super) fn reached(&self, next: &[(PartitionId, u64)]) {
        self.progress.reached(next);
    }

    /// Whether it came to an end.
    fn work(&self, batch: &Batch) -> bool {
        // The system's clock is too coarse to sleep for each record.
        const SLEEP: Duration = Duration::from_millis(1);
        let mut owed = Duration::ZERO;
        let mut first = 0;
        for at in 0..batch.arrived.len() {
            owed += self.setup.work;
            if owed >= SLEEP {
                if !self.signal.sleep(owed) {
                    return false;
                }
                owed = Duration::ZERO;
                self.done(&batch.arrived[first..=at]);
                first = at + 1;
            }
        }
        if !self.signal.sleep(owed) {
            return false;
        }
        self.done(&batch.arrived[first..]);
        true
    }

    fn commit(&self, client: &Client, to: Vec<(PartitionId, u64)>) {
        let c = self.id;
        let record = |is| self.record(What::Offsets { c, is, to: to.clone(), within: None });
        record(Outcome::Invoke);
        let deadline = Instant::now() + self.setup.commit_timeout;
        let list = list(&self.site.partitions, &to);
        let answer = native::commit(client, &list, deadline, || self.signal.killed());
        record(outcome::of_commit(answer));
    }

    fn commit_async(&self, client: &Client, to: Vec<(PartitionId, u64)>) {
        let c = self.id;
        self.record(What::Offsets { c, is: Outcome::Invoke, to: to.clone(), within: None });
        let list = list(&self.site.partitions, &to);
        let mut pending = self.pending();
        let queue = pending.queue.get_or_insert_with(|| native::Commits::new(client));
        match queue.ask(client, &list) {
            Ok(()) => pending.open.push(to),
            Err(code) => {
                let is = outcome::refused_commit(code);
                self.record(What::Offsets { c, is, to, within: None });
            }
        }
    }

    /// Writes down the answers to commits that have come. The first may take so long.
    fn hear(&self, milliseconds: i32) {
        let mut wait = milliseconds;
        let mut pending = self.pending();
        while let Some((asked, answer)) = pending.queue.as_ref().and_then(|it| it.answer(wait)) {
            wait = 0;
            let named = |&(ref topic, partition, offset): &native::Asked| {
                let id = self.site.partitions.id(topic, partition)?;
                Some((id, u64::try_from(offset).ok()?))
            };
            let mut to: Vec<_> = asked.iter().filter_map(named).collect();
            to.sort_unstable();
            let Some(at) = pending.open.iter().position(|of| *of == to) else { continue };
            pending.open.remove(at);
            let is = outcome::of_commit(answer);
            self.record(What::Offsets { c: self.id, is, to, within: None });
        }
    }

    /// Waits for the answers to commits.
    fn drain_commits(&self, deadline: Instant) {
        let open = || !self.pending().open.is_empty();
        while open() && Instant::now() < deadline && !self.signal.killed() {
            self.hear(20);
        }
    }

    /// The end: with the last commits and a word to the group, if it is not killed.
    pub(super) fn end(client: Client, killed: bool, deadline: Instant) {
        let member = Arc::clone(client.context());
        if killed {
            member.written();
            member.forget_commits();
            member.record(What::ConsumerGone { c: member.id, killed: true });
            native::abandon(client);
            return;
        }
        member.drain_commits(deadline);
        // A moment for the group even if there is no time left: others wait for the partitions.
        let left = deadline.saturating_duration_since(Instant::now());
        native::close(client, left.clamp(Duration::from_millis(500), Duration::from_secs(10)));
        member.forget_commits();
        member.record(What::ConsumerGone { c: member.id, killed: false });
    }

    fn forget_commits(&self) {
        self.hear(0);
        let pending = std::mem::take(&mut *self.pending());
        for to in pending.open {
            let is = Outcome::Unknown("no answer before the end".to_owned());
            self.record(What::Offsets { c: self.id, is, to, within: None });
        }
    }
}

impl ClientContext for Member {}
