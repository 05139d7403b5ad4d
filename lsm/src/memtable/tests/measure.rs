//! Times, for people.

use super::*;
use crate::hash_key;

/// `cargo test -p lsm --release --lib memtable::tests::measure -- --ignored --nocapture`
#[test]
#[ignore = "prints times"]
fn measure() {
    const COUNT: usize = 500_000;
    let time = |what: &str, count: usize, work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        work();
        let nanos = start.elapsed().as_nanos();
        println!("{what:<44} {:>8} ns each {:>9} us", nanos / count as u128, nanos / 1000);
    };
    let mut state = 7_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut keys = |decimal: bool| -> Vec<Vec<u8>> {
        (0..2 * COUNT)
            .map(|_| match decimal {
                true => format!("user:{:016}", random() % 100_000_000).into_bytes(),
                false => [random().to_le_bytes(), random().to_le_bytes()].concat(),
            })
            .collect()
    };
    for (name, keys, expected) in [
        ("random, presized", keys(false), COUNT),
        ("random, from empty", keys(false), 0),
        ("user:NNN, from empty", keys(true), 0),
    ] {
        println!("-- {name}");
        let memtable = Arc::new(Memtable::new(expected));
        let payload = Payload::Log { slot: 1, offset: 2, len: 3 };
        let mut seq = 0;
        time("hash", COUNT, &mut || {
            std::hint::black_box(keys[..COUNT].iter().fold(0, |sum, key| sum ^ hash_key(key)));
        });
        time("hash and insert", COUNT, &mut || {
            for key in &keys[..COUNT] {
                seq += 1;
                memtable.insert(hash_key(key), key, seq, EntryKind::Put, payload);
            }
        });
        println!("{:>44} {} bytes an entry", "", memtable.bytes() / COUNT);
        // Keys in one piece, in the order of their use: only the memtable's own cache misses count.
        let len = keys[0].len();
        let hits: Vec<u8> =
            (0..COUNT).flat_map(|i| keys[i * 7_919 % COUNT].iter().copied()).collect();
        let misses: Vec<u8> = keys[COUNT..].concat();
        let mut found = 0;
        for (what, keys) in [("hash and get, hit", &hits), ("hash and get, miss", &misses)] {
            time(what, COUNT, &mut || {
                for key in keys.chunks_exact(len) {
                    found += usize::from(memtable.get(hash_key(key), key, seq).is_some());
                }
            });
        }
        assert!(found >= COUNT);
        let floor: std::collections::HashMap<&[u8], u64> =
            keys[..COUNT].iter().map(|key| (&**key, 1)).collect();
        time("floor: a HashMap of slices, hit", COUNT, &mut || {
            found += hits.chunks_exact(len).filter(|key| floor.contains_key(key)).count();
        });
        drop(floor);
        let mut view = None;
        time("sorted, all new", COUNT, &mut || view = Some(memtable.sorted()));
        let mut cursor = MemCursor::new(view.take().expect("made"));
        time("next, one run", COUNT, &mut || walk(&mut cursor));
        time("seek, one run", COUNT, &mut || keys[COUNT..].iter().for_each(|key| cursor.seek(key)));
        let mut more = keys[COUNT..].iter();
        time("insert and sorted, 1,000 times", 1_000, &mut || {
            for key in more.by_ref().take(1_000) {
                seq += 1;
                memtable.insert(hash_key(key), key, seq, EntryKind::Put, payload);
                view = Some(memtable.sorted());
            }
        });
        println!("{:>44} {:?}", "", view);
        let mut cursor = MemCursor::new(view.expect("made"));
        time("next, these runs", COUNT, &mut || walk(&mut cursor));
        time("sorted with 100,000 new", 100_000, &mut || {
            for key in more.by_ref().take(100_000) {
                seq += 1;
                memtable.insert(hash_key(key), key, seq, EntryKind::Put, payload);
            }
            std::hint::black_box(memtable.sorted());
        });
    }
}

/// Reads every key and sequence number.
fn walk(cursor: &mut MemCursor) {
    cursor.seek_to_first();
    let mut sum = 0;
    while cursor.valid() {
        sum += cursor.key().len() as u64 + cursor.seq();
        cursor.next();
    }
    std::hint::black_box(sum);
}
