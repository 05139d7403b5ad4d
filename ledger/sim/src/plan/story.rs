//! Steps and events in words.

use std::fmt::Write as _;

use ledger::model::{
    Account, AccountFlags, Batch, Exchange, Ledger, Leg, Posting, Side, Transaction, Transfer,
    TransferFlags,
};

use super::{Plan, Step};

/// The whole plan, a line for each step and each event.
#[must_use]
pub fn tell(plan: &Plan) -> String {
    let mut out = String::new();
    for (at, step) in plan.steps.iter().enumerate() {
        for (line, text) in describe(step).lines().enumerate() {
            // A String takes whatever is written to it.
            let _ = if line == 0 {
                writeln!(out, "{at:>4}  {text}")
            } else {
                writeln!(out, "      {text}")
            };
        }
    }
    out
}

/// A step, and a line for each of its events.
#[must_use]
pub fn describe(step: &Step) -> String {
    match step {
        Step::Ask { client, batch } => {
            let kind = match batch {
                Batch::Ledgers(_) => "ledgers",
                Batch::Accounts(_) => "accounts",
                Batch::Transfers(_) => "transfers",
                Batch::Transactions(_) => "transactions",
                Batch::Tick => "a tick",
            };
            let mut out = format!("client {client} asks for {} {kind}", batch.len());
            for event in events(batch) {
                let _ = write!(out, "\n    {event}");
            }
            out
        }
        Step::Repeat { client } => format!("client {client} asks again, if it had no answer"),
        Step::Commit { take, lost: 0 } => format!("the node commits up to {take} requests"),
        Step::Commit { take, lost } => {
            format!("the node commits up to {take} requests; answers {lost:#b} get lost")
        }
        Step::Pass { nanoseconds } => format!("{} pass", span(*nanoseconds)),
        Step::Jump { nanoseconds } => {
            let way = if *nanoseconds < 0 { "back" } else { "ahead" };
            format!("the clock jumps {} {way}", span(nanoseconds.unsigned_abs()))
        }
        Step::Tick => "the node looks whether something is due".to_owned(),
        Step::Checkpoint => "the node archives and takes a snapshot".to_owned(),
        Step::Nonsense { large: false } => "somebody sends an empty batch".to_owned(),
        Step::Nonsense { large: true } => "somebody sends a batch that is too large".to_owned(),
        Step::Restart => "the node is closed".to_owned(),
        Step::Kill => "the node is killed".to_owned(),
        Step::PowerFailure { fate } => format!("the power fails (fate {fate:#x})"),
        Step::PowerFailureIn { operations, fate } => {
            format!("the power will fail after {operations} operations (fate {fate:#x})")
        }
        Step::Fails { what, after } => {
            format!("after {after} more, an operation of the kind {} will fail", what.name())
        }
        Step::Full { room } => format!("the disk has {room} bytes left"),
        Step::Space => "the disk has space again".to_owned(),
        Step::Rot { fate } => format!("a bit flips (fate {fate:#x})"),
        Step::Astray { after, fate } => {
            format!("after {after} more, a write will go astray (fate {fate:#x})")
        }
        Step::Inspect => "everything is compared".to_owned(),
    }
}

fn span(nanoseconds: u64) -> String {
    format!("{}.{:09} s", nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000)
}

/// Each event of a batch in words.
fn events(batch: &Batch) -> Vec<String> {
    match batch {
        Batch::Ledgers(events) => events.iter().map(ledger).collect(),
        Batch::Accounts(events) => events.iter().map(account).collect(),
        Batch::Transfers(events) => events.iter().map(transfer).collect(),
        Batch::Transactions(events) => events.iter().map(transaction).collect(),
        Batch::Tick => Vec::new(),
    }
}

fn ledger(event: &Ledger) -> String {
    format!("ledger {} of {:?}", event.id, event.currency)
}

fn account(event: &Account) -> String {
    let mut out =
        format!("account {} in ledger {} code {}", id(event.id), event.ledger, event.code);
    if event.flags != AccountFlags::NONE {
        let _ = write!(out, " {:?}", event.flags);
    }
    user_data(&mut out, event.user_data_128, event.user_data_64, event.user_data_32);
    if event.timestamp != 0 {
        let _ = write!(out, " timestamp {}", event.timestamp);
    }
    out
}

fn transfer(event: &Transfer) -> String {
    let mut out = format!(
        "transfer {}: {} from {} to {} in ledger {} code {}",
        id(event.id),
        event.amount,
        id(event.debit_account_id),
        id(event.credit_account_id),
        event.ledger,
        event.code
    );
    if event.flags != TransferFlags::NONE {
        let _ = write!(out, " {:?}", event.flags);
    }
    if event.pending_id != 0 {
        let _ = write!(out, " of {}", id(event.pending_id));
    }
    if event.timeout != 0 {
        let _ = write!(out, " timeout {} s", event.timeout);
    }
    user_data(&mut out, event.user_data_128, event.user_data_64, event.user_data_32);
    if event.timestamp != 0 {
        let _ = write!(out, " timestamp {}", event.timestamp);
    }
    out
}

fn transaction(event: &Transaction) -> String {
    let mut out = format!("transaction {} code {}", id(event.id), event.code);
    if event.linked {
        out.push_str(" linked");
    }
    match &event.posting {
        Posting::Legs(legs) => {
            for Leg { account_id, side, amount } in legs {
                let side = if *side == Side::Debit { "debit" } else { "credit" };
                let _ = write!(out, ", {side} {} {amount}", id(*account_id));
            }
        }
        Posting::Exchange(exchange) => {
            let Exchange {
                source,
                source_liquidity,
                target_liquidity,
                target,
                residue,
                amount,
                rate,
                rounding,
            } = exchange;
            let _ = write!(
                out,
                ": exchange {amount} at {}/{} {rounding:?} from {} by {}, by {} to {}, rest to {}",
                rate.numerator,
                rate.denominator,
                id(*source),
                id(*source_liquidity),
                id(*target_liquidity),
                id(*target),
                id(*residue)
            );
        }
    }
    user_data(&mut out, event.user_data_128, event.user_data_64, event.user_data_32);
    if !event.metadata.is_empty() {
        let _ = write!(out, " {:?}", event.metadata.entries());
    }
    out
}

fn user_data(out: &mut String, wide: u128, middle: u64, small: u32) {
    if (wide, middle, small) != (0, 0, 0) {
        let _ = write!(out, " user data {wide}/{middle}/{small}");
    }
}

fn id(id: u128) -> String {
    if id == u128::MAX { "max".to_owned() } else { id.to_string() }
}
