//! A server for the [`ledger`]: one queue before it, and several faces: a binary protocol over TCP, gRPC, and HTTP with JSON.
//!
//! [`service`] is the queue and the thread behind it; [`tcp`], `grpc` (a feature, in the default) and [`http`] are the faces; [`client`] speaks the binary protocol;
//! [`keys`] says who may ask what. The programs `ledger_api` and `simulate_transfers` put them together.

#![forbid(unsafe_code)]

mod accept;
pub mod client;
#[cfg(feature = "grpc")]
pub mod grpc;
pub mod http;
pub mod keys;
pub mod metrics;
mod numbers;
mod problem;
mod reads;
pub mod service;
pub mod tcp;
#[cfg(feature = "tls")]
mod tls;
pub mod wire;
mod writes;

pub use problem::Problem;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError, Trust};
