//! Canonical bytes: what is written is read back, what is read was written so, and whatever else is given is refused by name and place.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

mod descriptions;
mod mutations;

use descriptions::description;
use hash_ring::{Algorithm, Description, Error, KeyHash, Part, Run, Value, Weight};
use mutations::{mutate, mutations};
use proptest::prelude::*;

/// With everything in it.
fn full() -> Description {
    let run = |length, owner| Run { length, owner };
    Description::new(
        Algorithm::JumpBack,
        KeyHash::SipHash24 { key: [0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908] },
        [("b", Weight::new(2.5).unwrap()), ("a", Weight::ONE), ("ä", Weight::ONE)],
    )
    .and_then(|it| it.with_parameter("points", Value::Text("ketama".into())))
    .and_then(|it| it.with_parameter("fan-out", Value::Number(8)))
    .and_then(|it| it.with_part(Part::Paths(vec![vec!["eu".into()], vec![], vec![]])))
    .and_then(|it| it.with_part(Part::Removed(vec![1, 9])))
    .and_then(|it| it.with_part(Part::Buckets(vec![Some(2), None, Some(0)])))
    .and_then(|it| it.with_part(Part::Slots(vec![run(3, None), run(1, Some(1))])))
    .and_then(|it| it.with_part(Part::Tokens(vec![vec![1, 2], vec![], vec![u64::MAX]])))
    .unwrap()
}

fn encoded(algorithm: Algorithm, key_hash: KeyHash, names: &[&str]) -> Vec<u8> {
    let nodes = names.iter().map(|name| (*name, Weight::ONE));
    Description::new(algorithm, key_hash, nodes).unwrap().encode()
}

/// Golden: version 1 is on disks and in other processes.
#[test]
fn golden() {
    let bytes = full().encode();
    #[rustfmt::skip]
    let expected: &[&[u8]] = &[
        b"hashring", &[1, 0],
        &[9, 0, 0, 0], b"jump-back",
        &[11, 0, 0, 0], b"siphash-2-4", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        &[2, 0, 0, 0],
        &[7, 0, 0, 0], b"fan-out", &[0, 8, 0, 0, 0, 0, 0, 0, 0],
        &[6, 0, 0, 0], b"points", &[1, 6, 0, 0, 0], b"ketama",
        &[3, 0, 0, 0],
        &[1, 0, 0, 0], b"a", &[0, 0, 1, 0],
        &[1, 0, 0, 0], b"b", &[0, 0x80, 2, 0],
        &[2, 0, 0, 0], "ä".as_bytes(), &[0, 0, 1, 0],
        &[5],
        &[1],
        &[2, 0, 0, 0], &[1, 0, 0, 0, 0, 0, 0, 0], &[2, 0, 0, 0, 0, 0, 0, 0],
        &[0, 0, 0, 0],
        &[1, 0, 0, 0], &[255; 8],
        &[2],
        &[3, 0, 0, 0], &[2, 0, 0, 0], &[255; 4], &[0, 0, 0, 0],
        &[3],
        &[2, 0, 0, 0], &[1, 0, 0, 0], &[9, 0, 0, 0],
        &[4],
        &[2, 0, 0, 0], &[3, 0, 0, 0], &[255; 4], &[1, 0, 0, 0], &[1, 0, 0, 0],
        &[5],
        &[1, 0, 0, 0], &[2, 0, 0, 0], b"eu", &[0, 0, 0, 0], &[0, 0, 0, 0],
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(Description::decode(&bytes), Ok(full()));
    assert_eq!(full().fingerprint().to_string(), "42848dcf018409f0f98588530492dddc");
}

/// Nothing that is left off the end goes unnoticed, nor is anything read beyond it.
#[test]
fn cut_short() {
    let bytes = full().encode();
    for len in 0..bytes.len() {
        let Err(Error::Decode { offset, found }) = Description::decode(&bytes[..len]) else {
            panic!("{len} of {} bytes were enough", bytes.len());
        };
        assert!(offset <= len, "{offset} of {len}: {found}");
    }
}

#[test]
fn refused() {
    let refused = |bytes: &[u8]| Description::decode(bytes).unwrap_err().to_string();
    let plain = encoded(Algorithm::Ring, KeyHash::Md5, &["a", "b"]);
    let edited = |at: usize, edit: &[u8]| {
        let mut bytes = plain.clone();
        bytes[at..at + edit.len()].copy_from_slice(edit);
        refused(&bytes)
    };
    assert_eq!(refused(b""), "not a placement: byte 0: 0 bytes left where magic takes 8");
    assert_eq!(edited(0, b"H"), "not a placement: byte 0: not the magic number of a description");
    assert_eq!(edited(8, &[2]), "not a placement: byte 8: version 2; this build reads 1");
    assert_eq!(
        edited(10, &[255, 255, 255, 255]),
        "not a placement: byte 10: length of the algorithm's name 4294967295, but 38 bytes are left"
    );
    assert!(
        edited(14, b"sing").starts_with("not a placement: byte 10: algorithm is sing, must be")
    );
    assert_eq!(edited(22, b"sha"), "not a placement: byte 18: unknown hash function \"sha\"");
    assert_eq!(
        edited(22, &[b'm', 0xFF]),
        "not a placement: byte 23: length of the hash function's name is not UTF-8"
    );
    assert_eq!(
        edited(29, &[0, 0, 2]),
        "not a placement: byte 29: number of nodes 131072, but 19 bytes are left"
    );
    assert_eq!(edited(46, b"a"), "not a placement: byte 42: node \"a\" after \"a\"");
    assert_eq!(edited(47, &[0, 0, 0]), "not a placement: byte 47: a node of weight 0");
    assert_eq!(
        edited(51, &[1]),
        "not a placement: byte 52: 0 bytes left where the kind of a part takes 1"
    );
    let longer = [&plain[..], &[0]].concat();
    assert_eq!(refused(&longer), "not a placement: byte 52: 1 bytes after the end");

    let part = |part: &[u8]| refused(&[&plain[..51], &[1], part].concat());
    assert_eq!(part(&[0]), "not a placement: byte 52: part of kind 0 after 0");
    assert_eq!(part(&[6]), "not a placement: byte 52: part of unknown kind 6");
    let token = [7, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(
        part(&[&[1, 2, 0, 0, 0], &token[..], &token[..]].concat()),
        "not a placement: byte 65: token 7 after 7: not ascending"
    );
    assert_eq!(part(&[2, 1, 0, 0, 0, 2, 0, 0, 0]), "not a placement: byte 57: node 2 of 2");
    assert_eq!(
        part(&[2, 1, 0, 0, 0, 255, 255, 255, 255]),
        "not a placement: byte 57: the last bucket has no owner"
    );
    assert_eq!(
        part(&[3, 2, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0]),
        "not a placement: byte 61: bucket 4 was removed twice"
    );
    assert_eq!(
        part(&[4, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
        "not a placement: byte 57: a run of 0 slots"
    );
    let run = [0, 0, 0, 128, 1, 0, 0, 0];
    assert_eq!(
        part(&[&[4, 2, 0, 0, 0], &run[..], &run[..]].concat()),
        "not a placement: byte 65: two runs in a row of one owner"
    );
    assert_eq!(
        part(&[&[4, 2, 0, 0, 0], &run[..], &run[..4], &[0, 0, 0, 0]].concat()),
        "not a placement: byte 65: more than 4294967295 slots"
    );
}

/// Values that are no description are refused as well.
#[test]
fn refused_values() {
    let of = |names: &[&str]| {
        let nodes = names.iter().map(|name| (*name, Weight::ONE));
        Description::new(Algorithm::Ring, KeyHash::Md5, nodes)
    };
    assert_eq!(of(&["a", "b", "a"]), Err(Error::DuplicateName { name: "a".into() }));
    assert_eq!(of(&["a", ""]), Err(Error::NameLength { found: 0 }));
    let with = |part| of(&["a", "b"]).unwrap().with_part(part).unwrap_err().to_string();
    let fits = "must be what fits the nodes and other parts of the description";
    assert_eq!(with(Part::Tokens(vec![])), format!("tokens is 0 entries for 2 nodes, {fits}"));
    assert_eq!(with(Part::Buckets(vec![Some(2)])), format!("buckets is node 2 of 2, {fits}"));
    let buckets = || Part::Buckets(vec![None, Some(1)]);
    let both = |first, second| of(&["a", "b"]).unwrap().with_part(first).unwrap().with_part(second);
    assert!(both(buckets(), Part::Removed(vec![0, 2])).is_ok());
    let occupied = format!("removed bucket 1 is owned by node 1, {fits}");
    for (first, second) in
        [(buckets(), Part::Removed(vec![1])), (Part::Removed(vec![1]), buckets())]
    {
        let error = both(first, second).unwrap_err().to_string();
        assert!(error.ends_with(&occupied), "{error}");
    }
    assert!(both(buckets(), buckets()).unwrap_err().to_string().contains("there already"));
    let number = || Value::Number(1);
    let parameter = of(&[]).unwrap().with_parameter("n", number()).unwrap();
    assert!(parameter.clone().with_parameter("n", number()).is_err());
    assert!(parameter.with_parameter("", number()).is_err());
}

/// A fingerprint tells keys apart and says nothing about them: it is not a hash of the bytes, which hold the key.
#[test]
fn fingerprints_and_keys() {
    let of = |key_hash| Description::new(Algorithm::Ring, key_hash, [("a", Weight::ONE)]).unwrap();
    let fingerprints = [
        KeyHash::Xxh3 { seed: 0 },
        KeyHash::Xxh3 { seed: 1 },
        KeyHash::Xxh64 { seed: 1 },
        KeyHash::Murmur3 { seed: 1 },
        KeyHash::SipHash13 { key: [1, 0] },
        KeyHash::SipHash13 { key: [0, 1] },
        KeyHash::SipHash24 { key: [0, 1] },
        KeyHash::Md5,
        KeyHash::RedisSlot,
    ]
    .map(|key_hash| of(key_hash).fingerprint());
    for (at, fingerprint) in fingerprints.iter().enumerate() {
        assert!(!fingerprints[..at].contains(fingerprint), "{at}");
    }
}

/// What decodes is canonical; what does not says where.
fn canonical_or_refused(bytes: &[u8]) {
    match Description::decode(bytes) {
        Ok(description) => assert_eq!(description.encode(), bytes),
        Err(Error::Decode { offset, .. }) => assert!(offset <= bytes.len()),
        Err(other) => panic!("{other}"),
    }
}

/// Each byte of a description that has everything, set to each value.
#[test]
fn every_byte() {
    let mut bytes = full().encode();
    for at in 0..bytes.len() {
        let before = bytes[at];
        for byte in 0..=255 {
            bytes[at] = byte;
            canonical_or_refused(&bytes);
        }
        bytes[at] = before;
    }
}

proptest! {
    #[test]
    fn there_and_back(description in description()) {
        let bytes = description.encode();
        let again = Description::decode(&bytes).unwrap();
        prop_assert_eq!(again.fingerprint(), description.fingerprint());
        prop_assert_eq!(again, description);
    }

    #[test]
    fn different_ones_differ(a in description(), b in description()) {
        prop_assert_eq!(a == b, a.encode() == b.encode());
        prop_assert_eq!(a == b, a.fingerprint() == b.fingerprint());
    }

    #[test]
    fn mutated(description in description(), mutations in mutations()) {
        let mut bytes = description.encode();
        mutate(&mut bytes, &mutations);
        canonical_or_refused(&bytes);
    }

    #[test]
    fn any_bytes(rest: Vec<u8>) {
        canonical_or_refused(&rest);
        canonical_or_refused(&[&b"hashring\x01\0"[..], &rest].concat());
        let head = encoded(Algorithm::Ring, KeyHash::Md5, &["a", "b"]);
        canonical_or_refused(&[&head[..head.len() - 1], &rest].concat());
    }
}
