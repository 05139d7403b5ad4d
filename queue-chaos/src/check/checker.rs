//! Takes the events of a history.

use crate::history::{Event, Isolation, Outcome, What};
use crate::id::{ConsumerId, MessageId, PartitionId, ProducerId};

use super::commits::Commit;
use super::consumption::Early;
use super::findings::Findings;
use super::limits;
use super::log::Log;
use super::messages::{Fate, Producer, Producers, Transaction, WithinTransaction};
use super::readers::{Asked, Readers};
use super::{Counts, Judgement, Options};

/// Judges a history, event by event.
///
/// Time and memory are linear in the history: about 16 bytes a message, 8 an offset that holds one, and a bit an offset and reader (two for groups). An offset that a consumer got
/// nothing at (a commit's mark, mostly) takes 24 bytes a consumer more. Numbers in the history never make it take more than that: see the errors of [`push`](Self::push).
///
/// ```
/// use queue_chaos::check::{Checker, Options, Verdict};
/// use queue_chaos::history::{Acks, Delivery, Event, Run, What};
/// use queue_chaos::id::{PartitionId, ProducerId};
///
/// let run = Run { version: queue_chaos::history::VERSION, name: "it".into(), seed: 0, cluster: "embedded".into(), started: 0, topics: vec![], partitions: vec![(0, 0)] };
/// let (p, to) = (ProducerId(0), PartitionId(0));
/// let mut checker = Checker::new(&Options::default());
/// for (at, what) in [
///     (0, What::Run(run)),
///     (1, What::Producer { p, delivery: Delivery::Idempotent, acks: Acks::All }),
///     (2, What::Send { p, s: 0, to, of: None }),
///     (3, What::Ack { p, s: 0, to, o: Some(0) }),
///     (4, What::Watermarks { to, low: 0, high: 0 }),
///     (5, What::End { events: 5 }),
/// ] {
///     checker.push(&Event { at, what })?;
/// }
/// let judgement = checker.finish();
/// assert_eq!(judgement.verdict, Verdict::Anomaly);
/// assert_eq!(judgement.anomalies[0].kind.as_str(), "lost-write");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug)]
pub struct Checker {
    pub(super) options: Options,
    pub(super) begun: bool,
    pub(super) ended: bool,
    pub(super) logs: Vec<Log>,
    pub(super) producers: Producers,
    pub(super) readers: Readers,
    /// Records whose sending has not been told yet: other actors' lines may be early.
    pub(super) early: Vec<Early>,
    pub(super) findings: Findings,
    pub(super) counts: Counts,
    pub(super) extent: Extent,
}

/// How much there is of all logs.
#[derive(Debug, Default)]
pub(super) struct Extent {
    pages: u64,
    /// Records and acknowledgements.
    claims: u64,
}

impl Extent {
    /// Another record or acknowledgement has been noted, and took pages.
    #[inline]
    pub fn grow(&mut self, pages: usize, offset: u64) -> Result<(), String> {
        self.claims += 1;
        self.pages += pages as u64;
        if self.pages > limits::PAGES + self.claims / limits::PER_PAGE {
            return Err(format!(
                "offset {offset}: the offsets of this history are too far apart, less than one in 64 holds a message; \
                 the topics of a run hold its messages alone"
            ));
        }
        Ok(())
    }
}

impl Checker {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self {
            options: options.clone(),
            begun: false,
            ended: false,
            logs: Vec::new(),
            producers: Producers::default(),
            readers: Readers::default(),
            early: Vec::new(),
            findings: Findings::new(options.keep),
            counts: Counts::default(),
            extent: Extent::default(),
        }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// That the event makes no sense, so that the history cannot be judged: what recorded it is wrong, not the cluster. An outcome of a message that was not sent, or a second one;
    /// a message whose number is not the next; a partition that the run has not; someone who acts and has not begun, or is gone; work done on a record that nobody of the group got; a second run.
    /// And numbers that no run has: producers and consumers from 2^20, sequences from 2^36, offsets from 2^40, more than 65,536 partitions, offsets so far apart that
    /// fewer than one in 64 holds a message.
    pub fn push(&mut self, event: &Event) -> Result<(), String> {
        if !self.begun && !matches!(event.what, What::Run(_)) {
            return Err("the first event of a history tells the run".into());
        }
        if self.ended {
            return Err("there is more after the end".into());
        }
        self.counts.events += 1;
        let at = event.at;
        match &event.what {
            What::Run(run) => {
                if self.begun {
                    return Err("a second run; a history tells of one".into());
                }
                let partitions = run.partitions.len();
                if partitions > limits::PARTITIONS {
                    return Err(format!("{partitions} partitions; a run has 65,536 at most"));
                }
                self.begun = true;
                self.logs.resize_with(partitions, Log::default);
            }
            What::Poll { c, to, r } => self.poll(at, *c, *to, r)?,
            What::Done { c, to, o } => self.done(*c, *to, *o)?,
            What::Corrupt { c, to, o, why } => self.corrupt(at, *c, *to, *o, why)?,
            What::Assign { .. } | What::Revoke { .. } | What::Seek { .. } => {
                self.position(at, &event.what)?;
            }
            What::Consumer { c, group, isolation, commits } => {
                let committed = *isolation == Isolation::ReadCommitted;
                let c = limits::actor("consumer", c.0)?;
                self.readers.begin(c, group.as_deref(), committed, *commits)?;
            }
            What::ConsumerGone { c, .. } => {
                let (consumer, _) = self.readers.consumer(*c)?;
                consumer.gone = true;
                consumer.sessions.clear();
                self.forget_commits(*c);
            }
            What::Offsets { c, is, to, within } => self.offsets(at, *c, is, to, *within)?,
            What::Watermarks { to, low, high } => {
                limits::offset(*high)?;
                if low > high {
                    return Err(format!("{to} begins at {low} and ends at {high}"));
                }
                self.log(*to)?.watermarks = Some((*low, *high));
            }
            What::ReadAll { c, to, o } => self.read_all(at, *c, *to, *o)?,
            What::Committed { group, to } => {
                let reader = self.readers.group(group);
                for (partition, offset) in to {
                    self.log(*partition)?;
                    limits::offset(*offset)?;
                    let readings = &mut self.readers.all[reader as usize].readings;
                    readings.entry(*partition).or_default().committed = Some(*offset);
                }
            }
            What::End { .. } => self.ended = true,
            What::Fault { .. } | What::Sample(_) | What::Note { .. } => {}
            what => self.produce(at, what)?,
        }
        Ok(())
    }

    /// Judges what was taken. A history without its [`What::End`] was cut short, and is never judged better than unknown.
    #[must_use]
    pub fn finish(self) -> Judgement {
        super::judge::judge(self)
    }

    pub(super) fn log(&mut self, to: PartitionId) -> Result<&mut Log, String> {
        let partitions = self.logs.len();
        let found = self.logs.get_mut(to.0 as usize);
        found.ok_or_else(|| format!("{to}: the run has {partitions}, from 0"))
    }

    /// What producers do.
    fn produce(&mut self, at: u64, what: &What) -> Result<(), String> {
        match what {
            What::Producer { p, delivery, acks } => {
                let p = limits::actor("producer", p.0)?;
                self.producers.add(p, Producer::new(*delivery, *acks))?;
            }
            What::Send { p, s, to, of } => self.send(at, *p, *s, *to, *of)?,
            What::Ack { p, s, to, o } => self.ack(at, *p, *s, *to, *o)?,
            What::Nack { p, s, .. } => {
                self.producers.refuse(MessageId { producer: *p, sequence: *s })?;
            }
            What::Unknown { p, s, .. } => {
                self.producers.lose_sight(MessageId { producer: *p, sequence: *s })?;
            }
            What::Begin { p } => {
                let producer = self.producers.get_mut(*p)?;
                producer.close();
                producer.transactions.push(Transaction {
                    first: producer.messages.len() as u64,
                    end: u64::MAX,
                    asked: None,
                    fate: Fate::Open,
                    read: None,
                    offsets: Vec::new(),
                });
            }
            What::Commit { p, is } => self.commit(at, *p, is)?,
            What::Abort { p, is } => {
                let producer = self.producers.get_mut(*p)?;
                if *is == Outcome::Ok
                    && let Some(open) = producer.open()
                {
                    open.fate = Fate::Aborted;
                    open.offsets.clear();
                    producer.close();
                }
            }
            What::ProducerGone { p, .. } => {
                let producer = self.producers.get_mut(*p)?;
                producer.close();
                producer.gone = true;
            }
            // All others are taken by `push`.
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn send(
        &mut self,
        at: u64,
        p: ProducerId,
        s: u64,
        to: PartitionId,
        of: Option<(PartitionId, u64)>,
    ) -> Result<(), String> {
        self.log(to)?.used = true;
        let producer = self.producers.get_mut(p)?;
        let next = producer.messages.len() as u64;
        if s != next || s >= limits::SEQUENCES {
            return Err(format!("{p} sends its message {s}; the next one is {next}"));
        }
        if producer.gone {
            return Err(format!("{p} sends, and is gone"));
        }
        producer.messages.push(super::messages::Message::new(to, at));
        self.counts.sent += 1;
        if let Some((partition, offset)) = of {
            limits::offset(offset)?;
            producer.set_of(s, partition, offset);
            self.log(partition)?;
        }
        Ok(())
    }

    #[inline]
    fn ack(
        &mut self,
        at: u64,
        p: ProducerId,
        s: u64,
        to: PartitionId,
        offset: Option<u64>,
    ) -> Result<(), String> {
        let message = MessageId { producer: p, sequence: s };
        if let Some(offset) = offset {
            limits::offset(offset)?;
        }
        self.producers.ack(message, to, offset, at)?;
        if let Some(offset) = offset {
            let log = self.log(to)?;
            let before = log.pages();
            log.ack(offset, message, at);
            let more = log.pages() - before;
            self.extent.grow(more, offset)?;
        }
        Ok(())
    }

    fn commit(&mut self, at: u64, p: ProducerId, is: &Outcome) -> Result<(), String> {
        let producer = self.producers.get_mut(p)?;
        let Some(open) = producer.open() else {
            return match is {
                Outcome::Invoke => Err(format!("{p} commits, and has no transaction")),
                _ => Ok(()),
            };
        };
        match is {
            Outcome::Invoke => {
                open.asked = Some(at);
                open.fate = Fate::Unknown;
            }
            Outcome::Fail(_) => {
                open.asked = None;
                open.fate = Fate::Open;
            }
            Outcome::Unknown(_) => {}
            Outcome::Ok => {
                open.fate = Fate::Committed;
                let asked = *open.asked.get_or_insert(0);
                let offsets = std::mem::take(&mut open.offsets);
                producer.close();
                self.commit_offsets(&offsets, asked, at);
            }
        }
        Ok(())
    }

    /// Offsets are committed with a transaction; `done` is `u64::MAX` if nobody knows.
    pub(super) fn commit_offsets(&mut self, all: &[WithinTransaction], asked: u64, done: u64) {
        for it in all {
            // Which consumer that was is not kept: the group did it.
            let commit = Commit { asked, done, offset: it.offset, by: ConsumerId(u32::MAX) };
            self.add_commit(it.reader, it.partition, commit);
        }
    }

    fn add_commit(&mut self, reader: u32, to: PartitionId, commit: Commit) {
        let reader = &mut self.readers.all[reader as usize];
        reader.readings.entry(to).or_default().commits.add(commit);
    }

    fn offsets(
        &mut self,
        at: u64,
        c: ConsumerId,
        is: &Outcome,
        to: &[(PartitionId, u64)],
        within: Option<ProducerId>,
    ) -> Result<(), String> {
        for (partition, offset) in to {
            self.log(*partition)?;
            limits::offset(*offset)?;
        }
        let (consumer, _) = self.readers.consumer(c)?;
        let reader = consumer.reader;
        if *is == Outcome::Invoke {
            consumer.asked.push_back(Asked { at, to: to.to_vec(), within });
            return Ok(());
        }
        let mine = consumer.asked.iter().position(|it| it.within == within && it.to == to);
        // Of one that was not asked for, nobody knows when it may have been done.
        let asked = mine.and_then(|it| consumer.asked.remove(it)).map_or(0, |it| it.at);
        match (is, within) {
            (Outcome::Fail(_), _) => {}
            // It is done when its transaction is.
            (Outcome::Ok, Some(p)) => {
                let Some(open) = self.producers.get_mut(p)?.open() else {
                    return Err(format!("{c} commits in a transaction of {p}, which has none"));
                };
                let offsets = to.iter().map(|(partition, offset)| WithinTransaction {
                    reader,
                    partition: *partition,
                    offset: *offset,
                });
                open.offsets.extend(offsets);
            }
            _ => {
                let done = if *is == Outcome::Ok { at } else { u64::MAX };
                for (partition, offset) in to {
                    let commit = Commit { asked, done, offset: *offset, by: c };
                    self.add_commit(reader, *partition, commit);
                }
            }
        }
        Ok(())
    }

    /// What a consumer has asked for, and will not hear of, may have been done.
    pub(super) fn forget_commits(&mut self, c: ConsumerId) {
        let Ok((consumer, _)) = self.readers.consumer(c) else { return };
        let reader = consumer.reader;
        let asked = std::mem::take(&mut consumer.asked);
        for asked in asked.into_iter().filter(|it| it.within.is_none()) {
            for (partition, offset) in asked.to {
                let commit = Commit { asked: asked.at, done: u64::MAX, offset, by: c };
                self.add_commit(reader, partition, commit);
            }
        }
    }
}
