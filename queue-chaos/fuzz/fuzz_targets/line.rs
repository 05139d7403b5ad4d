//! Takes arbitrary bytes for a line of a history: it is the event that serde_json reads, or none to both, and is written as serde_json writes it.
#![no_main]

use queue_chaos::history::Event;

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    let theirs = serde_json::from_slice::<Event>(line);
    match (Event::parse_line(line), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours, theirs);
            let mut text = Vec::new();
            ours.write_line(&mut text).unwrap();
            assert_eq!(text, serde_json::to_vec(&theirs).unwrap());
        }
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("{ours:?}, but {theirs:?}"),
    }
});
