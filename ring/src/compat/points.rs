//! A ring of points in ascending order, found by their leading bits.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// What a point of a ring is: a hash of 32 or 64 bits.
pub(crate) trait Word: Copy + Ord + fmt::Debug {
    const MAX: Self;
    const BITS: u32;
    /// The number without its lowest `shift` bits; `shift` is below [`BITS`](Self::BITS).
    fn leading(self, shift: u32) -> usize;
}

impl Word for u32 {
    const MAX: Self = Self::MAX;
    const BITS: u32 = Self::BITS;
    #[inline]
    fn leading(self, shift: u32) -> usize {
        (self >> shift) as usize
    }
}

impl Word for u64 {
    const MAX: Self = Self::MAX;
    const BITS: u32 = Self::BITS;
    #[inline]
    fn leading(self, shift: u32) -> usize {
        (self >> shift) as usize
    }
}

/// Who keeps a point that several claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ties {
    /// The one that was added first.
    First,
    /// The one that was added last.
    Last,
}

/// Points in ascending order, each with a number that says whose it is.
///
/// A table goes from a hash's leading bits to the points that share them: about as many entries as points, so that a lookup takes two
/// cache misses, however many points there are. It compares with a fixed number of points without branching: where the next point
/// stands cannot be predicted, and a wrong guess costs more than three comparisons.
#[derive(Clone)]
pub(crate) struct Points<W> {
    /// Closed by [`WINDOW`] times the highest hash there is, which belongs to the first point's owner: the ring closes. Empty if there are
    /// no points.
    points: Box<[(W, u32)]>,
    /// Where the points of each prefix start, and where the last one's end.
    starts: Box<[u32]>,
    shift: u32,
}

/// As many points as are compared with at once. If more share a prefix (1 in 250 prefixes of random points), they are searched by halves.
const WINDOW: usize = 4;

impl<W: Word> Points<W> {
    /// From points in any order. There are at most 2^31 of them.
    pub(crate) fn new(mut points: Vec<(W, u32)>, ties: Ties) -> Self {
        points.sort_by_key(|(hash, _)| *hash);
        if ties == Ties::Last {
            points.reverse();
            points.dedup_by_key(|(hash, _)| *hash);
            points.reverse();
        }
        let bits = points.len().next_power_of_two().trailing_zeros().clamp(1, 31);
        let shift = W::BITS - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for (hash, _) in &points {
            starts[hash.leading(shift) + 1] += 1;
        }
        for prefix in 1..starts.len() {
            starts[prefix] += starts[prefix - 1];
        }
        if let Some((_, first)) = points.first().copied() {
            points.extend([(W::MAX, first); WINDOW]);
        }
        Self { points: points.into(), starts: starts.into(), shift }
    }

    /// How many points there are.
    pub(crate) fn len(&self) -> usize {
        self.points.len().saturating_sub(WINDOW)
    }

    /// The points in ascending order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (W, u32)> {
        self.points[..self.len()].iter().copied()
    }

    /// Where the first point at or above `hash` is; [`len`](Self::len) if there is none, and `None` if there are no points at all.
    #[inline]
    pub(crate) fn position(&self, hash: W) -> Option<usize> {
        let prefix = hash.leading(self.shift);
        let (start, end) = (self.starts[prefix] as usize, self.starts[prefix + 1] as usize);
        if end - start > WINDOW {
            let shared = &self.points[start..end];
            return Some(start + shared.partition_point(|(point, _)| *point < hash));
        }
        // Those behind `end` have a higher prefix, and are not counted.
        let window = self.points.get(start..start + WINDOW)?;
        Some(start + window.iter().map(|(point, _)| usize::from(*point < hash)).sum::<usize>())
    }

    /// The owner of the first point at or above `hash`, going around the ring; `None` if there are no points.
    #[inline]
    pub(crate) fn owner(&self, hash: W) -> Option<u32> {
        Some(self.points[self.position(hash)?].1)
    }

    /// The points before and at a [`position`](Self::position), going around the ring.
    #[inline]
    pub(crate) fn around(&self, position: usize) -> [(W, u32); 2] {
        let len = self.len();
        let before = if position == 0 { len } else { position } - 1;
        [self.points[before], self.points[if position == len { 0 } else { position }]]
    }

    /// The owner of the point `steps` further than a [`position`](Self::position), going around the ring.
    pub(crate) fn further(&self, position: usize, steps: usize) -> u32 {
        let len = self.len();
        self.points[(position % len + steps % len) % len].1
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.points) + size_of_val(&*self.starts)
    }
}

impl<W> fmt::Debug for Points<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} points", self.points.len().saturating_sub(WINDOW))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// A model by linear search.
    fn model<W: Word>(points: &[(W, u32)], ties: Ties, hash: W) -> Option<u32> {
        let next = points.iter().map(|(point, _)| *point).filter(|point| *point >= hash).min();
        let next = next.or_else(|| points.iter().map(|(point, _)| *point).min())?;
        let mut claims = points.iter().filter(|(point, _)| *point == next).map(|(_, owner)| *owner);
        match ties {
            Ties::First => claims.next(),
            Ties::Last => claims.next_back(),
        }
    }

    fn check<W: Word>(points: &[(W, u32)], hashes: impl Iterator<Item = W> + Clone) {
        for ties in [Ties::First, Ties::Last] {
            let ring = Points::new(points.to_vec(), ties);
            for hash in hashes.clone() {
                assert_eq!(ring.owner(hash), model(points, ties, hash), "{hash:?} {ties:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Few bits, so that points collide, lie in one prefix, and reach both ends.
        #[test]
        fn like_a_linear_search(points in vec((any::<u8>(), any::<u32>()), 0..100), shift in 0..57u32) {
            let wide: Vec<(u64, u32)> = points.iter().map(|(point, owner)| (u64::from(*point) << shift, *owner)).collect();
            check(&wide, (0..=255u64).flat_map(|hash| [hash << shift, (hash << shift).wrapping_sub(1), (hash << shift) + 1]));
            let narrow: Vec<(u32, u32)> = points.iter().map(|(point, owner)| (u32::from(*point) << (shift % 25), *owner)).collect();
            check(&narrow, (0..=255u32).flat_map(|hash| [hash << (shift % 25), u32::MAX - hash]));
        }
    }

    #[test]
    fn the_highest_hash_is_a_point_like_any_other() {
        check(&[(u32::MAX, 1), (5, 2)], [0, 5, 6, u32::MAX - 1, u32::MAX].into_iter());
        check(&[(u64::MAX, 1)], [0, u64::MAX].into_iter());
    }
}
