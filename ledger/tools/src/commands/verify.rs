//! `ledger verify`.

use std::{ops::ControlFlow, path::Path};

use ledger::{
    Node, codec,
    state::{Generation, State},
};

use super::say;
use crate::{Error, Result, open, reconcile::hex};

/// How many entries of the replay are in memory at a time; older ones are looked up in the archive, which is thereby checked against the log.
const IN_MEMORY: usize = 262_144;

/// Reads the log from its beginning, replays it without snapshots, and compares with the state that is there.
pub(super) fn run(dir: &Path, json: bool) -> Result<bool> {
    let mut node = open(dir)?;
    let tail = node.log().verify()?;
    node.state().check()?;
    // What the replay gives away must be in the archive.
    node.checkpoint()?;
    let mut replayed = State::new();
    for record in node.log().read(1)? {
        let record = record?;
        let batch = codec::decode(record.kind, record.count, &record.body)?;
        replayed.apply(node.past(), record.mark.op, record.mark.timestamp, &batch)?;
        if replayed.active().len() >= IN_MEMORY {
            check_archived(&node, &replayed.freeze())?;
            replayed.forget(record.mark.timestamp);
        }
    }
    let same = replayed.digest() == node.state().digest();
    if json {
        say(serde_json::json!({
            "operations": tail.op, "chain_hash": hex(&tail.hash), "state": hex(&node.state().digest()), "agrees": same,
        }));
    } else if same {
        say(format_args!(
            "{} operations are whole and chained, and lead to the state that is there",
            tail.op
        ));
        say(format_args!("chain {}", hex(&tail.hash)));
        say(format_args!("state {}", hex(&node.state().digest())));
    } else {
        say(
            "THE STATE DIFFERS from what the log leads to: keep the directory as it is, and report it",
        );
    }
    Ok(same)
}

/// Whether the archive has these entries, and no other ones of their time.
fn check_archived(node: &Node, generation: &Generation) -> Result<()> {
    let (Some(first), Some(last)) = (generation.first_timestamp(), generation.last_timestamp())
    else {
        return Ok(());
    };
    let mut expected = generation.entries().iter();
    let mut wrong = None;
    node.archive().scan(None, first..=last, false, &mut |found| {
        if expected.next() == Some(&found) {
            return ControlFlow::Continue(());
        }
        wrong = Some(found.timestamp());
        ControlFlow::Break(())
    })?;
    let missing = expected.next().map(ledger::model::Entry::timestamp);
    match wrong.or(missing) {
        None => Ok(()),
        Some(timestamp) => Err(Error::Asked(format!(
            "the archive is not what the log leads to, at time {timestamp}: move the directory `archive` away, and it is made again"
        ))),
    }
}
