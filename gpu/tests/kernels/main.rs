//! Every variant of every kernel against its reference, on shapes and data by chance.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod attention;
mod data;
mod device;
mod elementwise;
mod graph;
mod image;
mod matrix;
mod order;
mod refuse;
mod rows;
mod sparse;
mod sums;
