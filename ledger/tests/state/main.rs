//! The state machine, by what it answers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod chains;
mod codes;
mod desk;
mod extremes;
mod histories;
mod images;
mod limits;
mod pasts;
mod repeats;
mod rivals;
mod transactions;
mod two_phase;
