//! A TCP proxy whose connections can be made slow, thin, cut and silent while they are open.
//!
//! A [`Proxy`] stands before one node of a cluster. Its [`Rule`]s say what is done to which bytes, and may be added and removed
//! at any time; they work one after the other, in the order in which they were added:
//!
//! | [`Toxic`] | in plans | bytes | their sender | when it is removed |
//! |---|---|---|---|---|
//! | [`Latency`](Toxic::Latency) | `latency 100ms jitter 20ms` | later, all of them by as much: 16 MiB may be on their way | feels nothing | come at once |
//! | [`Bandwidth`](Toxic::Bandwidth) | `bandwidth 200kbit/s` | in portions of 10 ms | must wait | come at once |
//! | [`SlowClose`](Toxic::SlowClose) | `slow-close 2s` | as sent, the end later | feels nothing | the end comes at once |
//! | [`Reset`](Toxic::Reset) | `reset after 1s` | as sent, until both ends are reset (RST) | is reset | |
//! | [`BlackHole`](Toxic::BlackHole) | `black-hole` | never, and no end | feels nothing | connections whose bytes are gone are reset |
//! | [`Partition`](Toxic::Partition) | `partition` | the same; who connects is reset at once | feels nothing | the same |
//! | [`Slicer`](Toxic::Slicer) | `slicer 64 vary 16 pause 5ms` | a piece at a time | must wait | come at once |
//! | [`LimitData`](Toxic::LimitData) | `limit-data 10000` | so many, then both ends are closed (FIN) | is closed | |
//!
//! Toxiproxy's `timeout` is a black hole and, later, a `reset`; its `reset_peer` is `reset after`, `limit_data` `limit-data`, and so on.
//!
//! A rule can be for the connections of some clients only: those of Kafka say who they are in their first request, and nodes of a cluster can be told
//! from each other by that ([`ClientPattern::Node`]). So can one node be cut off from another, one way, with its clients left alone:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::{TcpListener, TcpStream};
//!
//! use queue_chaos::id::NodeId;
//! use queue_chaos::proxy::{ClientPattern, Direction, Proxy, Rule};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = TcpListener::bind("127.0.0.1:0")?;
//! let proxy = Proxy::listen("127.0.0.1:0".parse()?, node.local_addr()?)?;
//!
//! // Nothing of what this node answers comes to node 2; all others hear it 50 ms later.
//! proxy.add(Rule::new("black-hole".parse()?, Direction::Down).from(ClientPattern::Node(NodeId(2))));
//! let slow = proxy.add(Rule::new("latency 50ms".parse()?, Direction::Down));
//!
//! let mut client = TcpStream::connect(proxy.local_addr())?;
//! client.write_all(b"question")?;
//! let (mut server, _) = node.accept()?;
//! server.read_exact(&mut [0; 8])?;
//! server.write_all(b"answer")?;
//! client.read_exact(&mut [0; 6])?;
//!
//! proxy.remove(slow);
//! assert_eq!(proxy.rules().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! Each connection is one thread that waits for its two sockets, its rules and its clock at once. Without rules bytes pass through one buffer. On
//! two cores that costs some 20 us a round trip, and of a bare loopback stream half the throughput is left, which is a gigabyte a second and more
//! (`cargo run --release --example proxy_cost`).

mod client;
mod connection;
mod flow;
#[expect(clippy::module_inception, reason = "it is what the module is named for")]
mod proxy;
mod random;
mod rule;
mod stage;
#[cfg(test)]
mod stage_tests;
mod text;
mod toxic;
mod wake;

pub use client::ClientId;
#[doc(hidden)]
pub use client::Sniffed;
pub use proxy::{OpenConnection, Options, Proxy, Statistics};
pub use rule::{ClientPattern, Rule, RuleId};
pub use toxic::{Direction, Toxic};
