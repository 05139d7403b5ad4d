//! What can be asked of placements: one study a file. A study computes and reports; showing is not its business.

pub mod failure;
pub mod hot_keys;
pub mod lab;
pub mod movement;
pub mod sweep;
pub mod warm_up;
pub mod weights;
pub mod zones;

use crate::progress::Progress;
use crate::scheme::Scheme;
use crate::settings::Settings;
use crate::{Error, Result};

/// What every study is given.
#[derive(Debug)]
pub struct Context<'a> {
    /// Which schemes are compared, in this order.
    pub schemes: &'a [Scheme],
    /// How placements are built.
    pub settings: &'a Settings,
    /// Who is told how far it has come.
    pub progress: &'a mut Progress,
}

/// More would take days: this is a sample, and says nothing new after a million.
const MOST_KEYS: u64 = 1_000_000_000_000;
/// Keys that a fast machine places in a day, at 20 ns each.
const KEYS_A_DAY: f64 = 4.3e12;

fn check_keys(keys: u64) -> Result<()> {
    if keys == 0 {
        let (what, found) = ("the number of keys", keys.to_string());
        return Err(Error::OutOfRange { what, found, allowed: "1 or more".to_owned() });
    }
    if keys > MOST_KEYS {
        return Err(Error::TooManyKeys { keys, most: MOST_KEYS, days: keys as f64 / KEYS_A_DAY });
    }
    Ok(())
}

fn check_exponent(exponent: f64) -> Result<()> {
    if (0.0..=10.0).contains(&exponent) {
        return Ok(());
    }
    let (what, found) = ("the exponent", exponent.to_string());
    Err(Error::OutOfRange { what, found, allowed: "0 (all keys alike) to 10".to_owned() })
}

/// Commands of this program, and what they show.
fn next(commands: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    let command = |(arguments, shows): &(&str, &'static str)| {
        (format!("cargo run --release -p ring_sim -- {arguments}"), *shows)
    };
    commands.iter().map(command).collect()
}
