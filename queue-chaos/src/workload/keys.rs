//! Which keys messages have, and which partitions keys go to.

use serde::{Deserialize, Serialize};

/// SplitMix64's finaliser over its increment (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): a number that looks
/// random for each number.
#[must_use]
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number in 0..1.
#[must_use]
pub(crate) fn unit(number: u64) -> f64 {
    (number >> 11) as f64 / (1u64 << 53) as f64
}

/// How often each key comes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "skew", rename_all = "snake_case", deny_unknown_fields)]
pub enum Keys {
    /// Equally often.
    Uniform {
        /// How many keys.
        keys: u32,
    },
    /// The n-th most frequent one comes n to the power of minus `exponent` times as often as the first (Zipf's law).
    Zipf {
        /// How many keys.
        keys: u32,
        /// 0 is uniform; 1 is what words do.
        exponent: f64,
    },
}

impl Default for Keys {
    fn default() -> Self {
        Self::Uniform { keys: 1 << 16 }
    }
}

impl Keys {
    /// The most keys that there can be.
    pub const MAX: u32 = 1 << 24;

    /// What is wrong with the numbers, if anything is.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let (Self::Uniform { keys } | Self::Zipf { keys, .. }) = *self;
        if keys == 0 || keys > Self::MAX {
            return Err(format!("keys = {keys}: it must be 1 to {}", Self::MAX));
        }
        match *self {
            Self::Zipf { exponent, .. } if !(0.0..=20.0).contains(&exponent) => {
                Err(format!("exponent = {exponent}: it must be 0 to 20"))
            }
            _ => Ok(()),
        }
    }
}

/// Draws keys. The draw for a number is always the same.
#[derive(Clone, Debug)]
pub struct KeyDraw {
    keys: u32,
    /// Of each key: the share of all draws that it or one before it has. Empty if uniform.
    shares: Vec<f64>,
}

impl KeyDraw {
    /// Makes the table. Takes 8 bytes a key if not uniform.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        match *keys {
            Keys::Uniform { keys } => Self { keys: keys.max(1), shares: Vec::new() },
            Keys::Zipf { keys, exponent } => {
                let mut total = 0.0;
                let mut shares: Vec<f64> = (1..=keys.max(1))
                    .map(|rank| {
                        total += f64::from(rank).powf(-exponent);
                        total
                    })
                    .collect();
                for share in &mut shares {
                    *share /= total;
                }
                Self { keys: keys.max(1), shares }
            }
        }
    }

    /// The key for a number that looks random. Key 0 is the most frequent one.
    #[must_use]
    pub fn key(&self, random: u64) -> u32 {
        if self.shares.is_empty() {
            return ((u128::from(random) * u128::from(self.keys)) >> 64) as u32;
        }
        let at = unit(random);
        (self.shares.partition_point(|&share| share <= at) as u32).min(self.keys - 1)
    }
}

/// Which of `partitions` a key goes to. Not what Kafka's clients do by themselves (murmur2): the workload tells them where each message goes, so that
/// the history knows it beforehand. 0 if there are none.
#[must_use]
pub fn partition_of(key: u32, partitions: usize) -> usize {
    ((u128::from(mix(u64::from(key) ^ 0x5143)) * partitions as u128) >> 64) as usize
}
