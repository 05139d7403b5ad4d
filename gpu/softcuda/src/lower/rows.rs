//! Rows for values: those whose lives do not overlap share them, so that the register file stays in the nearest cache.
//!
//! Lives are those of a single thread. Lanes that have gone different ways may keep different values in one row: every write leaves the
//! other lanes alone. That holds among rows of one width only: those of different widths have their lanes in different places.

use super::flow::Graph;
use super::op::{Op, Value};

/// A set of values.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Set(Vec<u64>);

impl Set {
    fn new(n: usize) -> Self {
        Self(vec![0; n.div_ceil(64)])
    }

    fn insert(&mut self, value: Value) {
        self.0[value.0 as usize / 64] |= 1 << (value.0 % 64);
    }

    fn remove(&mut self, value: Value) {
        self.0[value.0 as usize / 64] &= !(1 << (value.0 % 64));
    }

    pub(super) fn contains(&self, value: Value) -> bool {
        self.0[value.0 as usize / 64] & (1 << (value.0 % 64)) != 0
    }

    fn each(&self, mut f: impl FnMut(Value)) {
        for (i, &word) in self.0.iter().enumerate() {
            let mut left = word;
            while left != 0 {
                f(Value(i as u32 * 64 + left.trailing_zeros()));
                left &= left - 1;
            }
        }
    }
}

/// The values that are still needed where each block begins and ends.
pub(super) fn live(ops: &[Op], graph: &Graph, values: usize) -> (Vec<Set>, Vec<Set>) {
    let n = graph.blocks.len();
    // What a block reads before it writes it, and what it writes.
    let mut reads: Vec<Set> = Vec::with_capacity(n);
    let mut writes: Vec<Set> = Vec::with_capacity(n);
    for block in &graph.blocks {
        let (mut read, mut write) = (Set::new(values), Set::new(values));
        for op in &ops[block.begin..block.end] {
            for value in op.uses().filter(|&value| !write.contains(value)) {
                read.insert(value);
            }
            op.defs().for_each(|value| write.insert(value));
        }
        reads.push(read);
        writes.push(write);
    }
    let mut live_in = reads.clone();
    let mut live_out = vec![Set::new(values); n];
    let mut changed = true;
    while changed {
        changed = false;
        for number in (0..n).rev() {
            let mut out = Set::new(values);
            for &next in &graph.blocks[number].next {
                for (to, from) in out.0.iter_mut().zip(&live_in[next].0) {
                    *to |= from;
                }
            }
            if out != live_out[number] {
                let ins = &mut live_in[number].0;
                let (read, write) = (&reads[number].0, &writes[number].0);
                for (i, word) in ins.iter_mut().enumerate() {
                    *word = read[i] | out.0[i] & !write[i];
                }
                live_out[number] = out;
                changed = true;
            }
        }
    }
    (live_in, live_out)
}

/// The first and last instruction of each value's life; `None` if it is never used.
pub(super) fn lives(ops: &[Op], graph: &Graph, values: usize) -> Vec<Option<(u32, u32)>> {
    let (live_in, live_out) = live(ops, graph, values);
    let mut lives: Vec<Option<(u32, u32)>> = vec![None; values];
    let mut touch = |value: Value, at: usize| {
        let at = at as u32;
        let life = lives[value.0 as usize].get_or_insert((at, at));
        life.0 = life.0.min(at);
        life.1 = life.1.max(at);
    };
    for (number, block) in graph.blocks.iter().enumerate() {
        live_in[number].each(|value| touch(value, block.begin));
        live_out[number].each(|value| touch(value, block.end));
        let mut live = live_out[number].clone();
        for at in (block.begin..block.end).rev() {
            let op = &ops[at];
            op.defs().for_each(|value| live.remove(value));
            op.defs().chain(op.uses()).for_each(|value| touch(value, at));
        }
    }
    lives
}

/// Places for values of a given number of units each (the same for all that have any), from unit `first` on; returns them and the first
/// unit that is free.
///
/// A value that is read for the last time where another is written first may share its row with it.
pub(super) fn places(
    lives: &[Option<(u32, u32)>],
    units: impl Fn(Value) -> u16,
    first: u32,
) -> (Vec<u32>, u32) {
    let mut places = vec![u32::MAX; lives.len()];
    let mut order: Vec<(u32, u32, Value)> = lives
        .iter()
        .enumerate()
        .filter_map(|(i, life)| life.map(|(from, to)| (from, to, Value(i as u32))))
        .filter(|&(_, _, value)| units(value) != 0)
        .collect();
    order.sort_unstable();
    // Until when each unit is taken: it may be taken again by what begins at that instruction.
    let mut taken: Vec<u32> = Vec::new();
    for (from, to, value) in order {
        let n = usize::from(units(value));
        let free = |units: &[u32]| units.iter().all(|&until| until <= from);
        let found = taken.windows(n).position(free);
        let at = found.unwrap_or_else(|| {
            let tail = taken.iter().rev().take(n - 1).take_while(|&&until| until <= from).count();
            taken.len() - tail
        });
        taken.resize(taken.len().max(at + n), 0);
        // What is written and never read must not be overwritten by what the same instruction writes.
        taken[at..at + n].fill(to.max(from + 1));
        places[value.0 as usize] = first + at as u32;
    }
    (places, first + taken.len() as u32)
}
