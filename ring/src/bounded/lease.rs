//! A place on a node that is given back at the end of its scope.

use super::counters::{Counters, Seat};
use crate::NodeId;

/// A place on a node, taken by [`Bounded::acquire`](super::Bounded::acquire) and given back when it is dropped.
#[must_use = "the place is given back when this is dropped"]
#[derive(Debug)]
pub struct Lease<'a> {
    counted: Counted<'a>,
    node: NodeId,
}

#[derive(Debug)]
enum Counted<'a> {
    In(&'a Counters),
    Alone(Seat),
    /// By the caller.
    Elsewhere,
}

impl<'a> Lease<'a> {
    pub(super) fn new(counters: &'a Counters, node: NodeId) -> Self {
        Self { counted: Counted::In(counters), node }
    }

    /// Where.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// A lease that borrows nothing: for another thread or task, and beyond the placement. Costs two reference counts.
    pub fn into_owned(mut self) -> Lease<'static> {
        let counted = match core::mem::replace(&mut self.counted, Counted::Elsewhere) {
            Counted::In(counters) => {
                counters.seat(self.node).map_or(Counted::Elsewhere, Counted::Alone)
            }
            Counted::Alone(seat) => Counted::Alone(seat),
            Counted::Elsewhere => Counted::Elsewhere,
        };
        Lease { counted, node: self.node }
    }

    /// Keeps the place taken beyond this scope, until [`Bounded::release`](super::Bounded::release) is called with the node.
    #[must_use = "the node is what the place is released with"]
    pub fn keep(mut self) -> NodeId {
        self.counted = Counted::Elsewhere;
        self.node
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        match &self.counted {
            Counted::In(counters) => drop(counters.release(self.node)),
            Counted::Alone(seat) => drop(seat.release()),
            Counted::Elsewhere => {}
        }
    }
}
