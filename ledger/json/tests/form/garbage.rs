//! What is no change is an error with a line number, never a panic.

use ledger_json::{Error, Feed};
use proptest::prelude::*;

use crate::entries::changes;

fn line_of(error: &Error) -> Option<u64> {
    match error {
        Error::Line { line, .. }
        | Error::CutOff { line, .. }
        | Error::TooLong { line }
        | Error::NoText { line }
        | Error::OtherId { line, .. }
        | Error::Ended { line, .. } => Some(*line),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for item in Feed::new(bytes.as_slice()) {
            if let Err(error) = item {
                prop_assert!(line_of(&error).is_some());
            }
        }
    }

    #[test]
    fn edited_changes(all in changes(), at: prop::sample::Index, new in prop::sample::select(b"0{}[]\",:.-e \n\xff".to_vec())) {
        let mut text: Vec<u8> = all.iter().map(|it| ledger_json::write(it) + "\n").collect::<String>().into();
        if text.is_empty() {
            return Ok(());
        }
        let at = at.index(text.len());
        let broken = text[..at].iter().filter(|it| **it == b'\n').count() as u64 + 1;
        text[at] = new;
        for item in Feed::new(text.as_slice()) {
            if let Err(error) = item {
                let line = line_of(&error).unwrap();
                // The line, or the half of it that a new end of line makes.
                prop_assert!(line == broken || line == broken + 1, "{error} {broken}");
            }
        }
    }

    #[test]
    fn cut_off(all in changes(), at: prop::sample::Index) {
        let text: String = all.iter().map(|it| ledger_json::write(it) + "\n").collect();
        let at = at.index(text.len() + 1);
        let whole = text.as_bytes()[..at].iter().filter(|it| **it == b'\n').count();
        let mut items = Feed::new(&text.as_bytes()[..at]);
        for change in &all[..whole] {
            prop_assert_eq!(&items.next().unwrap().unwrap(), change);
        }
        match items.next() {
            None => {}
            Some(Ok(change)) => prop_assert_eq!(&change, &all[whole]),
            Some(Err(Error::CutOff { line, .. })) => prop_assert_eq!(line, whole as u64 + 1),
            // Between two bytes of a letter.
            Some(Err(Error::NoText { line })) => prop_assert_eq!(line, whole as u64 + 1),
            Some(Err(other)) => prop_assert!(false, "{}", other),
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let good = r#"{"op":"3","index":0,"kind":"refusal","id":"7","code":"exceeds_credits","number":108,"digest":"00112233445566778899aabbccddeeff","timestamp":"5"}"#;
    assert!(ledger_json::read(good).is_ok());
    // A later version's field.
    assert!(ledger_json::read(&good.replace("{", "{\"more\":[1],")).is_ok());
    for (from, to, says) in [
        (r#""op":"3""#, r#""op":3"#, "in a string"),
        (r#""op":"3""#, r#""op":"-3""#, "in a string"),
        (r#""op":"3""#, r#""op":"18446744073709551616""#, "below 2^64"),
        (r#""op":"3","#, "", "op"),
        (r#""index":0"#, r#""index":4294967296"#, "u32"),
        (r#""number":108"#, r#""number":109"#, "not the code"),
        (r#""number":108"#, r#""number":7"#, "not the code"),
        ("refusal", "denial", "unknown variant"),
        ("ddeeff", "ddeef", "32 hexadecimal"),
        (r#","timestamp":"5""#, "", "timestamp"),
        (r#""timestamp":"5""#, r#""timestamp":"5","id":"8""#, "duplicate"),
        ("}", "}}", "trailing"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        let said = ledger_json::read(&bad).unwrap_err().to_string();
        assert!(said.contains(says), "{bad}: {said}");
    }
}
