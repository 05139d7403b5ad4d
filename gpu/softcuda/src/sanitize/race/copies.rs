//! Asynchronous copies that have not been waited for.

use super::{Earlier, Hazard, Relation, each};
use crate::machine::{Access, Copied};
use crate::memory::chunks;
use crate::sanitize::initial::ranges;
use crate::sanitize::shape::Shape;

/// Copies under way that one instruction began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copying {
    pub warp: u32,
    pub mask: u32,
    pub addresses: [u32; 32],
    pub size: u32,
    pub site: u16,
}

/// The copies under way in a block.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Of each warp, in the order in which they began.
    warps: Vec<Vec<Copying>>,
    count: usize,
    /// A bit for each byte that one is under way to.
    busy: Vec<u64>,
    /// There were two to one byte.
    crowded: bool,
}

impl Copies {
    pub(super) fn new(bytes: usize, warps: usize) -> Self {
        Self {
            warps: vec![Vec::new(); warps],
            count: 0,
            busy: vec![0; bytes.div_ceil(64)],
            crowded: false,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn clear(&mut self) {
        if self.count != 0 {
            self.warps.iter_mut().for_each(Vec::clear);
            self.busy.fill(0);
            (self.count, self.crowded) = (0, false);
        }
    }

    pub(super) fn begin(&mut self, copying: Copying) {
        self.mark(&copying);
        if let Some(list) = self.warps.get_mut(copying.warp as usize) {
            list.push(copying);
            self.count += 1;
        }
    }

    fn mark(&mut self, copying: &Copying) {
        for i in each(copying.mask) {
            for (at, bits) in chunks(copying.addresses[i].into(), copying.size.into()) {
                let Some(word) = self.busy.get_mut(at) else { break };
                self.crowded |= *word & bits != 0;
                *word |= bits;
            }
        }
    }

    /// Takes out copies that are done: each lane's first to its address. Tells the lanes, and the instruction that began them.
    pub(super) fn end(&mut self, copied: &Copied, mut done: impl FnMut(u32, u16)) {
        let Some(list) = self.warps.get_mut(copied.warp as usize) else { return };
        let mut left = copied.mask;
        for copying in list.iter_mut().filter(|it| it.size == copied.size) {
            let mut same = 0;
            for (i, (a, b)) in copying.addresses.iter().zip(&copied.addresses).enumerate() {
                same |= u32::from(a == b) << i;
            }
            same &= copying.mask & left;
            if same != 0 {
                done(same, copying.site);
                copying.mask &= !same;
                left &= !same;
            }
            if left == 0 {
                break;
            }
        }
        let before = list.len();
        list.retain(|copying| copying.mask != 0);
        self.count -= before - list.len();
        if self.crowded {
            self.busy.fill(0);
            self.crowded = false;
            let warps = std::mem::take(&mut self.warps);
            warps.iter().flatten().for_each(|copying| self.mark(copying));
            self.warps = warps;
            return;
        }
        for i in each(copied.mask & !left) {
            for (at, bits) in chunks(copied.addresses[i].into(), copied.size.into()) {
                let Some(word) = self.busy.get_mut(at) else { break };
                *word &= !bits;
            }
        }
    }

    /// Whether an access touches bytes that a copy is under way to.
    #[inline]
    pub(super) fn are_touched(&self, access: &Access<'_>, shape: Shape) -> bool {
        let mut touched = 0;
        ranges(access, shape, |start, len, _| {
            for (at, bits) in chunks(start, len) {
                touched |= self.busy.get(at).map_or(0, |word| word & bits);
            }
        });
        touched != 0
    }

    /// Accesses to bytes that a copy is under way to.
    #[cold]
    pub(super) fn against(
        &self,
        access: &Access<'_>,
        sites: &[u32],
        found: &mut impl FnMut(&Hazard),
    ) {
        for i in each(access.mask) {
            let address = access.addresses[i] as u32;
            let end = address + access.size;
            let overlapping = |c: &Copying| {
                each(c.mask)
                    .find(|&lane| c.addresses[lane] < end && address < c.addresses[lane] + c.size)
            };
            let all = self.warps.iter().flatten();
            let Some((copy, lane)) = all.filter_map(|copy| Some((copy, overlapping(copy)?))).next()
            else {
                continue;
            };
            let relation = if copy.warp == access.warp { Relation::Apart } else { Relation::Warps };
            found(&Hazard {
                earlier: Earlier::Copy,
                earlier_pc: sites[usize::from(copy.site)],
                earlier_thread: copy.warp * 32 + lane as u32,
                lane: i as u32,
                address: address.max(copy.addresses[lane]),
                relation,
                same_value: false,
            });
        }
    }
}
