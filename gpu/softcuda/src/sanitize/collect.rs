//! Findings gathered from workers: the first of each sort, and a count.

use super::checks::Config;
use super::finding::{Bytes, Finding, Kind, Level, Place};
use crate::lower::Kernel;
use crate::machine::Dim;
use crate::memory::{Nearest, Regions, Space};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

/// A thread and its instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub pc: u32,
    pub block: [u32; 3],
    /// In the block; `u32::MAX` where it is not known.
    pub thread: u32,
}

/// A finding as the checks see it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub kind: Kind,
    pub level: Level,
    pub at: Spot,
    pub other: Option<Spot>,
    pub memory: Option<(Space, u64, u32)>,
    pub note: Option<String>,
}

type Key = (Kind, u32, Option<u32>);

/// Findings of one worker.
#[derive(Debug, Default)]
pub(super) struct Collected {
    found: HashMap<Key, (Seen, u64)>,
    dropped: u64,
    limit: usize,
}

impl Collected {
    pub(super) fn new(limit: usize) -> Self {
        Self { found: HashMap::new(), dropped: 0, limit }
    }

    /// Counts a finding, and keeps it if it is the first of its sort, or worse than that.
    pub(super) fn add(&mut self, key: Key, level: Level, seen: impl FnOnce() -> Seen) {
        let full = self.found.len() >= self.limit;
        match self.found.entry(key) {
            Entry::Occupied(mut entry) => {
                let (first, count) = entry.get_mut();
                *count += 1;
                if level > first.level {
                    *first = seen();
                }
            }
            Entry::Vacant(_) if full => self.dropped += 1,
            Entry::Vacant(entry) => {
                entry.insert((seen(), 1));
            }
        }
    }
}

/// Findings of a launch.
#[derive(Debug)]
pub(super) struct Collector {
    all: Mutex<Collected>,
}

impl Collector {
    pub(super) fn new(config: &Config) -> Self {
        Self { all: Mutex::new(Collected::new(config.limit)) }
    }

    /// Takes on what a worker has found.
    pub(super) fn merge(&self, from: Collected) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.dropped += from.dropped;
        for (key, (seen, count)) in from.found {
            let full = all.found.len() >= all.limit;
            match all.found.entry(key) {
                Entry::Occupied(mut entry) => {
                    let (first, sum) = entry.get_mut();
                    *sum += count;
                    // Of several workers' firsts, the worst of the first block.
                    let rank = |seen: &Seen| {
                        let [x, y, z] = seen.at.block;
                        (std::cmp::Reverse(seen.level), z, y, x, seen.at.thread)
                    };
                    if rank(&seen) < rank(first) {
                        *first = seen;
                    }
                }
                Entry::Vacant(_) if full => all.dropped += count,
                Entry::Vacant(entry) => {
                    entry.insert((seen, count));
                }
            }
        }
    }

    /// The findings, with names and lines, and how many were not kept.
    pub(super) fn finish(
        &self,
        kernel: &Kernel,
        block: Dim,
        regions: &Regions,
    ) -> (Vec<Finding>, u64) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let all = std::mem::take(&mut *all);
        let mut list: Vec<(Key, Finding)> = Vec::new();
        for (key, (seen, count)) in all.found {
            let finding = Finding {
                kind: seen.kind,
                level: seen.level,
                kernel: kernel.name().to_owned(),
                place: Some(place(kernel, block, seen.at)),
                other: seen.other.map(|spot| place(kernel, block, spot)),
                bytes: seen.memory.map(|(space, address, size)| Bytes {
                    space,
                    address,
                    size,
                    within: within(kernel, regions, space, address),
                }),
                notes: seen.note.into_iter().collect(),
                count,
            };
            list.push((key, finding));
        }
        list.sort_by_key(|((kind, pc, other), finding)| {
            (std::cmp::Reverse(finding.level), *pc, *other, *kind)
        });
        (list.into_iter().map(|(_, finding)| finding).collect(), all.dropped)
    }
}

/// The thread's index in its block.
fn thread(block: Dim, number: u32) -> [u32; 3] {
    [number % block.x, number / block.x % block.y, number / block.x / block.y]
}

fn place(kernel: &Kernel, block: Dim, spot: Spot) -> Place {
    Place {
        block: spot.block,
        thread: (spot.thread != u32::MAX).then(|| thread(block, spot.thread)),
        opcode: kernel.program().opcode(spot.pc).to_owned(),
        line: kernel.program().line(spot.pc),
        source: kernel.source(spot.pc),
    }
}

/// The variable or allocation that an address lies in, and its place there.
pub(super) fn within(
    kernel: &Kernel,
    regions: &Regions,
    space: Space,
    address: u64,
) -> Option<(String, u64)> {
    match space {
        Space::Shared => {
            let variables = &kernel.program().shared_variables;
            let found = variables
                .iter()
                .find(|v| address >= v.offset && (v.size == 0 || address - v.offset < v.size))?;
            Some((format!("`{}`", readable(&found.name)), address - found.offset))
        }
        Space::Global | Space::Const => match regions.nearest(address) {
            Nearest::Live { id, base, len, offset } if (0..len as i64).contains(&offset) => {
                Some((format!("allocation {id} (0x{base:x}, {len} bytes)"), offset as u64))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The variable's own name, where it is one of a function that C++ has mangled: `_ZZ6kernelPfE1s` is `s`.
fn readable(name: &str) -> &str {
    if !name.starts_with("_ZZ") {
        return name;
    }
    let mut starts = name.char_indices().filter(|(_, c)| *c == 'E').map(|(i, _)| i + 1);
    let own = starts.find_map(|at| {
        let rest = &name[at..];
        let own = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let length: usize = rest[..rest.len() - own.len()].parse().ok()?;
        (length == own.len()).then_some(own)
    });
    own.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn names_of_variables_in_functions() {
        assert_eq!(readable("_ZZ14reduce_shuffleE1s"), "s");
        assert_eq!(readable("_ZZN4tileE5EEvvE4rows"), "rows");
        assert_eq!(readable("tile"), "tile");
        assert_eq!(readable("_ZZ"), "_ZZ");
    }
}
