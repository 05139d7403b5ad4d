//! Races in global memory between the blocks of a launch.
//!
//! Blocks are ordered only by what they do themselves: the one that was first must publish what it did (a fence, an atomic operation
//! or a strong access after the access), the other must look at that (one of these before its own access). A conflict is reported
//! where either is missing: then nothing can order the two, whatever else happens. Where both are there, it is taken that they do:
//! such races may go unseen. Atomic, volatile and ordered accesses are never part of a report, nor are writes that change nothing.

use super::finding::Kind;
use super::initial::{Global, ranges};
use super::order::each;
use super::shape::Shape;
use crate::machine::{Access, AccessKind, Dim};
use crate::memory::{Region, Regions};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Bits of a record: which block plus 1, how often it had synchronised, the instruction, the bytes of the word.
const BLOCK_BITS: u32 = 28;
const COUNT_BITS: u32 = 12;
const PC_BITS: u32 = 20;
/// Counts from here on are not told apart.
const MANY: u32 = (1 << COUNT_BITS) - 1;

#[derive(Clone, Copy, Debug)]
struct Record {
    block: u32,
    count: u32,
    pc: u32,
    bytes: u8,
}

impl Record {
    fn pack(self) -> u64 {
        let Self { block, count, pc, bytes } = self;
        u64::from(block + 1) << (64 - BLOCK_BITS)
            | u64::from(count.min(MANY)) << (PC_BITS + 4)
            | u64::from(pc) << 4
            | u64::from(bytes)
    }

    fn unpack(word: u64) -> Option<Self> {
        let block = ((word >> (64 - BLOCK_BITS)) as u32).checked_sub(1)?;
        let count = (word >> (PC_BITS + 4)) as u32 & MANY;
        Some(Self {
            block,
            count,
            pc: (word >> 4) as u32 & ((1 << PC_BITS) - 1),
            bytes: word as u8 & 15,
        })
    }
}

/// Two accesses of different blocks that race.
#[derive(Debug)]
pub(super) struct GridHazard {
    pub kind: Kind,
    pub lane: u32,
    pub address: u64,
    pub earlier_pc: u32,
    pub earlier_block: [u32; 3],
    pub earlier_thread: u32,
}

/// The records of a word: the last write, two reads of different blocks.
#[derive(Debug, Default)]
struct Word {
    write: AtomicU64,
    reads: [AtomicU64; 2],
}

/// Records a page at a time.
const PAGE: u64 = 4096;

type Page = OnceLock<Box<[Word]>>;

/// The shadow of global memory, for all workers.
#[derive(Debug)]
pub(super) struct Grid {
    grid: Dim,
    /// How often each block has synchronised.
    counts: Vec<AtomicU32>,
    /// By the allocation's base.
    pages: Vec<(u64, Vec<Page>)>,
}

impl Grid {
    /// `None` for grids of more blocks than records can name.
    pub(super) fn new(grid: Dim, code: usize, regions: &Regions) -> Option<Self> {
        let blocks = grid.count().filter(|&n| n < (1 << BLOCK_BITS) - 1)?;
        if code >= 1 << PC_BITS {
            return None;
        }
        let pages = |region: &Region| {
            let pages = (0..region.len().div_ceil(PAGE)).map(|_| Page::new());
            (region.base(), pages.collect())
        };
        Some(Self {
            grid,
            counts: (0..blocks).map(|_| AtomicU32::new(0)).collect(),
            pages: regions.iter().map(pages).collect(),
        })
    }

    fn number(&self, [x, y, z]: [u32; 3]) -> u32 {
        (z * self.grid.y + y) * self.grid.x + x
    }

    /// A thread of the block runs a fence, an atomic operation or a strong access.
    pub(super) fn synchronises(&self, block: [u32; 3]) {
        if let Some(count) = self.counts.get(self.number(block) as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn count(&self, block: u32) -> u32 {
        self.counts.get(block as usize).map_or(MANY, |count| count.load(Relaxed))
    }

    fn page(&self, region: &Region, offset: u64) -> Option<&[Word]> {
        let at = self.pages.binary_search_by_key(&region.base(), |(base, _)| *base).ok()?;
        let page = self.pages[at].1.get((offset / PAGE) as usize)?;
        Some(page.get_or_init(|| (0..PAGE / 4).map(|_| Word::default()).collect()))
    }

    pub(super) fn access(
        &self,
        access: &Access<'_>,
        shape: Shape,
        global: &mut Global,
        mut found: impl FnMut(GridHazard),
    ) {
        if access.strong || access.kind == AccessKind::Atomic {
            self.synchronises(access.block);
            return;
        }
        let writes = access.kind != AccessKind::Load;
        let block = self.number(access.block);
        let mine = Record { block, count: self.count(block), pc: access.pc, bytes: 0 };
        if writes {
            // Lane by lane: values are compared.
            for lane in each(access.mask) {
                let (at, size) = (access.addresses[lane], u64::from(access.size));
                self.range(mine, at, size, access, global, 1 << lane, &mut found);
            }
        } else {
            let mut list = [(0, 0, 0); 32];
            let mut n = 0;
            ranges(access, shape, |start, len, mask| {
                list[n] = (start, len, mask);
                n += 1;
            });
            for &(start, len, mask) in &list[..n] {
                self.range(mine, start, len, access, global, mask, &mut found);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the inner half of `access`")]
    fn range(
        &self,
        mine: Record,
        start: u64,
        len: u64,
        access: &Access<'_>,
        global: &mut Global,
        mask: u32,
        found: &mut impl FnMut(GridHazard),
    ) {
        let Some(region) = global.find(access.pc, start, len) else { return };
        let (mut at, end) = (start - region.base(), start - region.base() + len);
        let writes = access.kind != AccessKind::Load;
        let mut changes = None;
        while at < end {
            let (first, last) = ((at % 4) as u32, (end - at / 4 * 4).min(4) as u32);
            let bytes = (((1_u32 << last) - 1) >> first << first) as u8;
            let Some(page) = self.page(region, at) else { return };
            let word = &page[(at % PAGE / 4) as usize];
            let mine = Record { bytes, ..mine };
            let mut against = |slot: &AtomicU64, kind| {
                let Some(other) = Record::unpack(slot.load(Relaxed)) else { return };
                if other.block == mine.block || other.bytes & bytes == 0 {
                    return;
                }
                let published = other.count == MANY || self.count(other.block) != other.count;
                if published && mine.count != 0 {
                    return;
                }
                let lane = mask.trailing_zeros();
                // A write that changes nothing hurts nobody.
                let changes = *changes.get_or_insert_with(|| {
                    !writes || changed(region, start, len, access.values.of(lane as usize))
                });
                if !changes {
                    return;
                }
                let (x, y) = (self.grid.x, self.grid.y);
                let address = region.base() + at;
                found(GridHazard {
                    kind,
                    lane: super::initial::who(access, mask, address),
                    address,
                    earlier_pc: other.pc,
                    earlier_block: [other.block % x, other.block / x % y, other.block / x / y],
                    earlier_thread: u32::MAX,
                });
            };
            if writes {
                against(&word.write, Kind::WriteAfterWrite);
                against(&word.reads[0], Kind::WriteAfterRead);
                against(&word.reads[1], Kind::WriteAfterRead);
                word.write.store(mine.pack(), Relaxed);
            } else {
                against(&word.write, Kind::ReadAfterWrite);
                for slot in &word.reads {
                    match Record::unpack(slot.load(Relaxed)) {
                        Some(other) if other.block != mine.block => continue,
                        Some(other) if other.count == mine.count => {
                            let bytes = other.bytes | bytes;
                            slot.store(Record { bytes, ..mine }.pack(), Relaxed);
                        }
                        _ => slot.store(mine.pack(), Relaxed),
                    }
                    break;
                }
            }
            at = at / 4 * 4 + 4;
        }
    }
}

/// Whether a write of this value changes what is there.
fn changed(region: &Region, start: u64, len: u64, value: Option<u128>) -> bool {
    let Some(value) = value else { return true };
    let mut now = [0; 16];
    let Some(now) = now.get_mut(..len as usize) else { return true };
    region.read(start - region.base(), now);
    now[..] != value.to_le_bytes()[..len as usize]
}
