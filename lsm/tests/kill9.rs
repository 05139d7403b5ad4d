//! `kill -9` of a process that writes, over and over, on one directory: what was acknowledged is there, batches are
//! whole, and nothing was invented.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use lsm::{Batch, Compression, Db, Durability, Keyspace, KeyspaceOptions, Layout, Options};
use parking_lot::Mutex;

/// Tells the child what to do: directory, and for each thread the number of its first operation.
const TASK: &str = "LSM_KILL9_TASK";
const THREADS: usize = 2;
const SLOTS: u64 = 150;

fn open(dir: &Path) -> (Db, Keyspace, Keyspace) {
    let options = Options::default()
        .segment_bytes(64 << 10)
        .write_buffer_bytes(48 << 10)
        .cache_bytes(64 << 10);
    let db = Db::open(dir, options).unwrap();
    let small = |layout| KeyspaceOptions {
        layout,
        compression: Compression::Lz4,
        block_bytes: 512,
        level0_tables: 2,
        level1_bytes: 32 << 10,
        level_ratio: 3,
        table_bytes: 16 << 10,
        ..KeyspaceOptions::default()
    };
    let separated = db.keyspace("separated", small(Layout::Separated { from: 32 })).unwrap();
    let leveled = db.keyspace("leveled", small(Layout::Leveled)).unwrap();
    (db, separated, leveled)
}

/// What the `number`-th operation of a thread does; everything follows from the two numbers, so that the parent can
/// compute what any prefix of the operations leaves behind.
enum Operation {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    /// Puts and deletes in both keyspaces.
    Batch(Vec<(bool, Vec<u8>, Option<Vec<u8>>)>),
}

fn key(thread: usize, slot: u64) -> Vec<u8> {
    format!("{thread}/{:04}", slot % SLOTS).into_bytes()
}

fn value(thread: usize, number: u64) -> Vec<u8> {
    let mut value = format!("{thread}:{number}:").into_bytes();
    let len = value.len() + usize::try_from(number * 37 % 300).unwrap();
    value.resize(len, b'a' + (number % 26) as u8);
    value
}

fn operation(thread: usize, number: u64) -> Operation {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    match number % 8 {
        3 => Operation::Delete(key(thread, spread)),
        5 | 7 => Operation::Batch(
            (0..2 + number % 5)
                .flat_map(|index| {
                    let value = (!spread.is_multiple_of(3)).then(|| value(thread, number));
                    let key = key(thread, spread + index * 11);
                    [(false, key.clone(), value.clone()), (true, key, value)]
                })
                .collect(),
        ),
        _ => Operation::Put(key(thread, spread), value(thread, number)),
    }
}

/// The child: writes until it is killed, and says what was acknowledged.
fn write_until_killed(dir: &Path, first: &[u64]) {
    let (db, separated, leveled) = open(dir);
    let output = Mutex::new(std::io::stdout());
    std::thread::scope(|scope| {
        for (thread, first) in first.iter().enumerate() {
            let (db, separated, leveled, output) = (&db, &separated, &leveled, &output);
            scope.spawn(move || {
                for number in *first.. {
                    let durability = match number % 61 {
                        0 => Durability::Sync,
                        _ => Durability::Buffered,
                    };
                    match operation(thread, number) {
                        Operation::Put(key, value) => separated.put_with(&key, &value, durability),
                        Operation::Delete(key) => separated.delete_with(&key, durability),
                        Operation::Batch(operations) => {
                            let mut batch = Batch::new();
                            for (second, key, value) in operations {
                                let keyspace = if second { leveled } else { separated };
                                match value {
                                    Some(value) => batch.put(keyspace, &key, &value),
                                    None => batch.delete(keyspace, &key),
                                }
                                .unwrap();
                            }
                            db.write(batch, durability)
                        }
                    }
                    .unwrap();
                    // The first newline ends whatever the test harness has on its line.
                    let line = format!("\nack {thread} {number}\n");
                    let mut output = output.lock();
                    output.write_all(line.as_bytes()).unwrap();
                    output.flush().unwrap();
                }
            });
        }
    });
}

type Contents = BTreeMap<Vec<u8>, Vec<u8>>;

/// What a thread's operations leave behind, in both keyspaces.
#[derive(Default, Clone, PartialEq)]
struct Model([Contents; 2]);

impl Model {
    fn apply(&mut self, thread: usize, number: u64) {
        let mut set = |second: bool, key: Vec<u8>, value: Option<Vec<u8>>| match value {
            Some(value) => drop(self.0[usize::from(second)].insert(key, value)),
            None => drop(self.0[usize::from(second)].remove(&key)),
        };
        match operation(thread, number) {
            Operation::Put(key, value) => set(false, key, Some(value)),
            Operation::Delete(key) => set(false, key, None),
            Operation::Batch(operations) => {
                for (second, key, value) in operations {
                    set(second, key, value);
                }
            }
        }
    }
}

fn contents(keyspace: &Keyspace, thread: usize) -> Contents {
    let prefix = format!("{thread}/");
    let scanned: Contents = keyspace
        .prefix(prefix.as_bytes())
        .map(|item| item.map(|(key, value)| (key, value.to_vec())).unwrap())
        .collect();
    for slot in 0..SLOTS {
        let key = key(thread, slot);
        assert_eq!(keyspace.get(&key).unwrap().as_deref(), scanned.get(&key).map(Vec::as_slice));
    }
    scanned
}

/// Runs a child until it has acknowledged `acks` operations, kills it, and returns the last acknowledged of each thread.
fn run_and_kill(dir: &Path, first: &[u64], acks: usize) -> Vec<Option<u64>> {
    let task = first.iter().map(|number| format!("{number} ")).collect::<String>();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "acknowledged_writes_survive_kill_9", "--nocapture"])
        .env(TASK, format!("{task}{}", dir.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let (sender, acknowledged) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        // Whatever was printed before the kill was acknowledged, read or not by then. A torn last line is none.
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            let mut words = line.split(' ');
            if words.next() != Some("ack") {
                continue;
            }
            let (thread, number) = (words.next().unwrap(), words.next().unwrap());
            let _ = sender.send((thread.parse::<usize>().unwrap(), number.parse::<u64>().unwrap()));
        }
    });
    let mut last = vec![None; THREADS];
    let mut note = |(thread, number): (usize, u64)| {
        let expected = last[thread].map_or(first[thread], |last: u64| last + 1);
        assert_eq!(number, expected, "acknowledgements of thread {thread} are in order");
        last[thread] = Some(number);
    };
    for _ in 0..acks {
        match acknowledged.recv_timeout(Duration::from_secs(60)) {
            Ok(ack) => note(ack),
            Err(error) => {
                child.kill().unwrap();
                panic!("the child stopped by itself: {error}, {}", child.wait().unwrap());
            }
        }
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success() && status.code().is_none(), "the child ended by itself: {status}");
    reader.join().unwrap();
    acknowledged.iter().for_each(note);
    last
}

#[test]
fn acknowledged_writes_survive_kill_9() {
    if let Ok(task) = std::env::var(TASK) {
        let mut words = task.splitn(THREADS + 1, ' ');
        let first: Vec<u64> =
            words.by_ref().take(THREADS).map(|word| word.parse().unwrap()).collect();
        write_until_killed(Path::new(words.next().unwrap()), &first);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut models = vec![Model::default(); THREADS];
    let mut first = vec![0; THREADS];
    for (round, acks) in [1, 40, 700, 7, 2500, 1300, 300, 4000].into_iter().enumerate() {
        let last = run_and_kill(dir.path(), &first, acks);
        let (db, separated, leveled) = open(dir.path());
        for thread in 0..THREADS {
            let model = &mut models[thread];
            if let Some(last) = last[thread] {
                for number in first[thread]..=last {
                    model.apply(thread, number);
                }
                first[thread] = last + 1;
            }
            // A thread has one operation under way at a time: that one is there as a whole, or not at all.
            let found = Model([contents(&separated, thread), contents(&leveled, thread)]);
            if found != *model {
                model.apply(thread, first[thread]);
                first[thread] += 1;
                for (index, name) in ["separated", "leveled"].into_iter().enumerate() {
                    for (key, value) in &model.0[index] {
                        assert_eq!(
                            found.0[index].get(key).map(|value| String::from_utf8_lossy(value)),
                            Some(String::from_utf8_lossy(value)),
                            "round {round}, {name}, {}",
                            String::from_utf8_lossy(key)
                        );
                    }
                    assert!(
                        found.0[index].keys().eq(model.0[index].keys()),
                        "round {round}, {name}: invented or undeleted keys"
                    );
                }
            }
        }
        let report = db.verify().unwrap();
        assert!(report.is_sound(), "round {round}: {:?}", report.damage);
    }
}
