//! `ledger reconcile`.

use std::{fs::File, io::BufReader};

use ledger::Node;

use super::{feed, say, table};
use crate::{
    Error, Result,
    cli::Reconcile,
    derive::{self, Books},
    open,
    reconcile::{Derived, Report, reconcile},
};

pub(super) fn run(asked: &Reconcile, json: bool) -> Result<bool> {
    let node = open(&asked.dir)?;
    let tail = node.state().op();
    let cut = asked.cut.unwrap_or(tail);
    if cut > tail {
        return Err(Error::Asked(format!("--cut {cut}: the log ends at operation {tail}")));
    }
    if let Some(out) = &asked.out {
        std::fs::create_dir_all(out)?;
    }
    let state = derive::state::books(&node, cut)?;
    let derived = vec![
        Derived { name: "stream", books: stream(&node, asked, cut).map_err(|e| e.to_string()) },
        Derived { name: "batch", books: batch(&node, asked, cut) },
    ];
    // A stream that cannot be read is a failure, not something that is not there.
    if let Some(Derived { books: Err(why), .. }) = derived.first() {
        return Err(Error::Asked(format!("the stream: {why}")));
    }
    let statement = match &asked.statement {
        Some(path) => Some(derive::statement::read(BufReader::new(File::open(path)?))?),
        None => None,
    };
    let report = reconcile(&node, cut, &state, derived, statement.as_ref())?;
    let document = serde_json::to_string_pretty(&report).map_err(std::io::Error::from)?;
    if let Some(out) = &asked.out {
        std::fs::write(out.join("reconciliation.json"), &document)?;
    }
    if json {
        say(&document)
    } else {
        show(&report)
    }
    Ok(report.agrees)
}

/// Balances as a consumer keeps them: of the feed that was given, or of one made here.
fn stream(node: &Node, asked: &Reconcile, cut: u64) -> Result<Books> {
    let consumer = match &asked.feed {
        Some(path) => {
            derive::stream::consume(BufReader::with_capacity(1 << 20, File::open(path)?), cut)?
        }
        None => {
            let mut consumer = derive::stream::Consumer::default();
            for_each_change(node, cut, &mut |change| {
                consumer.apply(&crate::line::Line::from(change))
            })?;
            consumer
        }
    };
    Ok(consumer.into_books())
}

/// Shows all changes through an operation.
fn for_each_change(
    node: &Node,
    cut: u64,
    see: &mut dyn FnMut(&ledger::query::Change) -> Result<()>,
) -> Result<()> {
    let mut next = 1;
    while next <= cut {
        let piece = node.changes(next, feed::PIECE)?;
        for change in piece.changes.iter().filter(|change| change.op <= cut) {
            see(change)?;
        }
        if piece.next_op <= next {
            break;
        }
        next = piece.next_op;
    }
    Ok(())
}

#[cfg(feature = "parquet")]
fn batch(node: &Node, asked: &Reconcile, cut: u64) -> Result<Books, String> {
    let kept;
    let scratch;
    let path = match &asked.out {
        Some(out) => {
            kept = out.join("postings.parquet");
            kept.as_path()
        }
        None => {
            scratch = std::env::temp_dir()
                .join(format!("ledger-postings-{}.parquet", std::process::id()));
            scratch.as_path()
        }
    };
    let mut table = derive::batch::Postings::default();
    let result =
        for_each_change(node, cut, &mut |change| table.add(&crate::line::Line::from(change)))
            .and_then(|()| table.save(path))
            .and_then(|()| derive::batch::books(path));
    if asked.out.is_none() {
        let _ = std::fs::remove_file(path);
    }
    result.map_err(|e| e.to_string())
}

#[cfg(not(feature = "parquet"))]
fn batch(_: &Node, _: &Reconcile, _: u64) -> Result<Books, String> {
    Err("built without the feature `parquet`".to_owned())
}

fn show(report: &Report) {
    say(format_args!("through operation {}, chain {}", report.cut_op, report.chain_hash));
    let mut shown = table(&["derivation", "accounts", "difference, minor units", "verdict"]);
    for compared in &report.derivations {
        let verdict = match &compared.absent {
            Some(why) => format!("not compared: {why}"),
            None if compared.differing.is_empty() => "the same as the state".to_owned(),
            None => "DIFFERS".to_owned(),
        };
        shown.add_row([
            compared.name.clone(),
            compared.accounts.to_string(),
            compared.difference.0.to_string(),
            verdict,
        ]);
    }
    say(shown);
    let mut trial = table(&["ledger", "currency", "accounts", "debits", "credits"]);
    for balance in &report.trial_balance {
        trial.add_row([
            balance.ledger.to_string(),
            balance.currency.clone(),
            balance.accounts.to_string(),
            balance.debits.0.to_string(),
            balance.credits.0.to_string(),
        ]);
    }
    say(trial);
    for compared in report.derivations.iter().filter(|compared| !compared.differing.is_empty()) {
        let mut differing = table(&["account", "what", "state", compared.name.as_str()]);
        for account in &compared.differing {
            differing.add_row([
                account.account_id.0.to_string(),
                account.what.to_owned(),
                account.state.0.to_string(),
                account.derived.0.to_string(),
            ]);
        }
        say(differing);
    }
    if report.agrees {
        say("they agree, to the minor unit");
    } else {
        say(
            "THEY DIFFER: `ledger verify` tells whether the log leads to the state; then compare the account's entries with the other source",
        );
    }
}
