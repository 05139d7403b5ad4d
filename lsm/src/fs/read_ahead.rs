//! Reading ahead in mapped files, which are otherwise read at random: `Advice::Random` keeps the kernel from reading megabytes
//! around every fault, and a scan says itself what it will need.

use std::ops::Range;

/// The first window that is read ahead; each further one is twice as long, up to the last.
const FIRST_WINDOW: u64 = 256 << 10;
const LAST_WINDOW: u64 = 1 << 20;

/// What has been asked of a mapping by somebody who goes through it in one direction.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    steps: u32,
    /// Up to where (down to where, going backward) the file has been asked for.
    reached: Option<u64>,
    window: u64,
}

impl ReadAhead {
    /// Notes that the reader got to `here`; from the `patience`th step on, says what to read ahead, if anything. `len` is
    /// the file's length.
    pub(crate) fn step(
        &mut self,
        here: u64,
        forward: bool,
        len: u64,
        patience: u32,
    ) -> Option<Range<u64>> {
        self.steps = self.steps.saturating_add(1);
        if self.steps < patience {
            return None;
        }
        let reached = self.reached.unwrap_or(here);
        // How much of what was asked for is still in front.
        let left =
            if forward { reached.saturating_sub(here) } else { here.saturating_sub(reached) };
        if left > self.window / 2 {
            return None;
        }
        self.window = (self.window * 2).clamp(FIRST_WINDOW, LAST_WINDOW);
        let range = if forward {
            let from = reached.max(here);
            from..(from + self.window).min(len)
        } else {
            let to = reached.min(here);
            to.saturating_sub(self.window)..to
        };
        self.reached = Some(if forward { range.end } else { range.start });
        (!range.is_empty()).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_asked_for_once_and_before_it_is_needed() {
        const LEN: u64 = 20 << 20;
        for forward in [true, false] {
            let mut ahead = ReadAhead::default();
            let mut asked = Vec::new();
            for step in 0..LEN / 4096 {
                let here = if forward { step * 4096 } else { LEN - step * 4096 };
                asked.extend(ahead.step(here, forward, LEN, 4));
                if step >= 4 && here > 0 && here < LEN {
                    let next = if forward { here } else { here - 1 };
                    assert!(asked.iter().any(|range| range.contains(&next)), "{here} {forward}");
                }
            }
            asked.sort_by_key(|range| range.start);
            assert!(asked.windows(2).all(|pair| pair[0].end <= pair[1].start), "{asked:?}");
            assert!(asked.iter().all(|range| range.end - range.start <= LAST_WINDOW));
        }
    }

    #[test]
    fn a_few_steps_ask_for_nothing() {
        let mut ahead = ReadAhead::default();
        assert!((0..3).all(|step| ahead.step(step * 4096, true, 1 << 30, 4).is_none()));
    }
}
