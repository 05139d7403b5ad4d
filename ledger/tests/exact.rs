//! There is no floating point in this crate: not in money, not anywhere.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, path::Path};

/// The names, in two halves: this file is read, too.
const FORBIDDEN: [&str; 2] = [concat!("f", "32"), concat!("f", "64")];

fn sources(directory: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn no_source_mentions_a_floating_point_number() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(
        found.iter().any(|(path, _)| path.ends_with("money/decimal.rs")),
        "the sources are not where they were"
    );
    for (path, text) in found {
        for (at, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split(|letter: char| !letter.is_alphanumeric()).collect();
            for name in FORBIDDEN {
                let literal = |word: &str| {
                    word.strip_suffix(name)
                        .is_some_and(|digits| digits.chars().all(|digit| digit.is_ascii_digit()))
                };
                assert!(!words.iter().any(|word| literal(word)), "{path}:{}: {name}", at + 1);
            }
        }
    }
}
