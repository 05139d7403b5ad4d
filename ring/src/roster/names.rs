//! The names of nodes, one behind the other, and which of them are there.
//!
//! A hash table of positions finds a name: open addressing with linear probing, by the highest bits of the name's hash. Names whose hashes were
//! chosen to collide would make one long run of it; where a run gets longer than chance makes them, a list in the order of names takes its
//! place, which no choice of names makes slow.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::hash::node_hash;

/// Names by position; no two are equal.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<u32>,
    index: Index,
}

#[derive(Clone, Debug)]
enum Index {
    Hashed(Table),
    /// Positions in the order of names.
    Sorted(Vec<u32>),
}

impl Default for Index {
    fn default() -> Self {
        Self::Hashed(Table::default())
    }
}

/// Positions in 20 bits, with 12 bits of the name's hash above them, so that a name is seldom compared with another. As many slots as a power of
/// two, up to four fifths of them taken; 0 slots without names.
#[derive(Clone, Debug, Default)]
struct Table {
    slots: Vec<u32>,
}

/// A slot that is not taken. No tag is as high.
const VACANT: u32 = u32::MAX;
const POSITION_BITS: u32 = 20;
const POSITION: u32 = (1 << POSITION_BITS) - 1;
/// Chance makes runs of up to some 600 of a million names.
const LONGEST_RUN: usize = 1024;

const fn entry(position: usize, hash: u64) -> u32 {
    let tag = hash as u32 >> POSITION_BITS;
    let tag = if tag == VACANT >> POSITION_BITS { tag - 1 } else { tag };
    tag << POSITION_BITS | position as u32
}

/// A name that is there already.
pub(super) struct Taken;

impl Names {
    /// Of names in their order, no two of them equal. Hashes none of them.
    pub(super) fn sorted<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Self {
        let mut all = Self::default();
        let count = names.clone().count();
        all.text.reserve_exact(names.clone().map(str::len).sum());
        all.ends.reserve_exact(count);
        for name in names {
            all.push_unchecked(name);
        }
        all.index = Index::Sorted((0..count as u32).collect());
        all
    }

    /// Makes room for so many names more, of so many bytes together.
    pub(super) fn reserve(&mut self, names: usize, bytes: usize) {
        self.text.reserve_exact(bytes);
        self.ends.reserve_exact(names);
        let names = self.len() + names;
        match &mut self.index {
            Index::Hashed(table) if table.is_full(names) => {
                self.index = self.hashed(Table::slots_for(names));
            }
            Index::Hashed(_) => {}
            Index::Sorted(order) => order.reserve_exact(names - order.len()),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> Option<&str> {
        let end = *self.ends.get(position)? as usize;
        self.text.get(self.start(position)..end)
    }

    /// Where the name at a position starts.
    #[inline]
    fn start(&self, position: usize) -> usize {
        let before = position.checked_sub(1).and_then(|before| self.ends.get(before));
        before.map_or(0, |end| *end as usize)
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        match &self.index {
            Index::Hashed(table) => self.probe(table, name, node_hash(name)).ok(),
            Index::Sorted(order) => self.rank(order, name).ok().map(|rank| order[rank] as usize),
        }
    }

    /// Adds a name behind the others, unless it is there already.
    pub(super) fn push(&mut self, name: &str, hash: u64) -> Result<(), Taken> {
        let position = self.len();
        if let Index::Hashed(table) = &self.index
            && table.is_full(position + 1)
        {
            self.index = self.hashed(Table::slots_for(position + 1));
        }
        match &self.index {
            Index::Hashed(table) => {
                let (slot, run) = match self.probe(table, name, hash) {
                    Ok(_) => return Err(Taken),
                    Err(vacant) => vacant,
                };
                self.push_unchecked(name);
                if run > LONGEST_RUN {
                    self.index = self.in_order();
                } else if let Index::Hashed(table) = &mut self.index {
                    table.slots[slot] = entry(position, hash);
                }
            }
            Index::Sorted(order) => {
                let Err(rank) = self.rank(order, name) else { return Err(Taken) };
                self.push_unchecked(name);
                if let Index::Sorted(order) = &mut self.index {
                    order.insert(rank, position as u32);
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn push_unchecked(&mut self, name: &str) {
        self.text.push_str(name);
        // At most 2^30: 2^20 names of up to 2^10 bytes.
        self.ends.push(self.text.len() as u32);
    }

    /// Takes a name out; those behind it move up. O(names), and bytes behind it.
    pub(super) fn remove(&mut self, position: usize) {
        let Some(name) = self.get(position) else { return };
        let len = name.len();
        match &self.index {
            Index::Hashed(table) => {
                let moves = self.closing(table, position, node_hash(name));
                if let Index::Hashed(table) = &mut self.index {
                    for (slot, entry) in moves {
                        table.slots[slot] = entry;
                    }
                    for slot in &mut table.slots {
                        let behind = *slot != VACANT && *slot & POSITION > position as u32;
                        *slot -= u32::from(behind);
                    }
                }
            }
            Index::Sorted(order) => {
                let rank = self.rank(order, name);
                if let (Ok(rank), Index::Sorted(order)) = (rank, &mut self.index) {
                    order.remove(rank);
                    for other in order {
                        *other -= u32::from(*other > position as u32);
                    }
                }
            }
        }
        let start = self.start(position);
        self.text.replace_range(start..start + len, "");
        self.ends.remove(position);
        for end in &mut self.ends[position..] {
            *end -= len as u32;
        }
    }

    /// Positions in the order of names. O(names log names).
    pub(super) fn order(&self) -> Vec<u32> {
        if let Index::Sorted(order) = &self.index {
            return order.clone();
        }
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.get(*a as usize).cmp(&self.get(*b as usize)));
        order
    }

    /// Where a name is in the order of names, or would be.
    fn rank(&self, order: &[u32], name: &str) -> Result<usize, usize> {
        order.binary_search_by(|position| self.get(*position as usize).cmp(&Some(name)))
    }

    /// The position of a name; or the slot where it would be, and the length of the run before it.
    #[inline]
    fn probe(&self, table: &Table, name: &str, hash: u64) -> Result<usize, (usize, usize)> {
        let Some(mut slot) = table.home(hash) else { return Err((0, 0)) };
        let tag = entry(0, hash);
        let mut run = 0;
        // It ends: a table is never full.
        while table.slots[slot] != VACANT {
            let found = table.slots[slot];
            if found & !POSITION == tag {
                let position = (found & POSITION) as usize;
                if self.get(position) == Some(name) {
                    return Ok(position);
                }
            }
            slot = table.next(slot);
            run += 1;
        }
        Err((slot, run))
    }

    /// What becomes of slots when a name that is there leaves: who is behind it in its run moves up, unless that is before its home.
    fn closing(&self, table: &Table, position: usize, hash: u64) -> Vec<(usize, u32)> {
        let mut changes = Vec::new();
        let gone = entry(position, hash);
        let Some(mut hole) = table.home(hash) else { return changes };
        while table.slots[hole] != gone {
            hole = table.next(hole);
        }
        let mut at = table.next(hole);
        while table.slots[at] != VACANT {
            let name = self.get((table.slots[at] & POSITION) as usize).unwrap_or("");
            let home = table.home(node_hash(name)).unwrap_or(0);
            if table.distance(home, at) >= table.distance(hole, at) {
                changes.push((hole, table.slots[at]));
                hole = at;
            }
            at = table.next(at);
        }
        changes.push((hole, VACANT));
        changes
    }

    /// The index anew, with so many slots.
    #[cold]
    fn hashed(&self, slots: usize) -> Index {
        let mut table = Table { slots: vec![VACANT; slots] };
        for position in 0..self.len() {
            let hash = node_hash(self.get(position).unwrap_or(""));
            let mut slot = table.home(hash).unwrap_or(0);
            let mut run = 0;
            while table.slots[slot] != VACANT {
                slot = table.next(slot);
                run += 1;
            }
            if run > LONGEST_RUN {
                return self.in_order();
            }
            table.slots[slot] = entry(position, hash);
        }
        Index::Hashed(table)
    }

    #[cold]
    fn in_order(&self) -> Index {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.get(*a as usize).cmp(&self.get(*b as usize)));
        Index::Sorted(order)
    }
}

impl Table {
    /// How many slots so many names take.
    fn slots_for(names: usize) -> usize {
        if names == 0 { 0 } else { (names + names / 4 + 1).next_power_of_two() }
    }

    /// Whether so many names are too many.
    #[inline]
    fn is_full(&self, names: usize) -> bool {
        names + names / 4 >= self.slots.len()
    }

    /// Where the search for a hash starts; `None` without slots.
    #[inline]
    fn home(&self, hash: u64) -> Option<usize> {
        let bits = self.slots.len().checked_ilog2()?;
        Some((hash >> 1 >> (u64::BITS - 1 - bits)) as usize)
    }

    #[inline]
    fn next(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    /// How many steps from one slot on to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.slots.len() - 1)
    }
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
