//! Races in shared memory: two accesses of different threads to one byte, one of them a write, one of them plain, that no
//! synchronisation orders.
//!
//! Shadow memory, a record for each word of 4 bytes: the last write, with the lane of each byte; and for each warp that reads the
//! word, the lanes that read each byte. What a record has no room for is spilled into a list. Records are never cleared: those with
//! an old stamp mean nothing.

use super::order::{Order, each};
use crate::machine::{Access, AccessKind, Copied};
use std::collections::HashMap;

/// How two accesses are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// Lanes of one instruction.
    Instruction,
    /// Lanes of one warp that ran together at one of the two.
    Together,
    /// Lanes of one warp that ran apart.
    Apart,
    /// Threads of different warps.
    Warps,
}

/// What the earlier of two accesses was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    Read,
    Write,
    /// An asynchronous copy that is not waited for.
    Copy,
}

/// Two accesses that race.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hazard {
    pub earlier: Earlier,
    pub earlier_pc: u32,
    pub earlier_thread: u32,
    pub lane: u32,
    pub address: u32,
    pub relation: Relation,
    /// Both write the same.
    pub same_value: bool,
}

/// The last plain write of a word.
#[derive(Clone, Copy, Debug, Default)]
struct Write {
    stamp: u32,
    /// Number of the instruction among those that ran: lanes that write in the same one are told by it.
    serial: u32,
    active: u32,
    sites: [u16; 4],
    lanes: [u8; 4],
    warp: u8,
    bytes: u8,
    /// Bytes written by the instruction `serial`.
    fresh: u8,
}

/// Lanes of one warp that touch a word, by byte.
#[derive(Clone, Copy, Debug, Default)]
struct Touch {
    stamp: u32,
    /// Instructions of the first and of the last of them.
    sites: [u16; 2],
    /// Lanes of the first.
    first: u32,
    /// Lanes that ran together at the last.
    active: u32,
    lanes: [u32; 4],
}

/// What a word's warps are.
#[derive(Clone, Copy, Debug, Default)]
struct Toucher {
    /// The time when all threads last met, when `warps` began.
    full: u32,
    warps: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Reads,
    StrongReads,
    StrongWrites,
    Writes,
}

/// Touches of one kind, by warp and word.
#[derive(Debug)]
struct Touches {
    words: Vec<Toucher>,
    touches: Vec<Touch>,
}

impl Touches {
    fn new(words: usize, warps: usize) -> Self {
        Self {
            words: vec![Toucher::default(); words],
            touches: vec![Touch::default(); words * warps],
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Spilled {
    set: Set,
    warp: u32,
    touch: Touch,
}

#[derive(Clone, Copy, Debug)]
struct Copying {
    warp: u32,
    lane: u32,
    address: u32,
    size: u32,
    site: u16,
}

/// Spilled records of a word; further ones take the place of the first.
const SPILLS: usize = 64;

/// The shadow of one block's shared memory.
#[derive(Debug)]
pub(super) struct Shadow {
    words: usize,
    warps: usize,
    writes: Vec<Write>,
    reads: Touches,
    strong_reads: Option<Touches>,
    strong_writes: Option<Touches>,
    spilled: HashMap<u32, Vec<Spilled>>,
    spilled_at: u32,
    copies: Vec<Copying>,
    /// Copies under way to each word.
    copying: Vec<u8>,
    serial: u32,
    /// Instructions that touch shared memory, by a short number.
    sites: Vec<u32>,
    site_of: Vec<u16>,
}

/// One lane's part in an access.
#[derive(Clone, Copy)]
struct Lane {
    warp: u32,
    lane: u32,
    site: u16,
    active: u32,
    word: u32,
    bytes: u8,
}

/// The words that bytes lie in, with the bytes of each.
#[inline]
fn words(address: u32, size: u32) -> impl Iterator<Item = (u32, u8)> {
    let small = size < 4;
    let count = if small { 1 } else { size / 4 };
    let bytes = if small { ((1 << size) - 1) << (address & 3) } else { 15 };
    (0..count).map(move |i| (address / 4 + i, bytes))
}

impl Shadow {
    pub(super) fn new(bytes: u32, warps: u32) -> Self {
        let (words, warps) = (bytes.div_ceil(4) as usize, warps as usize);
        Self {
            words,
            warps,
            writes: vec![Write::default(); words],
            reads: Touches::new(words, warps),
            strong_reads: None,
            strong_writes: None,
            spilled: HashMap::new(),
            spilled_at: 0,
            copies: Vec::new(),
            copying: Vec::new(),
            serial: 0,
            sites: Vec::new(),
            site_of: Vec::new(),
        }
    }

    /// A new block.
    pub(super) fn begin(&mut self) {
        self.copies.clear();
        self.copying.fill(0);
        self.spilled.clear();
    }

    fn site(&mut self, pc: u32) -> u16 {
        let index = pc as usize;
        if index >= self.site_of.len() {
            self.site_of.resize(index + 1, u16::MAX);
        }
        if self.site_of[index] == u16::MAX {
            // The last number stands for all that have none of their own.
            let next = self.sites.len().min(usize::from(u16::MAX - 1));
            self.sites.truncate(next);
            self.sites.push(pc);
            self.site_of[index] = next as u16;
        }
        self.site_of[index]
    }

    /// An access to shared memory.
    pub(super) fn access(
        &mut self,
        access: &Access<'_>,
        order: &mut Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        if self.spilled_at != order.full() {
            self.spilled_at = order.full();
            self.spilled.clear();
        }
        let site = self.site(access.pc);
        self.serial = self.serial.wrapping_add(1);
        let lane =
            Lane { warp: access.warp, lane: 0, site, active: access.active, word: 0, bytes: 0 };
        let strong = access.strong || access.kind == AccessKind::Atomic;
        if !self.copies.is_empty() {
            self.meets_copy(access, found);
        }
        match access.kind {
            AccessKind::Load if !strong => self.loads(access, lane, order, found),
            AccessKind::Store if !strong => {
                self.stores(access, lane, order, found);
            }
            AccessKind::Copy => self.copies(access, lane, order, found),
            kind => {
                let (reads, writes) = (kind != AccessKind::Store, kind != AccessKind::Load);
                for i in each(access.mask) {
                    let address = access.addresses[i] as u32;
                    let lane = Lane { lane: i as u32, ..lane };
                    if order.fences(access.warp) {
                        order.strong(access.warp, i as u32, address / 4, reads, writes);
                    }
                    for (word, bytes) in words(address, access.size) {
                        let lane = Lane { word, bytes, ..lane };
                        self.against_write(lane, order, None, found);
                        if writes {
                            self.against(Set::Reads, lane, order, found);
                            self.touch(Set::StrongWrites, lane, 1 << i, order);
                        } else {
                            self.touch(Set::StrongReads, lane, 1 << i, order);
                        }
                    }
                }
            }
        }
    }

    #[inline]
    fn loads(
        &mut self,
        access: &Access<'_>,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let (full, now) = (order.full(), order.now(access.warp));
        let mut left = access.mask;
        while left != 0 {
            let i = left.trailing_zeros();
            let address = access.addresses[i as usize] as u32;
            // Neighbours that read the same are one.
            let mut lanes = 1_u32 << i;
            left &= left - 1;
            while left != 0 {
                let next = left.trailing_zeros();
                if access.addresses[next as usize] as u32 != address {
                    break;
                }
                lanes |= 1 << next;
                left &= left - 1;
            }
            for (word, bytes) in words(address, access.size) {
                let Some(write) = self.writes.get(word as usize) else { return };
                if write.stamp > full && write.bytes & bytes != 0
                    || self.strong_writes.is_some()
                    || !self.spilled.is_empty()
                {
                    for i in each(lanes) {
                        let lane = Lane { lane: i as u32, word, bytes, ..lane };
                        self.against_write(lane, order, None, found);
                        self.against(Set::StrongWrites, lane, order, found);
                    }
                }
                // As `touch`, for the most frequent case.
                let toucher = &mut self.reads.words[word as usize];
                if toucher.full != full {
                    *toucher = Toucher { full, warps: 0 };
                }
                toucher.warps |= 1 << access.warp;
                let touch =
                    &mut self.reads.touches[access.warp as usize * self.words + word as usize];
                if touch.stamp == now && bytes == 15 {
                    touch.sites[1] = lane.site;
                    touch.active = lane.active;
                    for byte in &mut touch.lanes {
                        *byte |= lanes;
                    }
                } else if touch.stamp <= full && bytes == 15 {
                    *touch = Touch {
                        stamp: now,
                        sites: [lane.site; 2],
                        first: lanes,
                        active: lane.active,
                        lanes: [lanes; 4],
                    };
                } else {
                    self.touch(Set::Reads, Lane { lane: i, word, bytes, ..lane }, lanes, order);
                }
            }
        }
    }

    fn stores(
        &mut self,
        access: &Access<'_>,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        for i in each(access.mask) {
            let address = access.addresses[i] as u32;
            for (word, bytes) in words(address, access.size) {
                if word as usize >= self.words {
                    return;
                }
                let lane = Lane { lane: i as u32, word, bytes, ..lane };
                self.against_write(lane, order, Some(access), found);
                self.against(Set::Reads, lane, order, found);
                self.against(Set::StrongReads, lane, order, found);
                self.against(Set::StrongWrites, lane, order, found);
                self.write(lane, order);
            }
        }
    }

    /// Copies begin: they must not run into what others still do. They count as written when they have been waited for.
    fn copies(
        &mut self,
        access: &Access<'_>,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        self.copying.resize(self.words, 0);
        for i in each(access.mask) {
            let (address, size) = (access.addresses[i] as u32, access.size);
            for (word, bytes) in words(address, size) {
                let lane = Lane { lane: i as u32, word, bytes, ..lane };
                self.against_write(lane, order, None, found);
                for set in [Set::Reads, Set::StrongReads, Set::StrongWrites] {
                    self.against(set, lane, order, found);
                }
                if let Some(count) = self.copying.get_mut(word as usize) {
                    *count = count.saturating_add(1);
                }
            }
            let (warp, site) = (lane.warp, lane.site);
            self.copies.push(Copying { warp, lane: i as u32, address, size, site });
        }
    }

    /// A copy has been waited for: now it is a write like others.
    pub(super) fn copied(&mut self, copied: &Copied, order: &Order) {
        let same = |c: &Copying| {
            (c.warp, c.lane, c.address, c.size)
                == (copied.warp, copied.lane, copied.address, copied.size)
        };
        let Some(at) = self.copies.iter().position(same) else { return };
        let Copying { warp, lane, address, size, site } = self.copies.remove(at);
        self.serial = self.serial.wrapping_add(1);
        for (word, bytes) in words(address, size) {
            if let Some(count) = self.copying.get_mut(word as usize) {
                *count = count.saturating_sub(1);
            }
            self.write(Lane { warp, lane, site, active: 1 << lane, word, bytes }, order);
        }
    }

    /// Accesses to bytes that a copy is under way to.
    fn meets_copy(&self, access: &Access<'_>, found: &mut impl FnMut(&Hazard)) {
        for i in each(access.mask) {
            let address = access.addresses[i] as u32;
            let under_way = |(word, _): (u32, u8)| {
                self.copying.get(word as usize).is_some_and(|&count| count != 0)
            };
            if !words(address, access.size).any(under_way) {
                continue;
            }
            let end = address + access.size;
            let overlaps = |c: &&Copying| c.address < end && address < c.address + c.size;
            let Some(copy) = self.copies.iter().find(overlaps) else { continue };
            let relation = if copy.warp == access.warp { Relation::Apart } else { Relation::Warps };
            found(&Hazard {
                earlier: Earlier::Copy,
                earlier_pc: self.sites[usize::from(copy.site)],
                earlier_thread: copy.warp * 32 + copy.lane,
                lane: i as u32,
                address: address.max(copy.address),
                relation,
                same_value: false,
            });
        }
    }

    fn hazard(
        &self,
        lane: Lane,
        (earlier, site): (Earlier, u16),
        (warp, by): (u32, u32),
        byte: u32,
        active: u32,
    ) -> Hazard {
        let together = active & 1 << lane.lane != 0 || lane.active & 1 << by != 0;
        let relation = match (warp == lane.warp, together) {
            (false, _) => Relation::Warps,
            (true, true) => Relation::Together,
            (true, false) => Relation::Apart,
        };
        Hazard {
            earlier,
            earlier_pc: self.sites[usize::from(site)],
            earlier_thread: warp * 32 + by,
            lane: lane.lane,
            address: lane.word * 4 + byte,
            relation,
            same_value: false,
        }
    }

    /// Checks against the last write of a word. `store` is the access where it is a plain store, whose values can be compared.
    #[inline]
    fn against_write(
        &self,
        lane: Lane,
        order: &Order,
        store: Option<&Access<'_>>,
        found: &mut impl FnMut(&Hazard),
    ) {
        let Some(write) = self.writes.get(lane.word as usize) else { return };
        let bytes = write.bytes & lane.bytes;
        if write.stamp > order.full() && bytes != 0 {
            self.against_live_write(write, bytes, lane, order, store, found);
        }
        if !self.spilled.is_empty() {
            self.against_spilled(Set::Writes, lane, order, found);
        }
    }

    #[cold]
    fn against_live_write(
        &self,
        write: &Write,
        bytes: u8,
        lane: Lane,
        order: &Order,
        store: Option<&Access<'_>>,
        found: &mut impl FnMut(&Hazard),
    ) {
        let mut told = 0_u32;
        for byte in each(bytes.into()) {
            let by = u32::from(write.lanes[byte]);
            let warp = u32::from(write.warp);
            let fresh = store.is_some()
                && write.serial == self.serial
                && write.fresh & 1 << byte != 0
                && by != lane.lane;
            let races = fresh
                || order.unordered((warp, 1 << by), write.stamp, (lane.warp, lane.lane)) != 0
                    && (warp, by) != (lane.warp, lane.lane);
            if !races || told & 1 << by != 0 {
                continue;
            }
            told |= 1 << by;
            let site = write.sites[byte];
            let mut hazard =
                self.hazard(lane, (Earlier::Write, site), (warp, by), byte as u32, write.active);
            if fresh {
                hazard.relation = Relation::Instruction;
            }
            if let Some(access) = store {
                let mine = each(bytes.into()).filter(|&i| u32::from(write.lanes[i]) == by);
                let bytes = mine.fold(0, |bytes, i| bytes | 1 << i);
                hazard.same_value = same_value(access, lane, by, fresh, bytes);
            }
            found(&hazard);
        }
    }

    /// Checks against touches of a word.
    #[inline]
    fn against(&self, set: Set, lane: Lane, order: &Order, found: &mut impl FnMut(&Hazard)) {
        let touches = match set {
            Set::Reads => &self.reads,
            Set::StrongReads => match &self.strong_reads {
                Some(touches) => touches,
                None => return,
            },
            _ => match &self.strong_writes {
                Some(touches) => touches,
                None => return,
            },
        };
        let Some(toucher) = touches.words.get(lane.word as usize) else { return };
        if toucher.full == order.full() {
            for warp in each(toucher.warps) {
                let touch = &touches.touches[warp * self.words + lane.word as usize];
                self.against_touch(set, touch, warp as u32, lane, order, found);
            }
        }
        if !self.spilled.is_empty() {
            self.against_spilled(set, lane, order, found);
        }
    }

    #[cold]
    fn against_spilled(
        &self,
        set: Set,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let Some(list) = self.spilled.get(&lane.word) else { return };
        for spilled in list.iter().filter(|it| it.set == set) {
            self.against_touch(set, &spilled.touch, spilled.warp, lane, order, found);
        }
    }

    #[inline]
    fn against_touch(
        &self,
        set: Set,
        touch: &Touch,
        warp: u32,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let mut lanes = 0;
        for byte in each(lane.bytes.into()) {
            lanes |= touch.lanes[byte];
        }
        if warp == lane.warp {
            lanes &= !(1 << lane.lane);
        }
        if lanes == 0 {
            return;
        }
        let lanes = order.unordered((warp, lanes), touch.stamp, (lane.warp, lane.lane));
        if lanes == 0 {
            return;
        }
        let (by, site) = match lanes & touch.first {
            0 => (lanes.trailing_zeros(), touch.sites[1]),
            first => (first.trailing_zeros(), touch.sites[0]),
        };
        let byte = each(lane.bytes.into()).find(|&byte| touch.lanes[byte] & 1 << by != 0);
        let earlier = if matches!(set, Set::Reads | Set::StrongReads) {
            Earlier::Read
        } else {
            Earlier::Write
        };
        let byte = byte.unwrap_or(0) as u32;
        found(&self.hazard(lane, (earlier, site), (warp, by), byte, touch.active));
    }

    /// Remembers a plain write.
    fn write(&mut self, lane: Lane, order: &Order) {
        let (full, now, serial) = (order.full(), order.now(lane.warp), self.serial);
        let Some(write) = self.writes.get_mut(lane.word as usize) else { return };
        if write.stamp != now || u32::from(write.warp) != lane.warp {
            let left = write.bytes & !lane.bytes;
            if write.stamp > full && left != 0 {
                let mut old = *write;
                old.bytes = left;
                self.spill_write(old, lane.word);
            }
            self.writes[lane.word as usize] =
                Write { stamp: now, warp: lane.warp as u8, ..Write::default() };
        }
        let write = &mut self.writes[lane.word as usize];
        if write.serial != serial {
            (write.serial, write.fresh) = (serial, 0);
        }
        write.active = lane.active;
        write.bytes |= lane.bytes;
        write.fresh |= lane.bytes;
        for byte in 0..4 {
            if lane.bytes & 1 << byte != 0 {
                write.lanes[byte] = lane.lane as u8;
                write.sites[byte] = lane.site;
            }
        }
    }

    #[cold]
    fn spill_write(&mut self, write: Write, word: u32) {
        for byte in each(write.bytes.into()) {
            let mut lanes = [0; 4];
            lanes[byte] = 1 << write.lanes[byte];
            let touch = Touch {
                stamp: write.stamp,
                sites: [write.sites[byte]; 2],
                first: lanes[byte],
                active: write.active,
                lanes,
            };
            self.spill(Spilled { set: Set::Writes, warp: write.warp.into(), touch }, word);
        }
    }

    #[cold]
    fn spill(&mut self, spilled: Spilled, word: u32) {
        let list = self.spilled.entry(word).or_default();
        // What it covers need not be kept.
        list.retain(|old| {
            let covers = old.set == spilled.set
                && old.warp == spilled.warp
                && (0..4).all(|i| old.touch.lanes[i] & !spilled.touch.lanes[i] == 0);
            !covers
        });
        if list.len() == SPILLS {
            list.remove(0);
        }
        list.push(spilled);
    }

    /// Remembers lanes that read, or that touch a word by a strong access.
    fn touch(&mut self, set: Set, lane: Lane, lanes: u32, order: &Order) {
        let (words, warps) = (self.words, self.warps);
        if lane.word as usize >= words {
            return;
        }
        let touches = match set {
            Set::Reads => &mut self.reads,
            Set::StrongReads => self.strong_reads.get_or_insert_with(|| Touches::new(words, warps)),
            _ => self.strong_writes.get_or_insert_with(|| Touches::new(words, warps)),
        };
        let (full, now) = (order.full(), order.now(lane.warp));
        let toucher = &mut touches.words[lane.word as usize];
        if toucher.full != full {
            *toucher = Toucher { full, warps: 0 };
        }
        toucher.warps |= 1 << lane.warp;
        let touch = &mut touches.touches[lane.warp as usize * words + lane.word as usize];
        let mut spilled = None;
        if touch.stamp != now {
            if touch.stamp > full {
                // The newer stands for the older where it happens after, as the same lane's does: for the bytes that both touch.
                let mut old = *touch;
                let after = if touch.stamp <= order.met(lane.warp) { u32::MAX } else { lanes };
                for byte in each(lane.bytes.into()) {
                    old.lanes[byte] &= !after;
                }
                if old.lanes != [0; 4] {
                    spilled = Some(Spilled { set, warp: lane.warp, touch: old });
                }
            }
            *touch = Touch { stamp: now, sites: [lane.site; 2], first: 0, ..Touch::default() };
        }
        if touch.sites == [lane.site; 2] {
            touch.first |= lanes;
        }
        touch.sites[1] = lane.site;
        touch.active = lane.active;
        for byte in 0..4 {
            if lane.bytes & 1 << byte != 0 {
                touch.lanes[byte] |= lanes;
            }
        }
        if let Some(spilled) = spilled {
            self.spill(spilled, lane.word);
        }
    }
}

/// Whether a store writes what another lane of the instruction, or an earlier write, has written to the same bytes of a word.
fn same_value(access: &Access<'_>, lane: Lane, by: u32, fresh: bool, bytes: u8) -> bool {
    let at = |lane: u32, byte: u32| {
        let offset = byte.checked_sub(access.addresses[lane as usize] as u32)?;
        let value = access.values.of(lane as usize)?;
        (offset < access.size).then(|| (value >> (8 * offset)) as u8)
    };
    each(bytes.into()).all(|byte| {
        let byte = lane.word * 4 + byte as u32;
        let before = if fresh { at(by, byte) } else { access.shared.get(byte as usize).copied() };
        at(lane.lane, byte).is_some_and(|new| before == Some(new))
    })
}
