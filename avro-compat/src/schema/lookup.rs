//! Finding names in lists.

/// Shorter lists are looked through.
const FEW: usize = 8;

/// The indexes of a list, sorted by name; empty if the list is short.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookup {
    sorted: Box<[u32]>,
}

impl Lookup {
    /// A lookup for a list, or the index of an item whose name an earlier one has.
    pub(crate) fn new<T>(items: &[T], name: impl Fn(&T) -> &str) -> Result<Self, usize> {
        if items.len() <= FEW {
            let repeated = |(at, it): (usize, &T)| {
                items[..at].iter().any(|earlier| name(earlier) == name(it)).then_some(at)
            };
            return match items.iter().enumerate().find_map(repeated) {
                Some(at) => Err(at),
                None => Ok(Self::default()),
            };
        }
        let mut sorted: Box<[u32]> = (0..items.len() as u32).collect();
        // Equal names in the order of the list.
        sorted.sort_unstable_by_key(|it| (name(&items[*it as usize]), *it));
        let same = |it: &&[u32]| name(&items[it[0] as usize]) == name(&items[it[1] as usize]);
        match sorted.windows(2).filter(same).map(|it| it[1]).min() {
            Some(at) => Err(at as usize),
            None => Ok(Self { sorted }),
        }
    }

    pub(crate) fn find<T>(
        &self,
        items: &[T],
        wanted: &str,
        name: impl Fn(&T) -> &str,
    ) -> Option<usize> {
        if self.sorted.is_empty() {
            return items.iter().position(|it| name(it) == wanted);
        }
        let at = self.sorted.binary_search_by_key(&wanted, |it| name(&items[*it as usize])).ok()?;
        Some(self.sorted[at] as usize)
    }
}
