//! Recordings that are not right.

use ledger_json::{Error, Feed, MAX_LINE};

const CHANGE: &str = r#"{"op":"3","index":0,"kind":"refusal","id":"7","code":"exceeds_credits","number":108,"digest":"00112233445566778899aabbccddeeff","timestamp":"5"}"#;

fn error(text: &str) -> Error {
    let mut feed = Feed::new(text.as_bytes());
    let error = feed.by_ref().find_map(Result::err).expect("it was read");
    assert!(feed.next().is_none() && !feed.is_whole());
    error
}

#[test]
fn an_event_with_another_id_is_found() {
    let said = error(&format!("id: 3.1\nevent: refusal\ndata: {CHANGE}\n\n")).to_string();
    assert!(said.contains("line 3") && said.contains("3.1") && said.contains("3.0"), "{said}");
}

#[test]
fn an_error_of_the_server_is_one() {
    let said = error(&format!("data: {CHANGE}\n\nevent: error\ndata: stopped\n\n"));
    assert!(matches!(&said, Error::Ended { line: 4, says } if says == "stopped"), "{said}");
}

#[test]
fn a_name_lasts_for_its_event() {
    let text = format!("event: x\nid: 1.0\n\ndata: {CHANGE}\n\n");
    assert_eq!(Feed::new(text.as_bytes()).map(Result::unwrap).count(), 1);
}

#[test]
fn lines_have_a_limit() {
    let long = format!("{CHANGE}\n{}", "9".repeat(1 + MAX_LINE as usize));
    assert!(matches!(error(&long), Error::TooLong { line: 2 }));
    let spaces = " ".repeat(MAX_LINE as usize - CHANGE.len());
    let longest = format!("{CHANGE}{spaces}\n{CHANGE}\n");
    assert_eq!(Feed::new(longest.as_bytes()).map(Result::unwrap).count(), 2);
}

#[test]
fn bytes_that_are_no_text_are_found() {
    let mut feed = Feed::new(b"\n\xff\xfe\n".as_slice());
    assert!(matches!(feed.next(), Some(Err(Error::NoText { line: 2 }))));
}
