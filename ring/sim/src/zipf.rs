//! Zipf's law: few keys are asked for often, most hardly ever.

use crate::random::Random;

/// Chooses among the ranks `0..items`; rank `r` with a probability proportional to `1 / (r + 1)^exponent`.
///
/// Rejection-inversion (Hörmann and Derflinger: Rejection-inversion to generate variates from monotone discrete distributions, 1996):
/// exact but for rounding, no table whatever the number of items, and fewer than 1.1 tries for each choice.
#[derive(Clone, Debug)]
pub struct Zipf {
    items: f64,
    exponent: f64,
    /// The integral's value to the left of the first item and to the right of the last.
    left: f64,
    right: f64,
    /// What lies at most so far right of its item's middle is accepted without looking closer.
    at_once: f64,
}

impl Zipf {
    /// `items` is above 0 and below 2^52; `exponent` is at least 0 (all items alike) and finite.
    pub fn new(items: u64, exponent: f64) -> Self {
        let mut zipf = Self { items: items as f64, exponent, left: 0.0, right: 0.0, at_once: 0.0 };
        zipf.left = zipf.integral(1.5) - 1.0;
        zipf.right = zipf.integral(zipf.items + 0.5);
        zipf.at_once = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.density(2.0));
        zipf
    }

    /// What a rank's share of all choices is proportional to.
    pub fn density(&self, item: f64) -> f64 {
        item.powf(-self.exponent)
    }

    /// The density's integral from 1 to `x`.
    fn integral(&self, x: f64) -> f64 {
        let power = 1.0 - self.exponent;
        if power.abs() < 1e-12 { x.ln() } else { (power * x.ln()).exp_m1() / power }
    }

    fn inverse(&self, integral: f64) -> f64 {
        let power = 1.0 - self.exponent;
        if power.abs() < 1e-12 {
            integral.exp()
        } else {
            ((integral * power).ln_1p() / power).exp()
        }
    }

    /// A rank, 0 the most popular.
    pub fn rank(&self, random: &mut Random) -> u64 {
        loop {
            let area = self.right + random.unit() * (self.left - self.right);
            let x = self.inverse(area);
            let item = x.round().clamp(1.0, self.items);
            if item - x <= self.at_once || area >= self.integral(item + 0.5) - self.density(item) {
                return item as u64 - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frequencies of single ranks and of all that is left, against the law itself: 60 comparisons for each exponent, each within 5
    /// standard deviations, with fixed seeds.
    #[test]
    fn the_law() {
        const DRAWS: u64 = 200_000;
        for (seed, exponent) in [(1, 0.0), (2, 0.5), (3, 0.99), (4, 1.0), (5, 1.2), (6, 3.0)] {
            for items in [1, 2, 3, 60, 10_000] {
                let zipf = Zipf::new(items, exponent);
                let mut random = Random::new(seed, items);
                let mut counts = [0_u64; 60];
                for _ in 0..DRAWS {
                    let rank = zipf.rank(&mut random);
                    assert!(rank < items);
                    counts[rank.min(59) as usize] += 1;
                }
                let weights: Vec<f64> = (1..=items).map(|item| zipf.density(item as f64)).collect();
                let sum: f64 = weights.iter().sum();
                for (rank, count) in counts.into_iter().enumerate() {
                    let upto = if rank == 59 { weights.len() } else { rank + 1 };
                    let share =
                        weights.get(rank..upto).map_or(0.0, |w| w.iter().sum::<f64>() / sum);
                    let mean = share * DRAWS as f64;
                    let deviation = (mean * (1.0 - share)).sqrt();
                    let off = (count as f64 - mean).abs();
                    assert!(
                        off <= 5.0 * deviation + 1.0,
                        "{exponent} {items} {rank}: {count} for {mean}"
                    );
                }
            }
        }
    }
}
