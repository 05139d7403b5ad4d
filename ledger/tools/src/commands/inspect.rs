//! `ledger inspect`.

use std::path::Path;

use super::{say, table};
use crate::{Result, open, reconcile::hex};

pub(super) fn run(dir: &Path, json: bool) -> Result<bool> {
    let node = open(dir)?;
    let state = node.state();
    let tail = node.tail();
    let ledgers: Vec<_> = state.ledgers().map(|(ledger, _)| *ledger).collect();
    if json {
        let ledgers: Vec<_> = ledgers
            .iter()
            .map(|ledger| {
                serde_json::json!({
                    "ledger": ledger.id, "currency": ledger.currency.code(), "exponent": ledger.currency.exponent(),
                    "accounts": state.accounts().filter(|account| account.ledger == ledger.id).count(),
                })
            })
            .collect();
        say(serde_json::json!({
            "op": tail.op, "timestamp": tail.timestamp.to_string(), "chain_hash": hex(&tail.hash),
            "accounts": state.accounts().len(), "pending": state.pending_count(), "ledgers": ledgers,
        }));
        return Ok(true);
    }
    say(format_args!("operation {}, time {}, chain {}", tail.op, tail.timestamp, hex(&tail.hash)));
    say(format_args!(
        "{} accounts, {} transfers pending",
        state.accounts().len(),
        state.pending_count()
    ));
    let mut shown = table(&["ledger", "currency", "accounts"]);
    for ledger in ledgers {
        let accounts = state.accounts().filter(|account| account.ledger == ledger.id).count();
        shown.add_row([
            ledger.id.to_string(),
            format!("{} (10^-{})", ledger.currency.code(), ledger.currency.exponent()),
            accounts.to_string(),
        ]);
    }
    say(shown);
    say("next: `ledger verify` reads and checks all of it, `ledger reconcile` proves its balances");
    Ok(true)
}
