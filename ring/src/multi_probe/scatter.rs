//! A circle built of points in any order.
//!
//! Each point goes to its home, or on to where no lower point is, and whoever lies there goes on in its place. While points are being scattered,
//! slots without one have no copy, so that there is nothing else to do; copies are made at the end.

use super::circle::{Circle, NOBODY};
use crate::NodeId;

pub(super) struct Scatter(Circle);

impl Scatter {
    /// With room for so many points.
    pub(super) fn new(len: usize) -> Self {
        let mut circle = Circle::for_len(len);
        circle.finish();
        Self(circle)
    }

    /// Adds a point, one more than there is room for at most. Of equal ones, that of the first node comes first if it is `before` the second.
    #[inline]
    pub(super) fn add(
        &mut self,
        mut point: u64,
        mut owner: NodeId,
        before: impl Fn(NodeId, NodeId) -> bool,
    ) {
        let circle = &mut self.0;
        circle.len += 1;
        let mut slot = circle.home(point);
        while let (Some(there), Some(node)) =
            (circle.points.get_mut(slot), circle.owners.get_mut(slot))
        {
            if *node == NOBODY {
                (*there, *node) = (point, owner);
                return;
            }
            if point < *there || point == *there && before(owner, *node) {
                core::mem::swap(there, &mut point);
                core::mem::swap(node, &mut owner);
            }
            slot += 1;
        }
        circle.resize(slot + 1, point, owner);
    }

    pub(super) fn finish(self) -> Circle {
        let Self(mut circle) = self;
        let last = circle.owners.iter().rposition(|owner| *owner != NOBODY);
        circle.end = last.map_or(0, |last| last + 1);
        let (mut point, mut owner) = (u64::MAX, NOBODY);
        let slots = circle.points[..circle.end].iter_mut().zip(&mut circle.owners);
        for (there, node) in slots.rev() {
            if *node != NOBODY {
                (point, owner) = (*there, *node);
            }
            (*there, *node) = (point, owner);
        }
        circle.finish();
        circle
    }
}
