//! What is wrong with a description that no placement can be built of is said, algorithm by algorithm.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

use hash_ring::{Algorithm, Description, KeyHash, Part, Run, Value, Weight};

/// Of nodes `a` and `b`.
fn of(algorithm: Algorithm) -> Description {
    named(algorithm, &["a", "b"])
}

fn named(algorithm: Algorithm, names: &[&str]) -> Description {
    let nodes = names.iter().map(|name| (*name, Weight::ONE));
    Description::new(algorithm, KeyHash::default(), nodes).unwrap()
}

trait With: Sized {
    fn number(self, name: &str, number: u64) -> Self;
    fn text(self, name: &str, text: &str) -> Self;
    fn part(self, part: Part) -> Self;

    fn buckets(self, owners: &[Option<u32>]) -> Self {
        self.part(Part::Buckets(owners.to_vec()))
    }

    fn removed(self, buckets: &[u32]) -> Self {
        self.part(Part::Removed(buckets.to_vec()))
    }

    fn slots(self, runs: &[(u32, Option<u32>)]) -> Self {
        let run = |(length, owner): &(u32, Option<u32>)| Run { length: *length, owner: *owner };
        self.part(Part::Slots(runs.iter().map(run).collect()))
    }

    fn paths(self, paths: &[&[&str]]) -> Self {
        let path = |path: &&[&str]| path.iter().map(|label| (*label).to_owned()).collect();
        self.part(Part::Paths(paths.iter().map(path).collect()))
    }
}

impl With for Description {
    fn number(self, name: &str, number: u64) -> Self {
        self.with_parameter(name, Value::Number(number)).unwrap()
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.with_parameter(name, Value::Text(text.into())).unwrap()
    }

    fn part(self, part: Part) -> Self {
        self.with_part(part).unwrap()
    }
}

#[track_caller]
fn refused(description: &Description, message: &str) {
    assert_eq!(description.build().unwrap_err().to_string(), message);
}

#[track_caller]
fn built(description: &Description) {
    assert_eq!(description.build().unwrap().describe(), *description);
}

/// A description that is sound but for one thing that all algorithms check in the same way.
#[test]
fn what_is_left_over() {
    let sound = of(Algorithm::Rendezvous);
    built(&sound);
    refused(
        &sound.clone().number("probes", 21),
        "parameter of a description is probes, must be one that the algorithm has",
    );
    refused(
        &sound.buckets(&[Some(0)]),
        "part of a description is buckets, must be one that the algorithm has",
    );
    refused(&of(Algorithm::Skeleton), "fan-out is missing, must be a number");
    refused(
        &of(Algorithm::Skeleton).text("fan-out", "wide"),
        "fan-out is \"wide\", must be a number",
    );
    refused(
        &of(Algorithm::Skeleton).number("fan-out", 1 << 40),
        "fan-out is 1099511627776, must be within the bounds of the algorithm",
    );
    refused(
        &of(Algorithm::Skeleton).number("fan-out", 24),
        "fan_out is 24, must be a power of two from 2 to 4096",
    );
    built(&of(Algorithm::Skeleton).number("fan-out", 16));
}

#[test]
fn ring() {
    let random = || of(Algorithm::Ring).text("tokens", "random");
    built(&random().number("virtual-nodes", 3));
    refused(&of(Algorithm::Ring), "tokens is missing, must be a word");
    refused(
        &of(Algorithm::Ring).text("tokens", "lucky"),
        "tokens is \"lucky\", must be one of the words that the algorithm knows",
    );
    refused(&of(Algorithm::Ring).number("tokens", 7), "tokens is 7, must be a word");
    refused(&random(), "virtual-nodes is missing, must be a number");
    refused(
        &random().number("virtual-nodes", 0),
        "virtual-nodes is 0, must be within the bounds of the algorithm",
    );
    let tokens = |tokens: [&[u64]; 2]| Part::Tokens(tokens.map(<[u64]>::to_vec).to_vec());
    refused(
        &random().number("virtual-nodes", 3).part(tokens([&[1], &[2]])),
        "part of a description is tokens, must be one that the algorithm has",
    );
    let explicit = || of(Algorithm::Ring).text("tokens", "explicit");
    built(&explicit().part(tokens([&[1, 3], &[2]])));
    refused(&explicit(), "tokens is missing, must be there");
    refused(
        &explicit().part(tokens([&[1, 3], &[]])),
        "tokens is none for \"b\", must be at least one a node, all at different positions",
    );
    refused(
        &explicit().part(tokens([&[1, 3], &[3]])),
        "tokens is 0x0000000000000003 twice, must be at least one a node, all at different positions",
    );
    refused(
        &explicit().number("virtual-nodes", 3).part(tokens([&[1], &[2]])),
        "parameter of a description is virtual-nodes, must be one that the algorithm has",
    );
}

#[test]
fn buckets_without_gaps() {
    for algorithm in [Algorithm::Jump, Algorithm::JumpBack] {
        built(&of(algorithm).buckets(&[Some(1), Some(0)]));
        refused(&of(algorithm), "buckets is missing, must be there");
        refused(
            &of(algorithm).buckets(&[Some(1), Some(1)]),
            "bucket is 1 of \"b\", a second one, must be owned by each node, once",
        );
        refused(
            &of(algorithm).buckets(&[Some(1)]),
            "bucket is missing for \"a\", must be owned by each node, once",
        );
        refused(
            &of(algorithm).buckets(&[Some(1), None, Some(0)]),
            "bucket is vacant, must be owned by a node",
        );
        let heavy = [("a", Weight::new(2.0).unwrap())];
        let heavy = Description::new(algorithm, KeyHash::default(), heavy).unwrap();
        refused(
            &heavy.buckets(&[Some(0)]),
            &format!("{algorithm} cannot weight a node; Ring, Rendezvous, Maglev and Slots can"),
        );
    }
}

#[test]
fn anchor() {
    let anchor = |capacity| of(Algorithm::Anchor).number("capacity", capacity);
    let four = [Some(1), None, None, Some(0)];
    built(&anchor(9).buckets(&four).removed(&[2, 1]));
    built(&anchor(4).buckets(&four).removed(&[1, 2]));
    let bounds = "must be used from 0 on, and no more than there are";
    let gaps = |capacity| {
        format!("buckets is 4 of {capacity} that have or had an owner, with gaps, {bounds}")
    };
    refused(&anchor(3).buckets(&four).removed(&[1, 2]), &gaps(3));
    refused(&anchor(9).buckets(&four).removed(&[2, 7]), &gaps(9));
    // Bucket 1 never had an owner and is not the last.
    refused(&anchor(9).buckets(&four).removed(&[2]), &gaps(9).replace("4 of 9", "3 of 9"));
    // The last of those that had one was removed first: as if it never had.
    refused(
        &anchor(9).buckets(&[Some(1), Some(0)]).removed(&[2]),
        "description is of no placement, must be what the placement that is built of it describes itself as",
    );
    refused(
        &anchor((1 << 20) + 1).buckets(&four).removed(&[1, 2]),
        "capacity is 1048577, must be within the bounds of the algorithm",
    );
    refused(&anchor(9).buckets(&four), "removed is missing, must be there");
}

#[test]
fn memento() {
    let memento = || of(Algorithm::Memento);
    let four = [Some(1), None, None, Some(0)];
    let bounds = "must be owned or removed, without gaps, at most 1048576";
    built(&memento().buckets(&four).removed(&[2, 1]));
    built(&memento().buckets(&four).removed(&[2, 4, 1]));
    refused(
        &memento().buckets(&four).removed(&[2]),
        &format!("buckets is 1 removed, beside 2, {bounds}"),
    );
    refused(
        &memento().buckets(&four).removed(&[2, 1, 5]),
        &format!("buckets is 3 removed, beside 2, {bounds}"),
    );
    // The last one goes for good if none went before it, and with the last node all is forgotten.
    refused(
        &named(Algorithm::Memento, &[]).buckets(&[]).removed(&[0]),
        &format!("buckets is 1 removed, beside 0, {bounds}"),
    );
    built(&named(Algorithm::Memento, &[]).buckets(&[]).removed(&[]));
}

#[test]
fn dx() {
    let dx = |capacity| of(Algorithm::Dx).number("capacity", capacity);
    built(&dx(4).buckets(&[None, Some(1), Some(0)]));
    let bounds = "must be a power of two, and not less than the buckets";
    refused(
        &dx(2).buckets(&[None, Some(1), Some(0)]),
        &format!("capacity is 2, for 3 buckets, {bounds}"),
    );
    refused(
        &dx(6).buckets(&[None, Some(1), Some(0)]),
        &format!("capacity is 6, for 3 buckets, {bounds}"),
    );
}

#[test]
fn maglev() {
    let maglev = |build, names| named(Algorithm::Maglev, names).text("build", build);
    let two: &[&str] = &["a", "b"];
    built(&maglev("classic", two).number("slots", 3));
    built(&maglev("minimal-disruption", two).number("slots", 3).buckets(&[
        Some(1),
        Some(0),
        Some(1),
    ]));
    built(&maglev("minimal-disruption", &[]).number("slots", 3).buckets(&[]));
    refused(
        &maglev("classic", two).number("slots", 4),
        "size is 4, must be a prime of at most 2^28 (Maglev::prime_from finds one)",
    );
    refused(
        &maglev("classic", &["a", "b", "c"]).number("slots", 2),
        "this placement holds at most 2 nodes",
    );
    let table = || maglev("minimal-disruption", two).number("slots", 3);
    refused(
        &table().buckets(&[Some(1), Some(0)]),
        "buckets is 2 of 3, must be all slots, or none without nodes",
    );
    refused(&table().buckets(&[Some(1), None, Some(0)]), "slot is vacant, must be owned by a node");
    refused(
        &maglev("classic", two).number("slots", 268_435_399),
        "memory to build is up to 2415918591 bytes, of 268435456 that may be used, must be within what is given to \
         Description::build_within",
    );
}

#[test]
fn slots() {
    let slots = |count, names| named(Algorithm::Slots, names).number("slots", count);
    let two: &[&str] = &["a", "b"];
    built(&slots(9, two).slots(&[(4, Some(1)), (5, Some(0))]));
    built(&slots(9, &[]).slots(&[]));
    let bounds = "must be all, or none without nodes";
    refused(
        &slots(9, two).slots(&[(4, Some(1)), (4, Some(0))]),
        &format!("slots that nodes own is 8 of 9 of them, {bounds}"),
    );
    refused(
        &slots(9, &[]).slots(&[(9, None)]),
        &format!("slots that nodes own is 9 of 9 of them, {bounds}"),
    );
    refused(
        &slots(9, two).slots(&[(4, Some(1)), (5, None)]),
        "slot is vacant, must be owned by a node",
    );
}

#[test]
fn straw2() {
    let straw2 = |levels: &[&str], names| {
        let it = named(Algorithm::Straw2, names).number("levels", levels.len() as u64);
        levels
            .iter()
            .enumerate()
            .fold(it, |it, (at, level)| it.text(&format!("level-{at:02}"), level))
    };
    built(&straw2(&[], &["a", "b"]));
    built(&straw2(&["zone"], &["eu/a", "us/b"]));
    built(&straw2(&["zone"], &["a", "us/b"]).paths(&[&["eu"], &["us"]]));
    refused(
        &straw2(&["zone"], &["a", "us/b"]),
        "path is \"a\", where the levels are [\"zone\"], must be a name for each level, none empty, joined by '/'; and for a \
         node's path its name behind them",
    );
    // Each of the names says where the node is.
    let canonical = "description is of no placement, must be what the placement that is built of it describes itself as";
    refused(&straw2(&["zone"], &["eu/a", "us/b"]).paths(&[&["eu"], &["us"]]), canonical);
    refused(&straw2(&["zone", "rack"], &["a", "b"]).paths(&[&["eu/1"], &["us", "1"]]), canonical);
    for wrong in [&["eu", "1"][..], &[], &[""], &["eu/1"]] {
        let error = straw2(&["zone"], &["a", "b"]).paths(&[wrong, &["us"]]).build().unwrap_err();
        assert!(error.to_string().starts_with("path is "), "{wrong:?}: {error}");
    }
    refused(
        &straw2(&["zone", "zone"], &["a/b/c"]),
        "levels is \"zone\", must be names that are not empty and differ",
    );
    refused(
        &named(Algorithm::Straw2, &["a"]).number("levels", 17),
        "levels is 17, must be within the bounds of the algorithm",
    );
}

#[test]
fn multi_probe() {
    let probes = |probes| of(Algorithm::MultiProbe).number("probes", probes);
    built(&probes(21).number("points", 2));
    refused(
        &probes(0).number("points", 2),
        "probes is 0, must be within the bounds of the algorithm",
    );
    refused(
        &probes(21).number("points", 1025),
        "points is 1025, must be within the bounds of the algorithm",
    );
    let heavy = [("a", Weight::new(65_535.0).unwrap()), ("b", Weight::new(65_535.0).unwrap())];
    let heavy = Description::new(Algorithm::MultiProbe, KeyHash::default(), heavy).unwrap();
    let heavy = heavy.number("probes", 21);
    // 134 million points are not too many, but of a few bytes.
    let error = heavy.clone().number("points", 1024).build().unwrap_err().to_string();
    assert!(error.starts_with("memory to build is up to 5637"), "{error}");
    let error = heavy.number("points", 2).build_within(1 << 20).unwrap_err().to_string();
    assert!(error.starts_with("memory to build is up to 110"), "{error}");
}
