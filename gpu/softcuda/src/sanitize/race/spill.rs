//! Records that have lost their place to newer ones, but still count.

use super::Set;
use super::touch::Touch;
use std::collections::HashMap;

/// A record of some bytes of a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spilled {
    pub set: Set,
    pub warp: u32,
    pub bytes: u8,
    pub touch: Touch,
}

/// Records of a word; further ones take the place of the first.
const MOST: usize = 64;

/// Spilled records by word, since all threads met.
#[derive(Debug, Default)]
pub(super) struct Spills {
    full: u32,
    words: HashMap<u32, Vec<Spilled>>,
}

impl Spills {
    /// Forgets what was there before all threads met.
    pub(super) fn at(&mut self, full: u32) {
        if self.full != full {
            self.full = full;
            self.words.clear();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    #[cold]
    pub(super) fn add(&mut self, spilled: Spilled, word: u32) {
        let list = self.words.entry(word).or_default();
        // The newer stands for the older of the same lanes.
        list.retain(|old| {
            (old.set, old.warp) != (spilled.set, spilled.warp)
                || old.bytes & !spilled.bytes != 0
                || old.touch.lanes & !spilled.touch.lanes != 0
        });
        if list.len() == MOST {
            list.remove(0);
        }
        list.push(spilled);
    }

    /// Those of a word and a set.
    pub(super) fn of(&self, word: u32, set: Set) -> impl Iterator<Item = &Spilled> {
        self.words.get(&word).into_iter().flatten().filter(move |it| it.set == set)
    }
}
