//! Whether messages are there that have to be, and not there that have not to be.

use crate::history::Acks;
use crate::id::MessageId;

use super::findings::{Findings, anomaly};
use super::messages::{ACKED, Fate, Message, Producer, READ, READ_COMMITTED, READ_HERE, REFUSED};
use super::truth::{Shown, Truth, messages};
use super::{Anomaly, AnomalyKind, Counts};

pub(super) fn check(
    truth: &Truth<'_>,
    findings: &mut Findings,
    counts: &mut Counts,
    unknowns: &mut Vec<String>,
) {
    // Of each partition: how many acknowledged ones nobody saw, and the first of them.
    let mut unseen: Vec<(u64, Option<MessageId>)> = vec![(0, None); truth.partitions.len()];
    for (it, message, producer) in messages(truth.producers) {
        if message.is(ACKED) {
            counts.acked += 1;
        } else if message.is(REFUSED) {
            counts.failed += 1;
        } else {
            counts.unknown += 1;
            counts.unknown_read += u64::from(message.is(READ));
        }
        if is_wrongly_read(it, message, producer, findings) || !message.is(ACKED | READ) {
            continue;
        }
        let committed = producer.is_committed(it.sequence);
        match is_there(truth, it, message, committed) {
            Shown::Yes | Shown::Damaged => {}
            Shown::No => lost(truth, it, message, producer, findings),
            Shown::NotKnown => {
                let low = truth.partition(message.to()).low;
                let deleted = message.offset().is_some_and(|it| it < low);
                if !message.is(READ) && committed && !deleted {
                    let (count, first) = &mut unseen[message.to().0 as usize];
                    *count += 1;
                    first.get_or_insert(it);
                }
            }
        }
    }
    for (partition, (count, first)) in truth.partitions.iter().zip(unseen) {
        if let Some(first) = first {
            unknowns.push(format!(
                "{}: {count} acknowledged messages were seen by nobody, and nobody has read to where they have to be; the first is {first}",
                partition.id
            ));
        }
    }
}

fn is_there(truth: &Truth<'_>, it: MessageId, message: Message, committed: bool) -> Shown {
    // Nearly all are where they were read.
    if let Some(offset) = message.offset().filter(|_| message.is(READ_HERE))
        && truth.shown(message.to(), offset, it) == Shown::Yes
    {
        return Shown::Yes;
    }
    truth.shown_anywhere(it, message, |by| !by.committed || committed)
}

fn is_wrongly_read(
    it: MessageId,
    message: Message,
    producer: &Producer,
    findings: &mut Findings,
) -> bool {
    let why = if message.is(REFUSED) {
        if !message.is(READ) {
            return false;
        }
        "was refused, and was read"
    } else {
        if !message.is(READ_COMMITTED) {
            return false;
        }
        match producer.transaction(it.sequence).map(|it| it.fate) {
            Some(Fate::Aborted) => {
                "is of an aborted transaction, and was read by somebody who reads what is committed"
            }
            Some(Fate::Open) => {
                "is of a transaction that nobody asked to commit, and was read by somebody who reads what is committed"
            }
            _ => return false,
        }
    };
    findings.add(AnomalyKind::AbortedRead, true, || {
        let offsets: Vec<u64> = message.offset().into_iter().collect();
        Anomaly {
            partition: Some(message.to()),
            messages: vec![it],
            times: message.times(),
            ..anomaly(format!("{it}, at {offsets:?} of {}, {why}", message.to()))
        }
        .with_offsets(offsets)
    });
    true
}

/// Also what was not acknowledged is lost, if somebody has read it: consumers are given only what is below the high watermark, and that is what all replicas in sync have, and never to
/// go away. Whoever read it has acted on what is not there any more.
fn lost(
    truth: &Truth<'_>,
    it: MessageId,
    message: Message,
    producer: &Producer,
    findings: &mut Findings,
) {
    let promised = message.is(READ) || producer.acks == Acks::All;
    findings.add(AnomalyKind::LostWrite, promised, || {
        let to = message.to();
        let acks = match producer.acks {
            Acks::None => "acks=0",
            Acks::Leader => "acks=1",
            Acks::All => "acks=all",
        };
        let offsets = truth.places(it, message);
        let at = match offsets[..] {
            [] => String::new(),
            [offset] => format!(" at offset {offset}"),
            _ => format!(" at offsets {offsets:?}"),
        };
        let had = match (message.is(ACKED), message.is(READ)) {
            (true, true) => format!("was acknowledged ({acks}) and read"),
            (true, false) => format!("was acknowledged ({acks})"),
            _ => "was not acknowledged, but read".into(),
        };
        let partition = truth.partition(to);
        let end = partition.log.high();
        let now = match end {
            Some(end) if offsets.iter().all(|it| *it >= end) && !offsets.is_empty() => {
                format!("the partition ends at {end}")
            }
            _ => "who read all of the partition in the end did not get it".into(),
        };
        Anomaly {
            partition: Some(to),
            messages: vec![it],
            times: message.times(),
            ..anomaly(format!("{it} {had}{at} of {to}; {now}"))
        }
        .with_offsets(offsets)
    });
}
