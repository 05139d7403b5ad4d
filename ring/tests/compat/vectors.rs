//! Reads the files in `tests/vectors/`; what their lines mean stands in `generate.py` there.

use std::path::Path;

/// One setting of a program, and its answers.
#[derive(Debug, Default)]
pub struct Case {
    pub name: String,
    lines: Vec<Vec<String>>,
}

impl Case {
    /// The lines that start with `word`, without it.
    pub fn lines<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a [String]> {
        self.lines.iter().filter(move |line| line[0] == word).map(|line| &line[1..])
    }

    /// The rest of the only line that starts with `word`.
    pub fn param(&self, word: &str) -> Option<String> {
        let mut lines = self.lines(word);
        let line = lines.next()?.join(" ");
        assert!(lines.next().is_none(), "{}: {word} twice", self.name);
        Some(line)
    }

    /// Keys and the numbers that the program answered.
    pub fn answers<T: std::str::FromStr<Err: std::fmt::Debug>>(&self) -> Vec<(Vec<u8>, T)> {
        let owners = self.lines("owners").flatten().enumerate().map(|(i, owner)| (key(i), owner));
        let others = self.lines("key").map(|line| match line {
            // The empty key leaves no trace of itself.
            [owner] => (Vec::new(), owner),
            [hex, owner] => (from_hex(hex), owner),
            _ => panic!("{line:?}"),
        });
        owners.chain(others).map(|(key, answer)| (key, answer.parse().unwrap())).collect()
    }

    /// How many points the program's ring has, and their hash.
    pub fn ring(&self) -> Option<(usize, u64)> {
        let line = self.lines("ring").next()?;
        Some((line[0].parse().unwrap(), u64::from_str_radix(&line[1], 16).unwrap()))
    }

    /// The name and weight of each node, for programs whose nodes have no more than that.
    pub fn weights(&self) -> Vec<(&str, u32)> {
        self.lines("node").map(|line| (line[0].as_str(), line[1].parse().unwrap())).collect()
    }
}

/// The `i`-th key of every case.
fn key(i: usize) -> Vec<u8> {
    if i.is_multiple_of(2) {
        format!("key-{i}").into_bytes()
    } else {
        format!("user:{}:{}", i * 7919, &"abcdefghijklmnopqrstuvwxyz"[..i % 27]).into_bytes()
    }
}

pub fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// FNV-1a of points in order.
pub fn fnv(points: impl Iterator<Item = (u64, usize)>) -> (usize, u64) {
    points.fold((0, 0xCBF2_9CE4_8422_2325), |(count, hash), (point, owner)| {
        let bytes = point.to_le_bytes().into_iter().chain((owner as u32).to_le_bytes());
        let hash = bytes.fold(hash, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        (count + 1, hash)
    })
}

/// The cases of a file.
pub fn read(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("case ") {
            Some(name) => cases.push(Case { name: name.to_owned(), ..Case::default() }),
            None => {
                let words = line.split_whitespace().map(str::to_owned).collect();
                cases.last_mut().unwrap().lines.push(words);
            }
        }
    }
    assert!(!cases.is_empty());
    cases
}
