//! The control-flow graph and where diverged lanes meet again: the immediate post-dominators.

use super::op::{Control, Op};

/// A basic block.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub begin: usize,
    pub end: usize,
    pub next: Vec<usize>,
    /// Whether threads end here.
    pub exits: bool,
}

/// The graph.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub blocks: Vec<Block>,
    /// The block of each instruction.
    pub block_of: Vec<usize>,
}

impl Graph {
    /// Of a kernel's instructions; `labels` says where each label stands.
    pub(super) fn new(ops: &[Op], labels: &[usize]) -> Self {
        let at = |label: super::op::Label| labels[label.0 as usize];
        let mut leader = vec![false; ops.len() + 1];
        leader[0] = true;
        for (i, op) in ops.iter().enumerate() {
            match &op.control {
                Control::Next => continue,
                Control::Branch(label) => leader[at(*label)] = true,
                Control::Indirect(table) => {
                    table.iter().for_each(|&label| leader[at(label)] = true)
                }
                Control::Exit | Control::Stop => {}
            }
            leader[i + 1] = true;
        }
        let mut graph = Self { blocks: Vec::new(), block_of: vec![0; ops.len()] };
        for (i, &leads) in leader.iter().enumerate().take(ops.len()) {
            if leads {
                graph.blocks.push(Block { begin: i, end: i, ..Block::default() });
            }
            let number = graph.blocks.len() - 1;
            graph.block_of[i] = number;
            graph.blocks[number].end = i + 1;
        }
        for number in 0..graph.blocks.len() {
            let end = graph.blocks[number].end;
            let last = &ops[end - 1];
            let mut next = Vec::new();
            let through = match &last.control {
                Control::Next => true,
                Control::Branch(label) => {
                    next.push(graph.block_of[at(*label)]);
                    last.guard.is_some()
                }
                Control::Indirect(table) => {
                    next.extend(table.iter().map(|&label| graph.block_of[at(label)]));
                    last.guard.is_some()
                }
                Control::Exit | Control::Stop => last.guard.is_some(),
            };
            if through && end < ops.len() {
                next.push(graph.block_of[end]);
            }
            next.sort_unstable();
            next.dedup();
            graph.blocks[number].exits = last.control == Control::Exit;
            graph.blocks[number].next = next;
        }
        graph
    }

    /// The immediate post-dominator of each block; `None` where its ways out never meet, or where it has none.
    ///
    /// After Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm (2001), on the graph turned around.
    pub(super) fn meets(&self) -> Vec<Option<usize>> {
        let n = self.blocks.len();
        let exit = n;
        let mut previous = vec![Vec::new(); n + 1];
        for (number, block) in self.blocks.iter().enumerate() {
            for &next in &block.next {
                previous[next].push(number);
            }
            if block.exits {
                previous[exit].push(number);
            }
        }
        // Postorder from the exit, against the edges.
        let mut order = vec![usize::MAX; n + 1];
        let mut list = Vec::new();
        let mut seen = vec![false; n + 1];
        let mut stack = vec![(exit, 0)];
        seen[exit] = true;
        while let Some((node, child)) = stack.pop() {
            match previous[node].get(child) {
                Some(&next) => {
                    stack.push((node, child + 1));
                    if !seen[next] {
                        seen[next] = true;
                        stack.push((next, 0));
                    }
                }
                None => {
                    order[node] = list.len();
                    list.push(node);
                }
            }
        }
        let mut meet = vec![usize::MAX; n + 1];
        meet[exit] = exit;
        let mut changed = true;
        while changed {
            changed = false;
            for &node in list.iter().rev().filter(|&&node| node != exit) {
                let block = &self.blocks[node];
                let mut new = usize::MAX;
                let ways = block.next.iter().copied().chain(block.exits.then_some(exit));
                for next in ways.filter(|&next| meet[next] != usize::MAX) {
                    new = if new == usize::MAX { next } else { common(&meet, &order, new, next) };
                }
                if meet[node] != new {
                    meet[node] = new;
                    changed = true;
                }
            }
        }
        (0..n).map(|node| Some(meet[node]).filter(|&m| m < n)).collect()
    }
}

fn common(meet: &[usize], order: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        while order[a] < order[b] {
            a = meet[a];
        }
        while order[b] < order[a] {
            b = meet[b];
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::{Block, Graph};

    /// A graph of blocks with these ways out; those without one exit.
    fn graph(next: &[&[usize]]) -> Graph {
        let blocks = next.iter().map(|next| Block {
            next: next.to_vec(),
            exits: next.is_empty(),
            ..Block::default()
        });
        Graph { blocks: blocks.collect(), block_of: Vec::new() }
    }

    #[test]
    fn ways_meet_where_all_must_pass() {
        // If and else.
        assert_eq!(graph(&[&[1, 2], &[3], &[3], &[]]).meets(), [Some(3), Some(3), Some(3), None]);
        // A loop with a break.
        assert_eq!(
            graph(&[&[1], &[2, 4], &[3, 4], &[1], &[]]).meets(),
            [Some(1), Some(4), Some(4), Some(1), None]
        );
        // Two exits never meet.
        assert_eq!(graph(&[&[1, 2], &[], &[]]).meets(), [None, None, None]);
        // A loop without an end has nowhere to meet.
        assert_eq!(graph(&[&[1, 2], &[1], &[]]).meets(), [Some(2), None, None]);
    }

    /// By definition: all paths from a block to an exit pass what it meets at.
    #[test]
    fn every_path_passes_the_meeting() {
        let mut seed = 1_u64;
        let mut random = |n: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        for _ in 0..300 {
            let n = 2 + random(8);
            let next: Vec<Vec<usize>> = (0..n)
                .map(|i| {
                    if i == n - 1 {
                        vec![]
                    } else {
                        (0..1 + random(2)).map(|_| random(n)).collect()
                    }
                })
                .collect();
            let next: Vec<&[usize]> = next.iter().map(Vec::as_slice).collect();
            let reaches = |from: usize, without: usize| {
                let (mut seen, mut stack) = (vec![false; n], vec![from]);
                while let Some(block) = stack.pop() {
                    if block == without || std::mem::replace(&mut seen[block], true) {
                        continue;
                    }
                    stack.extend(next[block]);
                }
                seen[n - 1]
            };
            let meets = graph(&next).meets();
            for block in (0..n - 1).filter(|&block| reaches(block, usize::MAX)) {
                let meet = meets[block].expect("all that reach the exit have a post-dominator");
                assert!(meet != block && !reaches(block, meet), "{next:?} {block} {meet}");
                // Nothing nearer: every other block that all paths pass is passed after it too.
                for other in (0..n).filter(|&it| it != block && it != meet && !reaches(block, it)) {
                    assert!(
                        !reaches(meet, other),
                        "{next:?} {block}: {meet} is not before {other}"
                    );
                }
            }
        }
    }
}
