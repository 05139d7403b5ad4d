//! Three derivations agree, and a lie of one minor unit is found.

use ledger::disk::RealDisk;
use serde_json::Value;

use crate::support::{fill, ledger, text};

#[test]
fn derivations_agree_to_the_minor_unit_and_a_lie_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let feed = dir.path().join("changes.jsonl");
    let (code, said) = ledger(&["feed", text(&data), "--out", text(&feed)]);
    assert_eq!(code, Some(0), "{said}");

    // A consumer that heard some of it twice.
    let heard = std::fs::read_to_string(&feed).unwrap();
    let lines: Vec<&str> = heard.lines().collect();
    assert_eq!(said["changes"], lines.len());
    let twice: Vec<&str> = lines.iter().flat_map(|line| [*line, *line]).collect();
    std::fs::write(&feed, twice.join("\n")).unwrap();
    let proof = dir.path().join("proof");
    let (code, report) =
        ledger(&["reconcile", text(&data), "--feed", text(&feed), "--out", text(&proof)]);
    assert_eq!((code, &report["agrees"]), (Some(0), &Value::Bool(true)), "{report:#}");
    let stream = &report["derivations"][0];
    assert_eq!((&stream["name"], &stream["difference"]), (&"stream".into(), &"0".into()));
    assert!(stream["accounts"].as_u64().unwrap() >= 9, "{stream}");
    let batch = &report["derivations"][1];
    assert_eq!(batch["name"], "batch");
    assert_eq!(batch.get("absent").is_none(), cfg!(feature = "parquet"), "{batch:#}");
    assert!(proof.join("reconciliation.json").is_file());
    for trial in report["trial_balance"].as_array().unwrap() {
        assert_eq!(trial["debits"], trial["credits"]);
        assert_ne!(trial["debits"], "0");
    }

    // The same at an earlier cut.
    let (code, report) = ledger(&["reconcile", text(&data), "--feed", text(&feed), "--cut", "57"]);
    assert_eq!((code, &report["cut_op"]), (Some(0), &57.into()), "{report:#}");

    // A statement of somebody else, right and wrong.
    let statement = dir.path().join("bank.csv");
    std::fs::write(&statement, "account_id,debits_posted,credits_posted\n0xb,420,0\n12,0,420\n")
        .unwrap();
    let (code, report) = ledger(&["reconcile", text(&data), "--statement", text(&statement)]);
    assert_eq!(code, Some(0), "{report:#}");
    std::fs::write(&statement, "account_id,debits_posted,credits_posted\n11,420,0\n12,0,421\n")
        .unwrap();
    let (code, report) = ledger(&["reconcile", text(&data), "--statement", text(&statement)]);
    assert_eq!(code, Some(1));
    let compared = &report["derivations"][2];
    assert_eq!(
        (&compared["difference"], &compared["differing"][0]["account_id"]),
        (&"1".into(), &"12".into())
    );

    // A consumer that missed one change.
    let missing: Vec<&str> =
        lines.iter().enumerate().filter(|(n, _)| *n != 5).map(|(_, line)| *line).collect();
    std::fs::write(&feed, missing.join("\n")).unwrap();
    let (code, report) = ledger(&["reconcile", text(&data), "--feed", text(&feed)]);
    assert!(code == Some(1) || code == Some(2), "{report:#}");
}

#[test]
fn the_log_proves_itself_and_a_changed_byte_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fill(&data);
    let (code, verified) = ledger(&["verify", text(&data)]);
    assert_eq!((code, &verified["agrees"]), (Some(0), &Value::Bool(true)), "{verified}");
    let (_, inspected) = ledger(&["inspect", text(&data)]);
    assert_eq!((&inspected["accounts"], &inspected["op"]), (&14.into(), &verified["operations"]));
    let file = dir.path().join("audit.ledger");
    let (code, exported) = ledger(&["audit", text(&data), "--out", text(&file)]);
    assert_eq!((code, &exported["chain_hash"]), (Some(0), &verified["chain_hash"]), "{exported}");
    let hash = exported["chain_hash"].as_str().unwrap();
    let (code, proved) = ledger(&["prove", text(&file), "--hash", hash]);
    assert_eq!((code, &proved["proved"]), (Some(0), &Value::Bool(true)), "{proved}");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (code, proved) = ledger(&["prove", text(&file), "--hash", hash]);
    assert_eq!((code, &proved["proved"]), (Some(1), &Value::Bool(false)), "{proved}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    let (code, said) = ledger(&["inspect", text(&nowhere)]);
    assert_eq!(code, Some(2));
    assert!(said.as_str().unwrap().contains("is no directory"), "{said}");
    let data = dir.path().join("data");
    fill(&data);
    let held = RealDisk::open(&data).unwrap();
    let (code, said) = ledger(&["verify", text(&data)]);
    assert!(code == Some(2) && said.as_str().unwrap().contains("in use"), "{said}");
    drop(held);
    for (file, text_of, says) in [
        ("a.csv", "id,debits\n", "line 1"),
        ("b.csv", "account_id,debits_posted,credits_posted\n1,-5,0\n", "line 2"),
        ("c.csv", "account_id,debits_posted,credits_posted\n1,5,0\n1,5,0\n", "second time"),
    ] {
        let statement = dir.path().join(file);
        std::fs::write(&statement, text_of).unwrap();
        let (code, said) = ledger(&["reconcile", text(&data), "--statement", text(&statement)]);
        assert!(code == Some(2) && said.as_str().unwrap().contains(says), "{said}");
    }
    let (code, said) = ledger(&["reconcile", text(&data), "--cut", "1000000"]);
    assert!(code == Some(2) && said.as_str().unwrap().contains("ends at operation"), "{said}");
    let feed = dir.path().join("feed");
    std::fs::write(&feed, "{\"op\":1}\n").unwrap();
    let (code, said) = ledger(&["reconcile", text(&data), "--feed", text(&feed)]);
    assert!(code == Some(2) && said.as_str().unwrap().contains("line 1"), "{said}");
}
