//! The kernels of `gpu/kernels` run on the machine, against references in plain loops.

mod attention;
mod elementwise;
mod graph;
mod host;
mod image;
mod matmul;
mod order;
mod sums;
