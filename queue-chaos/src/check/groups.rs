//! Whether consumers and groups went past records.

use super::findings::{Findings, anomaly};
use super::judge::{SHOWN, at};
use super::readers::{Reader, Readers, Reading};
use super::truth::{Partition, Truth};
use super::{Anomaly, AnomalyKind};

/// Consumers that passed records that they were to get.
pub(super) fn skips(truth: &Truth<'_>, findings: &mut Findings) {
    for partition in &truth.partitions {
        let to = partition.id;
        for gap in &partition.log.gaps {
            let from = gap.from().max(partition.low);
            let there = partition.offsets(gap.committed());
            if there.within(from, gap.to(), &[]).next().is_none() {
                continue;
            }
            findings.add(AnomalyKind::PollSkip, true, || {
                let missed: Vec<u64> = there.within(from, gap.to(), &[]).take(SHOWN).collect();
                let c = gap.consumer();
                Anomaly {
                    partition: Some(to),
                    messages: at(partition.log, &missed),
                    consumer: Some(c),
                    times: vec![gap.at],
                    ..anomaly(format!(
                        "{c} went from offset {} of {to} to {} at {} us, and did not get what is at {missed:?}",
                        gap.from(),
                        gap.to(),
                        gap.at
                    ))
                }
                .with_offsets(missed)
            });
        }
    }
}

/// The offset below which a group has to have done all.
pub(super) fn committed(reading: &Reading, ended: bool) -> Option<u64> {
    // Of a history that was cut short the lines that tell what was done may be missing.
    reading.committed.or(reading.commits.highest.filter(|_| ended))
}

/// Groups whose commits went back, or past records.
pub(super) fn check(truth: &Truth<'_>, readers: &Readers, ended: bool, findings: &mut Findings) {
    for reader in &readers.all {
        let Some(group) = &reader.group else { continue };
        let mut readings: Vec<_> = reader.readings.iter().collect();
        readings.sort_unstable_by_key(|(partition, _)| **partition);
        for (to, reading) in readings {
            let partition = truth.partition(*to);
            for (earlier, later) in reading.commits.back() {
                findings.add(AnomalyKind::CommitRegression, true, || Anomaly {
                    partition: Some(*to),
                    consumer: Some(later.by).filter(|it| it.0 != u32::MAX),
                    offsets: vec![earlier.offset, later.offset],
                    times: vec![earlier.asked, earlier.done, later.asked, later.done],
                    ..anomaly(format!(
                        "group {group} committed {} of {to} at {} us, and {} at {} us",
                        earlier.offset, earlier.done, later.offset, later.done
                    ))
                });
            }
            if let Some(now) = reading.committed
                && let Some(lost) = reading.commits.forgotten(now)
            {
                findings.add(AnomalyKind::CommitRegression, true, || Anomaly {
                    partition: Some(*to),
                    consumer: Some(lost.by).filter(|it| it.0 != u32::MAX),
                    offsets: vec![lost.offset, now],
                    times: vec![lost.asked, lost.done],
                    ..anomaly(format!(
                        "group {group} committed {} of {to} at {} us, and in the end {now} is committed",
                        lost.offset, lost.done
                    ))
                });
            }
            if let Some(committed) = committed(reading, ended) {
                passed(group, reader, partition, reading, committed, findings);
            }
        }
    }
}

fn passed(
    group: &str,
    reader: &Reader,
    partition: &Partition<'_>,
    reading: &Reading,
    committed: u64,
    findings: &mut Findings,
) {
    let Some(start) = reading.start.map(|it| it.max(partition.low)) else { return };
    let there = partition.offsets(reader.committed);
    let to = partition.id;
    let evidence = |offset: u64, what: &str| Anomaly {
        partition: Some(to),
        messages: at(partition.log, &[offset]),
        offsets: vec![offset, committed],
        ..anomaly(format!(
            "group {group} has committed {committed} of {to}, and none of its members {what} what is at {offset}"
        ))
    };
    for offset in there.within(start, committed, &[&reading.got]) {
        if !reading.passed(offset) {
            let evidence = || evidence(offset, "got");
            findings.add(AnomalyKind::GroupSkip, true, evidence);
        }
    }
    if !reader.does {
        return;
    }
    for offset in there.within(start, committed, &[&reading.done]) {
        // What is damaged cannot be worked on; what was not got was told of above.
        if reading.got.has(offset) && !partition.log.at(offset).is_corrupt() {
            let evidence = || evidence(offset, "has done its work on");
            findings.add(AnomalyKind::LostWork, !reader.early, evidence);
        }
    }
}
