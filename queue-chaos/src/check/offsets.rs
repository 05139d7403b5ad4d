//! Whether a message has one offset, and an offset one message.

use crate::id::MessageId;

use super::findings::{Findings, anomaly};
use super::messages::{ACKED_HERE, READ, READ_HERE};
use super::truth::{Shown, Truth};
use super::{Anomaly, AnomalyKind};

pub(super) fn check(truth: &Truth<'_>, findings: &mut Findings) {
    let mut several: Vec<MessageId> = truth.producers.elsewhere.keys().copied().collect();
    several.sort_unstable();
    for it in several {
        message_at_several(truth, it, findings);
    }
    for partition in &truth.partitions {
        let to = partition.id;
        let mut last = None;
        for other in &partition.log.others {
            // Several may have read it, and its acknowledgement may say the same.
            if last.replace((other.offset, other.message)) == Some((other.offset, other.message)) {
                continue;
            }
            let message = truth.producers.message(other.message);
            // One that was acknowledged here, and is elsewhere, is told of as that.
            if other.by.is_none() && message.is_some_and(|it| it.is(READ) && !it.is(READ_HERE)) {
                continue;
            }
            let first = partition.log.at(other.offset).message();
            let Some(first) = first.filter(|it| *it != other.message) else { continue };
            findings.add(AnomalyKind::InconsistentOffsets, true, || {
                let how = match other.by {
                    Some((_, c)) => format!("{c} got {} there", other.message),
                    None => format!("{} was acknowledged to be there", other.message),
                };
                Anomaly {
                    partition: Some(to),
                    messages: vec![first, other.message],
                    consumer: other.by.map(|(_, c)| c),
                    offsets: vec![other.offset],
                    times: vec![other.at],
                    ..anomaly(format!("offset {} of {to} holds {first}, and {how}", other.offset))
                }
            });
        }
    }
}

fn message_at_several(truth: &Truth<'_>, it: MessageId, findings: &mut Findings) {
    let Some(message) = truth.producers.message(it) else { return };
    let to = message.to();
    let mut read = truth.producers.read_at(it, message);
    read.retain(|offset| truth.shown(to, *offset, it) != Shown::No);
    if read.len() > 1 {
        let idempotent = truth.producers.get(it.producer).is_some_and(|it| it.is_idempotent());
        findings.add(AnomalyKind::Duplicate, idempotent, || Anomaly {
            partition: Some(to),
            messages: vec![it],
            times: message.times(),
            offsets: read.clone(),
            ..anomaly(format!("{it} is at offsets {read:?} of {to}"))
        });
        return;
    }
    let Some(told) = message.offset() else { return };
    if !message.is(ACKED_HERE) || message.is(READ_HERE) || read.is_empty() {
        return;
    }
    // It may be there, too, as a double that nobody has come to.
    let other = truth.partition(to).log.at(told).message().is_some_and(|there| there != it);
    if other || truth.shown(to, told, it) == Shown::No {
        findings.add(AnomalyKind::InconsistentOffsets, true, || Anomaly {
            partition: Some(to),
            messages: vec![it],
            times: message.times(),
            offsets: vec![told, read[0]],
            ..anomaly(format!(
                "{it} was acknowledged at offset {told} of {to}, and read at {}",
                read[0]
            ))
        });
    }
}
