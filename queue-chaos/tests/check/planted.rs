//! One thing wrong in a history that is right otherwise: that is found, and nothing else.

#![allow(clippy::ptr_arg, reason = "all plants have one type")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;
use queue_chaos::check::{AnomalyKind, Verdict};
use queue_chaos::history::{Commits, Delivery, Event, Isolation, Outcome, Record, What};
use queue_chaos::id::{ConsumerId, MessageId, PartitionId, ProducerId};

use super::world::{self, Line, OUTPUT, World};
use super::{ends, judge_lines, steps};

/// What the history tells that plants need.
struct Facts {
    /// Producers outside of transactions.
    plain: BTreeSet<ProducerId>,
    acked: BTreeSet<MessageId>,
    /// What was read, and where.
    read: BTreeMap<MessageId, (PartitionId, u64)>,
    /// Those who read all in the end, and the one who reads alone.
    finals: BTreeSet<ConsumerId>,
    loners: BTreeSet<ConsumerId>,
    members: BTreeSet<ConsumerId>,
    committed_only: BTreeSet<ConsumerId>,
    committed: BTreeMap<(String, PartitionId), u64>,
    high: BTreeMap<PartitionId, u64>,
    low: BTreeMap<PartitionId, u64>,
}

fn facts(lines: &[Line]) -> Facts {
    let mut it = Facts {
        plain: BTreeSet::new(),
        acked: BTreeSet::new(),
        read: BTreeMap::new(),
        finals: BTreeSet::new(),
        loners: BTreeSet::new(),
        members: BTreeSet::new(),
        committed_only: BTreeSet::new(),
        committed: BTreeMap::new(),
        high: BTreeMap::new(),
        low: BTreeMap::new(),
    };
    for (_, Event { what, .. }) in lines {
        match what {
            What::Producer { p, delivery, .. } if *delivery != Delivery::Transactional => {
                it.plain.insert(*p);
            }
            What::Ack { p, s, .. } => {
                it.acked.insert(MessageId { producer: *p, sequence: *s });
            }
            What::Consumer { c, group, isolation, commits } => {
                if group.is_none() && *commits == Commits::Never {
                    it.loners.insert(*c);
                }
                if group.as_deref() == Some("g") {
                    it.members.insert(*c);
                }
                if *isolation == Isolation::ReadCommitted {
                    it.committed_only.insert(*c);
                }
            }
            What::Poll { to, r, .. } => {
                for Record(o, p, s) in r {
                    it.read.insert(MessageId { producer: *p, sequence: *s }, (*to, *o));
                }
            }
            What::ReadAll { c, .. } => {
                it.finals.insert(*c);
                it.loners.remove(c);
            }
            What::Committed { group, to } => {
                for (to, o) in to {
                    it.committed.insert((group.clone(), *to), *o);
                }
            }
            What::Watermarks { to, low, high } => {
                it.low.insert(*to, *low);
                it.high.insert(*to, *high);
            }
            _ => {}
        }
    }
    it
}

impl Facts {
    /// Messages outside of transactions that were read, and are there in the end.
    fn there(&self) -> Vec<(MessageId, PartitionId, u64)> {
        let all = self.read.iter().map(|(it, (to, o))| (*it, *to, *o));
        all.filter(|(it, to, o)| self.plain.contains(&it.producer) && *o >= self.low[to]).collect()
    }

    fn acked(&self) -> Vec<(MessageId, PartitionId, u64)> {
        self.there().into_iter().filter(|(it, ..)| self.acked.contains(it)).collect()
    }
}

/// Chooses one, or gives the case up.
fn one<T: Clone>(from: &[T], by: Index) -> Result<T, TestCaseError> {
    if from.is_empty() {
        return Err(TestCaseError::reject("there is none"));
    }
    Ok(by.get(from).clone())
}

/// Changes what consumers got; who gets nothing has not polled.
fn polls(lines: &mut Vec<Line>, mut change: impl FnMut(ConsumerId, PartitionId, &mut Vec<Record>)) {
    lines.retain_mut(|(_, it)| match &mut it.what {
        What::Poll { c, to, r } => {
            change(*c, *to, r);
            !r.is_empty()
        }
        _ => true,
    });
}

fn is(it: MessageId) -> impl Fn(&Record) -> bool {
    move |Record(_, p, s)| *p == it.producer && *s == it.sequence
}

fn not_done(lines: &mut Vec<Line>, at: (PartitionId, u64)) -> u64 {
    let before = lines.len();
    lines.retain(|(_, it)| !matches!(&it.what, What::Done { to, o, .. } if (*to, *o) == at));
    (before - lines.len()) as u64
}

/// One more record at the end of a partition, for those who read all.
fn append(lines: &mut [Line], facts: &Facts, to: PartitionId, record: (ProducerId, u64)) {
    let high = facts.high[&to];
    let mut last = BTreeMap::new();
    for (i, (_, it)) in lines.iter_mut().enumerate() {
        match &mut it.what {
            What::Watermarks { to: there, high, .. } if *there == to => *high += 1,
            What::Poll { c, to: there, .. } if *there == to && facts.finals.contains(c) => {
                last.insert(*c, i);
            }
            What::ReadAll { to: there, o, .. } if *there == to => *o += 1,
            _ => {}
        }
    }
    for i in last.into_values() {
        if let What::Poll { r, .. } = &mut lines[i].1.what {
            r.push(Record(high, record.0, record.1));
        }
    }
}

fn acked_with_offset(lines: &[Line]) -> BTreeSet<MessageId> {
    let acks = lines.iter().filter_map(|(_, it)| match &it.what {
        What::Ack { p, s, o: Some(_), .. } => Some(MessageId { producer: *p, sequence: *s }),
        _ => None,
    });
    acks.collect()
}

type Plant = fn(&mut Vec<Line>, &Facts, Index) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError>;

/// Gone, and nobody has ever seen it.
fn lost(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    // Without an offset it may have been deleted by the rules.
    let told = acked_with_offset(lines);
    let mut all = facts.acked();
    all.retain(|(it, to, _)| told.contains(it) || facts.low[to] == 0);
    let (it, to, o) = one(&all, by)?;
    polls(lines, |_, _, r| r.retain(|x| !is(it)(x)));
    not_done(lines, (to, o));
    // It may have been an input: its output is there all the same.
    Ok(vec![(AnomalyKind::LostWrite, 1)])
}

/// Gone after it was read, acknowledged or not.
fn vanished(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let others: BTreeSet<_> = lines
        .iter()
        .filter_map(|(_, it)| match &it.what {
            What::Poll { c, r, .. } if !facts.finals.contains(c) => Some(r),
            _ => None,
        })
        .flatten()
        .map(|Record(_, p, s)| MessageId { producer: *p, sequence: *s })
        .collect();
    let there: Vec<_> = facts.there().into_iter().filter(|it| others.contains(&it.0)).collect();
    let (it, ..) = one(&there, by)?;
    polls(lines, |c, _, r| r.retain(|x| !facts.finals.contains(&c) || !is(it)(x)));
    Ok(vec![(AnomalyKind::LostWrite, 1)])
}

fn duplicate(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let (it, to, _) = one(&facts.there(), by)?;
    append(lines, facts, to, (it.producer, it.sequence));
    Ok(vec![(AnomalyKind::Duplicate, 1)])
}

fn another_offset(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let acked = facts.acked();
    let told = acked_with_offset(lines);
    let told: Vec<_> = acked.into_iter().filter(|(it, ..)| told.contains(it)).collect();
    let (it, to, _) = one(&told, by)?;
    for (_, event) in lines {
        if let What::Ack { p, s, o, .. } = &mut event.what
            && (*p, *s) == (it.producer, it.sequence)
        {
            *o = Some(facts.high[&to] + 5);
        }
    }
    Ok(vec![(AnomalyKind::InconsistentOffsets, 1)])
}

fn another_message(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let (it, to, o) = one(&facts.there(), by)?;
    // An unknown one that was written there by the old leader, and never again; who read alone got it.
    let mut planted = false;
    let (p, s) = (ProducerId(900), 0);
    polls(lines, |c, _, r| {
        for x in r {
            if facts.loners.contains(&c) && is(it)(x) {
                *x = Record(o, p, s);
                planted = true;
            }
        }
    });
    if !planted {
        return Err(TestCaseError::reject("nobody got it"));
    }
    let sent = [
        What::Producer { p, delivery: Delivery::Plain, acks: queue_chaos::history::Acks::None },
        What::Send { p, s, to, of: None },
        What::Unknown { p, s, why: "late".into() },
    ];
    for (i, what) in sent.into_iter().enumerate() {
        lines.insert(1 + i, (8000, Event { at: 1, what }));
    }
    // And it is not there any more.
    Ok(vec![(AnomalyKind::LostWrite, 1), (AnomalyKind::InconsistentOffsets, 1)])
}

fn refused(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let (it, ..) = one(&facts.acked(), by)?;
    for (_, event) in lines {
        if let What::Ack { p, s, .. } = event.what
            && (p, s) == (it.producer, it.sequence)
        {
            event.what = What::Nack { p, s, why: "no".into() };
        }
    }
    Ok(vec![(AnomalyKind::AbortedRead, 1)])
}

/// A transaction of which nothing was seen by groups or loops: its commit was not asked for before it was read.
fn read_early(
    lines: &mut Vec<Line>,
    _: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let of_loop = looping(lines);
    let commits: Vec<_> = committed_transactions(lines)
        .into_iter()
        .filter(|(p, _, _, read)| !of_loop.contains(p) && !read.is_empty())
        .collect();
    let (p, at, _, read) = one(&commits, by)?;
    // Nobody asked before the end of all.
    let last = lines.last().map_or(0, |(_, it)| it.at);
    let mut asked = lines.iter().take(at).rposition(
        |(_, it)| matches!(&it.what, What::Commit { p: other, is: Outcome::Invoke } if *other == p),
    );
    let _ = read;
    if let Some(asked) = asked.take() {
        lines[asked].1.at = last + 1;
    }
    Ok(vec![(AnomalyKind::AbortedRead, 1)])
}

fn aborted(
    lines: &mut Vec<Line>,
    _: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let of_loop = looping(lines);
    let commits: Vec<_> =
        committed_transactions(lines).into_iter().filter(|it| !of_loop.contains(&it.0)).collect();
    let (p, at, _, read) = one(&commits, by)?;
    lines[at].1.what = What::Abort { p, is: Outcome::Ok };
    let read = read.len() as u64;
    Ok(if read == 0 { vec![] } else { vec![(AnomalyKind::AbortedRead, read)] })
}

/// Producers whose messages tell what they were made of.
fn looping(lines: &[Line]) -> BTreeSet<ProducerId> {
    let of = lines.iter().filter_map(|(_, it)| match &it.what {
        What::Send { p, of: Some(_), .. } => Some(*p),
        _ => None,
    });
    of.collect()
}

/// Producer, where its commit is told, messages acknowledged, and those read by who reads what is committed.
type Committed = (ProducerId, usize, Vec<MessageId>, Vec<MessageId>);

fn committed_transactions(lines: &[Line]) -> Vec<Committed> {
    let facts = facts(lines);
    let mut read = BTreeSet::new();
    for (_, it) in lines {
        if let What::Poll { c, r, .. } = &it.what
            && facts.committed_only.contains(c)
        {
            read.extend(r.iter().map(|Record(_, p, s)| MessageId { producer: *p, sequence: *s }));
        }
    }
    let mut open: BTreeMap<ProducerId, Vec<MessageId>> = BTreeMap::new();
    let mut found = vec![];
    for (i, (_, it)) in lines.iter().enumerate() {
        match &it.what {
            What::Begin { p } => {
                open.insert(*p, vec![]);
            }
            What::Send { p, s, .. } => {
                if let Some(open) = open.get_mut(p) {
                    open.push(MessageId { producer: *p, sequence: *s });
                }
            }
            What::Abort { p, is: Outcome::Ok } => {
                open.remove(p);
            }
            What::Commit { p, is: Outcome::Ok } => {
                let all = open.remove(p).unwrap_or_default();
                let seen = all.iter().copied().filter(|it| read.contains(it)).collect();
                let acked = all.into_iter().filter(|it| facts.acked.contains(it)).collect();
                found.push((*p, i, acked, seen));
            }
            _ => {}
        }
    }
    found
}

fn torn(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let of_loop = looping(lines);
    let deleted = |it: &MessageId| facts.read.get(it).is_some_and(|(to, o)| *o < facts.low[to]);
    let commits: Vec<_> = committed_transactions(lines)
        .into_iter()
        .filter(|(p, _, acked, _)| {
            !of_loop.contains(p) && acked.len() > 1 && !acked.iter().any(deleted)
        })
        .collect();
    let (p, at, acked, _) = one(&commits, by)?;
    lines[at].1.what = What::Commit { p, is: Outcome::Unknown("late".into()) };
    let it = one(&acked, by)?;
    let place = facts.read[&it];
    polls(lines, |c, _, r| r.retain(|x| !facts.committed_only.contains(&c) || !is(it)(x)));
    not_done(lines, place);
    Ok(vec![(AnomalyKind::TornTransaction, 1)])
}

fn phantom(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let (it, to, _) = one(&facts.there(), by)?;
    append(lines, facts, to, (it.producer, 1_000_000));
    Ok(vec![(AnomalyKind::Phantom, facts.finals.len() as u64)])
}

fn corrupt(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let polled: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .flat_map(|(i, (_, it))| match &it.what {
            What::Poll { c, r, .. } if facts.finals.contains(c) => {
                (0..r.len()).map(|at| (i, at)).collect()
            }
            _ => vec![],
        })
        .collect();
    let (line, at) = one(&polled, by)?;
    let (actor, event) = lines[line].clone();
    let What::Poll { c, to, mut r } = event.what else { return Ok(vec![]) };
    let after = r.split_off(at + 1);
    let Some(Record(o, ..)) = r.pop() else { return Ok(vec![]) };
    let parts = [
        What::Poll { c, to, r },
        What::Corrupt { c, to, o, why: "its checksum".into() },
        What::Poll { c, to, r: after },
    ];
    let parts = parts.map(|what| (actor, Event { at: event.at, what }));
    lines.splice(line..=line, parts);
    Ok(vec![(AnomalyKind::Corrupt, 1)])
}

fn poll_skip(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let there: BTreeMap<_, _> =
        facts.there().into_iter().map(|(it, to, o)| (it, (to, o))).collect();
    // In the middle of a poll.
    let polled: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .flat_map(|(i, (_, it))| match &it.what {
            What::Poll { c, r, .. } if facts.loners.contains(c) => {
                let inner = 1..r.len().saturating_sub(1).max(1);
                let known = |at: &usize| {
                    let Record(_, p, s) = r[*at];
                    there.contains_key(&MessageId { producer: p, sequence: s })
                };
                inner.filter(known).map(|at| (i, at)).collect()
            }
            _ => vec![],
        })
        .collect();
    let (line, at) = one(&polled, by)?;
    if let What::Poll { r, .. } = &mut lines[line].1.what {
        r.remove(at);
    }
    Ok(vec![(AnomalyKind::PollSkip, 1)])
}

fn poll_back(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let polled: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, (_, it))| matches!(&it.what, What::Poll { c, .. } if facts.loners.contains(c)))
        .map(|(i, _)| i)
        .collect();
    let line = one(&polled, by)?;
    if let What::Poll { r, .. } = &mut lines[line].1.what {
        let at = by.index(r.len());
        // Back to the one that was got before, and on from there.
        let again = r[at..].to_vec();
        r.extend(again);
    }
    Ok(vec![(AnomalyKind::NonMonotonicPoll, 1)])
}

fn reordered(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let mut of: BTreeMap<(ProducerId, PartitionId), Vec<(MessageId, u64)>> = BTreeMap::new();
    for (it, to, o) in facts.there() {
        of.entry((it.producer, to)).or_default().push((it, o));
    }
    let pairs: Vec<_> = of
        .values()
        .flat_map(|it| it.windows(2).map(|it| (it[0], it[1])).collect::<Vec<_>>())
        .collect();
    let ((a, at_a), (b, at_b)) = one(&pairs, by)?;
    let swap =
        |p: ProducerId, s: u64, o: &mut u64| match (MessageId { producer: p, sequence: s }, *o) {
            (it, o_) if it == a && o_ == at_a => *o = at_b,
            (it, o_) if it == b && o_ == at_b => *o = at_a,
            _ => {}
        };
    for (_, event) in lines {
        match &mut event.what {
            What::Ack { p, s, o: Some(o), .. } => swap(*p, *s, o),
            What::Poll { r, .. } => {
                for x in r {
                    let Record(o, p, s) = x;
                    if is(a)(&Record(*o, *p, *s)) {
                        *x = Record(at_a, b.producer, b.sequence);
                    } else if is(b)(&Record(*o, *p, *s)) {
                        *x = Record(at_b, a.producer, a.sequence);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(vec![(AnomalyKind::NonMonotonicSend, 1)])
}

fn commit_back(
    lines: &mut Vec<Line>,
    _: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    // After some commit that was heard of at once, by the same consumer, before anything else of it.
    let asked_just_before = |who: ConsumerId, i: usize| matches!(&lines[i - 1].1.what, What::Offsets { c, is: Outcome::Invoke, .. } if *c == who);
    let done: Vec<_> = lines
        .iter()
        .enumerate()
        .filter_map(|(i, (actor, it))| match &it.what {
            What::Offsets { c, is: Outcome::Ok, to, within: None }
                if to.iter().all(|it| it.1 > 0) && asked_just_before(*c, i) =>
            {
                Some((i, *actor, *c, it.at, to.clone()))
            }
            _ => None,
        })
        .collect();
    let (i, actor, c, at, to) = one(&done, by)?;
    let lower: Vec<_> = to.iter().take(1).map(|(to, o)| (*to, o - 1)).collect();
    let offsets = |is, to| What::Offsets { c, is, to, within: None };
    // If it has asked for the same before, nobody knows which of them was done.
    if lines.iter().any(|(_, it)| it.what == offsets(Outcome::Invoke, lower.clone())) {
        return Err(TestCaseError::reject("asked for twice"));
    }
    // Nothing else is at these times.
    let planted = [(2, offsets(Outcome::Invoke, lower.clone())), (3, offsets(Outcome::Ok, lower))];
    for (n, (after, what)) in planted.into_iter().enumerate() {
        lines.insert(i + 1 + n, (actor, Event { at: at + after, what }));
    }
    Ok(vec![(AnomalyKind::CommitRegression, 1)])
}

fn work_lost(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let there = facts.there().into_iter().map(|(_, to, o)| (to, o));
    let below = |(to, o): &(PartitionId, u64)| {
        facts.committed.get(&("g".into(), *to)).is_some_and(|it| o < it)
    };
    let all: Vec<_> = there.filter(below).collect();
    let place = one(&all, by)?;
    not_done(lines, place);
    // It tells what it has done, some of it.
    if !lines.iter().any(|(_, it)| matches!(it.what, What::Done { .. })) {
        return Err(TestCaseError::reject("nothing was done"));
    }
    Ok(vec![(AnomalyKind::LostWork, 1)])
}

fn group_skip(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let there = facts.there().into_iter();
    let below = |(_, to, o): &(MessageId, PartitionId, u64)| {
        facts.committed.get(&("g".into(), *to)).is_some_and(|it| o < it)
    };
    // Behind the first one: a member that does not know where it begins may begin there.
    let mut first: BTreeMap<PartitionId, u64> = BTreeMap::new();
    for (_, event) in lines.iter() {
        if let What::Poll { c, to, r } = &event.what
            && facts.members.contains(c)
        {
            for Record(o, ..) in r {
                first.entry(*to).and_modify(|it| *it = (*it).min(*o)).or_insert(*o);
            }
        }
    }
    // And nobody went there by itself.
    let mut sought: BTreeMap<PartitionId, u64> = BTreeMap::new();
    for (_, event) in lines.iter() {
        if let What::Seek { c, to, o } = &event.what
            && facts.members.contains(c)
        {
            sought.entry(*to).and_modify(|it| *it = (*it).max(*o)).or_insert(*o);
        }
    }
    let there = there.filter(|(_, to, o)| {
        first.get(to).is_some_and(|it| it < o) && sought.get(to).is_none_or(|it| it <= o)
    });
    let all: Vec<_> = there.filter(below).collect();
    let (it, to, o) = one(&all, by)?;
    polls(lines, |c, _, r| r.retain(|x| !facts.members.contains(&c) || !is(it)(x)));
    not_done(lines, (to, o));
    Ok(vec![(AnomalyKind::GroupSkip, 1)])
}

fn no_output(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let out = outputs(lines, facts);
    let (line, _) = one(&out, by)?;
    // There are more, or nobody knows that there should be any.
    if lines.iter().filter(|(_, it)| matches!(it.what, What::Send { of: Some(_), .. })).count() < 2
    {
        return Err(TestCaseError::reject("the only one"));
    }
    if let What::Send { of, .. } = &mut lines[line].1.what {
        *of = None;
    }
    Ok(vec![(AnomalyKind::NotExactlyOnce, 1)])
}

fn two_outputs(
    lines: &mut Vec<Line>,
    facts: &Facts,
    by: Index,
) -> Result<Vec<(AnomalyKind, u64)>, TestCaseError> {
    let out = outputs(lines, facts);
    one(&out, by)?;
    let chosen = by.index(out.len());
    let (line, _) = out[chosen];
    let (_, other) = out[(chosen + 1) % out.len()];
    if let What::Send { of: Some(of), .. } = &mut lines[line].1.what {
        if *of == other {
            return Err(TestCaseError::reject("the same"));
        }
        *of = other;
    }
    // The one input has two, and the other has none.
    Ok(vec![(AnomalyKind::NotExactlyOnce, 2)])
}

/// Where outputs that are there were sent, and their inputs.
fn outputs(lines: &[Line], facts: &Facts) -> Vec<(usize, (PartitionId, u64))> {
    let mut read = BTreeSet::new();
    for (_, it) in lines {
        if let What::Poll { c, r, .. } = &it.what
            && facts.committed_only.contains(c)
        {
            read.extend(r.iter().map(|Record(_, p, s)| (*p, *s)));
        }
    }
    let sent = lines.iter().enumerate().filter_map(|(i, (_, it))| match &it.what {
        What::Send { p, s, of: Some(of), to } if read.contains(&(*p, *s)) => {
            assert_eq!(to.0 as usize, OUTPUT);
            Some((i, *of))
        }
        _ => None,
    });
    sent.collect()
}

const PLANTS: [(&str, Plant); 19] = [
    ("lost", lost),
    ("vanished", vanished),
    ("duplicate", duplicate),
    ("another_offset", another_offset),
    ("another_message", another_message),
    ("refused", refused),
    ("read_early", read_early),
    ("aborted", aborted),
    ("torn", torn),
    ("phantom", phantom),
    ("corrupt", corrupt),
    ("poll_skip", poll_skip),
    ("poll_back", poll_back),
    ("reordered", reordered),
    ("commit_back", commit_back),
    ("work_lost", work_lost),
    ("group_skip", group_skip),
    ("no_output", no_output),
    ("two_outputs", two_outputs),
];

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_planted_is_found(
        steps in steps(),
        ends in ends(),
        which in 0..PLANTS.len(),
        by in any::<Index>(),
        late in prop::collection::vec(any::<u16>(), 1..50),
    ) {
        let world = World::run(&steps, ends);
        let facts = facts(&world.lines);
        let mut lines = world.lines;
        let (name, plant) = PLANTS[which];
        let expected = plant(&mut lines, &facts, by)?;
        let judgement = judge_lines(&lines);
        let mut found = judgement.found.clone();
        if name == "group_skip" {
            // Its member has skipped it, too, unless it was not its turn.
            found.remove(&AnomalyKind::PollSkip);
        }
        let found: Vec<_> = found.into_iter().collect();
        prop_assert_eq!(&found, &expected, "{}: {}", name, judgement);
        if !expected.is_empty() {
            prop_assert_eq!(judgement.verdict, Verdict::Anomaly);
        }
        let shuffled = judge_lines(&world::shuffle(&lines, &late, 10));
        prop_assert_eq!(&shuffled.found, &judgement.found, "{}: {} but {}", name, judgement, shuffled);
    }
}
