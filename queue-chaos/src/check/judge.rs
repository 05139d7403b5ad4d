//! Judges what was taken.

use crate::id::{ConsumerId, MessageId};

use super::checker::Checker;
use super::consumption::phantom;
use super::log::Log;
use super::messages::{Applied, Fate};
use super::order::SendOrder;
use super::truth::Truth;
use super::{Judgement, Verdict, exactly_once, groups, messages_there, offsets, transactions};

pub(super) fn judge(mut checker: Checker) -> Judgement {
    let mut unknowns = Vec::new();
    if !checker.ended {
        unknowns.push(
            "the history has no end: whoever recorded it was killed, or is still at it".into(),
        );
    }
    settle_reads(&mut checker, &mut unknowns);
    settle_commits(&mut checker);
    for log in &mut checker.logs {
        log.others.sort_unstable();
        log.others.dedup();
    }

    let Checker { logs, producers, readers, mut findings, mut counts, ended, options, .. } =
        checker;
    not_read(&logs, &mut unknowns);
    let mut order = SendOrder::new(&producers, &mut findings);
    let truth = Truth::new(&logs, &producers, &readers, |to, offset, message| {
        order.next(to, offset, message);
    });
    messages_there::check(&truth, &mut findings, &mut counts, &mut unknowns);
    offsets::check(&truth, &mut findings);
    transactions::check(&truth, &mut findings);
    groups::skips(&truth, &mut findings);
    groups::check(&truth, &readers, ended, &mut findings);
    exactly_once::check(&truth, &readers, ended, &mut findings, &mut unknowns);

    counts.distinct = producers.distinct;
    let bad = findings.found.keys().any(|it| !options.allow.contains(it));
    let verdict = match (bad, unknowns.is_empty()) {
        (true, _) => Verdict::Anomaly,
        (false, true) => Verdict::Ok,
        (false, false) => Verdict::Unknown,
    };
    Judgement {
        verdict,
        found: std::mem::take(&mut findings.found),
        not_promised: std::mem::take(&mut findings.not_promised),
        anomalies: findings.kept(),
        unknowns,
        counts,
    }
}

/// Records that were read before their sending was told: now it has been, or never was.
fn settle_reads(checker: &mut Checker, unknowns: &mut Vec<String>) {
    let mut not_told = 0_u64;
    for it in std::mem::take(&mut checker.early) {
        let by = it.by;
        match checker.producers.read(it.message, by.to, it.offset, by.committed, by.at) {
            Applied::Ok => {}
            // That it was sent may have been in the part that is missing.
            Applied::NotSent if !checker.ended => not_told += 1,
            Applied::NotSent | Applied::NotHere => {
                phantom(it, &checker.producers, &mut checker.findings);
            }
        }
    }
    if not_told > 0 {
        unknowns.push(format!(
            "{not_told} records were read whose sending is not told; it may be in what is missing of the history"
        ));
    }
}

/// Commits that nobody heard of again may have been done.
fn settle_commits(checker: &mut Checker) {
    let consumers: Vec<ConsumerId> = checker.readers.consumers().map(|(c, _)| c).collect();
    for c in consumers {
        checker.forget_commits(c);
    }
    let mut open = Vec::new();
    for (_, producer) in checker.producers.iter() {
        for it in producer.transactions.iter().filter(|it| it.fate == Fate::Unknown) {
            open.push((it.offsets.clone(), it.asked.unwrap_or(0)));
        }
    }
    for (offsets, asked) in open {
        checker.commit_offsets(&offsets, asked, u64::MAX);
    }
}

fn not_read(logs: &[Log], unknowns: &mut Vec<String>) {
    let used = logs.iter().enumerate().filter(|(_, it)| it.used && it.finals.is_empty());
    let not: Vec<String> = used.map(|(partition, _)| partition.to_string()).collect();
    if !not.is_empty() {
        let more = if not.len() > SHOWN { ", ..." } else { "" };
        unknowns.push(format!(
            "nobody has read all of {} partitions to their ends after the faults ({}{more}): what was not seen there may be lost, or not",
            not.len(),
            not[..not.len().min(SHOWN)].join(", ")
        ));
    }
}

/// The first few, as evidence.
pub(super) const SHOWN: usize = 8;

/// The messages at some offsets.
pub(super) fn at(log: &Log, offsets: &[u64]) -> Vec<MessageId> {
    offsets.iter().filter_map(|it| log.at(*it).message()).collect()
}
