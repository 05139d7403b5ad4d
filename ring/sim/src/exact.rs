//! Interval arithmetic on two placements whose nodes own ranges of hashes.

use hash_ring::HashRange;

use crate::cluster::Cluster;

/// The share of all hashes that have another owner; nothing if one of the two does not own by ranges, or has no nodes.
pub fn moved_share(before: &Cluster, after: &Cluster) -> Option<f64> {
    let mut old = before.placement()?.arcs()?;
    let mut new = after.placement()?.arcs()?;
    let (mut from, mut to) = (old.next()?, new.next()?);
    let (mut next, mut moved) = (0_u64, 0_u128);
    loop {
        let last = from.range.last().min(to.range.last());
        if from.owner != to.owner {
            moved += HashRange::new(next, last)?.len();
        }
        if last == u64::MAX {
            return Some(moved as f64 / 2_f64.powi(64));
        }
        next = last + 1;
        if from.range.last() == last {
            from = old.next()?;
        }
        if to.range.last() == last {
            to = new.next()?;
        }
    }
}
