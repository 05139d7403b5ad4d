//! From the top bits of a hash to where its search starts.
//!
//! Positions on a ring are near uniform, so that their top bits alone say where a position stands, up to a few: an interpolation search
//! (Peterson, "Addressing for random-access storage", 1957) with the interpolation tabulated. A table with one to two entries a point has
//! half a point to a point in a bucket, whatever the number of points: the search does not grow with it, only its cache misses do.

use alloc::boxed::Box;
use alloc::vec;

/// For each value of the top bits of a hash: how many points lie below all hashes that start so.
///
/// An entry takes two bytes up to 65,535 points, then four: half of the memory is half of the cache misses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    /// One entry a bucket, and the number of points. Empty if there are no points.
    starts: Starts,
    shift: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Starts {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

impl Index {
    pub(super) fn new() -> Self {
        Self { starts: Starts::Narrow(Box::default()), shift: 0 }
    }

    /// Of sorted positions. O(positions).
    pub(super) fn of(positions: &[u64]) -> Self {
        if positions.is_empty() {
            return Self::new();
        }
        let bits = positions.len().next_power_of_two().trailing_zeros().max(1);
        let shift = u64::BITS - bits;
        let starts = if u16::try_from(positions.len()).is_ok() {
            Starts::Narrow(starts(positions, shift, |start| start as u16))
        } else {
            Starts::Wide(starts(positions, shift, |start| start as u32))
        };
        Self { starts, shift }
    }

    /// The bucket of a hash.
    #[inline]
    pub(super) fn bucket(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize
    }

    /// The first point at or after the first hash of a bucket, or how many points there are; `None` if there are none.
    #[inline]
    pub(super) fn start(&self, bucket: usize) -> Option<usize> {
        match &self.starts {
            Starts::Narrow(starts) => starts.get(bucket).map(|start| usize::from(*start)),
            Starts::Wide(starts) => starts.get(bucket).map(|start| *start as usize),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match &self.starts {
            Starts::Narrow(starts) => size_of_val(&**starts),
            Starts::Wide(starts) => size_of_val(&**starts),
        }
    }
}

/// The entries; there are positions.
fn starts<S: Copy + Default>(positions: &[u64], shift: u32, of: impl Fn(usize) -> S) -> Box<[S]> {
    let buckets = 1 << (u64::BITS - shift);
    let mut starts = vec![S::default(); buckets + 1].into_boxed_slice();
    let mut filled = 0;
    for (at, position) in positions.iter().enumerate() {
        let bucket = (position >> shift) as usize;
        // A bucket that was begun keeps its first point.
        if filled <= bucket {
            starts[filled..=bucket].fill(of(at));
            filled = bucket + 1;
        }
    }
    starts[filled..].fill(of(positions.len()));
    starts
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn starts_count_the_points_before(mut positions in vec(any::<u64>(), 1..200), narrow in 0..64u32) {
            positions.iter_mut().for_each(|position| *position >>= narrow);
            positions.sort_unstable();
            let index = Index::of(&positions);
            for position in &positions {
                let bucket = index.bucket(*position);
                let first = (bucket as u64) << index.shift;
                prop_assert_eq!(index.start(bucket), Some(positions.partition_point(|p| *p < first)));
                let next = positions.partition_point(|p| index.bucket(*p) <= bucket);
                prop_assert_eq!(index.start(bucket + 1), Some(next));
            }
        }
    }

    /// On both sides of where two bytes do not suffice.
    #[test]
    fn entries_as_wide_as_they_must_be() {
        for (points, narrow) in [(65_535_u64, true), (65_536, false)] {
            let positions: Vec<u64> = (0..points).map(|point| point << 48).collect();
            let index = Index::of(&positions);
            assert_eq!(matches!(index.starts, Starts::Narrow(_)), narrow);
            assert_eq!(index.start(index.bucket(u64::MAX)), Some(65_535));
            assert_eq!(index.start(index.bucket(u64::MAX) + 1), Some(points as usize));
        }
    }

    #[test]
    fn no_points_no_start() {
        assert_eq!(Index::new().start(0), None);
    }
}
