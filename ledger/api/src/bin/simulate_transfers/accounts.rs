//! The ledgers and accounts that transfers are between.

use ledger::model::{Account, Ledger, MAX_EVENTS};
use ledger::money::Currency;
use ledger_api::client::Client;

use crate::Done;
use crate::face::Http;

/// Ledgers with their currencies and decimal places.
pub const LEDGERS: [(u32, &str, u8); 3] = [(1, "EUR", 2), (2, "USD", 2), (3, "JPY", 0)];

/// The first account that is a customer's; those before it are the dealer's.
pub const FIRST: u64 = 2;

/// The id of the `index`-th account of a ledger.
pub fn id(ledger: u32, index: u64) -> u128 {
    u128::from(ledger) * 1_000_000_000 + u128::from(index)
}

/// Makes sure that ledgers and accounts are there: as many in each of `ledgers`.
pub fn create(client: &Client, ledgers: usize, accounts: u64) -> Done {
    let mut defined = Vec::new();
    for (id, code, exponent) in LEDGERS {
        defined.push(Ledger { id, currency: Currency::new(code, exponent)? });
    }
    for outcome in client.create_ledgers(&defined)? {
        if !outcome.code.is_success() {
            return Err(format!("the server's ledgers are other ones: {}", outcome.code).into());
        }
    }
    for (ledger, ..) in LEDGERS.iter().take(ledgers) {
        let all: Vec<Account> = (0..accounts)
            .map(|index| Account {
                id: id(*ledger, index),
                ledger: *ledger,
                code: 1,
                ..Account::default()
            })
            .collect();
        for some in all.chunks(MAX_EVENTS) {
            for outcome in client.create_accounts(some)? {
                if !outcome.code.is_success() {
                    return Err(format!("an account could not be created: {}", outcome.code).into());
                }
            }
        }
    }
    Ok(())
}

/// The same over HTTP, for the first ledger.
pub fn create_by_http(http: &mut Http, accounts: u64) -> Done {
    let mut ask = |path: &str, body: &serde_json::Value| {
        let (status, answer) = http.send("POST", path, &body.to_string())?;
        let outcomes: Vec<serde_json::Value> = match status {
            200 => serde_json::from_slice(&answer)?,
            _ => return Err(format!("HTTP {status}: {}", String::from_utf8_lossy(&answer)).into()),
        };
        for outcome in outcomes {
            let code = outcome.get("code").and_then(|it| it.as_str()).unwrap_or("?");
            if code != "ok" && code != "exists" {
                return Err(format!("{path} answers {code}").into());
            }
        }
        Done::Ok(())
    };
    let ledgers: Vec<_> = LEDGERS
        .iter()
        .map(|(id, code, exponent)| serde_json::json!({"id": id, "currency": code, "exponent": exponent}))
        .collect();
    ask("/v1/ledgers", &ledgers.into())?;
    let (ledger, ..) = LEDGERS[0];
    let all: Vec<_> = (0..accounts)
        .map(|index| serde_json::json!({"id": id(ledger, index).to_string(), "ledger": ledger, "code": 1}))
        .collect();
    for some in all.chunks(MAX_EVENTS) {
        ask("/v1/accounts", &some.to_vec().into())?;
    }
    Ok(())
}
