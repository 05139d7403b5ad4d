//! A consume-transform-produce loop: each record that is read becomes one that is written, exactly once.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::{Offset, TopicPartitionList};

use super::batch::Batch;
use super::keys;
use super::member::{self, Client, Member, MemberSetup};
use super::sender::{Draft, Ending, Offsets, Sender, Sending, Setup};
use super::signal::{Order, Signal};
use super::statistics::{Meter, Progress};
use super::{LoopOptions, Role, Site};
use crate::history::{Acks, Commits, Delivery, Isolation, What};
use crate::id::PartitionId;
use crate::{Error, Result};

/// A thread with a consumer in a group and a transactional producer. Each transaction holds the outputs of some inputs, and the offsets after these
/// (`sendOffsetsToTransaction`, KIP-447). When one is aborted, the consumer goes back to what is committed; when its producer is fenced or broken,
/// another one takes its place. It ends when dropped, as if [killed](Self::kill).
#[derive(Debug)]
pub struct Loop {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Loop {
    /// Starts one, in `group`, that reads `topics` and writes to the partitions of `role`.
    ///
    /// # Errors
    /// [`Error::Plan`] if there is nothing to write to; [`Error::Kafka`] if librdkafka does not take the settings.
    pub fn start(
        site: &Arc<Site>,
        options: &LoopOptions,
        group: &str,
        topics: &[String],
        role: Role,
    ) -> Result<Self> {
        let progress = Arc::new(Progress::new(site.partitions.len()));
        Self::start_with(site, options, group, topics, role, Arc::new(Meter::new()), progress)
    }

    pub(super) fn start_with(
        site: &Arc<Site>,
        options: &LoopOptions,
        group: &str,
        topics: &[String],
        role: Role,
        meter: Arc<Meter>,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        if role.to.is_empty() || role.to.iter().any(|&to| site.partitions.name(to).is_none()) {
            return Err(Error::Plan {
                place: "workload, loop.outputs".to_owned(),
                what: "a loop needs partitions to write to, all in the run's table".to_owned(),
            });
        }
        let setup = MemberSetup {
            group: group.to_owned(),
            assigned: None,
            topics: topics.to_vec(),
            commits: Commits::Transactional,
            isolation: Isolation::ReadCommitted,
            work: Duration::ZERO,
            batch: options.messages,
            batch_time: Duration::from_millis(options.batch_ms.into()),
            commit_timeout: Duration::from_millis(options.timeout_ms.into()),
            session_timeout_ms: options.session_timeout_ms,
            cooperative: false,
            client: consumer_settings(&options.client),
        };
        let signal = Arc::new(Signal::new());
        let life = Life {
            site: Arc::clone(site),
            options: options.clone(),
            setup,
            role,
            time: Duration::from_millis(options.timeout_ms.into()),
            signal: Arc::clone(&signal),
            meter,
            progress,
        };
        let client = life.client()?;
        let thread = super::spawn("loop", move || life.run(client))?;
        Ok(Self { signal, thread: Some(thread) })
    }

    /// Tells it to stop after its transaction, at `deadline` at the latest. Returns at once; [`join`](Self::join) waits for it.
    pub fn stop(&self, deadline: Instant) {
        self.signal.give(Order::Stop(deadline));
    }

    /// Kills it: its transaction stays open, and its group waits for its session to run out. Returns at once.
    pub fn kill(&self) {
        self.signal.give(Order::Kill);
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until it has ended.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.kill();
        self.join();
    }
}

/// A setting of producers only would be warned about, at every start.
fn consumer_settings(all: &super::Settings) -> super::Settings {
    let producers = ["linger.ms", "acks", "compression.", "message.", "queue.buffering."];
    let wanted = |name: &str| !producers.iter().any(|prefix| name.starts_with(prefix));
    all.iter().filter(|(name, _)| wanted(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

struct Life {
    site: Arc<Site>,
    options: LoopOptions,
    setup: MemberSetup,
    role: Role,
    time: Duration,
    signal: Arc<Signal>,
    meter: Arc<Meter>,
    progress: Arc<Progress>,
}

/// What is to be done after a transaction.
enum Next {
    /// Another one.
    Transaction,
    /// The same inputs again.
    Rewind,
    /// The same inputs again, by another producer.
    Producer(String),
    /// Nothing: an order came.
    Ordered,
}

impl Life {
    fn client(&self) -> Result<Client> {
        Member::start(&self.site, &self.setup, &self.signal, &self.meter, &self.progress)
    }

    fn note(&self, text: String) {
        self.site.sink.record(self.site.sink.now(), What::Note { text });
    }

    fn run(&self, first: Client) {
        let mut client = first;
        let mut sender = None;
        loop {
            let over = self.transactions(&client, &mut sender);
            let order = self.signal.order();
            let killed = order == Order::Kill;
            let deadline =
                if let Order::Stop(deadline) = order { deadline } else { Instant::now() };
            match over {
                Ok(()) => {
                    Member::end(client, killed, deadline);
                    if let Some(sender) = sender {
                        sender.end(killed, "no outcome before the end");
                    }
                    return;
                }
                Err(why) => {
                    self.note(format!("{} ends: {why}", client.context().id));
                    Member::end(client, false, Instant::now());
                }
            }
            self.signal.pause(Duration::from_millis(100));
            client = match self.client() {
                Ok(client) => client,
                Err(error) => return self.note(format!("a loop cannot go on: {error}")),
            };
        }
    }

    /// Goes on until an order comes, or the consumer cannot.
    fn transactions(&self, client: &Client, sender: &mut Option<Sender>) -> Result<(), String> {
        let member = client.context();
        while self.signal.running() {
            let Some(producer) = self.producer(sender)? else { continue };
            member.gather(client, Duration::from_millis(50))?;
            producer.poll();
            let batch = member.written();
            if batch.is_empty() {
                continue;
            }
            match self.transaction(client, producer, &batch) {
                Next::Transaction => {
                    member.done(&batch.arrived);
                    member.reached(&batch.next());
                }
                Next::Ordered => return Ok(()),
                Next::Rewind => self.rewind(client, &batch)?,
                Next::Producer(why) => {
                    self.note(format!("{} ends: {why}; another takes its place", producer.id));
                    if let Some(sender) = sender.take() {
                        sender.end(false, &why);
                    }
                    // Its successor settles what became of the transaction; only then it is known what is committed.
                    while self.signal.running() && self.producer(sender)?.is_none() {}
                    self.rewind(client, &batch)?;
                }
            }
        }
        Ok(())
    }

    /// The producer, made and announced to the cluster if there is none. None if that did not work this time.
    fn producer<'a>(
        &self,
        sender: &'a mut Option<Sender>,
    ) -> Result<Option<&'a mut Sender>, String> {
        if sender.as_ref().is_some_and(|sender| sender.broken().is_some())
            && let Some(sender) = sender.take()
        {
            let why = sender.broken().unwrap_or_default();
            sender.end(false, &why);
        }
        if sender.is_none() {
            let setup = Setup {
                delivery: Delivery::Transactional,
                acks: Acks::All,
                linger_ms: 5,
                compression: "none",
                message_timeout_ms: self.options.message_timeout_ms,
                transaction: Some((&self.role.transactional_id, self.options.timeout_ms)),
                client: &self.options.client,
            };
            let made =
                Sender::new(&self.site, &setup, self.options.size, &self.signal, &self.meter)
                    .map_err(|error| error.to_string())?;
            match made.init_transactions(Instant::now() + self.time) {
                Ending::Done => *sender = Some(made),
                Ending::Killed => {
                    made.end(true, "killed");
                    return Ok(None);
                }
                Ending::Abort(why) | Ending::Broken(why) => {
                    made.end(false, &why);
                    self.signal.pause(Duration::from_millis(100));
                    return Ok(None);
                }
            }
        }
        Ok(sender.as_mut())
    }

    fn transaction(&self, client: &Client, sender: &mut Sender, batch: &Batch) -> Next {
        let deadline = || match self.signal.order() {
            Order::Stop(deadline) => deadline,
            _ => Instant::now() + self.time,
        };
        match sender.begin() {
            Ending::Done => {}
            Ending::Killed => return Next::Ordered,
            Ending::Abort(why) | Ending::Broken(why) => return Next::Producer(why),
        }
        let mut sent = true;
        for &(partition, offset) in &batch.arrived {
            let random = keys::mix(self.role.seed ^ u64::from(partition.0) << 48 ^ offset);
            let key = random as u32;
            let to = self.role.to[keys::partition_of(key, self.role.to.len())];
            let draft = Draft { to, key, of: Some((partition, offset)) };
            match sender.send(std::iter::once(draft)) {
                Sending::Sent => {}
                Sending::Ended => {
                    sent = false;
                    break;
                }
                Sending::Broken(why) => return Next::Producer(why),
            }
        }
        if self.signal.killed() {
            return Next::Ordered;
        }
        let ending = if sent { self.commit(client, sender, batch, deadline()) } else { None };
        let ending = match ending {
            Some(Ending::Abort(_)) | None => match sender.abort(deadline()) {
                Ending::Done if self.signal.running() => return Next::Rewind,
                Ending::Done => return Next::Ordered,
                ending => ending,
            },
            Some(ending) => ending,
        };
        match ending {
            Ending::Done => Next::Transaction,
            Ending::Killed => Next::Ordered,
            Ending::Abort(why) | Ending::Broken(why) => Next::Producer(why),
        }
    }

    /// None if the consumer is in no group just now.
    fn commit(
        &self,
        client: &Client,
        sender: &Sender,
        batch: &Batch,
        deadline: Instant,
    ) -> Option<Ending> {
        let metadata = client.group_metadata()?;
        let next = batch.next();
        let offsets = Offsets {
            consumer: client.context().id,
            list: member::list(&self.site.partitions, &next),
            next,
            member: Arc::new(metadata),
        };
        Some(sender.commit(deadline, Some(&offsets)))
    }

    /// Brings the consumer back to what is committed of the partitions of a batch.
    fn rewind(&self, client: &Client, batch: &Batch) -> Result<(), String> {
        let ask = Duration::from_secs(5);
        let partitions = &self.site.partitions;
        let of = |id: PartitionId| partitions.name(id);
        let assigned = client.assignment().map_err(|error| error.to_string())?;
        let mine = |id: &PartitionId| {
            of(*id).is_some_and(|(topic, p)| assigned.find_partition(topic, p).is_some())
        };
        let ids: Vec<PartitionId> =
            batch.next().into_iter().map(|(id, _)| id).filter(mine).collect();
        if ids.is_empty() || !self.signal.running() {
            return Ok(());
        }
        let mut asked = TopicPartitionList::new();
        for (topic, partition) in ids.iter().filter_map(|&id| of(id)) {
            asked.add_partition(topic, partition);
        }
        let committed =
            client.committed_offsets(asked, ask).map_err(|error| format!("rewinding: {error}"))?;
        let mut to = TopicPartitionList::new();
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            element.error().map_err(|error| format!("rewinding {topic} {partition}: {error}"))?;
            let offset = match element.offset() {
                Offset::Offset(offset) => offset,
                _ => {
                    client
                        .fetch_watermarks(topic, partition, ask)
                        .map_err(|error| format!("rewinding {topic} {partition}: {error}"))?
                        .0
                }
            };
            to.add_partition_offset(topic, partition, Offset::Offset(offset))
                .map_err(|error| format!("rewinding {topic} {partition}: {error}"))?;
            if let (Some(id), Ok(o)) = (partitions.id(topic, partition), u64::try_from(offset)) {
                client.context().record(What::Seek { c: client.context().id, to: id, o });
            }
        }
        client.context().moved(&ids);
        let moved =
            client.seek_partitions(to, ask).map_err(|error| format!("rewinding: {error}"))?;
        for element in moved.elements() {
            element.error().map_err(|error| {
                format!("rewinding {} {}: {error}", element.topic(), element.partition())
            })?;
        }
        Ok(())
    }
}
