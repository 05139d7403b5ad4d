//! Descriptions, and what they are made of, in JSON and in formats that nobody reads.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

mod descriptions;

use descriptions::{description, key_hash, weight};
use hash_ring::{Algorithm, Description, Fingerprint, KeyHash, Part, Run, Stamp, Value, Weight};
use proptest::prelude::*;
use serde_test::{Configure, Token, assert_de_tokens_error, assert_tokens};

fn full() -> Description {
    let run = |length, owner| Run { length, owner };
    Description::new(
        Algorithm::JumpBack,
        KeyHash::SipHash24 { key: [1, u64::MAX] },
        [("b", Weight::new(2.5).unwrap()), ("a", Weight::ONE)],
    )
    .and_then(|it| it.with_parameter("points", Value::Text("ketama".into())))
    .and_then(|it| it.with_parameter("fan-out", Value::Number(8)))
    .and_then(|it| it.with_part(Part::Paths(vec![vec!["eu".into(), "r 1".into()], vec![]])))
    .and_then(|it| it.with_part(Part::Buckets(vec![Some(1), None, Some(0)])))
    .and_then(|it| it.with_part(Part::Removed(vec![1])))
    .and_then(|it| it.with_part(Part::Slots(vec![run(3, None), run(1, Some(1))])))
    .and_then(|it| it.with_part(Part::Tokens(vec![vec![1, 2], vec![]])))
    .unwrap()
}

/// Golden: configurations are written by hand and stay.
#[test]
fn json() {
    let expected = r#"{
  "algorithm": "jump-back",
  "key_hash": {
    "siphash-2-4": {
      "key": [
        "0x0000000000000001",
        "0xffffffffffffffff"
      ]
    }
  },
  "parameters": {
    "fan-out": 8,
    "points": "ketama"
  },
  "nodes": [
    {
      "name": "a",
      "weight": 1.0
    },
    {
      "name": "b",
      "weight": 2.5
    }
  ],
  "state": {
    "tokens": {
      "a": [
        "0x0000000000000001",
        "0x0000000000000002"
      ],
      "b": []
    },
    "buckets": [
      "b",
      "",
      "a"
    ],
    "removed": [
      1
    ],
    "slots": [
      {
        "count": 3
      },
      {
        "owner": "b",
        "count": 1
      }
    ],
    "paths": {
      "a": [
        "eu",
        "r 1"
      ],
      "b": []
    }
  }
}"#;
    assert_eq!(serde_json::to_string_pretty(&full()).unwrap(), expected);
    assert_eq!(serde_json::from_str::<Description>(expected).unwrap(), full());
}

/// As one would write it.
#[test]
fn by_hand() {
    let text = r#"{
        "nodes": [{"name": "b", "weight": 2}, {"name": "a"}],
        "algorithm": "rendezvous",
        "key_hash": {"xxh3": {"seed": 7}}
    }"#;
    let nodes = [("a", Weight::ONE), ("b", Weight::new(2.0).unwrap())];
    let expected = Description::new(Algorithm::Rendezvous, KeyHash::Xxh3 { seed: 7 }, nodes);
    assert_eq!(serde_json::from_str::<Description>(text).unwrap(), expected.unwrap());
}

#[test]
fn refused() {
    let of = |text: &str| {
        let error = serde_json::from_str::<Description>(text).unwrap_err().to_string();
        error.split(" at line").next().unwrap().to_owned()
    };
    let with = |rest: &str| {
        of(&format!(
            r#"{{"algorithm": "ring", "key_hash": "md5", "nodes": [{{"name": "a"}}, {{"name": "b"}}], {rest}}}"#
        ))
    };
    assert!(of(r#"{"algorithm": "sing"}"#).starts_with("algorithm is sing, must be one of"));
    assert!(of(r#"{"algorithm": "ring", "key_hash": "sha"}"#).starts_with("unknown variant `sha`"));
    assert!(with(r#""state": {"token": {}}"#).starts_with("unknown field `token`"));
    assert!(with(r#""nodes": []"#).starts_with("duplicate field `nodes`"));
    assert_eq!(with(r#""parameters": {"n": -1}"#), "a parameter is a number from 0 on, or a word");
    assert_eq!(
        with(r#""parameters": {"n": 1, "n": 2}"#),
        "parameter of a description is \"n\", must be a name that no other has"
    );
    assert_eq!(with(r#""state": {"buckets": ["c"]}"#), "no node is named \"c\"");
    assert_eq!(with(r#""state": {"tokens": {"a": []}}"#), "tokens for 1 of 2 nodes");
    assert_eq!(
        with(r#""state": {"tokens": {"a": [], "b": [], "a": []}}"#),
        "tokens of \"a\" given twice"
    );
    assert!(with(r#""state": {"tokens": {"a": ["0x1", 1], "b": []}}"#).contains("not ascending"));
    for token in [r#""1""#, r#""0x""#, r#""0x+1""#, r#""0x10000000000000000""#, "-1", "null"] {
        let error = with(&format!(r#""state": {{"tokens": {{"a": [{token}], "b": []}}}}"#));
        assert!(error.contains("expected a number of 64 bits"), "{error}");
    }
    let weight = |text: &str| serde_json::from_str::<Weight>(text).unwrap_err().to_string();
    assert!(weight("0").contains("weight 0"));
    assert!(weight("-2.5").contains("weight -2.5"));
    assert!(weight("65536").contains("weight 65536"));
    let seed = serde_json::from_str::<KeyHash>(r#"{"murmur3": {"seed": 4294967296}}"#);
    assert!(seed.unwrap_err().to_string().contains("32 bits"));
}

/// Nobody reads it: the canonical bytes.
#[test]
fn as_bytes() {
    let bytes: &'static [u8] = full().encode().leak();
    assert_tokens(&full().compact(), &[Token::Bytes(bytes)]);
    assert_de_tokens_error::<serde_test::Compact<Description>>(
        &[Token::Bytes(&bytes[..bytes.len() - 1])],
        "not a placement: byte 212: 3 bytes left where number of labels takes 4",
    );
    assert_tokens(&Weight::ONE.compact(), &[Token::U32(1 << 16)]);
    assert_tokens(&Algorithm::Ring.compact(), &[Token::Str("ring")]);
}

#[test]
fn stamps() {
    let stamp = Stamp { epoch: 7, fingerprint: Fingerprint::from_raw(0xABC) };
    let json = serde_json::to_string(&stamp).unwrap();
    assert_eq!(json, r#"{"epoch":7,"fingerprint":"00000000000000000000000000000abc"}"#);
    assert_eq!(serde_json::from_str::<Stamp>(&json).unwrap(), stamp);
    for bad in ["abc", "+0000000000000000000000000000abc", "0000000000000000000000000000000g"] {
        assert!(serde_json::from_str::<Fingerprint>(&format!("{bad:?}")).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn there_and_back(description in description()) {
        let json = serde_json::to_string(&description).unwrap();
        prop_assert_eq!(serde_json::from_str::<Description>(&json).unwrap(), description);
    }

    #[test]
    fn parts_there_and_back(key_hash in key_hash(), weight in weight()) {
        let json = serde_json::to_string(&(key_hash, weight)).unwrap();
        prop_assert_eq!(serde_json::from_str::<(KeyHash, Weight)>(&json).unwrap(), (key_hash, weight));
    }
}
