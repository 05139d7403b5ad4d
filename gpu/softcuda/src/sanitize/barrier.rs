//! Barriers that not all threads come to in the same way.

use super::collect::Spot;
use super::finding::{Kind, Level};
use crate::machine::BarrierUse;

/// The first arrival of a phase.
#[derive(Clone, Copy, Debug)]
struct First {
    spot: Spot,
    count: u32,
    waits: bool,
}

/// The barriers of a block.
#[derive(Debug, Default)]
pub(super) struct Barriers([Option<First>; 16]);

impl Barriers {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Lanes arrive; tells what is wrong with that.
    pub(super) fn arrive(
        &mut self,
        arrival: &BarrierUse,
        mut found: impl FnMut(Kind, Level, Option<Spot>, String),
    ) {
        let &BarrierUse {
            pc, block, warp, mask, live, barrier, count, aligned, waits, parted, ..
        } = arrival;
        if aligned && mask != live && !parted {
            let note = format!(
                "lanes 0x{mask:08x} of warp {warp} have come, 0x{:08x} have neither come nor exited: all lanes of a warp must come together",
                live & !mask
            );
            found(Kind::DivergentBarrier, Level::Error, None, note);
        }
        let Some(first) = self.0.get_mut(barrier as usize) else { return };
        let spot = Spot { pc, block, thread: warp * 32 + mask.trailing_zeros() };
        match first {
            None => *first = Some(First { spot, count, waits }),
            Some(first) if first.count != count => {
                let say = |count| match count {
                    0 => "all".to_owned(),
                    n => format!("{n}"),
                };
                let note = format!(
                    "barrier {barrier} for {} threads here, for {} there",
                    say(count),
                    say(first.count)
                );
                found(Kind::BarrierCounts, Level::Error, Some(first.spot), note);
            }
            Some(first) if first.spot.pc != pc && count == 0 && waits && first.waits => {
                let note = format!(
                    "barrier {barrier} is for all threads of the block: they should come to it at one instruction"
                );
                found(Kind::BarrierPlaces, Level::Warning, Some(first.spot), note);
            }
            Some(_) => {}
        }
    }

    /// A barrier has let its threads go.
    pub(super) fn released(&mut self, barrier: u32) {
        if let Some(first) = self.0.get_mut(barrier as usize) {
            *first = None;
        }
    }
}
