//! A server for the [`ledger`]: one queue before it, and several faces: a binary protocol over TCP, and HTTP with JSON.
//!
//! [`service`] is the queue and the thread behind it; [`tcp`] and [`http`] are the faces; [`client`] speaks the binary protocol; [`keys`] says who
//! may ask what. The programs `ledger_api` and `simulate_transfers` put them together.

#![forbid(unsafe_code)]

pub mod client;
pub mod http;
pub mod keys;
pub mod metrics;
mod problem;
mod reads;
pub mod service;
pub mod tcp;
#[cfg(feature = "tls")]
mod tls;
pub mod wire;

pub use problem::Problem;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError, Trust};
