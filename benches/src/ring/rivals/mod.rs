//! The rivals, by kind. `/hashed` is with a hasher that passes hashes through.

mod anchor;
mod jump;
mod maglev;
mod multi_probe;
mod pass_through;
mod rendezvous;
mod ring;

use super::case::Kind;
use super::contestant::Contestant;

/// The rivals of a kind, in all their configurations.
#[must_use]
pub fn contestants(kind: Kind) -> Vec<Contestant> {
    match kind {
        Kind::Ring => ring::contestants(),
        Kind::Jump => jump::contestants(),
        Kind::Maglev => maglev::contestants(),
        Kind::Anchor => anchor::contestants(),
        Kind::MultiProbe => multi_probe::contestants(),
        Kind::Rendezvous => rendezvous::contestants(),
    }
}

/// Which node a reference is of, without following it.
#[inline]
fn address<T: ?Sized>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}
