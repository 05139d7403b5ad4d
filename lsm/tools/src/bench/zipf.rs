//! Zipfian choice.

use crate::{random::Random, record::mix};

/// YCSB's exponent.
const THETA: f64 = 0.99;

/// Chooses among `n` items, the `r`-th most popular with a probability proportional to `1 / r^0.99`: the method of Gray
/// et al., "Quickly Generating Billion-Record Synthetic Databases" (SIGMOD 1994), which YCSB uses. Making one costs a
/// `powf` for each item.
#[derive(Debug, Clone)]
pub(super) struct Zipf {
    items: u64,
    zeta: f64,
    alpha: f64,
    eta: f64,
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // approximate by nature
impl Zipf {
    pub(super) fn new(items: u64) -> Self {
        let items = items.max(2);
        let zeta: f64 = (1..=items).map(|rank| (rank as f64).powf(-THETA)).sum();
        let zeta2 = 1.0 + 0.5_f64.powf(THETA);
        let eta = (1.0 - (2.0 / items as f64).powf(1.0 - THETA)) / (1.0 - zeta2 / zeta);
        Self { items, zeta, alpha: 1.0 / (1.0 - THETA), eta }
    }

    /// A rank, 0 the most popular.
    pub(super) fn rank(&self, random: &mut Random) -> u64 {
        let u = random.unit();
        let uz = u * self.zeta;
        if uz < 1.0 {
            return 0;
        }
        if uz < 1.0 + 0.5_f64.powf(THETA) {
            return 1;
        }
        let rank = self.items as f64 * (self.eta * u - self.eta + 1.0).powf(self.alpha);
        (rank as u64).min(self.items - 1)
    }

    /// An item: the popular ones lie anywhere among the others ("scrambled").
    pub(super) fn item(&self, random: &mut Random) -> u64 {
        mix(self.rank(random)) % self.items
    }
}
