//! Takes arbitrary bytes for the lines behind the first one of a history, and judges them as far as they make sense. Nothing panics, and nothing takes more memory
//! than the fuzzer allows.
#![no_main]

use std::io::Read;
use std::path::Path;

use queue_chaos::check::{Checker, Options, Verdict};
use queue_chaos::history::Reader;

const FIRST: &[u8] = br#"{"t":0,"e":"run","version":2,"name":"","seed":0,"cluster":"","started":0,"topics":[],"partitions":[[0,0],[0,1],[0,2]]}
"#;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut reader =
        Reader::from_read(std::io::BufReader::new(FIRST.chain(bytes)), Path::new("it"));
    let mut checker = Checker::new(&Options::default());
    while let Some(event) = reader.next() {
        let Ok(event) = event else { break };
        if checker.push(&event).is_err() {
            break;
        }
    }
    let judgement = checker.finish();
    assert_eq!(judgement.verdict == Verdict::Anomaly, !judgement.found.is_empty());
    let _ = judgement.to_string();
    let _ = reader.is_cut_short();
});
