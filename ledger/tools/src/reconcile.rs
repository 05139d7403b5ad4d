//! Whether all derivations of the balances say the same, to the minor unit.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Node, money::Currency};
use serde::{Serialize, Serializer};

use crate::{
    Result,
    derive::{Books, Sums, statement::Statement},
};

/// A number that is a string in JSON: programs that read JSON numbers as floating point would change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<T>(pub T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A derivation besides the ledger's own.
pub struct Derived {
    /// What it is called.
    pub name: &'static str,
    /// What it says; or why there is none.
    pub books: Result<Books, String>,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The last operation that counts.
    pub cut_op: u64,
    /// The hash of the log's chain there: what all this is about.
    pub chain_hash: String,
    /// For each derivation how it compares.
    pub derivations: Vec<Compared>,
    /// For each ledger its trial balance, by the ledger's own word.
    pub trial_balance: Vec<Trial>,
    /// Whether every derivation that there is agrees, and every ledger balances.
    pub agrees: bool,
}

/// How a derivation compares with the ledger's own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The derivation.
    pub name: String,
    /// Why there is none, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<String>,
    /// How many accounts were compared.
    pub accounts: u64,
    /// The sum of all differences without their signs, in minor units.
    pub difference: Text<u128>,
    /// The first accounts that differ.
    pub differing: Vec<Differing>,
}

/// An account about which two derivations differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// The account.
    pub account_id: Text<u128>,
    /// What differs: `debits_posted` and so on.
    pub what: &'static str,
    /// By the ledger's own word.
    pub state: Text<i128>,
    /// By the other one.
    pub derived: Text<i128>,
}

/// A ledger's trial balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The ledger.
    pub ledger: u32,
    /// Its currency.
    pub currency: String,
    /// The currency's decimal places.
    pub exponent: u8,
    /// Accounts that have something.
    pub accounts: u64,
    /// All debits posted, in minor units.
    pub debits: Text<i128>,
    /// All credits posted, in minor units.
    pub credits: Text<i128>,
}

/// How many accounts that differ are named.
const NAMED: usize = 20;

/// Compares.
///
/// # Errors
///
/// What the ledger's files say.
pub fn reconcile(
    node: &Node,
    cut: u64,
    state: &Books,
    derived: Vec<Derived>,
    statement: Option<&Statement>,
) -> Result<Report> {
    let mut derivations: Vec<Compared> = derived
        .into_iter()
        .map(|derived| match derived.books {
            Ok(books) => compare(derived.name, state, &books),
            Err(why) => absent(derived.name, why),
        })
        .collect();
    derivations.push(match statement {
        Some(statement) => compare_statement(state, statement),
        None => absent("statement", "none was given (--statement FILE)".to_owned()),
    });
    let trial_balance = trial(node, state);
    let agrees = derivations
        .iter()
        .all(|compared| compared.difference.0 == 0 && compared.differing.is_empty())
        && trial_balance.iter().all(|trial| trial.debits == trial.credits);
    let hash = if cut == 0 { ledger::log::Mark::GENESIS.hash } else { node.log().mark(cut)?.hash };
    Ok(Report { cut_op: cut, chain_hash: hex(&hash), derivations, trial_balance, agrees })
}

fn absent(name: &str, why: String) -> Compared {
    Compared {
        name: name.to_owned(),
        absent: Some(why),
        accounts: 0,
        difference: Text(0),
        differing: Vec::new(),
    }
}

fn compare(name: &str, state: &Books, books: &Books) -> Compared {
    let ids: BTreeSet<u128> = state.keys().chain(books.keys()).copied().collect();
    let mut compared = Compared {
        name: name.to_owned(),
        absent: None,
        accounts: ids.len() as u64,
        difference: Text(0),
        differing: Vec::new(),
    };
    for id in ids {
        let ours = state.get(&id).copied().unwrap_or_default();
        let theirs = books.get(&id).copied().unwrap_or_default();
        for (what, of) in COLUMNS {
            compared.note(id, what, of(&ours), of(&theirs));
        }
    }
    compared
}

fn compare_statement(state: &Books, statement: &Statement) -> Compared {
    let mut compared = Compared {
        name: "statement".to_owned(),
        absent: None,
        accounts: statement.len() as u64,
        difference: Text(0),
        differing: Vec::new(),
    };
    for (id, (debits, credits)) in statement {
        let ours = state.get(id).copied().unwrap_or_default();
        compared.note(*id, "debits_posted", ours.debits_posted, *debits);
        compared.note(*id, "credits_posted", ours.credits_posted, *credits);
    }
    compared
}

/// One of the four sums: its name, and where it is.
type Column = (&'static str, fn(&Sums) -> i128);

const COLUMNS: [Column; 4] = [
    ("debits_pending", |sums| sums.debits_pending),
    ("debits_posted", |sums| sums.debits_posted),
    ("credits_pending", |sums| sums.credits_pending),
    ("credits_posted", |sums| sums.credits_posted),
];

impl Compared {
    fn note(&mut self, account: u128, what: &'static str, state: i128, derived: i128) {
        if state == derived {
            return;
        }
        self.difference.0 = self.difference.0.saturating_add(state.abs_diff(derived));
        if self.differing.len() < NAMED {
            self.differing.push(Differing {
                account_id: Text(account),
                what,
                state: Text(state),
                derived: Text(derived),
            });
        }
    }
}

fn trial(node: &Node, state: &Books) -> Vec<Trial> {
    let mut by_ledger: BTreeMap<u32, (Currency, Trial)> = node
        .state()
        .ledgers()
        .map(|(ledger, _)| {
            let trial = Trial {
                ledger: ledger.id,
                currency: ledger.currency.code().to_owned(),
                exponent: ledger.currency.exponent(),
                accounts: 0,
                debits: Text(0),
                credits: Text(0),
            };
            (ledger.id, (ledger.currency, trial))
        })
        .collect();
    for (id, sums) in state {
        let Some(account) = node.state().account(*id) else { continue };
        if let Some((_, trial)) = by_ledger.get_mut(&account.ledger) {
            trial.accounts += 1;
            trial.debits.0 += sums.debits_posted;
            trial.credits.0 += sums.credits_posted;
        }
    }
    by_ledger.into_values().map(|(_, trial)| trial).collect()
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
