//! What is said.

use std::io::{IsTerminal, Write};

use hdrhistogram::Histogram;
use serde_json::json;

use crate::arguments::{Arguments, Face};
use crate::face::Codes;

/// What a run came to.
pub struct Report {
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How many transfers were answered.
    pub transfers: u64,
    /// How long each request took, in microseconds.
    pub requests: Histogram<u64>,
    /// What was refused.
    pub others: Codes,
    /// Whether the trial balance is one.
    pub balanced: bool,
}

/// Says something.
#[expect(clippy::print_stderr, reason = "this is where a program's news go")]
pub fn say(line: &str) {
    eprintln!("{line}");
}

/// Says something in the place of what was said last, where somebody is looking.
#[expect(clippy::print_stderr, reason = "this is where a program's news go")]
pub fn live(line: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K{line}");
        let _ = std::io::stderr().flush();
    } else if !line.is_empty() {
        eprintln!("{line}");
    }
}

/// Says what the program is for.
#[expect(clippy::print_stdout, reason = "this is what the program is asked for")]
pub fn print(line: &str) {
    println!("{line}");
}

impl Report {
    /// Says all of it.
    pub fn print(&self, arguments: &Arguments) {
        let rate = self.transfers as f64 / self.seconds;
        let at = |it| self.requests.value_at_quantile(it);
        let face = match arguments.face {
            Face::Tcp => "tcp",
            Face::Http => "http",
        };
        if arguments.json {
            let line = json!({
                "profile": arguments.profile.name(),
                "face": face,
                "connections": arguments.connections,
                "batch": arguments.batch,
                "accounts": arguments.accounts,
                "seconds": self.seconds,
                "transfers": self.transfers,
                "transfers_per_second": rate,
                "request_us": {"p50": at(0.5), "p99": at(0.99), "p999": at(0.999), "max": self.requests.max()},
                "refused": self.others,
                "balanced": self.balanced,
            });
            return print(&line.to_string());
        }
        print(&format!(
            "{} transfers in {:.2} s: {rate:.0}/s ({}, {face}, {} connections x {})",
            self.transfers,
            self.seconds,
            arguments.profile.name(),
            arguments.connections,
            arguments.batch
        ));
        print(&format!(
            "a request: p50 {} us, p99 {} us, p99.9 {} us, max {} us",
            at(0.5),
            at(0.99),
            at(0.999),
            self.requests.max()
        ));
        for (code, count) in &self.others {
            print(&format!("refused: {code} {count} times"));
        }
        print(if self.balanced {
            "debits are credits in every ledger"
        } else {
            "DEBITS ARE NOT CREDITS"
        });
    }
}
