//! Whether transactions are visible as a whole, and not before they are committed.

use crate::id::{MessageId, ProducerId};

use super::findings::{Findings, anomaly};
use super::judge::SHOWN;
use super::messages::{ACKED, Fate, Producer, READ, REFUSED, Transaction};
use super::truth::{Shown, Truth};
use super::{Anomaly, AnomalyKind};

pub(super) fn check(truth: &Truth<'_>, findings: &mut Findings) {
    for (p, producer) in truth.producers.iter() {
        for it in &producer.transactions {
            if matches!(it.fate, Fate::Committed | Fate::Unknown) {
                too_early(p, producer, it, findings);
                torn(truth, p, producer, it, findings);
            }
        }
    }
}

fn too_early(p: ProducerId, producer: &Producer, it: &Transaction, findings: &mut Findings) {
    let (Some((read, sequence)), Some(asked)) = (it.read, it.asked) else { return };
    if read >= asked {
        return;
    }
    let message = MessageId { producer: p, sequence };
    findings.add(AnomalyKind::AbortedRead, true, || {
        let times = producer.messages.get(sequence as usize).map(|it| it.times());
        let mut times = times.unwrap_or_default();
        times.extend([read, asked]);
        Anomaly {
            messages: vec![message],
            times,
            ..anomaly(format!(
                "{message} was read by somebody who reads what is committed at {read} us, and its transaction was not asked to commit before {asked} us"
            ))
        }
    });
}

fn torn(
    truth: &Truth<'_>,
    p: ProducerId,
    producer: &Producer,
    it: &Transaction,
    findings: &mut Findings,
) {
    let mut visible = None;
    let mut missing = Vec::new();
    let end = it.end.min(producer.messages.len() as u64);
    for sequence in it.first..end {
        let message = producer.messages[sequence as usize];
        // Of what was refused, and of what nobody knows, nothing is to be seen.
        if message.is(REFUSED) || !message.is(ACKED | READ) {
            continue;
        }
        let id = MessageId { producer: p, sequence };
        match truth.shown_anywhere(id, message, |by| by.committed) {
            Shown::Yes => visible = visible.or(Some(id)),
            Shown::No => missing.push(id),
            Shown::Damaged | Shown::NotKnown => {}
        }
    }
    let (Some(visible), Some(first)) = (visible, missing.first()) else { return };
    findings.add(AnomalyKind::TornTransaction, true, || {
        let outcome = match it.fate {
            Fate::Committed => "was committed",
            _ => "may have been committed",
        };
        let shown = missing.iter().take(SHOWN);
        let offsets = shown
            .clone()
            .filter_map(|it| producer.messages[it.sequence as usize].offset())
            .collect();
        Anomaly {
            messages: std::iter::once(visible).chain(shown.copied()).collect(),
            offsets,
            times: it.asked.into_iter().collect(),
            ..anomaly(format!(
                "the transaction of {p} with its messages {} to {} {outcome}; {visible} is there, and {} are not, the first {first}",
                it.first,
                end - 1,
                missing.len()
            ))
        }
    });
}
