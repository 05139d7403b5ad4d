//! Whether each input of a consume-transform-produce loop has one output.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::history::Delivery;
use crate::id::{MessageId, PartitionId};

use super::findings::{Findings, anomaly};
use super::judge::at;
use super::messages::Fate;
use super::pages::Bits;
use super::readers::{Reader, Readers, Reading};
use super::truth::{Shown, Truth};
use super::{Anomaly, AnomalyKind};

pub(super) fn check(
    truth: &Truth<'_>,
    readers: &Readers,
    ended: bool,
    findings: &mut Findings,
    unknowns: &mut Vec<String>,
) {
    // Inputs that have an output, or perhaps, and those that have several.
    let mut outputs: HashMap<PartitionId, (Bits, Bits)> = HashMap::new();
    let mut several: BTreeMap<(PartitionId, u64), Vec<MessageId>> = BTreeMap::new();
    let mut not_read: BTreeSet<PartitionId> = BTreeSet::new();
    let mut transactional = true;
    each_output(truth, |it, of, to, visible| {
        transactional &= truth
            .producers
            .get(it.producer)
            .is_some_and(|it| it.delivery == Delivery::Transactional);
        let (has, may_have) = outputs.entry(of.0).or_default();
        if truth.partition(to).finals.is_empty() {
            not_read.insert(to);
        }
        let doubled = match visible {
            Shown::Yes => !has.add(of.1),
            Shown::Damaged | Shown::NotKnown => {
                may_have.add(of.1);
                false
            }
            Shown::No => false,
        };
        if doubled {
            several.insert(of, Vec::new());
        }
    });
    if outputs.is_empty() {
        return;
    }
    if !several.is_empty() {
        each_output(truth, |it, of, _, visible| {
            if visible == Shown::Yes
                && let Some(all) = several.get_mut(&of)
            {
                all.push(it);
            }
        });
    }
    for ((to, offset), messages) in several {
        let looped = who_loops(readers, to);
        let promised = looped.is_some_and(|(it, _)| promised(it, transactional));
        findings.add(AnomalyKind::NotExactlyOnce, promised, || {
            Anomaly {
                partition: Some(to),
                offsets: vec![offset],
                ..anomaly(format!(
                    "the input at offset {offset} of {to} has {} outputs, {} and {}",
                    messages.len(),
                    messages[0],
                    messages[1]
                ))
            }
            .with_messages(messages)
        });
    }
    if !not_read.is_empty() {
        let not_read: Vec<String> = not_read.iter().take(10).map(|it| it.0.to_string()).collect();
        unknowns.push(format!(
            "whether each input has an output is not known: nobody has read all of the partitions of the outputs ({})",
            not_read.join(", ")
        ));
        return;
    }
    let mut inputs: Vec<_> = outputs.into_iter().collect();
    inputs.sort_unstable_by_key(|(partition, _)| *partition);
    for (to, (has, may_have)) in inputs {
        let Some((reader, reading)) = who_loops(readers, to) else {
            unknowns.push(format!("whether each input in {to} has an output is not known: there is no one group that reads it"));
            continue;
        };
        let partition = truth.partition(to);
        let committed = super::groups::committed(reading, ended);
        let (Some(start), Some(committed)) = (reading.start, committed) else { continue };
        let there = partition.offsets(reader.committed);
        for offset in there.within(start.max(partition.low), committed, &[&has, &may_have]) {
            if reading.passed(offset) || partition.log.at(offset).is_corrupt() {
                continue;
            }
            let promised = promised(reader, transactional);
            findings.add(AnomalyKind::NotExactlyOnce, promised, || Anomaly {
                partition: Some(to),
                messages: at(partition.log, &[offset]),
                offsets: vec![offset, committed],
                ..anomaly(format!(
                    "the input at offset {offset} of {to} has no output, and group {} has committed {committed}",
                    reader.group.as_deref().unwrap_or_default()
                ))
            });
        }
    }
}

/// Each message that tells what it was made of: which, of what, its partition, whether it is there for who reads what is committed.
fn each_output(
    truth: &Truth<'_>,
    mut it: impl FnMut(MessageId, (PartitionId, u64), PartitionId, Shown),
) {
    for (producer, all) in truth.producers.iter().filter(|(_, it)| it.has_inputs()) {
        for (message, sequence) in all.messages.iter().zip(0..) {
            let Some(of) = all.of(sequence) else { continue };
            let id = MessageId { producer, sequence };
            let fate = all.transaction(sequence).map(|it| it.fate);
            let visible = match truth.shown_anywhere(id, *message, |_| true) {
                _ if matches!(fate, Some(Fate::Open | Fate::Aborted)) => Shown::No,
                Shown::Yes if !all.is_committed(sequence) => Shown::No,
                shown => shown,
            };
            it(id, of, message.to(), visible);
        }
    }
}

/// The group that reads the inputs of a partition: the one that commits in transactions, if there is one, else the only one there is.
fn who_loops(readers: &Readers, to: PartitionId) -> Option<(&Reader, &Reading)> {
    let groups = readers.all.iter().filter(|it| it.group.is_some());
    let all: Vec<_> =
        groups.filter_map(|it| it.readings.get(&to).map(|reading| (it, &**reading))).collect();
    let mut transactional = all.iter().filter(|(it, _)| it.transactional);
    match (transactional.next(), transactional.next(), &all[..]) {
        (Some(one), None, _) | (None, _, [one]) => Some(*one),
        _ => None,
    }
}

fn promised(reader: &Reader, transactional: bool) -> bool {
    transactional && reader.transactional && reader.committed
}
