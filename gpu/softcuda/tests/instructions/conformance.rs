//! The table of what is supported against what the tests of this directory run: each form in it is run by one of them.

use crate::harness::RECORD;
use softcuda::lower::supported;
use std::collections::BTreeSet;
use std::process::Command;

/// What stands for a word of a kind in the forms of families: of an instruction, or of all.
const PLACEHOLDERS: [(&str, &str, &str); 4] = [
    ("", "SCOPE", "cta,cluster,gpu,sys"),
    ("ld", "CACHE", "ca,cg,cs,lu,cv"),
    ("st", "CACHE", "wb,cg,cs,wt"),
    ("set", "CMP", "eq,ne,lt,le,gt,ge,lo,ls,hi,hs,equ,neu,ltu,leu,gtu,geu,num,nan"),
];

/// The opcodes that the other tests of this binary run.
fn run_by_tests() -> BTreeSet<String> {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("opcodes-{}", std::process::id()));
    let tests = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "conformance::"])
        .env(RECORD, &file)
        .output()
        .unwrap();
    assert!(tests.status.success(), "{}", String::from_utf8_lossy(&tests.stdout));
    let opcodes = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    opcodes.lines().map(str::to_owned).collect()
}

/// Alternatives of a family: `ld{,.nc}.TYPE, ld.x` is two, without what is said beside them.
fn alternatives(forms: &str) -> Vec<&str> {
    let (mut depth, mut from, mut all) = (0, 0, Vec::new());
    for (at, c) in forms.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' | ';' if depth == 0 => {
                all.push(&forms[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(&forms[from..]);
    let first = all[0].split(['.', '{', ' ', ':']).next().unwrap();
    let words =
        all.iter().filter_map(|it| it.split_whitespace().next()).map(|it| it.trim_end_matches(':'));
    words.filter(|it| it.split(['.', '{']).next() == Some(first)).collect()
}

/// The groups of an alternative, each with its choices; a word outside of braces is a group of one choice.
fn groups(alternative: &str) -> Vec<Vec<String>> {
    let expanded = |word: &str| -> Vec<String> {
        let of_this = |of: &str| of.is_empty() || alternative.split(['.', '{']).next() == Some(of);
        let found = PLACEHOLDERS.iter().find(|(of, name, _)| of_this(of) && *name == word);
        found.map_or(word, |(_, _, words)| words).split(',').map(str::to_owned).collect()
    };
    let mut groups = Vec::new();
    for (i, part) in alternative.split(['{', '}']).enumerate() {
        if i % 2 == 1 {
            groups.push(part.split(',').flat_map(|it| expanded(it.trim_matches('.'))).collect());
        } else {
            let words = part.split('.').filter(|it| !it.is_empty() && *it != "TYPE");
            groups.extend(words.map(&expanded));
        }
    }
    groups
}

/// Whether an opcode has the words of a choice beside each other.
fn has(opcode: &str, choice: &str) -> bool {
    format!(".{opcode}.").contains(&format!(".{choice}."))
}

/// What of a family no opcode has.
fn missing(forms: &str, opcodes: &BTreeSet<String>) -> Vec<String> {
    let mut missing = Vec::new();
    for alternative in alternatives(forms) {
        let groups = groups(alternative);
        let base = groups[0][0].split('.').next().unwrap();
        let of_base = || opcodes.iter().filter(|it| it.split('.').next() == Some(base));
        for group in &groups {
            for choice in group {
                let found = if choice.is_empty() {
                    of_base()
                        .any(|it| group.iter().all(|other| other.is_empty() || !has(it, other)))
                } else {
                    of_base().any(|it| has(it, choice))
                };
                if !found {
                    missing.push(format!("{alternative}: `{choice}`"));
                }
            }
        }
    }
    missing
}

#[test]
fn each_form_that_is_supported_is_tested() {
    let opcodes = run_by_tests();
    let mut not_run = Vec::new();
    for form in supported() {
        if form.contains(['{', ' ']) {
            not_run.extend(missing(&form, &opcodes));
        } else if !opcodes.contains(&form) {
            not_run.push(form);
        }
    }
    assert!(
        not_run.is_empty(),
        "no test of this directory runs {} forms of the table:\n{}",
        not_run.len(),
        not_run.join("\n")
    );
}

#[test]
fn families_are_taken_apart() {
    let opcodes: BTreeSet<String> =
        ["ld.global.u32", "ld.v2.f32", "bar.red.popc.u32"].map(str::to_owned).into();
    assert_eq!(missing("ld{,.global}{,.v2}.TYPE", &opcodes), [""; 0]);
    assert_eq!(
        missing("ld{,.shared}.TYPE, also ld of {this}", &opcodes),
        ["ld{,.shared}.TYPE: `shared`"]
    );
    assert_eq!(missing("bar.red.{popc.u32,and.pred}, bar.warp.sync", &opcodes).len(), 3);
    assert_eq!(missing("bar.red.{popc.u32}, st.x", &opcodes), [""; 0]);
}
