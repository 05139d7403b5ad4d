//! Takes the events of consumers.

use crate::history::{Record, What};
use crate::id::{ConsumerId, MessageId, PartitionId};

use super::checker::Checker;
use super::findings::{Findings, anomaly};
use super::limits;
use super::log::{Final, Gap, Log};
use super::messages::{Applied, Producers};
use super::readers::Session;
use super::{Anomaly, AnomalyKind};

/// Who gets something, of what, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct By {
    pub c: ConsumerId,
    pub to: PartitionId,
    pub committed: bool,
    pub at: u64,
}

impl By {
    /// A consumer gets what is at an offset, and passes what is before.
    #[inline]
    fn arrive(self, offset: u64, session: &mut Session, log: &mut Log, findings: &mut Findings) {
        let Self { c, to, committed, at } = self;
        if let Some(next) = session.next.filter(|it| *it != offset) {
            if offset > next {
                log.gaps.push(Gap::new(next, offset, c, committed, at));
            } else {
                findings.add(AnomalyKind::NonMonotonicPoll, true, || Anomaly {
                    partition: Some(to),
                    consumer: Some(c),
                    offsets: vec![next, offset],
                    times: vec![at],
                    ..anomaly(format!(
                        "{c} was at offset {next} of {to}, and got {offset} at {at} us without being told to go back"
                    ))
                });
            }
        }
        session.next = Some(offset + 1);
    }
}

/// A record that was read before its sending was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Early {
    pub offset: u64,
    pub message: MessageId,
    pub by: By,
}

/// Nobody has sent what was read, or not to there.
pub(super) fn phantom(it: Early, producers: &Producers, findings: &mut Findings) {
    findings.add(AnomalyKind::Phantom, true, || {
        let Early { offset, message, by: By { c, to, at, .. } } = it;
        let why = match producers.message(message) {
            Some(other) => format!("which was sent to {}", other.to()),
            None => "which nobody sent".into(),
        };
        Anomaly {
            partition: Some(to),
            messages: vec![message],
            consumer: Some(c),
            offsets: vec![offset],
            times: vec![at],
            ..anomaly(format!("{c} got {message} at offset {offset} of {to}, {why}"))
        }
    });
}

impl Checker {
    /// Consumers are given partitions, and give them up, and move their positions.
    pub(super) fn position(&mut self, at: u64, what: &What) -> Result<(), String> {
        match what {
            What::Assign { c, to } => {
                for (partition, offset) in to {
                    self.log(*partition)?;
                    if let Some(offset) = offset {
                        limits::offset(*offset)?;
                    }
                    let (consumer, reader) = self.readers.consumer(*c)?;
                    let session = Session { next: *offset, start: *offset };
                    consumer.sessions.insert(*partition, session);
                    if let Some(offset) = offset {
                        reader.readings.entry(*partition).or_default().starts(*offset);
                    }
                }
            }
            What::Revoke { c, to, .. } => {
                let (consumer, _) = self.readers.consumer(*c)?;
                for partition in to {
                    consumer.sessions.remove(partition);
                }
            }
            What::Seek { c, to, o } => {
                self.log(*to)?;
                limits::offset(*o)?;
                let (consumer, reader) = self.readers.consumer(*c)?;
                let session = consumer.sessions.entry(*to).or_default();
                let from = session.next.unwrap_or(0);
                session.next = Some(*o);
                session.start = Some(session.start.map_or(*o, |it| it.min(*o)));
                let reading = reader.readings.entry(*to).or_default();
                reading.starts(*o);
                if from < *o {
                    reading.passed.push((from, *o));
                }
                reading.commits.reset(at);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn poll(
        &mut self,
        at: u64,
        c: ConsumerId,
        to: PartitionId,
        records: &[Record],
    ) -> Result<(), String> {
        self.log(to)?;
        let Self { logs, producers, readers, early, findings, counts, extent, .. } = self;
        let log = &mut logs[to.0 as usize];
        let (consumer, reader) = readers.consumer(c)?;
        if consumer.gone {
            return Err(format!("{c} gets records, and is gone"));
        }
        let grouped = reader.group.is_some();
        let by = By { c, to, committed: consumer.committed, at };
        let session = consumer.sessions.entry(to).or_default();
        let reading = reader.readings.entry(to).or_default();
        if session.next.is_none()
            && let Some(Record(first, ..)) = records.first()
        {
            session.start = Some(*first);
            reading.starts(*first);
        }
        for Record(offset, p, s) in records {
            let offset = limits::offset(*offset)?;
            let message = MessageId { producer: *p, sequence: *s };
            if p.0 >= limits::ACTORS || *s >= limits::SEQUENCES {
                return Err(format!("{message}: those of a run are below 2^20 and 2^36"));
            }
            by.arrive(offset, session, log, findings);
            let before = log.pages();
            log.read(offset, message, (consumer.reader, c), by.committed, at);
            extent.grow(log.pages() - before, offset)?;
            counts.read += 1;
            if !reading.got.add(offset) && grouped {
                counts.redelivered += 1;
            }
            match producers.read(message, to, offset, by.committed, at) {
                Applied::Ok => {}
                Applied::NotSent => early.push(Early { offset, message, by }),
                Applied::NotHere => phantom(Early { offset, message, by }, producers, findings),
            }
        }
        Ok(())
    }

    pub(super) fn corrupt(
        &mut self,
        at: u64,
        c: ConsumerId,
        to: PartitionId,
        offset: u64,
        why: &str,
    ) -> Result<(), String> {
        self.log(to)?;
        limits::offset(offset)?;
        let Self { logs, readers, findings, extent, .. } = self;
        let log = &mut logs[to.0 as usize];
        let (consumer, reader) = readers.consumer(c)?;
        let session = consumer.sessions.entry(to).or_default();
        let reading = reader.readings.entry(to).or_default();
        if session.next.is_none() {
            session.start = Some(offset);
            reading.starts(offset);
        }
        By { c, to, committed: consumer.committed, at }.arrive(offset, session, log, findings);
        reading.got.add(offset);
        let before = log.pages();
        log.corrupt(offset);
        extent.grow(log.pages() - before, offset)?;
        findings.add(AnomalyKind::Corrupt, true, || Anomaly {
            partition: Some(to),
            consumer: Some(c),
            offsets: vec![offset],
            times: vec![at],
            ..anomaly(format!("{c} got at offset {offset} of {to} what nobody sent: {why}"))
        });
        Ok(())
    }

    pub(super) fn done(
        &mut self,
        c: ConsumerId,
        to: PartitionId,
        offset: u64,
    ) -> Result<(), String> {
        self.log(to)?;
        limits::offset(offset)?;
        let (_, reader) = self.readers.consumer(c)?;
        reader.does = true;
        let reading = reader.readings.get_mut(&to).filter(|it| it.got.has(offset));
        let Some(reading) = reading else {
            return Err(format!("{c} has done offset {offset} of {to}, which it did not get"));
        };
        reading.done.add(offset);
        Ok(())
    }

    pub(super) fn read_all(
        &mut self,
        at: u64,
        c: ConsumerId,
        to: PartitionId,
        end: u64,
    ) -> Result<(), String> {
        self.log(to)?;
        limits::offset(end)?;
        let (consumer, reader) = self.readers.consumer(c)?;
        if reader.group.is_some() {
            return Err(format!(
                "{c} has read all of {to}, and is in a group; who reads all reads alone"
            ));
        }
        let (row, committed) = (consumer.reader, consumer.committed);
        let session = consumer.sessions.entry(to).or_default();
        let start = session.start;
        let next = session.next.filter(|it| *it < end);
        let log = &mut self.logs[to.0 as usize];
        log.finals.push(Final { reader: row, committed, start, end });
        if let Some(next) = next {
            log.gaps.push(Gap::new(next, end, c, committed, at));
        }
        Ok(())
    }
}
