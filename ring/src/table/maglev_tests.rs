use std::string::String;
use std::vec::Vec;

use super::*;

/// Figure 4 of the paper, word for word, with nodes in the order of their names.
fn populate(names: &[String], size: usize) -> Vec<usize> {
    let permutation: Vec<Vec<usize>> = names
        .iter()
        .map(|name| {
            let hash = node_hash(name);
            let offset = scale(derive(hash, 0), size as u64) as usize;
            let skip = scale(derive(hash, 1), size as u64 - 1) as usize + 1;
            (0..size).map(|j| (offset + j * skip) % size).collect()
        })
        .collect();
    let mut next = vec![0; names.len()];
    let mut entry = vec![usize::MAX; size];
    let mut n = 0;
    loop {
        for i in 0..names.len() {
            let mut c = permutation[i][next[i]];
            while entry[c] != usize::MAX {
                next[i] += 1;
                c = permutation[i][next[i]];
            }
            entry[c] = i;
            next[i] += 1;
            n += 1;
            if n == size {
                return entry;
            }
        }
    }
}

#[test]
fn as_published() {
    for (nodes, size) in [(1, 2), (2, 3), (3, 7), (7, 251), (10, 1009), (100, 1009)] {
        let mut names: Vec<String> = (0..nodes).map(|i| format!("n{i}")).collect();
        let listed = names.iter().map(|name| (name.as_str(), Weight::new(2.5).unwrap()));
        let maglev =
            Maglev::of_nodes(size, MaglevBuild::Classic, KeyHash::default(), listed).unwrap();
        let found: Vec<&str> =
            maglev.slots().map(|id| maglev.roster().get(id).unwrap().name()).collect();
        names.sort();
        let expected: Vec<&str> =
            populate(&names, size as usize).into_iter().map(|i| names[i].as_str()).collect();
        assert_eq!(found, expected, "{nodes} nodes, {size} slots");
    }
}

/// A node of twice the weight has twice as many turns, from the start.
#[test]
fn turns_go_by_weight() {
    let nodes = [("a", 4.0), ("b", 2.0), ("c", 1.0)];
    let nodes = nodes.map(|(name, weight)| (name, Weight::new(weight).unwrap()));
    let maglev = Maglev::of_nodes(7001, MaglevBuild::Classic, KeyHash::default(), nodes).unwrap();
    let counts: Vec<usize> = maglev.roster().iter().map(|(id, _)| maglev.slots_of(id)).collect();
    assert_eq!(counts, [4001, 2000, 1000]);
    // In the slots that each would have first, nobody else got there before it too often.
    for (id, node) in maglev.roster().iter() {
        let mut claims = Claims::new(node_hash(node.name()), 7001);
        let mut first = 0;
        for _ in 0..100 {
            first += usize::from(maglev.table.get(claims.next as usize) == Some(id));
            claims.next = (claims.next + claims.skip) % 7001;
        }
        assert!(first > 70, "{}: {first} of its first 100", node.name());
    }
}

#[test]
fn primes() {
    let primes: Vec<u32> = (0..50).filter(|n| is_prime(*n)).collect();
    assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]);
    assert!(is_prime(65_537) && is_prime(655_373) && is_prime(5_000_011));
    assert!(!is_prime(65_537 * 3) && !is_prime(46_337 * 46_337) && !is_prime(u32::MAX));
}
