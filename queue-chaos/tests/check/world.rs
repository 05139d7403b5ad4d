//! A cluster that does nothing wrong, with clients that do all that clients do: what comes out is a history without anomalies.

use std::collections::BTreeMap;

use queue_chaos::history::{Acks, Commits, Delivery, Event, Isolation, Outcome, Record, Run, What};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};

pub const INPUTS: usize = 2;
/// The partition that the loop writes to.
pub const OUTPUT: usize = INPUTS;
const PARTITIONS: usize = INPUTS + 1;

/// What is at an offset of the log.
#[derive(Clone, Copy)]
enum Entry {
    Message { p: ProducerId, s: u64, transaction: Option<usize> },
    Mark,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Committed,
    Aborted,
}

struct Producer {
    id: ProducerId,
    actor: u32,
    next: u64,
    transaction: Option<usize>,
    acks: Acks,
    delivery: Delivery,
}

struct Consumer {
    id: ConsumerId,
    committed_only: bool,
    positions: BTreeMap<usize, u64>,
    /// Got, and not done.
    todo: Vec<(usize, u64)>,
    /// Commits that were made and not heard of.
    asked: Vec<Vec<(PartitionId, u64)>>,
}

/// An event, and who did it: lines of one actor stay in order.
pub type Line = (u32, Event);

pub struct World {
    at: u64,
    pub lines: Vec<Line>,
    logs: Vec<Vec<Entry>>,
    transactions: Vec<State>,
    producers: Vec<Producer>,
    next_producer: u32,
    members: Vec<Consumer>,
    loner: Consumer,
    looper: Consumer,
    next_consumer: u32,
    committed: BTreeMap<(&'static str, usize), u64>,
}

/// A step: what, and numbers to choose by.
pub type Step = (u8, u16, u16, u16);

const IDEMPOTENT: usize = 0;
const PLAIN: usize = 1;
const NO_ACKS: usize = 2;
const TRANSACTIONAL: usize = 3;
const LOOP: usize = 4;
const GROUP: &str = "g";
const LOOPERS: &str = "loop";
const LOOP_ACTOR: u32 = 5000;
const ADMIN: u32 = 9000;

fn why() -> String {
    "it took too long".into()
}

impl World {
    pub fn run(steps: &[Step], ends: (bool, bool, u16)) -> Self {
        let nobody = || Consumer {
            id: ConsumerId(0),
            committed_only: true,
            positions: BTreeMap::new(),
            todo: vec![],
            asked: vec![],
        };
        let mut it = Self {
            at: 0,
            lines: vec![],
            logs: vec![vec![]; PARTITIONS],
            transactions: vec![],
            producers: vec![],
            next_producer: 0,
            members: vec![],
            loner: nobody(),
            looper: nobody(),
            next_consumer: 0,
            committed: BTreeMap::new(),
        };
        let run = Run {
            version: queue_chaos::history::VERSION,
            name: "a world".into(),
            seed: 0,
            cluster: "model".into(),
            started: 0,
            topics: vec![],
            partitions: (0..PARTITIONS as u32).map(|it| (0, it)).collect(),
        };
        it.tell(ADMIN, What::Run(run));
        for (delivery, acks) in [
            (Delivery::Idempotent, Acks::All),
            (Delivery::Plain, Acks::Leader),
            (Delivery::Plain, Acks::None),
            (Delivery::Transactional, Acks::All),
            (Delivery::Transactional, Acks::All),
        ] {
            let index = it.producers.len();
            let new = it.new_producer(delivery, acks, index == LOOP);
            it.producers.push(new);
        }
        it.loner = it.new_consumer(None, false, Commits::Never);
        it.assign_loner(0);
        it.looper = it.new_consumer(Some(LOOPERS), true, Commits::Transactional);
        it.assign_looper();
        for _ in 0..2 {
            let new = it.new_consumer(Some(GROUP), true, Commits::Async);
            it.members.push(new);
        }
        it.assign_group(0);
        for step in steps {
            it.step(*step);
        }
        it.end(ends);
        it
    }

    fn tell(&mut self, actor: u32, what: What) {
        self.at += 10;
        self.lines.push((actor, Event { at: self.at, what }));
    }

    fn new_producer(&mut self, delivery: Delivery, acks: Acks, looping: bool) -> Producer {
        let id = ProducerId(self.next_producer);
        self.next_producer += 1;
        let actor = if looping { LOOP_ACTOR } else { id.0 };
        self.tell(actor, What::Producer { p: id, delivery, acks });
        Producer { id, actor, next: 0, transaction: None, acks, delivery }
    }

    fn new_consumer(&mut self, group: Option<&str>, committed: bool, commits: Commits) -> Consumer {
        let c = ConsumerId(self.next_consumer);
        self.next_consumer += 1;
        let isolation =
            if committed { Isolation::ReadCommitted } else { Isolation::ReadUncommitted };
        let actor = if group == Some(LOOPERS) { LOOP_ACTOR } else { 1000 + c.0 };
        let group = group.map(String::from);
        self.tell(actor, What::Consumer { c, group, isolation, commits });
        Consumer {
            id: c,
            committed_only: committed,
            positions: BTreeMap::new(),
            todo: vec![],
            asked: vec![],
        }
    }

    fn step(&mut self, (kind, a, b, c): Step) {
        match kind % 16 {
            0..=4 => self.send([IDEMPOTENT, PLAIN, NO_ACKS, TRANSACTIONAL][a as usize % 4], b, c),
            5 => self.transact(a),
            6..=8 => self.poll_member(a, b),
            9 => self.work(a, b),
            10 => self.assign_group(a),
            11 => self.replace_member(a, b),
            12 => self.poll_loner(a, b),
            13 => self.move_loner(a, b),
            14 => self.seek_member(a, b),
            _ => self.turn_loop(a, b, c),
        }
    }

    fn send(&mut self, who: usize, to: u16, outcome: u16) {
        let to = to as usize % INPUTS;
        self.send_of(who, to, outcome, None);
    }

    fn send_of(
        &mut self,
        who: usize,
        to: usize,
        outcome: u16,
        of: Option<(PartitionId, u64)>,
    ) -> bool {
        let Producer { id: p, actor, next: s, transaction, acks, .. } = self.producers[who];
        self.producers[who].next += 1;
        let partition = PartitionId(to as u32);
        self.tell(actor, What::Send { p, s, to: partition, of });
        // Two of ten go wrong: nobody hears of it, or it is refused.
        let outcome = outcome % 20;
        if outcome == 19 {
            self.tell(actor, What::Nack { p, s, why: "no".into() });
            return false;
        }
        if outcome == 18 {
            self.tell(actor, What::Unknown { p, s, why: why() });
            return false;
        }
        let o = self.logs[to].len() as u64;
        self.logs[to].push(Entry::Message { p, s, transaction });
        if outcome == 17 {
            self.tell(actor, What::Unknown { p, s, why: why() });
        } else {
            let o = Some(o).filter(|_| acks != Acks::None);
            self.tell(actor, What::Ack { p, s, to: partition, o });
        }
        true
    }

    /// Ends a transaction in the log.
    fn decide(&mut self, transaction: usize, state: State) {
        self.transactions[transaction] = state;
        for log in &mut self.logs {
            let part = |it: &Entry| matches!(it, Entry::Message { transaction: Some(t), .. } if *t == transaction);
            if log.iter().any(part) {
                log.push(Entry::Mark);
            }
        }
    }

    fn begin(&mut self, who: usize) {
        let Producer { id: p, actor, .. } = self.producers[who];
        self.producers[who].transaction = Some(self.transactions.len());
        self.transactions.push(State::Open);
        self.tell(actor, What::Begin { p });
    }

    /// The producer dies, and another one takes its place. What it had open is aborted.
    fn replace_producer(&mut self, who: usize) {
        let Producer { id: p, actor, transaction, delivery, acks, .. } = self.producers[who];
        self.tell(actor, What::ProducerGone { p, killed: true });
        if let Some(open) = transaction
            && self.transactions[open] == State::Open
        {
            self.decide(open, State::Aborted);
        }
        self.producers[who] = self.new_producer(delivery, acks, who == LOOP);
    }

    fn transact(&mut self, how: u16) {
        let Some(open) = self.producers[TRANSACTIONAL].transaction else {
            return self.begin(TRANSACTIONAL);
        };
        self.finish(TRANSACTIONAL, open, how);
    }

    /// Returns whether it is known how it went.
    fn finish(&mut self, who: usize, open: usize, how: u16) -> bool {
        let Producer { id: p, actor, .. } = self.producers[who];
        let how = how % 10;
        if how == 9 {
            self.replace_producer(who);
            return false;
        }
        if how >= 7 {
            self.tell(actor, What::Abort { p, is: Outcome::Invoke });
            self.decide(open, State::Aborted);
            self.tell(actor, What::Abort { p, is: Outcome::Ok });
            self.producers[who].transaction = None;
            return true;
        }
        self.tell(actor, What::Commit { p, is: Outcome::Invoke });
        if how == 6 || how == 5 {
            self.decide(open, if how == 6 { State::Committed } else { State::Aborted });
            self.tell(actor, What::Commit { p, is: Outcome::Unknown(why()) });
            self.replace_producer(who);
            return false;
        }
        if how == 4 {
            self.tell(actor, What::Commit { p, is: Outcome::Fail("again".into()) });
            self.tell(actor, What::Commit { p, is: Outcome::Invoke });
        }
        self.decide(open, State::Committed);
        self.tell(actor, What::Commit { p, is: Outcome::Ok });
        self.producers[who].transaction = None;
        true
    }

    /// What a consumer gets from an offset on, and its next one.
    fn fetch(&self, to: usize, from: u64, most: u16, committed: bool) -> (Vec<Record>, u64) {
        let mut records = vec![];
        let mut next = from;
        for (o, entry) in self.logs[to].iter().enumerate().skip(from as usize) {
            if records.len() == usize::from(most) {
                break;
            }
            if let Entry::Message { p, s, transaction } = entry {
                let state = transaction.map_or(State::Committed, |it| self.transactions[it]);
                if committed && state == State::Open {
                    break;
                }
                if !committed || state == State::Committed {
                    records.push(Record(o as u64, *p, *s));
                }
            }
            next = o as u64 + 1;
        }
        (records, next)
    }

    fn poll(&mut self, consumer: &mut Consumer, actor: u32, to: usize, most: u16) {
        let Some(from) = consumer.positions.get(&to).copied() else { return };
        let (r, next) = self.fetch(to, from, most % 5 + 1, consumer.committed_only);
        consumer.positions.insert(to, next);
        if r.is_empty() {
            return;
        }
        consumer.todo.extend(r.iter().map(|it| (to, it.0)));
        self.tell(actor, What::Poll { c: consumer.id, to: PartitionId(to as u32), r });
    }

    fn with_member(&mut self, which: u16, it: impl FnOnce(&mut Self, &mut Consumer)) {
        let index = which as usize % self.members.len();
        let mut member = self.members.remove(index);
        it(self, &mut member);
        self.members.insert(index, member);
    }

    fn poll_member(&mut self, which: u16, most: u16) {
        let to = usize::from(most) / 7 % INPUTS;
        self.with_member(which, |it, member| {
            let actor = 1000 + member.id.0;
            it.poll(member, actor, to, most)
        });
    }

    /// Does what was got, or a part of it, and commits.
    fn work(&mut self, which: u16, how: u16) {
        self.with_member(which, |it, member| {
            let (c, actor) = (member.id, 1000 + member.id.0);
            for (to, o) in std::mem::take(&mut member.todo) {
                it.tell(actor, What::Done { c, to: PartitionId(to as u32), o });
            }
            let to: Vec<_> =
                member.positions.iter().map(|(to, o)| (PartitionId(*to as u32), *o)).collect();
            if to.is_empty() {
                return;
            }
            let offsets = |is, to| What::Offsets { c, is, to, within: None };
            it.tell(actor, offsets(Outcome::Invoke, to.clone()));
            if how % 5 == 4 {
                it.tell(actor, offsets(Outcome::Fail("rebalancing".into()), to));
                return;
            }
            for (to, o) in &to {
                it.committed.insert((GROUP, to.0 as usize), *o);
            }
            match how % 5 {
                0 | 1 => it.tell(actor, offsets(Outcome::Ok, to)),
                2 => member.asked.push(to),
                _ => it.tell(actor, offsets(Outcome::Unknown(why()), to)),
            }
        });
    }

    /// What was committed without waiting is heard of, the last one first.
    fn hear(&mut self, member: &mut Consumer) {
        let c = member.id;
        for to in std::mem::take(&mut member.asked).into_iter().rev() {
            self.tell(1000 + c.0, What::Offsets { c, is: Outcome::Ok, to, within: None });
        }
    }

    fn assign_group(&mut self, how: u16) {
        let mut members = std::mem::take(&mut self.members);
        for member in &mut members {
            self.hear(member);
            member.todo.clear();
            let to: Vec<_> = std::mem::take(&mut member.positions)
                .into_keys()
                .map(|it| PartitionId(it as u32))
                .collect();
            if !to.is_empty() {
                let what = What::Revoke { c: member.id, to, lost: how.is_multiple_of(3) };
                self.tell(1000 + member.id.0, what);
            }
        }
        let count = members.len();
        for to in 0..INPUTS {
            let member = &mut members[(to + how as usize) % count];
            let committed = self.committed.get(&(GROUP, to)).copied();
            member.positions.insert(to, committed.unwrap_or(0));
            let what = What::Assign { c: member.id, to: vec![(PartitionId(to as u32), committed)] };
            self.tell(1000 + member.id.0, what);
        }
        self.members = members;
    }

    fn replace_member(&mut self, which: u16, how: u16) {
        let index = which as usize % self.members.len();
        let gone = self.members.remove(index);
        let what = What::ConsumerGone { c: gone.id, killed: how.is_multiple_of(2) };
        self.tell(1000 + gone.id.0, what);
        let new = self.new_consumer(Some(GROUP), true, Commits::Async);
        self.members.push(new);
        self.assign_group(how);
    }

    /// A member goes back by itself, does all again, and commits less.
    fn seek_member(&mut self, which: u16, back: u16) {
        self.with_member(which, |it, member| {
            it.hear(member);
            let Some((to, from)) = member.positions.iter().next().map(|(a, b)| (*a, *b)) else {
                return;
            };
            let o = from.saturating_sub(u64::from(back % 4));
            member.positions.insert(to, o);
            member.todo.retain(|it| it.0 != to || it.1 < o);
            let (c, to) = (member.id, PartitionId(to as u32));
            it.tell(1000 + c.0, What::Seek { c, to, o });
        });
    }

    fn assign_loner(&mut self, from: u64) {
        let to = (0..INPUTS).map(|it| (PartitionId(it as u32), Some(from))).collect();
        self.loner.positions = (0..INPUTS).map(|it| (it, from)).collect();
        let c = self.loner.id;
        self.tell(1000 + c.0, What::Assign { c, to });
    }

    fn poll_loner(&mut self, to: u16, most: u16) {
        let mut loner = std::mem::replace(
            &mut self.loner,
            Consumer {
                id: ConsumerId(0),
                committed_only: false,
                positions: BTreeMap::new(),
                todo: vec![],
                asked: vec![],
            },
        );
        let actor = 1000 + loner.id.0;
        self.poll(&mut loner, actor, to as usize % INPUTS, most);
        loner.todo.clear();
        self.loner = loner;
    }

    fn move_loner(&mut self, to: u16, how: u16) {
        let to = to as usize % INPUTS;
        let c = self.loner.id;
        if how.is_multiple_of(3) {
            self.tell(1000 + c.0, What::ConsumerGone { c, killed: true });
            self.loner = self.new_consumer(None, how.is_multiple_of(2), Commits::Never);
            self.assign_loner(0);
            return;
        }
        let o = u64::from(how) % (self.logs[to].len() as u64 + 1);
        self.loner.positions.insert(to, o);
        self.tell(1000 + c.0, What::Seek { c, to: PartitionId(to as u32), o });
    }

    fn assign_looper(&mut self) {
        let from = self.committed.get(&(LOOPERS, 0)).copied().unwrap_or(0);
        let c = self.looper.id;
        self.looper.positions.insert(0, from);
        self.tell(LOOP_ACTOR, What::Assign { c, to: vec![(PartitionId(0), Some(from))] });
    }

    /// One turn of the loop: takes inputs, writes outputs, commits both or none.
    fn turn_loop(&mut self, most: u16, outcome: u16, how: u16) {
        let c = self.looper.id;
        let from = self.looper.positions[&0];
        let (r, next) = self.fetch(0, from, most % 4 + 1, true);
        if r.is_empty() {
            return;
        }
        self.tell(LOOP_ACTOR, What::Poll { c, to: PartitionId(0), r: r.clone() });
        self.begin(LOOP);
        let mut all = true;
        for Record(o, ..) in &r {
            // Mostly well.
            let outcome = if outcome.is_multiple_of(4) { outcome / 4 } else { 0 };
            all &= self.send_of(LOOP, OUTPUT, outcome, Some((PartitionId(0), *o)));
        }
        let p = self.producers[LOOP].id;
        let to = vec![(PartitionId(0), next)];
        let offsets = |is, to| What::Offsets { c, is, to, within: Some(p) };
        self.tell(LOOP_ACTOR, offsets(Outcome::Invoke, to.clone()));
        self.tell(LOOP_ACTOR, offsets(Outcome::Ok, to));
        let Some(open) = self.producers[LOOP].transaction else { return };
        // What is not written all cannot be committed.
        let known = self.finish(LOOP, open, if all { how } else { 7 });
        if self.transactions[open] == State::Committed {
            self.committed.insert((LOOPERS, 0), next);
        }
        if !known {
            self.tell(LOOP_ACTOR, What::ConsumerGone { c, killed: true });
            self.looper = self.new_consumer(Some(LOOPERS), true, Commits::Transactional);
            self.assign_looper();
        } else if self.transactions[open] == State::Committed {
            self.looper.positions.insert(0, next);
        } else {
            self.tell(LOOP_ACTOR, What::Seek { c, to: PartitionId(0), o: from });
        }
    }

    fn end(&mut self, (drain, uncommitted, low): (bool, bool, u16)) {
        self.replace_producer(TRANSACTIONAL);
        let mut members = std::mem::take(&mut self.members);
        for member in &mut members {
            self.hear(member);
        }
        self.members = members;
        if drain {
            self.assign_group(1);
            for which in 0..2 * self.members.len() as u16 {
                for _ in 0..30 {
                    self.poll_member(which, which / 2 * 7 + 4);
                }
                self.work(which, 0);
            }
        }
        // Old records go, of what the group is done with.
        let done = self.committed.get(&(GROUP, 1)).copied().unwrap_or(0);
        let low = if drain { u64::from(low) % (done + 1) } else { 0 };
        for to in 0..PARTITIONS {
            let high = self.logs[to].len() as u64;
            let low = if to == 1 { low } else { 0 };
            self.tell(ADMIN, What::Watermarks { to: PartitionId(to as u32), low, high });
        }
        for committed in [true, false] {
            if !committed && !uncommitted {
                continue;
            }
            let mut last = self.new_consumer(None, committed, Commits::Never);
            let (c, actor) = (last.id, 1000 + last.id.0);
            for to in 0..PARTITIONS {
                let partition = PartitionId(to as u32);
                let low = if to == 1 { low } else { 0 };
                last.positions.insert(to, low);
                self.tell(actor, What::Assign { c, to: vec![(partition, Some(low))] });
                let mut before = u64::MAX;
                while before != last.positions[&to] {
                    before = last.positions[&to];
                    self.poll(&mut last, actor, to, 4);
                }
                let o = self.logs[to].len() as u64;
                self.tell(actor, What::ReadAll { c, to: partition, o });
            }
        }
        for group in [GROUP, LOOPERS] {
            let all = self.committed.iter().filter(|((it, _), _)| *it == group);
            let to: Vec<_> = all.map(|((_, to), o)| (PartitionId(*to as u32), *o)).collect();
            if !to.is_empty() {
                self.tell(ADMIN, What::Committed { group: group.into(), to });
            }
        }
        let events = self.lines.len() as u64;
        self.tell(ADMIN, What::End { events });
    }
}

/// The same lines, those of different actors in another order: each may be late by so many lines.
pub fn shuffle(lines: &[Line], late: &[u16], most: u64) -> Vec<Line> {
    let mut last = BTreeMap::new();
    let mut keyed: Vec<(u64, usize)> = vec![];
    for (i, (actor, _)) in lines.iter().enumerate() {
        let by = late.get(i % late.len().max(1)).map_or(0, |it| u64::from(*it) % (most + 1));
        let key = (i as u64 + by).max(last.get(actor).copied().unwrap_or(0));
        last.insert(*actor, key);
        let key = if i == 0 {
            0
        } else if i + 1 == lines.len() {
            u64::MAX
        } else {
            key
        };
        keyed.push((key, i));
    }
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, i)| lines[i].clone()).collect()
}
