//! Asynchronous copies that have not been waited for.

use super::{Earlier, Hazard, Relation, each, words};
use crate::machine::{Access, Copied};

/// A copy under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copying {
    pub warp: u32,
    pub lane: u32,
    pub address: u32,
    pub size: u32,
    pub site: u16,
}

/// The copies under way in a block.
#[derive(Debug, Default)]
pub(super) struct Copies {
    list: Vec<Copying>,
    /// How many to each word.
    words: Vec<u8>,
}

impl Copies {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.words.fill(0);
    }

    pub(super) fn begin(&mut self, copy: Copying) {
        for (word, _) in words(copy.address, copy.size) {
            let word = word as usize;
            if word >= self.words.len() {
                self.words.resize(word + 1, 0);
            }
            self.words[word] = self.words[word].saturating_add(1);
        }
        self.list.push(copy);
    }

    pub(super) fn end(&mut self, copied: &Copied) -> Option<Copying> {
        let &Copied { warp, lane, address, size, .. } = copied;
        let same = |c: &Copying| (c.warp, c.lane, c.address, c.size) == (warp, lane, address, size);
        let copy = self.list.remove(self.list.iter().position(same)?);
        for (word, _) in words(address, size) {
            if let Some(count) = self.words.get_mut(word as usize) {
                *count = count.saturating_sub(1);
            }
        }
        Some(copy)
    }

    /// Accesses to bytes that a copy is under way to.
    pub(super) fn against(
        &self,
        access: &Access<'_>,
        sites: &[u32],
        found: &mut impl FnMut(&Hazard),
    ) {
        for i in each(access.mask) {
            let address = access.addresses[i] as u32;
            let busy =
                |(word, _): (u32, u8)| self.words.get(word as usize).is_some_and(|&n| n != 0);
            if !words(address, access.size).any(busy) {
                continue;
            }
            let end = address + access.size;
            let overlaps = |c: &&Copying| c.address < end && address < c.address + c.size;
            let Some(copy) = self.list.iter().find(overlaps) else { continue };
            let relation = if copy.warp == access.warp { Relation::Apart } else { Relation::Warps };
            found(&Hazard {
                earlier: Earlier::Copy,
                earlier_pc: sites[usize::from(copy.site)],
                earlier_thread: copy.warp * 32 + copy.lane,
                lane: i as u32,
                address: address.max(copy.address),
                relation,
                same_value: false,
            });
        }
    }
}
