//! The kernels of `gpu/kernels` run on the machine, against references in plain loops.

#![allow(
    clippy::unwrap_used,
    clippy::precedence,
    reason = "a test may stop where it stands; bits are put together"
)]

mod attention;
mod elementwise;
mod graph;
mod host;
mod image;
mod matmul;
mod order;
mod rest;
mod sums;
