//! Messages: what is written is read again, and what is damaged is found. Keys, paces, tables and options of workloads.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use proptest::prelude::*;
use queue_chaos::history::{Acks, Commits, Delivery, Run, Topic};
use queue_chaos::id::{MessageId, PartitionId, ProducerId};
use queue_chaos::workload::message::Message;
use queue_chaos::workload::{KeyDraw, Keys, Pace, Partitions, Workload, partition_of};

fn messages() -> impl Strategy<Value = Message> {
    let source = proptest::option::of((any::<u32>().prop_map(PartitionId), any::<u64>()));
    (any::<u32>(), any::<u64>(), any::<u64>(), source).prop_map(
        |(producer, sequence, sent, source)| Message {
            id: MessageId { producer: ProducerId(producer), sequence },
            sent,
            source,
        },
    )
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(message in messages(), size in 0usize..3_000) {
        // Whatever was in the buffer before.
        let mut buffer = vec![7; 50];
        message.encode(size, &mut buffer);
        prop_assert_eq!(buffer.len(), size.max(Message::MIN_SIZE));
        prop_assert_eq!(Message::decode(&buffer), Ok(message));
        let kept = buffer.capacity();
        message.encode(size, &mut buffer);
        prop_assert_eq!(buffer.capacity(), kept, "the buffer is used again");
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::decode(&bytes);
    }

    #[test]
    fn any_bytes_that_begin_well_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), flags in any::<u8>()) {
        let mut all = vec![b'Q', b'C', 1, flags];
        all.extend(bytes);
        prop_assert!(Message::decode(&all).is_err(), "a checksum of four bytes by chance");
    }

    #[test]
    fn every_other_length_is_found(message in messages(), size in 44usize..300, other in 0usize..400) {
        let mut buffer = Vec::new();
        message.encode(size, &mut buffer);
        prop_assume!(other != size);
        buffer.resize(other, 0);
        prop_assert!(Message::decode(&buffer).is_err());
    }

    #[test]
    fn bursts_are_found(message in messages(), size in 44usize..300, at in any::<prop::sample::Index>(), garbage in proptest::collection::vec(any::<u8>(), 1..4)) {
        let mut buffer = Vec::new();
        message.encode(size, &mut buffer);
        let was = buffer.clone();
        let at = at.index(size - garbage.len());
        buffer[at..at + garbage.len()].copy_from_slice(&garbage);
        prop_assert_eq!(Message::decode(&buffer).is_ok(), buffer == was);
    }

    #[test]
    fn keys_and_partitions_are_in_range(keys in 1u32..1_000, exponent in 0.0f64..4.0, random in any::<u64>(), partitions in 1usize..100) {
        for keys in [Keys::Uniform { keys }, Keys::Zipf { keys, exponent }] {
            let (Keys::Uniform { keys: count } | Keys::Zipf { keys: count, .. }) = keys;
            let key = KeyDraw::new(&keys).key(random);
            prop_assert!(key < count);
            prop_assert!(partition_of(key, partitions) < partitions);
        }
    }

    /// Whoever sends when it is due, and late sometimes, keeps to the rate.
    #[test]
    fn a_pace_is_kept(rate in 1.0f64..1e6, late in proptest::collection::vec(0u64..2_000, 1..300)) {
        let mut now = 5_000;
        let mut pace = Pace::new(Some(rate), now);
        for (sent, late) in late.iter().enumerate() {
            now += pace.wait(now) + late;
            prop_assert_eq!(pace.wait(now), 0);
            let most = (now - 5_000) as f64 * rate / 1e6 + 1.0;
            prop_assert!(sent as f64 <= most + 1e-6, "{} messages in {} us at {}/s", sent, now - 5_000, rate);
            pace.sent(now);
        }
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let ids = [(0, 0, None), (7, 1 << 40, Some((PartitionId(3), 99)))];
    for (producer, sequence, source) in ids {
        let id = MessageId { producer: ProducerId(producer), sequence };
        let message = Message { id, sent: 1_700_000_000_000_000, source };
        for size in [44, 45, 100, 333] {
            let mut buffer = Vec::new();
            message.encode(size, &mut buffer);
            for bit in 0..buffer.len() * 8 {
                buffer[bit / 8] ^= 1 << (bit % 8);
                assert!(Message::decode(&buffer).is_err(), "bit {bit} of {size} bytes");
                buffer[bit / 8] ^= 1 << (bit % 8);
            }
            assert_eq!(Message::decode(&buffer), Ok(message));
        }
    }
}

/// The format does not change by accident: histories and logs outlive a build.
#[test]
fn the_format_is_this() {
    let message = Message {
        id: MessageId { producer: ProducerId(0x0102_0304), sequence: 5 },
        sent: 6,
        source: Some((PartitionId(7), 8)),
    };
    let mut buffer = Vec::new();
    message.encode(44, &mut buffer);
    let mut expected = vec![b'Q', b'C', 1, 1];
    let mut rest = vec![44, 0, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
    rest.extend([7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    let all: Vec<u8> = expected.iter().chain(&rest).copied().collect();
    expected.extend(crc32c::crc32c(&all).to_le_bytes());
    expected.extend(rest);
    assert_eq!(buffer, expected);
}

#[test]
fn damage_is_named() {
    let mut buffer = Vec::new();
    let id = MessageId { producer: ProducerId(1), sequence: 2 };
    Message { id, sent: 3, source: None }.encode(100, &mut buffer);
    let why = |bytes: &[u8]| Message::decode(bytes).unwrap_err().to_string();
    assert_eq!(why(b"hello"), "5 bytes, and a message has 32 at least");
    assert_eq!(why(&[0; 64]), "no message of ours: it does not begin with QC");
    assert_eq!(why(&buffer[..99]), "99 bytes of a message of 100");
    buffer[50] ^= 1;
    assert!(why(&buffer).starts_with("checksum "), "{}", why(&buffer));
}

#[test]
fn zipf_is_skewed_and_uniform_is_not() {
    let count = |keys: &Keys| {
        let draw = KeyDraw::new(keys);
        let mut seen = vec![0u32; 100];
        for n in 0..100_000u64 {
            seen[draw.key(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) as usize] += 1;
        }
        seen
    };
    let uniform = count(&Keys::Uniform { keys: 100 });
    assert!(uniform.iter().all(|&n| (800..1_200).contains(&n)), "{uniform:?}");
    // The first of 100 by Zipf's law with exponent 1 has 1/H(100) = 19.3 % of all.
    let zipf = count(&Keys::Zipf { keys: 100, exponent: 1.0 });
    assert!((18_500..20_000).contains(&zipf[0]), "{zipf:?}");
    assert!((9_000..10_500).contains(&zipf[1]), "{zipf:?}");
    assert!(zipf[99] < 400, "{zipf:?}");
}

#[test]
fn a_pause_is_not_made_up_for() {
    let mut pace = Pace::new(Some(1_000.0), 0);
    // Ten seconds late: it sends at once what 100 ms hold, not what 10 s hold.
    let now = 10_000_000;
    let mut burst = 0;
    while pace.wait(now) == 0 {
        pace.sent(now);
        burst += 1;
    }
    assert!((100..=102).contains(&burst), "{burst}");
    assert_eq!(Pace::new(None, 0).wait(5), 0);
}

#[test]
fn tables_go_both_ways() {
    let topic = |name: &str, partitions| Topic { name: name.to_owned(), partitions, replicas: 1 };
    let topics = vec![topic("a", 2), topic("b", 3)];
    let table = Partitions::new(&topics);
    assert_eq!(table.table(), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]);
    for id in table.ids() {
        let (name, partition) = table.name(id).unwrap();
        assert_eq!(table.id(name, partition), Some(id));
    }
    assert_eq!(table.of_topic("b"), [PartitionId(2), PartitionId(3), PartitionId(4)]);
    assert_eq!(table.id("b", 3), None);
    assert_eq!(table.id("c", 0), None);
    assert_eq!(table.id("a", -1), None);
    let run = Run {
        version: queue_chaos::history::VERSION,
        name: String::new(),
        seed: 0,
        cluster: String::new(),
        started: 0,
        topics,
        partitions: table.table().to_vec(),
    };
    assert_eq!(Partitions::of(&run), table);
}

#[test]
fn options_are_read_and_checked() {
    let options: Workload = toml::from_str("").unwrap();
    assert_eq!(options, Workload::default());
    options.validate().unwrap();
    let text = r#"
        producers = 3
        group = "g"
        [producer]
        delivery = "transactional"
        transaction = { messages = 10, abort = 0.1 }
        keys = { skew = "zipf", keys = 10, exponent = 1.5 }
        client = { "security.protocol" = "ssl" }
        [consumer]
        commits = "early"
        isolation = "read_uncommitted"
        work_us = 100
        [loop]
        outputs = ["out"]
    "#;
    let options: Workload = toml::from_str(text).unwrap();
    options.validate().unwrap();
    assert_eq!(options.producer.delivery, Delivery::Transactional);
    assert_eq!(options.consumer.commits, Commits::Early);
    let written = serde_json::to_string(&options).unwrap();
    assert_eq!(serde_json::from_str::<Workload>(&written).unwrap(), options);

    let unknown = toml::from_str::<Workload>("producer.speed = 3").unwrap_err().to_string();
    assert!(unknown.contains("speed") && unknown.contains("rate"), "{unknown}");
    let wrong = |change: fn(&mut Workload), place: &str| {
        let mut options = Workload::default();
        change(&mut options);
        let error = options.validate().unwrap_err().to_string();
        assert!(error.starts_with(&format!("workload, {place}: ")), "{error}");
    };
    wrong(|it| it.group.clear(), "group");
    wrong(|it| it.producer.acks = Acks::Leader, "producer.acks");
    wrong(|it| it.producer.rate = Some(0.0), "producer.rate");
    wrong(|it| it.producer.rate = Some(f64::NAN), "producer.rate");
    wrong(|it| it.producer.size = 43, "producer.size");
    wrong(|it| it.producer.keys = Keys::Uniform { keys: 0 }, "producer.keys");
    wrong(|it| it.producer.keys = Keys::Zipf { keys: 1, exponent: f64::NAN }, "producer.keys");
    wrong(|it| it.producer.message_timeout_ms = 0, "producer.message_timeout_ms");
    wrong(|it| it.producer.linger_ms = 120_000, "producer.linger_ms");
    wrong(|it| it.producer.transaction.abort = 1.5, "producer.transaction.abort");
    wrong(|it| it.producer.transaction.messages = 0, "producer.transaction.messages");
    fn transactional(it: &mut Workload, timeout_ms: u32) {
        it.producer.delivery = Delivery::Transactional;
        it.producer.transaction.timeout_ms = timeout_ms;
    }
    wrong(|it| transactional(it, 500), "producer.transaction");
    // Messages have no more time than their transaction.
    let mut short = Workload::default();
    transactional(&mut short, 5_000);
    short.validate().unwrap();
    short.producer.linger_ms = 5_000;
    assert!(short.validate().is_err());
    wrong(|it| it.consumer.commits = Commits::Transactional, "consumer.commits");
    wrong(|it| it.consumer.assigned = true, "consumer.commits");
    wrong(|it| it.consumer.batch = 0, "consumer.batch");
    wrong(|it| it.loops = 1, "loop.outputs");
    wrong(|it| it.transform.messages = 0, "loop.messages");
}
