//! The last plain write of each word, and what runs into it.

use super::spill::Spilled;
use super::touch::Touch;
use super::{Earlier, Hazard, Lane, Relation, Set, Shadow, each};
use crate::machine::Access;
use crate::sanitize::order::Order;

/// The last plain write of a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Write {
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

impl Shadow {
    /// Checks against the last write of a word. `store` is the access where it is a plain store, whose values can be compared.
    #[inline]
    pub(super) fn against_write(
        &self,
        lane: Lane,
        order: &Order,
        store: Option<&Access<'_>>,
        found: &mut impl FnMut(&Hazard),
    ) {
        let Some(write) = self.writes.get(lane.word as usize) else { return };
        let bytes = write.bytes & lane.bytes;
        if write.stamp > lane.by.full && bytes != 0 {
            self.against_live_write(write, bytes, lane, order, store, found);
        }
        if !self.spills.is_empty() {
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
        let (warp, me) = (u32::from(write.warp), (lane.by.warp, lane.lane));
        let mut told = 0_u32;
        for byte in each(bytes.into()) {
            let by = u32::from(write.lanes[byte]);
            if (warp, by) == me || told & 1 << by != 0 {
                continue;
            }
            let fresh =
                store.is_some() && write.serial == self.serial && write.fresh & 1 << byte != 0;
            if !fresh && order.unordered((warp, 1 << by), write.stamp, me) == 0 {
                continue;
            }
            told |= 1 << by;
            let together = write.active & 1 << lane.lane != 0;
            let before = (Earlier::Write, write.sites[byte]);
            let mut hazard = self.hazard(lane, before, (warp, by), byte as u32, together);
            if fresh {
                hazard.relation = Relation::Instruction;
            }
            if let Some(access) = store {
                let same = each(bytes.into()).filter(|&i| u32::from(write.lanes[i]) == by);
                let bytes = same.fold(0, |bytes, i| bytes | 1 << i);
                hazard.same_value = same_value(access, lane, by, fresh, bytes);
            }
            found(&hazard);
        }
    }

    /// Neighbouring lanes write neighbouring words, which nobody else has touched since all threads met. `false`: nothing was done,
    /// for somebody may have.
    pub(super) fn store_run(&mut self, address: u32, first: u32, count: u32, lane: Lane) -> bool {
        let (word, count, by) = ((address / 4) as usize, count as usize, lane.by);
        let Some(written) = self.written.get_mut(word..word + count) else { return false };
        let mut quiet = self.spills.is_empty() && self.others.iter().all(Option::is_none);
        for &written in &*written {
            quiet &= written != by.full;
        }
        if !quiet || !self.reads.are_own(&by, word, first, count) {
            return false;
        }
        written.fill(by.full);
        for (lane_number, write) in (first..).zip(&mut self.writes[word..word + count]) {
            *write = Write {
                stamp: by.now,
                serial: self.serial,
                active: lane.active,
                sites: [by.site; 4],
                lanes: [lane_number as u8; 4],
                warp: by.warp as u8,
                bytes: 15,
                fresh: 15,
            };
        }
        true
    }

    /// Remembers a plain write.
    pub(super) fn write(&mut self, lane: Lane) {
        let Lane { by, word, bytes, .. } = lane;
        let Some(write) = self.writes.get_mut(word as usize) else { return };
        self.written[word as usize] = by.full;
        if write.stamp != by.now || u32::from(write.warp) != by.warp {
            let old = *write;
            *write = Write { stamp: by.now, warp: by.warp as u8, ..Write::default() };
            if old.stamp > by.full {
                for byte in each((old.bytes & !bytes).into()) {
                    let touch = Touch::one(old.stamp, old.sites[byte], 1 << old.lanes[byte]);
                    let (set, warp, bytes) = (Set::Writes, old.warp.into(), 1 << byte);
                    self.spills.add(Spilled { set, warp, bytes, touch }, word);
                }
            }
        }
        let write = &mut self.writes[word as usize];
        if write.serial != self.serial {
            (write.serial, write.fresh) = (self.serial, 0);
        }
        write.active = lane.active;
        write.bytes |= bytes;
        write.fresh |= bytes;
        for byte in 0..4 {
            if bytes & 1 << byte != 0 {
                write.lanes[byte] = lane.lane as u8;
                write.sites[byte] = by.site;
            }
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
