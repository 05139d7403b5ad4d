//! Interval arithmetic on two placements whose nodes own ranges of hashes.

use hash_ring::{HashRange, Placement};

/// The share of all hashes that have another owner; nothing if one of the two does not own by ranges, or has no nodes.
pub fn moved_share(before: &dyn Placement, after: &dyn Placement) -> Option<f64> {
    let mut old = before.arcs()?;
    let mut new = after.arcs()?;
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

/// The share of all hashes that each node owns, by its index; nothing if nodes do not own ranges.
pub fn shares(placement: &dyn Placement) -> Option<Vec<f64>> {
    let mut hashes = vec![0_u128; placement.roster().id_bound()];
    for arc in placement.arcs()? {
        hashes[arc.owner.index()] += arc.range.len();
    }
    Some(hashes.into_iter().map(|count| count as f64 / 2_f64.powi(64)).collect())
}
