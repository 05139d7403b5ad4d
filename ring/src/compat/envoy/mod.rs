//! Envoy: the load balancers `RING_HASH` and `MAGLEV`.

mod maglev;
mod ring;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub use maglev::EnvoyMaglev;
pub use ring::{EnvoyHash, EnvoyRing};

use super::{checked_names, checked_total};
use crate::Result;

/// Hosts with their names checked, and their weights as Envoy scales them: to a sum of 1.
struct Hosts {
    names: Box<[Box<str>]>,
    weights: Vec<f64>,
}

impl Hosts {
    fn new<'a>(hosts: impl IntoIterator<Item = (&'a str, u32)>) -> Result<Self> {
        let (names, weights): (Vec<&str>, Vec<u32>) = hosts.into_iter().unzip();
        let names = checked_names(names)?;
        let total =
            checked_total(weights.iter().map(|weight| u64::from(*weight)), u64::from(u32::MAX))?;
        let weights = weights.iter().map(|weight| f64::from(*weight) / total as f64).collect();
        Ok(Self { names, weights })
    }
}
