//! Redis Cluster: 16,384 slots, and who serves which.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::{Locate, checked_names};
use crate::hash::crc16::redis_slot;
use crate::{Error, Result};

/// The slots of a Redis Cluster (or Valkey), with the masters that serve them: what `CLUSTER SLOTS` and `CLUSTER SHARDS` tell.
///
/// ```
/// use hash_ring::compat::{Locate, RedisSlots};
///
/// let slots = RedisSlots::from_ranges([(0..=5460, "10.0.0.1:6379"), (5461..=10922, "10.0.0.2:6379"), (10923..=16383, "10.0.0.3:6379")])?;
/// assert_eq!(slots.locate(b"foo"), Some("10.0.0.3:6379"));
/// assert_eq!(slots.locate(b"{user1000}.following"), slots.locate(b"{user1000}.followers"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// A lookup takes CRC-16 of the key (or of its hash tag) and one load; all slots take 64 KiB.
///
/// **Verified** with Redis 7.0.15: 1,000 keys and more with `CLUSTER KEYSLOT` in `tests/vectors/redis.txt`, hash tags in all forms
/// and bytes beyond ASCII among them, and the example of the Redis Cluster specification.
///
/// **Not matched.** Slots that are on the move: ask the node, and follow its `ASK`. For a placement of one's own by such slots, with the
/// hash of [`KeyHash::RedisSlot`](crate::KeyHash::RedisSlot), see [`Slots`](crate::Slots).
#[derive(Clone, Debug)]
pub struct RedisSlots {
    names: Box<[Box<str>]>,
    /// [`UNASSIGNED`](Self::UNASSIGNED) or an index into the names.
    owners: Box<[u32]>,
}

impl RedisSlots {
    /// How many slots there are.
    pub const COUNT: u16 = 16_384;

    const UNASSIGNED: u32 = u32::MAX;

    /// From ranges of slots and who serves them. A node may serve several; slots in no range have no owner.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) for a slot above 16,383, an empty range, or a slot that two nodes serve;
    /// [`NameLength`](Error::NameLength).
    pub fn from_ranges<'a>(
        ranges: impl IntoIterator<Item = (RangeInclusive<u16>, &'a str)>,
    ) -> Result<Self> {
        let mut indices = BTreeMap::new();
        let mut names = Vec::new();
        let mut owners = vec![Self::UNASSIGNED; usize::from(Self::COUNT)].into_boxed_slice();
        for (range, name) in ranges {
            let invalid = |allowed| Error::InvalidParameter {
                parameter: "the range of slots",
                found: format!("{}-{} of {name}", range.start(), range.end()),
                allowed,
            };
            if range.is_empty() || *range.end() >= Self::COUNT {
                return Err(invalid("of slots from 0 to 16383, the lower one first"));
            }
            let index = *indices.entry(name).or_insert_with(|| {
                names.push(name);
                names.len() as u32 - 1
            });
            for owner in &mut owners[usize::from(*range.start())..=usize::from(*range.end())] {
                if *owner != Self::UNASSIGNED && *owner != index {
                    return Err(invalid("of slots that no other node serves"));
                }
                *owner = index;
            }
        }
        Ok(Self { names: checked_names(names)?, owners })
    }

    /// The slot of a key: CRC-16/XMODEM of its hash tag, or of all of it if it has none, modulo 16,384.
    #[must_use]
    pub fn slot(key: &[u8]) -> u16 {
        redis_slot(key)
    }

    /// Who serves a slot, as an index into [`nodes`](Locate::nodes); `None` if nobody does, or if there is no such slot.
    #[inline]
    #[must_use]
    pub fn owner(&self, slot: u16) -> Option<usize> {
        let owner = *self.owners.get(usize::from(slot))?;
        (owner != Self::UNASSIGNED).then_some(owner as usize)
    }

    /// The slots in ascending order, in as few ranges as will do, each with the index of the node that serves them.
    pub fn ranges(&self) -> impl Iterator<Item = (RangeInclusive<u16>, usize)> {
        let mut start = 0;
        self.owners.chunk_by(|a, b| a == b).filter_map(move |slots| {
            let first = start;
            start += slots.len() as u16;
            (slots[0] != Self::UNASSIGNED).then(|| (first..=start - 1, slots[0] as usize))
        })
    }

    /// How many slots nobody serves. A cluster with any refuses all commands, unless `cluster-require-full-coverage` is off.
    #[must_use]
    pub fn unassigned(&self) -> usize {
        self.owners.iter().filter(|owner| **owner == Self::UNASSIGNED).count()
    }
}

impl Locate for RedisSlots {
    fn nodes(&self) -> &[Box<str>] {
        &self.names
    }

    fn locate_index(&self, key: &[u8]) -> Option<usize> {
        self.owner(redis_slot(key))
    }

    fn heap_bytes(&self) -> usize {
        size_of_val(&*self.owners)
    }
}
