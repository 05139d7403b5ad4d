//! Arrays over offsets, of which only the parts that are used take memory.

use std::collections::HashMap;

/// An array of `u64`s in pages of `N`. All are zero at first. A page takes `8 N` bytes; offsets that follow each other cost an index of 4 bytes a page more.
#[derive(Debug)]
pub(super) struct Pages<const N: usize> {
    pages: Vec<Box<[u64; N]>>,
    /// Where a page is, plus 1, for as many as are about as many as there are pages.
    near: Vec<u32>,
    /// The same for pages far beyond.
    far: HashMap<u64, u32>,
}

impl<const N: usize> Default for Pages<N> {
    fn default() -> Self {
        Self { pages: Vec::new(), near: Vec::new(), far: HashMap::new() }
    }
}

impl<const N: usize> Pages<N> {
    fn page(&self, page: u64) -> Option<usize> {
        match usize::try_from(page).ok().and_then(|it| self.near.get(it)) {
            Some(0) | None if self.far.is_empty() => None,
            Some(0) | None => self.far.get(&page).map(|it| *it as usize),
            Some(it) => Some(*it as usize - 1),
        }
    }

    /// What is at an index.
    #[inline]
    pub fn get(&self, index: u64) -> u64 {
        self.page(index / N as u64).map_or(0, |it| self.pages[it][(index % N as u64) as usize])
    }

    /// A place to write to.
    #[inline]
    pub fn slot(&mut self, index: u64) -> &mut u64 {
        let page = index / N as u64;
        let found = match self.page(page) {
            Some(found) => found,
            None => self.add(page),
        };
        &mut self.pages[found][(index % N as u64) as usize]
    }

    #[cold]
    fn add(&mut self, page: u64) -> usize {
        let new = self.pages.len();
        self.pages.push(Box::new([0; N]));
        // An index for no more than 8 times as many pages as there are: a page far away must not make it long.
        if page < 64 + 8 * new as u64 {
            let page = page as usize;
            if self.near.len() <= page {
                self.near.resize(page + 1, 0);
            }
            self.near[page] = new as u32 + 1;
        } else {
            self.far.insert(page, new as u32);
        }
        new
    }

    /// How many pages there are.
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// The pages in order, each with the index of its first element.
    pub fn in_order(&self) -> Vec<(u64, &[u64; N])> {
        let near = self.near.iter().enumerate().filter(|(_, it)| **it > 0);
        let near = near.map(|(page, it)| (page as u64, *it as usize - 1));
        let mut all: Vec<_> =
            near.chain(self.far.iter().map(|(page, it)| (*page, *it as usize))).collect();
        // A page may have gone far away before the near ones reached it.
        all.sort_unstable_by_key(|(page, _)| *page);
        all.into_iter().map(|(page, it)| (page * N as u64, &*self.pages[it])).collect()
    }
}

/// A set of offsets, a bit each.
#[derive(Debug, Default)]
pub(super) struct Bits(Pages<16>);

impl Bits {
    #[inline]
    pub fn has(&self, index: u64) -> bool {
        self.0.get(index / 64) >> (index % 64) & 1 == 1
    }

    /// Adds an offset; says whether it is new.
    #[inline]
    pub fn add(&mut self, index: u64) -> bool {
        let word = self.0.slot(index / 64);
        let new = *word >> (index % 64) & 1 == 0;
        *word |= 1 << (index % 64);
        new
    }

    /// The word that an offset is in.
    pub fn word(&self, index: u64) -> u64 {
        self.0.get(index / 64)
    }
}

/// A set of offsets that is made in order, and then only read.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    /// Words that are not empty: offset of the first bit over 64, bits.
    words: Vec<(u64, u64)>,
}

impl Offsets {
    /// Adds an offset, which is beyond all others.
    pub fn push(&mut self, offset: u64) {
        let bit = 1 << (offset % 64);
        match self.words.last_mut() {
            Some((word, bits)) if *word == offset / 64 => *bits |= bit,
            _ => self.words.push((offset / 64, bit)),
        }
    }

    /// Those of a range that are not in some of these sets, in order. The time it takes is that of finding the first, and of those that are found.
    pub fn within<'a>(
        &'a self,
        from: u64,
        to: u64,
        but: &'a [&'a Bits],
    ) -> impl Iterator<Item = u64> + 'a {
        let begin = self.words.partition_point(|(word, _)| *word < from / 64);
        let words = self.words[begin..].iter().take_while(move |(word, _)| *word * 64 < to);
        words.flat_map(move |(word, bits)| {
            let first = word * 64;
            let mut bits = but.iter().fold(*bits, |bits, it| bits & !it.word(first));
            std::iter::from_fn(move || {
                if bits == 0 {
                    return None;
                }
                let at = first + u64::from(bits.trailing_zeros());
                bits &= bits - 1;
                Some(at)
            })
            .filter(move |it| (from..to).contains(it))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn index() -> impl Strategy<Value = u64> {
        prop_oneof![0..300_u64, 0..100_000_u64, (0..20_u64).prop_map(|it| (1 << 40) - 1 - it * 77)]
    }

    proptest! {
        #[test]
        fn pages_are_a_map(writes in prop::collection::vec((index(), 1..100_u64), 0..200)) {
            let mut pages = Pages::<16>::default();
            let mut map = BTreeMap::new();
            for (index, value) in writes {
                *pages.slot(index) = value;
                map.insert(index, value);
            }
            for index in map.keys().flat_map(|it| [it.saturating_sub(1), *it, it + 1]) {
                prop_assert_eq!(pages.get(index), map.get(&index).copied().unwrap_or(0));
            }
            let all: Vec<_> = pages.in_order().into_iter()
                .flat_map(|(first, page)| (first..).zip(page.iter().copied()))
                .filter(|(_, it)| *it != 0).collect();
            prop_assert_eq!(all, map.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn bits_are_a_set(adds in prop::collection::vec(index(), 0..200), ranges in prop::collection::vec((index(), index()), 0..20)) {
            let mut bits = Bits::default();
            let mut set = BTreeSet::new();
            for index in adds {
                prop_assert_eq!(bits.add(index), set.insert(index));
            }
            let mut all = Offsets::default();
            let mut half = Bits::default();
            for it in &set {
                all.push(*it);
                if it % 2 == 0 {
                    half.add(*it);
                }
            }
            for (from, to) in ranges {
                prop_assert_eq!(bits.has(from), set.contains(&from));
                let expected: Vec<_> = if from < to { set.range(from..to).copied().collect() } else { vec![] };
                prop_assert_eq!(&all.within(from, to, &[]).collect::<Vec<_>>(), &expected);
                let odd: Vec<_> = expected.into_iter().filter(|it| it % 2 == 1).collect();
                prop_assert_eq!(all.within(from, to, &[&half]).collect::<Vec<_>>(), odd);
                prop_assert_eq!(all.within(from, to, &[&bits]).count(), 0);
            }
        }
    }
}
