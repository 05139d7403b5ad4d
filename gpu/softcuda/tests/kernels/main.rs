//! The kernels of `gpu/kernels` run on the machine, against references in plain loops.

mod elementwise;
mod host;
