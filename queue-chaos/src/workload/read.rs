//! What is in a cluster after all faults have ended.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use super::batch::Batch;
use super::message::Message;
use super::reader::{End, Offsets, Reader};
use super::{Site, member};
use crate::history::{Commits, Isolation, Record, What};
use crate::id::{ConsumerId, PartitionId};
use crate::{Error, Result};

/// Waits are repeated after so long.
const AGAIN: Duration = Duration::from_millis(100);

/// The first and the next offset of each partition, once all leaders have told them; for those who read what is committed, once no transaction is open
/// below the next offset any more (what a producer that died has left open is aborted by its coordinator when its time is out).
pub(super) fn settled(
    site: &Site,
    ids: &[PartitionId],
    isolation: Isolation,
    until: Instant,
) -> Result<Vec<(PartitionId, u64, u64)>> {
    let all = Reader::new(&site.bootstrap, &site.client, None, Isolation::ReadUncommitted)?;
    let names: Vec<(String, i32)> = ids
        .iter()
        .filter_map(|&id| site.partitions.name(id).map(|(topic, p)| (topic.to_owned(), p)))
        .collect();
    let (low, high) = loop {
        let left = until.saturating_duration_since(Instant::now());
        let found = all.cluster(left).map(|cluster| {
            (
                all.ends(End::Low, &names, &cluster, left),
                all.ends(End::High, &names, &cluster, left),
            )
        });
        match found {
            Ok((low, high)) if low.len() == names.len() && high.len() == names.len() => {
                break (low, high);
            }
            Err(error) if Instant::now() >= until => return Err(error),
            Ok((_, high)) if Instant::now() >= until => {
                let missing: Vec<String> = names
                    .iter()
                    .filter(|name| !high.contains_key(name))
                    .map(|(topic, partition)| format!("{topic} {partition}"))
                    .collect();
                return Err(Error::Broker {
                    what: format!("asking for the ends of {}", missing.join(", ")),
                    why: "their leaders do not answer, or they have none".to_owned(),
                });
            }
            _ => std::thread::sleep(AGAIN),
        }
    };
    if isolation == Isolation::ReadCommitted {
        let stable = Reader::new(&site.bootstrap, &site.client, None, isolation)?;
        wait_for_transactions(&stable, &names, &high, until)?;
    }
    let row = |(topic, partition): &(String, i32)| {
        let id = site.partitions.id(topic, *partition)?;
        let key = (topic.clone(), *partition);
        Some((id, *low.get(&key)?, *high.get(&key)?))
    };
    Ok(names.iter().filter_map(row).collect())
}

fn wait_for_transactions(
    stable: &Reader,
    names: &[(String, i32)],
    high: &Offsets,
    until: Instant,
) -> Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let ends = match stable.cluster(left) {
            Ok(cluster) => stable.ends(End::High, names, &cluster, left),
            Err(_) => Offsets::new(),
        };
        let open = names.iter().find(|name| ends.get(*name) < high.get(*name));
        let Some(name) = open else { return Ok(()) };
        if Instant::now() >= until {
            let (topic, partition) = name;
            return Err(Error::Broker {
                what: format!("reading {topic} {partition} to its end"),
                why: match (ends.get(name), high.get(name)) {
                    (Some(stable), Some(high)) => format!(
                        "a transaction is still open at {stable} of {high}: wait longer than transaction.timeout.ms"
                    ),
                    _ => "its leader does not answer".to_owned(),
                },
            });
        }
        std::thread::sleep(AGAIN);
    }
}

/// Reads partitions from their beginning to the end that they have when this begins, and writes down [`What::Watermarks`] of each before, the records
/// ([`What::Poll`], [`What::Corrupt`]), and [`What::ReadAll`] of each after that, as a consumer of its own, whose number is returned.
///
/// Run it when all faults are over and nobody produces any more.
///
/// # Errors
/// [`Error::Broker`] that names the partition and how far it got, if that is not done in `time`; what librdkafka says.
pub fn read_all(
    site: &Site,
    ids: &[PartitionId],
    isolation: Isolation,
    time: Duration,
) -> Result<ConsumerId> {
    let until = Instant::now() + time;
    let rows = settled(site, ids, isolation, until)?;
    let record = |what| site.sink.record(site.sink.now(), what);
    for &(to, low, high) in &rows {
        record(What::Watermarks { to, low, high });
    }
    let c = site.ids.consumer();
    let reader = Reader::new(&site.bootstrap, &site.client, None, isolation)?;
    record(What::Consumer { c, group: None, isolation, commits: Commits::Never });
    let mut result = Ok(());
    // The end of a partition is told without its topic: one topic at a time.
    for topic in site.partitions.topics() {
        let of_topic = rows
            .iter()
            .filter(|(id, _, _)| site.partitions.name(*id).is_some_and(|(name, _)| name == topic));
        let parts: Vec<Part> = of_topic
            .filter_map(|&(id, low, high)| {
                let (_, number) = site.partitions.name(id)?;
                Some(Part { id, number, next: low, high, ends: 0, done: false })
            })
            .collect();
        if !parts.is_empty() {
            result = Scan { site, reader: &reader, c, topic, parts }.run(until);
        }
        if result.is_err() {
            break;
        }
    }
    record(What::ConsumerGone { c, killed: false });
    result.map(|()| c)
}

/// A partition that is read to its end.
struct Part {
    id: PartitionId,
    number: i32,
    next: u64,
    high: u64,
    /// How often its end was told at this offset.
    ends: u32,
    done: bool,
}

struct Scan<'a> {
    site: &'a Site,
    reader: &'a Reader,
    c: ConsumerId,
    topic: &'a str,
    parts: Vec<Part>,
}

impl Scan<'_> {
    fn record(&self, what: What) {
        self.site.sink.record(self.site.sink.now(), what);
    }

    fn failed(&self) -> impl FnOnce(KafkaError) -> Error + use<> {
        let what = format!("reading {} to its end", self.topic);
        move |source| Error::Kafka { what, source }
    }

    fn run(mut self, until: Instant) -> Result<()> {
        let c = self.c;
        let to = self.parts.iter().map(|part| (part.id, Some(part.next))).collect();
        self.record(What::Assign { c, to });
        let starts: Vec<_> = self.parts.iter().map(|part| (part.id, part.next)).collect();
        let list = member::list(&self.site.partitions, &starts);
        self.reader.client().assign(&list).map_err(self.failed())?;
        for at in 0..self.parts.len() {
            self.check(at);
        }
        let mut batch = Batch::default();
        let mut since = Instant::now();
        while self.parts.iter().any(|part| !part.done) {
            let wait = if batch.is_empty() { Duration::from_millis(200) } else { Duration::ZERO };
            let came = self.poll(wait, &mut batch)?;
            if batch.is_empty() {
                since = Instant::now();
            }
            let old = since.elapsed() >= Duration::from_millis(10);
            if !batch.is_empty() && (!came || batch.len() >= 1_000 || old) {
                batch.write(c, &*self.site.sink);
                batch.clear();
                for at in 0..self.parts.len() {
                    self.check(at);
                }
            }
            if Instant::now() >= until {
                batch.write(c, &*self.site.sink);
                return Err(self.late());
            }
        }
        batch.write(c, &*self.site.sink);
        self.reader.client().unassign().map_err(self.failed())?;
        let to = self.parts.iter().map(|part| part.id).collect();
        self.record(What::Revoke { c, to, lost: false });
        Ok(())
    }

    fn late(&self) -> Error {
        let left = self.parts.iter().filter(|part| !part.done);
        let left: Vec<String> = left
            .map(|part| format!("{} {} at {} of {}", self.topic, part.number, part.next, part.high))
            .collect();
        Error::Broker {
            what: format!("reading {} to its end", self.topic),
            why: format!("not there in time: {}", left.join(", ")),
        }
    }

    /// Whether something came.
    fn poll(&mut self, wait: Duration, batch: &mut Batch) -> Result<bool> {
        match self.reader.client().poll(wait) {
            None => Ok(false),
            Some(Ok(message)) => {
                let at = self.parts.iter().position(|part| part.number == message.partition());
                let (Some(at), Ok(o)) = (at, u64::try_from(message.offset())) else {
                    return Ok(true);
                };
                let part = &mut self.parts[at];
                // What came after the ends were asked for is not a part of this.
                if message.topic() != self.topic || part.done || o >= part.high {
                    return Ok(true);
                }
                part.next = o + 1;
                part.ends = 0;
                let to = part.id;
                match Message::decode(message.payload().unwrap_or_default()) {
                    Ok(it) => {
                        batch.push(to, Record(o, it.id.producer, it.id.sequence));
                    }
                    Err(it) => batch.push_corrupt(self.c, to, o, it.why, &*self.site.sink),
                }
                Ok(true)
            }
            Some(Err(KafkaError::PartitionEOF(number))) => {
                if let Some(at) = self.parts.iter().position(|part| part.number == number) {
                    // What it stands after is written before.
                    batch.write(self.c, &*self.site.sink);
                    batch.clear();
                    self.end(at)?;
                }
                Ok(true)
            }
            Some(Err(source @ KafkaError::MessageConsumptionFatal(_))) => {
                Err(self.failed()(source))
            }
            Some(Err(source)) => match source.rdkafka_error_code() {
                Some(rdkafka::error::RDKafkaErrorCode::AutoOffsetReset) => {
                    Err(self.failed()(source))
                }
                _ => Ok(false),
            },
        }
    }

    /// There is nothing more, says the leader. If the last offsets are no records (ends of transactions), nothing else tells. A new leader can
    /// say so too early for a moment: it must say so twice.
    fn end(&mut self, at: usize) -> Result<()> {
        let part = &mut self.parts[at];
        part.ends += 1;
        if part.done || part.next >= part.high || part.ends >= 2 {
            part.next = part.next.max(part.high);
            self.check(at);
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        let offset = Offset::Offset(part.next as i64);
        list.add_partition_offset(self.topic, part.number, offset).map_err(self.failed())?;
        let client = self.reader.client();
        client.seek_partitions(list, Duration::from_secs(5)).map_err(self.failed())?;
        Ok(())
    }

    fn check(&mut self, at: usize) {
        let part = &mut self.parts[at];
        if !part.done && part.next >= part.high {
            part.done = true;
            let (to, o) = (part.id, part.next);
            self.record(What::ReadAll { c: self.c, to, o });
        }
    }
}

/// What a group has committed of some partitions: a [`What::Committed`], to be written down.
///
/// # Errors
/// What librdkafka says, or that the group's coordinator did not answer in `time`.
pub fn committed(site: &Site, group: &str, ids: &[PartitionId], time: Duration) -> Result<What> {
    let reader = Reader::new(&site.bootstrap, &site.client, Some(group), Isolation::ReadCommitted)?;
    let named = ids.iter().filter_map(|&id| site.partitions.name(id));
    let names: Vec<(String, i32)> = named.map(|(topic, p)| (topic.to_owned(), p)).collect();
    let offsets = reader.committed(&names, time)?;
    let to = offsets
        .iter()
        .filter_map(|((topic, partition), &o)| Some((site.partitions.id(topic, *partition)?, o)))
        .collect();
    Ok(What::Committed { group: group.to_owned(), to })
}
