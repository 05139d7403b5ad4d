//! Written and read again, a change is the same.

use ledger::query::Change;
use ledger_json::{Feed, Key};
use proptest::prelude::*;

use crate::entries::changes;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn alone(all in changes()) {
        for change in &all {
            let text = ledger_json::write(change);
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(&ledger_json::read(&text).unwrap(), change);
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let without_key = serde_json::to_value(ledger_json::entry(&change.entry)).unwrap();
            for (field, said) in without_key.as_object().unwrap() {
                prop_assert_eq!(said, &value[field]);
            }
            prop_assert_eq!(&value["kind"], ledger_json::kind(&change.entry));
            prop_assert!(numbers_are_small(&value), "{}", text);
        }
    }

    #[test]
    fn as_lines_and_as_events(all in changes()) {
        let lines: String = all.iter().map(|it| ledger_json::write(it) + "\n").collect();
        prop_assert_eq!(&read(&lines), &all);
        prop_assert_eq!(&read(lines.trim_end()), &all);
        prop_assert_eq!(&read(&lines.replace('\n', "\r\n\n")), &all);
        let events: String = all
            .iter()
            .map(|it| format!("id: {}\nevent: {}\ndata: {}\n\n: nothing new\n\n", Key::of(it), ledger_json::kind(&it.entry), ledger_json::write(it)))
            .collect();
        prop_assert_eq!(&read(&events), &all);
        let mut whole = events + "event: end\ndata: {}\n\n";
        whole += "what stands behind the end is not read";
        let mut feed = Feed::new(whole.as_bytes());
        prop_assert_eq!(feed.by_ref().map(Result::unwrap).collect::<Vec<Change>>(), all);
        prop_assert!(feed.is_whole());
    }
}

fn read(text: &str) -> Vec<Change> {
    let mut feed = Feed::new(text.as_bytes());
    let all = feed.by_ref().map(Result::unwrap).collect();
    assert!(!feed.is_whole());
    all
}

/// Whether every number is one that programs with floating point read right; metadata is as clients gave it.
fn numbers_are_small(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => number.as_u64().is_some_and(|it| it < 1 << 53),
        serde_json::Value::Array(all) => all.iter().all(numbers_are_small),
        serde_json::Value::Object(fields) => {
            fields.iter().all(|(name, it)| name == "metadata" || numbers_are_small(it))
        }
        _ => true,
    }
}
