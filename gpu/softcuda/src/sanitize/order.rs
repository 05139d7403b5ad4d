//! What happens before what, between the threads of a block: vector clocks, kept small.
//!
//! An access is stamped with the time of its warp, which grows with each synchronisation that lanes of the warp take part in.
//! Whether an access happened before what a lane does now is looked up in this order:
//!
//! 1. A barrier that all live threads waited at makes everything before it older than everything after it: one number a block.
//! 2. So does a `.sync` instruction of all live lanes, for the lanes of the warp: one number a warp.
//! 3. `.sync` instructions of some lanes, named barriers of some warps, and fences with strong accesses (a flag, a lock) order what
//!    each lane has seen of each other thread: a matrix a warp, and a row of times a lane for the other warps, shared by lanes that
//!    know the same. Kernels without such synchronisation never come here.

use std::collections::HashMap;
use std::sync::Arc;

const LANES: usize = 32;

/// The newest access of each thread of the block that is known of.
type Row = Arc<[u32]>;

#[derive(Debug)]
struct Warp {
    now: u32,
    /// What the lanes did up to here is known to all of them.
    met: u32,
    /// What each lane knows of each other, where that is more.
    knows: Option<Box<[[u32; LANES]; LANES]>>,
    /// What each lane knows of other warps.
    rows: [Option<Row>; LANES],
    /// Whether there is any of these.
    learned: bool,
    /// Time of each lane's last fence.
    fences: [u32; LANES],
    /// Lanes that have run a fence since all threads met.
    fenced: u32,
}

/// Arrivals at a barrier.
#[derive(Debug, Default)]
struct Arrivals {
    /// Warps and lanes that wait.
    waiting: Vec<(usize, u32)>,
    /// What those knew that only arrived.
    known: Option<Vec<u32>>,
}

/// What happens before what in one block.
#[derive(Debug)]
pub(super) struct Order {
    /// What was done up to here happens before all that follows.
    full: u32,
    warps: Vec<Warp>,
    barriers: [Arrivals; 16],
    /// What a thread knew that wrote to a word of shared memory after a fence.
    released: HashMap<u32, Row>,
}

impl Order {
    pub(super) fn new(warps: u32) -> Self {
        let warp = || Warp {
            now: 1,
            met: 0,
            knows: None,
            rows: Default::default(),
            learned: false,
            fences: [0; LANES],
            fenced: 0,
        };
        Self {
            full: 0,
            warps: (0..warps).map(|_| warp()).collect(),
            barriers: Default::default(),
            released: HashMap::new(),
        }
    }

    /// A new block: nothing of the last one matters.
    pub(super) fn begin(&mut self) {
        self.all_meet();
        self.barriers = Default::default();
    }

    /// What an access of the warp is stamped with now.
    #[inline]
    pub(super) fn now(&self, warp: u32) -> u32 {
        self.warps[warp as usize].now
    }

    /// Accesses stamped up to this need no further look.
    #[inline]
    pub(super) fn full(&self) -> u32 {
        self.full
    }

    /// Whether times are about to run out; [`Order`] and all stamps must then be made anew.
    pub(super) fn worn_out(&self) -> bool {
        self.full > u32::MAX / 2
    }

    /// What all lanes of the warp have seen of each other.
    #[inline]
    pub(super) fn met(&self, warp: u32) -> u32 {
        self.warps[warp as usize].met.max(self.full)
    }

    fn all_meet(&mut self) {
        self.full = self.warps.iter().map(|warp| warp.now).max().unwrap_or(0).max(self.full);
        for warp in &mut self.warps {
            warp.now = self.full + 1;
            warp.knows = None;
            if warp.learned {
                warp.learned = false;
                warp.rows = Default::default();
            }
            warp.fenced = 0;
        }
        if !self.released.is_empty() {
            self.released.clear();
        }
    }

    /// Of the lanes `lanes` of a warp, those whose accesses at `stamp` did not happen before what a lane does now.
    #[inline]
    pub(super) fn unordered(
        &self,
        (warp, lanes): (u32, u32),
        stamp: u32,
        (by, lane): (u32, u32),
    ) -> u32 {
        if stamp <= self.full {
            return 0;
        }
        let by = &self.warps[by as usize];
        if std::ptr::eq(by, &self.warps[warp as usize]) {
            if stamp <= by.met {
                return 0;
            }
            let others = lanes & !(1 << lane);
            match &by.knows {
                None => others,
                Some(knows) => {
                    let knows = &knows[lane as usize];
                    each(others).filter(|&i| knows[i] < stamp).fold(0, |m, i| m | 1 << i)
                }
            }
        } else {
            match &by.rows[lane as usize] {
                None => lanes,
                Some(row) => {
                    let row = &row[warp as usize * LANES..][..LANES];
                    each(lanes).filter(|&i| row[i] < stamp).fold(0, |m, i| m | 1 << i)
                }
            }
        }
    }

    /// Lanes have met in a `.sync` instruction.
    pub(super) fn synced(&mut self, warp: u32, mask: u32, live: u32) {
        let full = self.full;
        let warp = &mut self.warps[warp as usize];
        if live & !mask == 0 {
            warp.met = warp.now;
            warp.knows = None;
        } else {
            let met = warp.met.max(full);
            let now = warp.now;
            let knows = warp.knows.get_or_insert_with(|| Box::new([[0; LANES]; LANES]));
            let mut joined = [met; LANES];
            for i in each(mask) {
                for (to, &from) in joined.iter_mut().zip(&knows[i]) {
                    *to = (*to).max(from);
                }
            }
            each(mask).for_each(|i| joined[i] = now);
            each(mask).for_each(|i| knows[i] = joined);
        }
        warp.now += 1;
        if !warp.learned {
            return;
        }
        let mut rows = each(mask).map(|i| &warp.rows[i]);
        let same = |a: &Option<Row>, b: &Option<Row>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        let Some(first) = rows.next() else { return };
        if rows.all(|row| same(first, row)) {
            return;
        }
        let mut joined: Option<Vec<u32>> = None;
        for row in each(mask).filter_map(|i| warp.rows[i].as_ref()) {
            join(joined.get_or_insert_with(|| vec![0; row.len()]), row);
        }
        let joined: Option<Row> = joined.map(Row::from);
        each(mask).for_each(|i| warp.rows[i] = joined.clone());
    }

    /// What a lane knows of all threads; of itself up to `own`.
    fn knowledge(&self, number: u32, lane: usize, own: u32, into: &mut [u32]) {
        let warp = &self.warps[number as usize];
        if let Some(row) = &warp.rows[lane] {
            join(into, row);
        }
        let part = &mut into[number as usize * LANES..][..LANES];
        for (i, time) in part.iter_mut().enumerate() {
            let seen = warp.knows.as_ref().map_or(0, |knows| knows[lane][i]);
            *time = (*time).max(seen).max(warp.met).max(if i == lane { own } else { 0 });
        }
    }

    /// A lane learns what a row knows.
    fn learn(&mut self, number: u32, mask: u32, known: &Row) {
        let met = self.met(number);
        let warp = &mut self.warps[number as usize];
        warp.learned = true;
        // Lanes that knew the same know the same again.
        let mut last: Option<(Option<Row>, Row)> = None;
        for lane in each(mask) {
            let before = warp.rows[lane].take();
            let after = match (&before, &last) {
                (Some(a), Some((Some(b), after))) if Arc::ptr_eq(a, b) => after.clone(),
                (None, _) => known.clone(),
                (Some(row), _) => {
                    let mut row = row.to_vec();
                    join(&mut row, known);
                    Row::from(row)
                }
            };
            last = Some((before, after.clone()));
            warp.rows[lane] = Some(after);
        }
        let own = &known[number as usize * LANES..][..LANES];
        if own.iter().any(|&time| time > met) {
            let knows = warp.knows.get_or_insert_with(|| Box::new([[0; LANES]; LANES]));
            for lane in each(mask) {
                join(&mut knows[lane], own);
            }
        }
    }

    /// Lanes arrive at a barrier.
    pub(super) fn arrives(&mut self, barrier: u32, warp: u32, mask: u32, waits: bool) {
        let Some(arrivals) = self.barriers.get_mut(barrier as usize) else { return };
        if waits {
            arrivals.waiting.push((warp as usize, mask));
            return;
        }
        let threads = self.warps.len() * LANES;
        let mut known = arrivals.known.take().unwrap_or_else(|| vec![0; threads]);
        for lane in each(mask) {
            self.knowledge(warp, lane, self.now(warp), &mut known);
        }
        self.barriers[barrier as usize].known = Some(known);
        self.warps[warp as usize].now += 1;
    }

    /// A barrier lets its threads go.
    pub(super) fn released(&mut self, barrier: u32, all: bool) {
        let Some(arrivals) = self.barriers.get_mut(barrier as usize) else { return };
        let Arrivals { waiting, known } = std::mem::take(arrivals);
        if all {
            self.all_meet();
            return;
        }
        let mut known = known.unwrap_or_else(|| vec![0; self.warps.len() * LANES]);
        for &(warp, mask) in &waiting {
            for lane in each(mask) {
                self.knowledge(warp as u32, lane, self.warps[warp].now, &mut known);
            }
        }
        let known = Row::from(known);
        for &(warp, mask) in &waiting {
            self.learn(warp as u32, mask, &known);
        }
        for &(warp, _) in &waiting {
            self.warps[warp].now += 1;
        }
    }

    /// Lanes run a fence.
    pub(super) fn fenced(&mut self, warp: u32, mask: u32) {
        let warp = &mut self.warps[warp as usize];
        warp.fenced |= mask;
        each(mask).for_each(|i| warp.fences[i] = warp.now);
        warp.now += 1;
    }

    /// Whether strong accesses may order anything now.
    #[inline]
    pub(super) fn fences(&self, warp: u32) -> bool {
        !self.released.is_empty() || self.warps[warp as usize].fenced != 0
    }

    /// A lane's strong access to a word of shared memory: it learns what was published there, and publishes what it did before its
    /// last fence.
    pub(super) fn strong(&mut self, warp: u32, lane: u32, word: u32, reads: bool, writes: bool) {
        if reads && let Some(known) = self.released.get(&word).cloned() {
            self.learn(warp, 1 << lane, &known);
        }
        if writes && self.warps[warp as usize].fenced & (1 << lane) != 0 {
            let mut known = match self.released.get(&word) {
                Some(known) => known.to_vec(),
                None => vec![0; self.warps.len() * LANES],
            };
            let fence = self.warps[warp as usize].fences[lane as usize];
            self.knowledge(warp, lane as usize, fence, &mut known);
            self.released.insert(word, known.into());
        }
    }
}

fn join(to: &mut [u32], from: &[u32]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = (*to).max(from);
    }
}

/// The lanes of a mask.
pub(super) fn each(mask: u32) -> impl Iterator<Item = usize> + Clone {
    let mut left = mask;
    std::iter::from_fn(move || {
        (left != 0).then(|| {
            let lane = left.trailing_zeros() as usize;
            left &= left - 1;
            lane
        })
    })
}
