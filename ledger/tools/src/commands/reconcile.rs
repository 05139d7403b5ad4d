//! `ledger reconcile`.

use std::{fs::File, io::BufReader};

use ledger::Node;
use ledger_json::Feed;

use super::{say, table};
use crate::{
    Error, Result,
    cli::Reconcile,
    derive::{self, Books, stream},
    open,
    reconcile::{Derived, Report, reconcile},
    source::Directory,
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
    let derived = derive(&node, asked, cut)?;
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

/// Balances by stream and by batch. The directory's changes are read once for both.
fn derive(node: &Node, asked: &Reconcile, cut: u64) -> Result<Vec<Derived>> {
    let mut heard = heard(asked, cut)?;
    let mut batch = Batch::new(asked);
    // What was heard elsewhere needs no feed from here.
    let mut own = heard.is_none().then(stream::Consumer::default);
    if own.is_some() || Batch::IS_MADE {
        for change in Directory::new(node, 1, cut) {
            let change = change?;
            if let Some(consumer) = &mut own {
                consumer.apply(&change)?;
            }
            batch.add(&change);
        }
    }
    let stream = heard.take().or(own).unwrap_or_default();
    Ok(vec![
        Derived { name: "stream", books: Ok(stream.into_books()) },
        Derived { name: "batch", books: batch.books()? },
    ])
}

/// Balances as a consumer of another feed keeps them, if there is one.
fn heard(asked: &Reconcile, cut: u64) -> Result<Option<stream::Consumer>> {
    if let Some(path) = &asked.feed {
        let file = File::open(path)
            .map_err(|error| Error::Asked(format!("--feed {}: {error}", path.display())))?;
        let feed = Feed::new(BufReader::with_capacity(1 << 20, file));
        return Ok(Some(stream::consume(feed, cut)?));
    }
    #[cfg(feature = "kafka")]
    if let Some(options) = asked.kafka.options()? {
        let topic = crate::kafka::Topic::open(options)?;
        return Ok(Some(stream::consume(topic.changes()?, cut)?));
    }
    Ok(None)
}

/// The table of the batch, and where it goes.
#[cfg(feature = "parquet")]
struct Batch {
    postings: derive::batch::Postings,
    path: std::path::PathBuf,
    /// Whether it is left there.
    is_kept: bool,
}

#[cfg(feature = "parquet")]
impl Batch {
    const IS_MADE: bool = true;

    fn new(asked: &Reconcile) -> Self {
        let scratch = format!("ledger-postings-{}.parquet", std::process::id());
        Self {
            postings: derive::batch::Postings::default(),
            path: match &asked.out {
                Some(out) => out.join("postings.parquet"),
                None => std::env::temp_dir().join(scratch),
            },
            is_kept: asked.out.is_some(),
        }
    }

    fn add(&mut self, change: &ledger::query::Change) {
        self.postings.add(change);
    }

    fn books(self) -> Result<Result<Books, String>> {
        let books = self.postings.save(&self.path).and_then(|()| derive::batch::books(&self.path));
        if !self.is_kept {
            let _ = std::fs::remove_file(&self.path);
        }
        books.map(Ok)
    }
}

/// No table.
#[cfg(not(feature = "parquet"))]
struct Batch;

#[cfg(not(feature = "parquet"))]
impl Batch {
    const IS_MADE: bool = false;

    fn new(_: &Reconcile) -> Self {
        Self
    }

    fn add(&mut self, _: &ledger::query::Change) {}

    fn books(self) -> Result<Result<Books, String>> {
        Ok(Err("built without the feature `parquet`".to_owned()))
    }
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
