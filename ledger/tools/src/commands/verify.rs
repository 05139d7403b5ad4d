//! `ledger verify`.

use std::path::Path;

use ledger::{NoPast, codec, state::State};

use super::say;
use crate::{Result, open, reconcile::hex};

/// Reads the log from its beginning, replays it without snapshots and archive, and compares with what they led to.
pub(super) fn run(dir: &Path, json: bool) -> Result<bool> {
    let node = open(dir)?;
    let tail = node.log().verify()?;
    node.state().check()?;
    let mut replayed = State::new();
    for record in node.log().read(1)? {
        let record = record?;
        let batch = codec::decode(record.kind, record.count, &record.body)?;
        replayed.apply(&NoPast, record.mark.op, record.mark.timestamp, &batch)?;
    }
    let same = replayed.digest() == node.state().digest();
    if json {
        say(serde_json::json!({
            "operations": tail.op, "chain_hash": hex(&tail.hash), "state": hex(&node.state().digest()), "agrees": same,
        }));
    } else if same {
        say(format_args!("{} operations are whole and chained, and lead to the state that is there", tail.op));
        say(format_args!("chain {}", hex(&tail.hash)));
        say(format_args!("state {}", hex(&node.state().digest())));
    } else {
        say("THE STATE DIFFERS from what the log leads to: keep the directory as it is, and report it");
    }
    Ok(same)
}
