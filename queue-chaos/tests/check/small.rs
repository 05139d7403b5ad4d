//! Small histories, and what they say.

use std::collections::BTreeSet;
use std::io::Write;

use queue_chaos::Error;
use queue_chaos::check::{AnomalyKind, Checker, Options, Verdict, check_file};
use queue_chaos::history::{Acks, Commits, Delivery, Event, Isolation, Outcome, What};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};

use super::story::{ALL, IDEMPOTENT, Story, TRANSACTIONAL, own};

use AnomalyKind::*;

const COMMITTED: Isolation = Isolation::ReadCommitted;
const UNCOMMITTED: Isolation = Isolation::ReadUncommitted;

#[test]
fn all_is_there() {
    Story::sent(3).read_all(0, 0, &own(0..3), 3).fine();
    Story::new().fine();
}

#[test]
fn acknowledged_and_gone() {
    // From the middle.
    let it = Story::sent(3).read_all(0, 0, &own([0, 2]), 3).has(&[(LostWrite, 1)]);
    let anomaly = &it.anomalies[0];
    assert!(anomaly.promised);
    assert_eq!(anomaly.offsets, [1]);
    assert_eq!(anomaly.messages[0].to_string(), "message 0/1");
    assert_eq!(anomaly.times, [4000, 5000]);
    assert_eq!(
        anomaly.what,
        "message 0/1 was acknowledged (acks=all) at offset 1 of partition 0; who read all of the partition in the end did not get it"
    );
    // From the end, on.
    let it = Story::sent(5).read_all(0, 0, &own(0..2), 2).has(&[(LostWrite, 3)]);
    assert!(it.anomalies[0].what.ends_with("the partition ends at 2"), "{it}");
    // Watermarks alone say that, too.
    let it = Story::sent(5).watermarks(0, 0, 3).has(&[(LostWrite, 2)]);
    assert_eq!(it.unknowns.len(), 2);
    // A cluster that forgot all.
    Story::sent(5).read_all(0, 0, &[], 0).has(&[(LostWrite, 5)]);
}

#[test]
fn what_nobody_promised_is_found_and_marked() {
    for (acks, promised) in [(Acks::None, false), (Acks::Leader, false), (ALL, true)] {
        let it = Story::new().producer(0, Delivery::Plain, acks).send(0, 0, 0);
        let it = it.ack(0, 0, 0, 0).read_all(0, 0, &[], 0).has(&[(LostWrite, 1)]);
        assert_eq!(it.anomalies[0].promised, promised);
        assert_eq!(it.not_promised.get(&LostWrite).copied().unwrap_or(0), u64::from(!promised));
    }
}

/// Acknowledgements without offsets (`acks=0`).
#[test]
fn without_an_offset_a_message_is_known_by_its_number() {
    let sent = || {
        let it = Story::new().producer(0, Delivery::Plain, Acks::None).send(0, 0, 0).send(0, 1, 0);
        let ack = |s| What::Ack { p: ProducerId(0), s, to: PartitionId(0), o: None };
        it.tell(ack(0)).tell(ack(1))
    };
    sent().read_all(0, 0, &own(0..2), 2).fine();
    sent().read_all(0, 0, &own([0]), 1).has(&[(LostWrite, 1)]);
    sent().watermarks(0, 0, 0).has(&[(LostWrite, 2)]);
    // What was deleted by the rules may have been this.
    let it = sent().watermarks(0, 1, 1).judge();
    assert_eq!((it.verdict, it.found.len()), (Verdict::Unknown, 0));
}

#[test]
fn who_knows() {
    // Nobody has looked.
    let it = Story::sent(2).judge();
    assert_eq!((it.verdict, it.found.len(), it.unknowns.len()), (Verdict::Unknown, 0, 2));
    assert!(it.unknowns[1].contains("2 acknowledged messages"), "{it}");
    // Not far enough: who reads what is committed stops before what is open.
    let it = Story::sent(3).read_all(0, 0, &own(0..2), 2).watermarks(0, 0, 3).judge();
    assert_eq!((it.verdict, it.found.len(), it.unknowns.len()), (Verdict::Unknown, 0, 1), "{it}");
    // What nobody knows is not missed.
    let unknown = || Story::sent(1).send(0, 1, 0).unknown(0, 1);
    unknown().read_all(0, 0, &own(0..1), 1).fine();
    unknown().read_all(0, 0, &own(0..2), 2).fine();
    // Without an end.
    let story = Story::sent(1).read_all(0, 0, &own(0..1), 1);
    let it = super::judge(&story.events, &Options::default());
    assert_eq!((it.verdict, it.unknowns.len()), (Verdict::Unknown, 1));
}

/// Who has read it has acted on it.
#[test]
fn read_and_then_gone() {
    let it = Story::sent(1).send(0, 1, 0).unknown(0, 1).reader(0, COMMITTED);
    let it = it.poll(0, 0, &own(0..2)).read_all(1, 0, &own(0..1), 1).has(&[(LostWrite, 1)]);
    let said = &it.anomalies[0].what;
    assert!(said.contains("was not acknowledged, but read at offset 1"), "{said}");
    assert!(it.anomalies[0].promised);
}

#[test]
fn deleted_by_the_rules_is_not_lost() {
    let read = |low| {
        let it = Story::sent(5).reader(0, COMMITTED).poll(0, 0, &own(0..2));
        let it = it.reader(1, COMMITTED).assign(1, 0, Some(3)).poll(1, 0, &own(3..5));
        let all = What::ReadAll { c: ConsumerId(1), to: PartitionId(0), o: 5 };
        it.watermarks(0, low, 5).tell(all)
    };
    read(3).fine();
    read(2).has(&[(LostWrite, 1)]);
}

#[test]
fn twice() {
    let sent = |delivery| Story::new().producer(0, delivery, ALL).send(0, 0, 0).ack(0, 0, 0, 1);
    for (delivery, promised) in [(Delivery::Plain, false), (IDEMPOTENT, true)] {
        let it = sent(delivery).read_all(0, 0, &[(0, 0, 0), (1, 0, 0)], 2).has(&[(Duplicate, 1)]);
        assert_eq!(
            (it.anomalies[0].promised, &it.anomalies[0].offsets[..]),
            (promised, &[0, 1][..])
        );
    }
    // A redelivery is no double.
    let it = Story::sent(2).member(0, Commits::Sync).assign(0, 0, Some(0)).poll(0, 0, &own(0..2));
    let it = it.revoke(0, 0).assign(0, 0, Some(0)).poll(0, 0, &own(0..2));
    let it = it.read_all(1, 0, &own(0..2), 2).judge();
    assert_eq!((it.verdict, it.counts.redelivered), (Verdict::Ok, 2));
}

#[test]
fn acknowledged_at_one_offset_and_read_at_another() {
    let it = Story::new().producer(0, IDEMPOTENT, ALL).send(0, 0, 0).ack(0, 0, 0, 7);
    let it = it.read_all(0, 0, &own([0]), 1).has(&[(InconsistentOffsets, 1)]);
    assert_eq!(it.anomalies[0].offsets, [7, 0]);
    // The other way round: it was read first.
    let it = Story::new().reader(0, COMMITTED).poll(0, 0, &own([0]));
    let it = it.producer(0, IDEMPOTENT, ALL).send(0, 0, 0).ack(0, 0, 0, 7);
    it.read_all(1, 0, &own([0]), 1).has(&[(InconsistentOffsets, 1)]);
    // Two acknowledgements are mixed up.
    let it = Story::new().producer(0, IDEMPOTENT, ALL).send(0, 0, 0).send(0, 1, 0);
    let it = it.ack(0, 0, 0, 1).ack(0, 1, 0, 0);
    it.read_all(0, 0, &own(0..2), 2).has(&[(InconsistentOffsets, 2)]);
}

/// An unclean election: a new leader has not what the old one had, and gives its offsets to others.
#[test]
fn an_offset_is_given_to_another_message() {
    let it = Story::sent(3).reader(0, COMMITTED).poll(0, 0, &own(0..3));
    let it = it.producer(1, IDEMPOTENT, ALL).send(1, 0, 0).ack(1, 0, 0, 1).send(1, 1, 0);
    let it = it.ack(1, 1, 0, 2);
    it.read_all(1, 0, &[(0, 0, 0), (1, 1, 0), (2, 1, 1)], 3)
        .has(&[(LostWrite, 2), (InconsistentOffsets, 2)]);
    // The same, and nobody had read it before.
    let it = Story::sent(2).producer(1, IDEMPOTENT, ALL).send(1, 0, 0).ack(1, 0, 0, 1);
    it.read_all(1, 0, &[(0, 0, 0), (1, 1, 0)], 2).has(&[(LostWrite, 1), (InconsistentOffsets, 1)]);
}

#[test]
fn aborted_and_refused() {
    let open =
        || Story::new().producer(0, TRANSACTIONAL, ALL).begin(0).send(0, 0, 0).ack(0, 0, 0, 0);
    // Nobody is to see it.
    open().abort(0).read_all(0, 0, &[], 2).fine();
    open().abort(0).read_all(0, 0, &own([0]), 2).has(&[(AbortedRead, 1)]);
    // Who reads all sees all.
    open().reader(0, UNCOMMITTED).poll(0, 0, &own([0])).abort(0).read_all(1, 0, &[], 2).fine();
    // Nobody asked to commit it.
    let gone = What::ProducerGone { p: ProducerId(0), killed: true };
    open().tell(gone.clone()).read_all(0, 0, &own([0]), 2).has(&[(AbortedRead, 1)]);
    open().tell(gone).read_all(0, 0, &[], 2).fine();
    // It failed for certain.
    let fail = Outcome::Fail("fenced".into());
    open().commit(0, fail).read_all(0, 0, &own([0]), 2).has(&[(AbortedRead, 1)]);
    // Nobody knows.
    let late = || Outcome::Unknown("late".into());
    open().commit(0, late()).read_all(0, 0, &own([0]), 2).fine();
    open().commit(0, late()).read_all(0, 0, &[], 2).fine();
    // Before it was asked for.
    let it = open().reader(0, COMMITTED).poll(0, 0, &own([0])).commit(0, Outcome::Ok);
    it.read_all(1, 0, &own([0]), 2).has(&[(AbortedRead, 1)]);
    // Refused.
    let it = Story::sent(1).send(0, 1, 0).nack(0, 1);
    it.read_all(0, 0, &own(0..2), 2).has(&[(AbortedRead, 1)]);
    Story::sent(1).send(0, 1, 0).nack(0, 1).read_all(0, 0, &own(0..1), 1).fine();
}

#[test]
fn nobody_sent_it() {
    Story::sent(1).read_all(0, 0, &[(0, 0, 0), (1, 0, 1)], 2).has(&[(Phantom, 1)]);
    Story::sent(1).read_all(0, 0, &[(0, 0, 0), (1, 77, 0)], 2).has(&[(Phantom, 1)]);
    // It was sent to elsewhere.
    let it = Story::sent(1).read_all(0, 0, &own(0..1), 1).read_all(1, 1, &own(0..1), 1);
    let it = it.has(&[(Phantom, 1)]);
    assert!(it.anomalies[0].what.ends_with("which was sent to partition 0"), "{it}");
}

#[test]
fn damaged() {
    let corrupt = What::Corrupt {
        c: ConsumerId(0),
        to: PartitionId(0),
        o: 1,
        why: "its checksum is wrong".into(),
    };
    // It is told as what it is, and not as lost or skipped, too.
    Story::sent(3)
        .reader(0, COMMITTED)
        .poll(0, 0, &own([0]))
        .tell(corrupt)
        .poll(0, 0, &own([2]))
        .watermarks(0, 0, 3)
        .tell(What::ReadAll { c: ConsumerId(0), to: PartitionId(0), o: 3 })
        .has(&[(Corrupt, 1)]);
}

#[test]
fn skipped() {
    let read = |it: Story| it.read_all(9, 0, &own(0..5), 5);
    let reader = || Story::sent(5).reader(0, COMMITTED);
    let it = read(reader().poll(0, 0, &own([0, 3]))).has(&[(PollSkip, 1)]);
    assert_eq!(it.anomalies[0].offsets, [1, 2]);
    assert_eq!(it.anomalies[0].consumer, Some(ConsumerId(0)));
    // At once, and between two polls.
    read(reader().poll(0, 0, &own([1]))).has(&[(PollSkip, 1)]);
    read(reader().poll(0, 0, &own([0])).poll(0, 0, &own([2]))).has(&[(PollSkip, 1)]);
    // It was told to, or began anew.
    read(reader().poll(0, 0, &own([0])).seek(0, 0, 3).poll(0, 0, &own([3]))).fine();
    read(reader().revoke(0, 0).assign(0, 0, None).poll(0, 0, &own([3]))).fine();
    // Who reads all in the end leaves out what another one gets.
    let it = Story::sent(3).read_all(8, 0, &own(0..3), 3).read_all(9, 0, &own(0..2), 3);
    it.has(&[(PollSkip, 1)]);
    // What is not there cannot be skipped.
    let it = Story::sent(1).send(0, 1, 0).ack(0, 1, 0, 5).reader(0, COMMITTED);
    it.poll(0, 0, &[(0, 0, 0), (5, 0, 1)]).read_all(9, 0, &[(0, 0, 0), (5, 0, 1)], 6).fine();
}

#[test]
fn back() {
    let read = |it: Story| it.read_all(9, 0, &own(0..5), 5);
    let reader = || Story::sent(5).reader(0, COMMITTED).poll(0, 0, &own(0..3));
    read(reader().poll(0, 0, &own([2]))).has(&[(NonMonotonicPoll, 1)]);
    read(reader().poll(0, 0, &own(1..5))).has(&[(NonMonotonicPoll, 1)]);
    read(reader().seek(0, 0, 1).poll(0, 0, &own(1..5))).fine();
    read(reader().assign(0, 0, Some(1)).poll(0, 0, &own(1..5))).fine();
}

#[test]
fn out_of_order() {
    for (delivery, promised) in [(Delivery::Plain, false), (IDEMPOTENT, true)] {
        let it = Story::new().producer(0, delivery, ALL);
        let it = it.send(0, 0, 0).send(0, 1, 0).send(0, 2, 1).send(0, 3, 0);
        let it = it.ack(0, 1, 0, 0).ack(0, 0, 0, 1).ack(0, 3, 0, 2).ack(0, 2, 1, 0);
        let it = it.read_all(8, 0, &[(0, 0, 1), (1, 0, 0), (2, 0, 3)], 3);
        let it = it.read_all(9, 1, &[(0, 0, 2)], 1).has(&[(NonMonotonicSend, 1)]);
        assert_eq!(it.anomalies[0].promised, promised);
        assert_eq!(it.anomalies[0].offsets, [0, 1]);
    }
}

#[test]
fn commits_that_go_back() {
    let member =
        || Story::sent(5).member(0, Commits::Sync).assign(0, 0, Some(0)).poll(0, 0, &own(0..5));
    let read = |it: Story| it.read_all(9, 0, &own(0..5), 5);
    read(member().offsets(0, 0, 5).offsets(0, 0, 3)).has(&[(CommitRegression, 1)]);
    read(member().offsets(0, 0, 3).offsets(0, 0, 5).committed(0, 5)).fine();
    read(member().offsets(0, 0, 5).seek(0, 0, 2).offsets(0, 0, 2).committed(0, 2)).fine();
    // The group's offsets were lost, as a group's messages can be.
    let it = read(member().offsets(0, 0, 3).offsets(0, 0, 5).committed(0, 3));
    let it = it.has(&[(CommitRegression, 1)]);
    assert!(it.anomalies[0].what.contains("in the end 3 is committed"), "{it}");
    // Asked for at the same time: nobody knows which was last.
    let offsets =
        |is, o| What::Offsets { c: ConsumerId(0), is, to: vec![(PartitionId(0), o)], within: None };
    let two = |it: Story| {
        it.tell(offsets(Outcome::Invoke, 3))
            .tell(offsets(Outcome::Invoke, 5))
            .tell(offsets(Outcome::Ok, 5))
            .tell(offsets(Outcome::Ok, 3))
    };
    read(two(member()).committed(0, 3)).fine();
    read(two(member()).committed(0, 5)).fine();
}

#[test]
fn a_group_that_goes_past_records() {
    let read = |it: Story| it.read_all(9, 0, &own(0..6), 6);
    let member = |c| Story::sent(6).member(c, Commits::Sync).assign(c, 0, Some(0));
    // The first member dies with two, and the second one begins behind them.
    let it = member(0).poll(0, 0, &own(0..2)).done(0, 0, 0).done(0, 0, 1);
    let it = it.member(1, Commits::Sync).assign(1, 0, Some(4)).poll(1, 0, &own(4..6));
    let it = it.done(1, 0, 4).done(1, 0, 5).offsets(1, 0, 6).committed(0, 6);
    let it = read(it).has(&[(GroupSkip, 2)]);
    assert_eq!(it.anomalies[0].offsets, [2, 6]);
    // Nothing was committed behind them.
    let it = member(0).poll(0, 0, &own(0..2)).done(0, 0, 0).offsets(0, 0, 1).committed(0, 1);
    let it = it.member(1, Commits::Sync).assign(1, 0, Some(4)).poll(1, 0, &own(4..6));
    read(it).fine();
    // A member passed them on purpose.
    let it = member(0).poll(0, 0, &own(0..2)).seek(0, 0, 4).poll(0, 0, &own(4..6));
    read(it.offsets(0, 0, 6)).fine();
}

/// Committed before the work, and killed.
#[test]
fn work_that_was_not_done() {
    for (commits, promised) in [(Commits::Early, false), (Commits::Sync, true)] {
        let it = Story::sent(4).member(0, commits).assign(0, 0, Some(0)).poll(0, 0, &own(0..3));
        let it = it.offsets(0, 0, 3).done(0, 0, 0);
        let it = it.tell(What::ConsumerGone { c: ConsumerId(0), killed: true });
        let it = it.member(1, commits).assign(1, 0, Some(3)).poll(1, 0, &own([3])).offsets(1, 0, 4);
        let it = it.done(1, 0, 3).committed(0, 4).read_all(9, 0, &own(0..4), 4);
        let it = it.has(&[(LostWork, 2)]);
        assert_eq!(it.anomalies[0].promised, promised);
    }
    // Of who does not tell what it does, nobody knows.
    let it = Story::sent(2).member(0, Commits::Sync).assign(0, 0, Some(0)).poll(0, 0, &own(0..2));
    it.offsets(0, 0, 2).committed(0, 2).read_all(9, 0, &own(0..2), 2).fine();
}

#[test]
fn a_part_of_a_transaction() {
    let open = || {
        let it = Story::new().producer(0, TRANSACTIONAL, ALL).begin(0);
        it.send(0, 0, 0).ack(0, 0, 0, 0).send(0, 1, 1).ack(0, 1, 1, 0)
    };
    let late = || Outcome::Unknown("late".into());
    let half = |it: Story| it.read_all(8, 0, &own([0]), 2).read_all(9, 1, &[], 2);
    half(open().commit(0, late())).has(&[(TornTransaction, 1)]);
    // What was committed, and is not there, is lost as well.
    half(open().commit(0, Outcome::Ok)).has(&[(LostWrite, 1), (TornTransaction, 1)]);
    // The other half was not read.
    open().commit(0, Outcome::Ok).read_all(8, 0, &own([0]), 2).judge();
    let it = open().commit(0, late()).read_all(8, 0, &own([0]), 2).judge();
    assert_eq!((it.verdict, it.found.len()), (Verdict::Unknown, 0));
    // Gone as a whole: that is loss.
    let it = open().commit(0, Outcome::Ok).read_all(8, 0, &[], 2).read_all(9, 1, &[], 2);
    it.has(&[(LostWrite, 2)]);
}

/// A loop that takes from partition 0 and gives to partition 1.
#[test]
fn inputs_without_an_output_and_with_two() {
    let (p, c, to) = (ProducerId(1), ConsumerId(0), PartitionId(1));
    let turn = |it: Story, s: u64, of: u64, o: u64| {
        let offsets =
            |is| What::Offsets { c, is, to: vec![(PartitionId(0), of + 1)], within: Some(p) };
        it.begin(1)
            .tell(What::Send { p, s, to, of: Some((PartitionId(0), of)) })
            .ack(1, s, 1, o)
            .tell(offsets(Outcome::Invoke))
            .tell(offsets(Outcome::Ok))
            .commit(1, Outcome::Ok)
    };
    let begin = || {
        let it = Story::sent(3).producer(1, TRANSACTIONAL, ALL).member(0, Commits::Transactional);
        it.assign(0, 0, Some(0)).poll(0, 0, &own(0..3))
    };
    let end = |it: Story, out: &[(u64, u32, u64)]| {
        it.read_all(8, 0, &own(0..3), 3).read_all(9, 1, out, 9)
    };
    let out = [(0, 1, 0), (2, 1, 1), (4, 1, 2)];
    let all = || turn(turn(turn(begin(), 0, 0, 0), 1, 1, 2), 2, 2, 4);
    end(all().committed(0, 3), &out).fine();
    // One was left out.
    let it = turn(turn(begin(), 0, 0, 0), 1, 2, 2).committed(0, 3);
    let it = end(it, &out[..2]).has(&[(NotExactlyOnce, 1)]);
    assert!(it.anomalies[0].promised);
    assert_eq!(it.anomalies[0].offsets, [1, 3]);
    // One was done twice.
    let it = end(turn(all(), 3, 2, 6).committed(0, 3), &[out[0], out[1], out[2], (6, 1, 3)]);
    let it = it.has(&[(NotExactlyOnce, 1)]);
    assert_eq!(it.anomalies[0].messages.len(), 2);
    // Nobody has read the outputs.
    let it = all().committed(0, 3).read_all(8, 0, &own(0..3), 3).judge();
    assert_eq!((it.verdict, it.found.len()), (Verdict::Unknown, 0), "{it}");
}

#[test]
fn what_is_allowed_is_counted_and_no_anomaly() {
    let lost = || Story::sent(3).read_all(0, 0, &own([0, 2]), 3);
    let options = Options { allow: BTreeSet::from([LostWrite]), ..Options::default() };
    let it = lost().judge_with(&options);
    assert_eq!((it.verdict, it.found[&LostWrite]), (Verdict::Ok, 1));
    let it = Story::sent(300).read_all(0, 0, &[], 0).judge_with(&Options { keep: 7, ..options });
    assert_eq!((it.found[&LostWrite], it.anomalies.len()), (300, 7));
}

#[test]
fn for_people_and_as_json() {
    let it = Story::sent(3).read_all(0, 0, &own([0, 2]), 3).judge();
    let text = it.to_string();
    assert!(text.starts_with("anomaly: 3 sent, 3 acknowledged, 0 refused, 0 unknown"), "{text}");
    assert!(
        text.contains("lost-write: 1 (durability: what is acknowledged stays)\n  message 0/1 was"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::to_value(&it).unwrap();
    assert_eq!(json["verdict"], "anomaly");
    assert_eq!(json["found"]["lost-write"], 1);
    assert_eq!(json["anomalies"][0]["messages"], serde_json::json!([[0, 1]]));
    for kind in AnomalyKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        assert_eq!(kind.as_str().parse(), Ok(kind));
        assert!(!kind.guarantee().is_empty() && !kind.promised_to().is_empty());
    }
    assert!("lost".parse::<AnomalyKind>().is_err_and(|it| it.contains("lost-write")));
}

/// Each with the part of the message that tells it.
#[test]
fn histories_that_make_no_sense() {
    let poll = |o, p, s| Story::sent(1).reader(0, COMMITTED).poll(0, 0, &[(o, p, s)]);
    let committed = What::Committed { group: "g".into(), to: vec![(PartitionId(0), 1 << 50)] };
    for (story, said) in [
        (Story::new().send(0, 0, 0), "has not begun"),
        (Story::sent(2).send(0, 3, 0), "the next one is 2"),
        (Story::sent(2).send(0, 1, 0), "the next one is 2"),
        (Story::sent(2).ack(0, 1, 0, 1), "had an outcome before"),
        (Story::sent(2).nack(0, 1), "had an outcome before"),
        (Story::sent(2).ack(0, 2, 0, 2), "was not sent"),
        (Story::sent(1).send(0, 1, 0).ack(0, 1, 1, 0), "was sent to partition 0"),
        (Story::sent(1).send(0, 1, 2), "the run has 2"),
        (Story::sent(1).producer(0, IDEMPOTENT, ALL), "a second time"),
        (Story::sent(1).producer(1 << 20, IDEMPOTENT, ALL), "below 2^20"),
        (Story::new().poll(0, 0, &[]), "has not begun"),
        (Story::new().reader(u32::MAX, COMMITTED), "below 2^20"),
        (Story::new().reader(0, COMMITTED).done(0, 0, 0), "did not get"),
        (Story::new().reader(0, COMMITTED).seek(0, 0, 1 << 50), "below 2^40"),
        (poll(1_000_000_000_000_000_000, 0, 0), "below 2^40"),
        (poll(0, 1 << 20, 0), "below 2^20"),
        (poll(0, 0, 1 << 36), "below 2^20 and 2^36"),
        (Story::new().tell(committed), "below 2^40"),
        (Story::new().watermarks(0, 5, 4), "begins at 5"),
        (Story::sent(1).commit(0, Outcome::Ok), "no transaction"),
        (
            Story::sent(1).member(0, Commits::Sync).tell(What::ReadAll {
                c: ConsumerId(0),
                to: PartitionId(0),
                o: 1,
            }),
            "is in a group",
        ),
        (
            Story::new()
                .reader(0, COMMITTED)
                .tell(What::ConsumerGone { c: ConsumerId(0), killed: true })
                .poll(0, 0, &[]),
            "is gone",
        ),
        (Story::new().tell(Story::new().events[0].what.clone()), "a second run"),
        (Story::new().tell(What::End { events: 1 }).tell(What::End { events: 2 }), "after the end"),
    ] {
        let mut checker = Checker::new(&Options::default());
        let mut results = story.events.iter().map(|it| checker.push(it));
        let error = results.find_map(Result::err).unwrap_or_else(|| panic!("not told: {said}"));
        assert!(error.contains(said), "{error:?} lacks {said:?}");
    }
    let error = Checker::new(&Options::default())
        .push(&Event { at: 0, what: What::Begin { p: ProducerId(0) } })
        .unwrap_err();
    assert!(error.contains("tells the run"), "{error}");
}

/// Records so far apart that each would take memory of its own.
#[test]
fn offsets_that_are_too_far_apart_are_refused() {
    let mut checker = Checker::new(&Options::default());
    for event in Story::new().reader(0, COMMITTED).events {
        checker.push(&event).unwrap();
    }
    let mut error = None;
    for i in 0..2_000_000_u64 {
        let r = vec![queue_chaos::history::Record(i * 10_000, ProducerId(0), i)];
        let what = What::Poll { c: ConsumerId(0), to: PartitionId(0), r };
        if let Err(found) = checker.push(&Event { at: i, what }) {
            error = Some((i, found));
            break;
        }
    }
    let (i, error) = error.unwrap();
    assert!(error.contains("too far apart"), "{error}");
    assert!(i < 100_000, "{i}");
}

#[test]
fn files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    let write = |events: &[Event], tail: &str| {
        let mut file = std::fs::File::create(&path).unwrap();
        for event in events {
            writeln!(file, "{}", serde_json::to_string(event).unwrap()).unwrap();
        }
        file.write_all(tail.as_bytes()).unwrap();
        check_file(&path, &Options::default())
    };
    let story = Story::sent(3).read_all(0, 0, &own([0, 2]), 3);
    let events = story.events.len() as u64;
    let events = story.tell(What::End { events }).events;
    assert_eq!(write(&events, "").unwrap().found[&LostWrite], 1);
    let it = write(&events[..5], "{\"t\":9,\"e\":\"se").unwrap();
    assert_eq!(it.verdict, Verdict::Unknown);
    let error = write(
        &events[..5],
        "{\"t\":9,\"e\":\"ack\",\"p\":0,\"s\":1,\"to\":0}\n{\"t\":9,\"e\":\"ack\",\"p\":0,\"s\":1,\"to\":0}\n",
    );
    assert!(matches!(error, Err(Error::History { line: 7, .. })), "{error:?}");
}
