//! Toxics and directions as plans write them, and client ids as Kafka writes them.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::time::Duration;

use proptest::prelude::*;
use queue_chaos::id::NodeId;
use queue_chaos::proxy::{ClientId, ClientPattern, Direction, Sniffed, Toxic};

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0u64..5).prop_map(Duration::from_secs),
        (0u64..5000).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_micros),
    ]
}

fn toxic() -> impl Strategy<Value = Toxic> {
    prop_oneof![
        (duration(), duration()).prop_map(|(delay, jitter)| Toxic::Latency { delay, jitter }),
        prop_oneof![any::<u64>(), (0u64..10_000).prop_map(|kilo| kilo * 1000)]
            .prop_map(|bits_per_second| Toxic::Bandwidth { bits_per_second }),
        duration().prop_map(|delay| Toxic::SlowClose { delay }),
        duration().prop_map(|after| Toxic::Reset { after }),
        Just(Toxic::BlackHole),
        Just(Toxic::Partition),
        (1usize.., 0usize.., duration()).prop_map(|(size, variation, delay)| Toxic::Slicer {
            size,
            variation,
            delay
        }),
        any::<u64>().prop_map(|bytes| Toxic::LimitData { bytes }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(toxic in toxic()) {
        prop_assert_eq!(toxic.to_string().parse::<Toxic>().unwrap(), toxic);
    }

    #[test]
    fn any_text_is_read_or_refused(
        words in proptest::collection::vec("latency|jitter|bandwidth|[0-9.]{0,25}([kMG]?bit/s|ms|s|m)?|slow-close|reset|after|slicer|vary|pause|limit-data|\\PC{0,5}", 0..7),
    ) {
        let text = words.join(" ");
        if let Ok(toxic) = text.parse::<Toxic>() {
            prop_assert_eq!(toxic.to_string().parse::<Toxic>().unwrap(), toxic);
        }
        let _ = text.parse::<Direction>();
    }

    #[test]
    fn sniffing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = ClientId::sniff(&bytes);
    }

    /// With any bytes where they count, and what one knows from a part is not contradicted by the whole.
    #[test]
    fn sniffing_is_of_a_prefix(
        size in prop_oneof![0u32..2000, any::<u32>()],
        key in prop_oneof![0u16..100, any::<u16>()],
        version in prop_oneof![0u16..20, any::<u16>()],
        length in prop_oneof![-1i16..1100, any::<i16>()],
        tail in proptest::collection::vec(prop_oneof![4 => 97u8..122, 1 => any::<u8>()], 0..1200),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = size.to_be_bytes().to_vec();
        bytes.extend(key.to_be_bytes());
        bytes.extend(version.to_be_bytes());
        bytes.extend([1; 4]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&tail);
        let whole = ClientId::sniff(&bytes);
        let part = ClientId::sniff(&bytes[..cut.index(bytes.len() + 1)]);
        prop_assert!(part == Sniffed::More || part == whole);
        if bytes.len() >= 14 + 1024 {
            prop_assert_ne!(&whole, &Sniffed::More);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let good = size <= 104_857_600 && key < 1024 && version < 1024 && length <= 1024 && (size as usize) >= length + 10;
        let id = good.then(|| tail.get(..length)).flatten().and_then(|id| std::str::from_utf8(id).ok());
        match whole {
            Sniffed::Client(client) => prop_assert_eq!(Some(client.as_str()), id),
            _ => prop_assert_eq!(None, id),
        }
    }
}

#[test]
fn words() {
    let millis = Duration::from_millis;
    for (text, toxic) in [
        ("latency 100ms jitter 20ms", Toxic::Latency { delay: millis(100), jitter: millis(20) }),
        ("latency 100ms", Toxic::Latency { delay: millis(100), jitter: millis(0) }),
        ("bandwidth 200kbit/s", Toxic::Bandwidth { bits_per_second: 200_000 }),
        ("bandwidth 1Mbit/s", Toxic::Bandwidth { bits_per_second: 1_000_000 }),
        ("bandwidth 1001bit/s", Toxic::Bandwidth { bits_per_second: 1001 }),
        ("slow-close 2s", Toxic::SlowClose { delay: millis(2000) }),
        ("reset after 1s", Toxic::Reset { after: millis(1000) }),
        ("reset", Toxic::Reset { after: millis(0) }),
        ("black-hole", Toxic::BlackHole),
        ("partition", Toxic::Partition),
        (
            "slicer 64 vary 16 pause 5ms",
            Toxic::Slicer { size: 64, variation: 16, delay: millis(5) },
        ),
        ("slicer 64", Toxic::Slicer { size: 64, variation: 0, delay: millis(0) }),
        ("limit-data 10000", Toxic::LimitData { bytes: 10_000 }),
    ] {
        assert_eq!(text.parse::<Toxic>().unwrap(), toxic);
        assert_eq!(toxic.to_string(), text);
    }
    for (text, toxic) in [
        (" bandwidth  1.5Mbit/s ", Toxic::Bandwidth { bits_per_second: 1_500_000 }),
        ("bandwidth 0.5Gbit/s", Toxic::Bandwidth { bits_per_second: 500_000_000 }),
        ("latency 1.5s jitter 0s", Toxic::Latency { delay: millis(1500), jitter: millis(0) }),
        ("reset after 0ms", Toxic::Reset { after: millis(0) }),
    ] {
        assert_eq!(text.parse::<Toxic>().unwrap(), toxic, "{text}");
    }
    for direction in [Direction::Up, Direction::Down, Direction::Both] {
        assert_eq!(direction.to_string().parse::<Direction>().unwrap(), direction);
    }
}

#[test]
fn words_that_are_wrong() {
    for (text, why) in [
        ("", "no toxic is named"),
        ("lag 1s", "`lag` is no toxic"),
        ("latency", "after `latency` something is missing"),
        ("latency 100", "it has no unit"),
        ("latency 100ms 20ms", "`20ms` is too much"),
        ("latency 100ms jitter", "after `jitter` something is missing"),
        ("bandwidth 200", "`200` is no bandwidth"),
        ("bandwidth 0.5bit/s", "no bandwidth"),
        ("bandwidth 99999999999Gbit/s", "no bandwidth"),
        ("bandwidth 1.0000000000Gbit/s", "no bandwidth"),
        ("slicer 0", "one byte at least"),
        ("slicer 1 pause 1s vary 1", "`vary` is too much"),
        ("limit-data -1", "`-1` after `limit-data` is no number of bytes"),
        ("partition now", "`now` is too much"),
    ] {
        let said = text.parse::<Toxic>().unwrap_err().to_string();
        assert!(said.starts_with(&format!("`{text}`: ")) && said.contains(why), "{said}");
    }
    assert!("sideways".parse::<Direction>().unwrap_err().to_string().contains("`up` are requests"));
}

#[test]
fn nodes_by_their_client_ids() {
    for (id, node) in [
        ("broker-2-fetcher-0", Some(2)),
        ("broker-12-fetcher-34", Some(12)),
        ("broker-2-txn-marker-sender", Some(2)),
        ("raft-client-3", Some(3)),
        ("AddPartitionsManager-client-3", Some(3)),
        ("Persister-client-0", Some(0)),
        ("1", Some(1)),
        ("4294967295", Some(u32::MAX)),
        ("4294967296", None),
        ("", None),
        ("01", None),
        ("+1", None),
        ("1 ", None),
        ("broker-2-fetcher-", None),
        ("broker-2-fetcher-0x", None),
        ("broker-2-txn-marker-sender-1", None),
        ("broker--fetcher-0", None),
        ("broker-x-fetcher-0", None),
        ("raft-client-", None),
        ("raft-client-3-1", None),
        ("my-client-2", None),
        ("rdkafka", None),
    ] {
        let client = ClientId::new(id);
        assert_eq!(client.node(), node.map(NodeId), "{id}");
        assert_eq!(client.is_node(NodeId(2)), node == Some(2), "{id}");
        assert_eq!(ClientPattern::AnyBut(NodeId(2)).matches(&client), node != Some(2), "{id}");
        assert_eq!(ClientPattern::AnyNode.matches(&client), node.is_some(), "{id}");
    }
}
