//! What placing keys on nodes does, in numbers: `cargo run -p ring_sim -- 3 4 1_000_000`.

mod balance;
mod cluster;
mod count;
mod error;
mod exact;
mod keys;
mod lru;
mod plots;
mod progress;
mod random;
mod report;
mod sample;
mod scheme;
mod settings;
mod studies;
mod theory;
mod zipf;

use error::{Error, Result};

fn main() {}
