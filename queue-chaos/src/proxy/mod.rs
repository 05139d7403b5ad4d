//! A TCP proxy whose connections can be made slow, thin, cut and silent while they are open.

mod toxic;

pub use toxic::{Direction, Toxic};
