//! What a launch touches of global memory: different sectors, counted once each.

use std::collections::HashMap;

/// Bytes of a sector, log 2.
const SECTOR: u32 = 5;
/// Sectors that a page of the map has, log 2: 2 MiB.
const PAGE: u32 = 16;
const WORDS: usize = (1 << PAGE) / 64;

/// Different sectors of 32 bytes of global memory that a launch touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Footprint {
    /// Sectors read, by loads and atomics.
    pub read_sectors: u64,
    /// Sectors written, by stores and atomics.
    pub written_sectors: u64,
    /// Sectors read or written.
    pub sectors: u64,
    /// Operations of lanes on the address that atomics meet at most often.
    pub hottest_atomic: u64,
}

impl Footprint {
    /// Bytes that must come from DRAM and go back to it at least, from a cold start: each sector read once, each sector written once.
    pub fn compulsory_bytes(&self) -> u64 {
        (self.read_sectors + self.written_sectors) << SECTOR
    }

    /// Bytes of the different sectors: what a cache must hold to serve all else.
    pub fn bytes(&self) -> u64 {
        self.sectors << SECTOR
    }
}

/// A set of sectors.
#[derive(Debug, Default)]
struct Set {
    pages: HashMap<u64, Box<[u64; WORDS]>>,
    /// The page that was touched last is out of the map.
    last: Option<(u64, Box<[u64; WORDS]>)>,
}

impl Set {
    fn page(&mut self, number: u64) -> &mut [u64; WORDS] {
        if self.last.as_ref().is_none_or(|(last, _)| *last != number) {
            if let Some((old, page)) = self.last.take() {
                self.pages.insert(old, page);
            }
            let page = self.pages.remove(&number).unwrap_or_else(|| Box::new([0; WORDS]));
            self.last = Some((number, page));
        }
        match &mut self.last {
            Some((_, page)) => page,
            None => unreachable!("just set"),
        }
    }

    /// Adds a sector; whether it is new.
    fn add(&mut self, sector: u64) -> bool {
        let word = &mut self.page(sector >> PAGE)[(sector >> 6) as usize % WORDS];
        let bit = 1 << (sector & 63);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Each word that has sectors, with its number.
    fn words(&self) -> impl Iterator<Item = (u64, u64)> {
        let last = self.last.as_ref().map(|(number, page)| (number, page));
        self.pages.iter().chain(last).flat_map(|(number, page)| {
            page.iter().zip(number << (PAGE - 6)..).map(|(&word, at)| (at, word))
        })
    }

    fn len(&self) -> u64 {
        self.words().map(|(_, word)| u64::from(word.count_ones())).sum()
    }

    fn word(&self, word: u64) -> u64 {
        let number = word >> (PAGE - 6);
        let page = match &self.last {
            Some((last, page)) if *last == number => Some(page),
            _ => self.pages.get(&number),
        };
        page.map_or(0, |page| page[word as usize % WORDS])
    }
}

/// The sectors that blocks touch.
#[derive(Debug, Default)]
pub(super) struct Touched {
    read: Set,
    written: Set,
    atomics: HashMap<u64, u64>,
}

impl Touched {
    /// An access of the lanes of a mask; whether it read a sector that no access had read before.
    pub(super) fn access(
        &mut self,
        addresses: &[u64; 32],
        mask: u32,
        size: u32,
        (reads, writes): (bool, bool),
    ) -> bool {
        let mut new = false;
        let (mut last, mut left) = (u64::MAX, mask);
        while left != 0 {
            let address = addresses[left.trailing_zeros() as usize];
            left &= left - 1;
            let end = (address + u64::from(size.max(1)) - 1) >> SECTOR;
            for sector in address >> SECTOR..=end {
                if sector == last {
                    continue;
                }
                last = sector;
                if reads {
                    new |= self.read.add(sector);
                }
                if writes {
                    self.written.add(sector);
                }
            }
        }
        new
    }

    /// An atomic operation of a lane.
    pub(super) fn atomic(&mut self, address: u64) {
        *self.atomics.entry(address).or_default() += 1;
    }

    pub(super) fn footprint(&self) -> Footprint {
        let both = self.read.words().map(|(at, word)| (word & self.written.word(at)).count_ones());
        let (read_sectors, written_sectors) = (self.read.len(), self.written.len());
        Footprint {
            read_sectors,
            written_sectors,
            sectors: read_sectors + written_sectors - both.map(u64::from).sum::<u64>(),
            hottest_atomic: self.atomics.values().copied().max().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        /// Against sets of bytes.
        #[test]
        fn counts_each_sector_once(
            accesses in prop::collection::vec(
                (prop::collection::vec(0_u64..1 << 23, 32), any::<u32>(), 0_u32..5, 0_u8..3),
                0..20,
            ),
        ) {
            let mut touched = Touched::default();
            let (mut read, mut written) = (HashSet::new(), HashSet::new());
            for (starts, mask, log, kind) in accesses {
                let size = 1_u64 << log;
                let mut at = [u64::MAX; 32];
                for (lane, &start) in starts.iter().enumerate() {
                    if mask & (1 << lane) != 0 {
                        at[lane] = start & !(size - 1);
                    }
                }
                let (reads, writes) = (kind != 1, kind != 0);
                touched.access(&at, mask, size as u32, (reads, writes));
                for (lane, &start) in at.iter().enumerate() {
                    if mask & (1 << lane) == 0 {
                        continue;
                    }
                    for byte in start..start + size {
                        if reads {
                            read.insert(byte / 32);
                        }
                        if writes {
                            written.insert(byte / 32);
                        }
                    }
                }
            }
            let found = touched.footprint();
            prop_assert_eq!(found.read_sectors, read.len() as u64);
            prop_assert_eq!(found.written_sectors, written.len() as u64);
            prop_assert_eq!(found.sectors, read.union(&written).count() as u64);
        }
    }
}
