//! What can be done to a connection.

use std::time::Duration;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From who connected to who listens: requests.
    Up,
    /// From who listens to who connected: responses.
    Down,
    /// Either.
    Both,
}

/// What is done to the bytes of one direction of a connection. The names are Toxiproxy's where it has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Toxic {
    /// Each byte arrives later, by `delay` plus or minus up to `jitter`; never out of order.
    Latency {
        /// How much later.
        delay: Duration,
        /// How much that varies.
        jitter: Duration,
    },
    /// No more than so many bits a second, of all connections together.
    Bandwidth {
        /// Bits a second.
        bits_per_second: u64,
    },
    /// The end of the connection is passed on later.
    SlowClose {
        /// How much later.
        delay: Duration,
    },
    /// Connections are reset (RST), those that come too.
    Reset {
        /// After so much time.
        after: Duration,
    },
    /// Bytes are taken and never delivered; connections stay open. In one direction that is a one-way partition: with [`Direction::Down`] requests arrive, and
    /// nobody hears of it.
    BlackHole,
    /// Connections that come are refused, open ones are a black hole.
    Partition,
    /// Bytes arrive in pieces.
    Slicer {
        /// Bytes of a piece.
        size: usize,
        /// By how much that varies.
        variation: usize,
        /// Pause between two.
        delay: Duration,
    },
    /// The connection is closed when so many bytes have passed.
    LimitData {
        /// How many.
        bytes: u64,
    },
}
