//! A tree whose groups each draw straws among their children, each child as heavy as all nodes beneath it.

use alloc::vec::Vec;

use super::straws::Straws;
use crate::NodeId;

/// What a group chooses among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Child {
    Group(u32),
    Node(NodeId),
}

/// Children have labels, unique in their group, whose order decides ties.
#[derive(Clone, Debug)]
struct Group<L> {
    straws: Straws,
    labels: Vec<L>,
    children: Vec<Child>,
}

/// The root is group 0.
#[derive(Clone, Debug)]
pub(crate) struct StrawTree<L> {
    groups: Vec<Group<L>>,
    free: Vec<u32>,
}

impl<L: Ord> StrawTree<L> {
    pub(crate) const ROOT: u32 = 0;

    pub(crate) fn new() -> Self {
        let mut tree = Self { groups: Vec::new(), free: Vec::new() };
        tree.new_group();
        tree
    }

    /// Down from the root to a node.
    #[inline]
    pub(crate) fn locate(&self, key: u64) -> Option<NodeId> {
        let mut at = Self::ROOT;
        loop {
            let group = &self.groups[at as usize];
            match group.children[group.straws.first(key)?] {
                Child::Group(next) => at = next,
                Child::Node(node) => return Some(node),
            }
        }
    }

    pub(crate) fn new_group(&mut self) -> u32 {
        let group = Group { straws: Straws::default(), labels: Vec::new(), children: Vec::new() };
        match self.free.pop() {
            Some(at) => {
                self.groups[at as usize] = group;
                at
            }
            None => {
                self.groups.push(group);
                (self.groups.len() - 1) as u32
            }
        }
    }

    /// Gives up a group that nobody is a parent of any more.
    pub(crate) fn release(&mut self, group: u32) {
        self.free.push(group);
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len() - self.free.len()
    }

    pub(crate) fn find(&self, group: u32, label: &L) -> Result<usize, usize> {
        self.groups[group as usize].labels.binary_search(label)
    }

    pub(crate) fn child(&self, group: u32, index: usize) -> Child {
        self.groups[group as usize].children[index]
    }

    pub(crate) fn children(&self, group: u32) -> &[Child] {
        &self.groups[group as usize].children
    }

    pub(crate) fn child_weight(&self, group: u32, index: usize) -> u64 {
        self.groups[group as usize].straws.weight(index)
    }

    pub(crate) fn weight(&self, group: u32) -> u64 {
        self.groups[group as usize].straws.total_weight()
    }

    /// At the index that `find` refused it with.
    pub(crate) fn attach(
        &mut self,
        at: (u32, usize),
        label: L,
        seed: u64,
        weight: u64,
        child: Child,
    ) {
        let group = &mut self.groups[at.0 as usize];
        group.straws.insert(at.1, seed, weight);
        group.labels.insert(at.1, label);
        group.children.insert(at.1, child);
    }

    pub(crate) fn detach(&mut self, at: (u32, usize)) {
        let group = &mut self.groups[at.0 as usize];
        group.straws.remove(at.1);
        group.labels.remove(at.1);
        group.children.remove(at.1);
    }

    /// Puts another child in the place of one, with its label, seed and weight.
    pub(crate) fn replace(&mut self, at: (u32, usize), child: Child) {
        self.groups[at.0 as usize].children[at.1] = child;
    }

    pub(crate) fn set_weight(&mut self, at: (u32, usize), weight: u64) {
        self.groups[at.0 as usize].straws.set_weight(at.1, weight);
    }

    /// Sets the weight of every group on a path of (parent, index) to that of what is beneath it, from the lowest up.
    pub(crate) fn weigh_path(&mut self, path: &[(u32, usize)]) {
        for at in path.iter().rev() {
            if let Child::Group(group) = self.child(at.0, at.1) {
                self.set_weight(*at, self.weight(group));
            }
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let of_group = |group: &Group<L>| {
            group.straws.heap_bytes()
                + group.labels.capacity() * size_of::<L>()
                + group.children.capacity() * size_of::<Child>()
        };
        self.groups.iter().map(of_group).sum::<usize>()
            + self.groups.capacity() * size_of::<Group<L>>()
            + self.free.capacity() * size_of::<u32>()
    }
}
