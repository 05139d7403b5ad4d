//! What runs into earlier touches of a word.

use super::touch::Touch;
use super::{Earlier, Hazard, Lane, Relation, Set, Shadow, each};
use crate::sanitize::order::Order;

impl Shadow {
    /// Checks against touches of a word.
    #[inline]
    pub(super) fn against(
        &self,
        set: Set,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let Some(touches) = self.set(set) else { return };
        let full = lane.by.full;
        if set.unit() == 0 {
            for byte in each(lane.bytes.into()) {
                for (warp, touch) in touches.of(lane.word as usize * 4 + byte, full) {
                    self.against_touch(set, touch, warp, byte as u32, lane, order, found);
                }
            }
        } else {
            for (warp, touch) in touches.of((lane.word as usize * 4) >> set.unit(), full) {
                let byte = lane.bytes.trailing_zeros();
                self.against_touch(set, touch, warp, byte, lane, order, found);
            }
        }
        if !self.spills.is_empty() {
            self.against_spilled(set, lane, order, found);
        }
    }

    #[cold]
    pub(super) fn against_spilled(
        &self,
        set: Set,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        for spilled in self.spills.of(lane.word, set) {
            let bytes = spilled.bytes & lane.bytes;
            if bytes != 0 {
                let byte = bytes.trailing_zeros();
                self.against_touch(set, &spilled.touch, spilled.warp, byte, lane, order, found);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the inner half of `against`")]
    #[inline]
    fn against_touch(
        &self,
        set: Set,
        touch: &Touch,
        warp: u32,
        byte: u32,
        lane: Lane,
        order: &Order,
        found: &mut impl FnMut(&Hazard),
    ) {
        let own = if warp == lane.by.warp { 1 << lane.lane } else { 0 };
        let lanes = touch.lanes & !own;
        if lanes == 0 {
            return;
        }
        let lanes = order.unordered((warp, lanes), touch.stamp, (lane.by.warp, lane.lane));
        if lanes != 0 {
            let (by, site) = touch.one_of(lanes);
            let writes = matches!(set, Set::Writes | Set::StrongWrites);
            let earlier = if writes { Earlier::Write } else { Earlier::Read };
            found(&self.hazard(lane, (earlier, site), (warp, by), byte, touch.whole()));
        }
    }

    pub(super) fn hazard(
        &self,
        lane: Lane,
        (earlier, site): (Earlier, u16),
        (warp, by): (u32, u32),
        byte: u32,
        together: bool,
    ) -> Hazard {
        let relation = match (warp == lane.by.warp, together || lane.active & 1 << by != 0) {
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
}
