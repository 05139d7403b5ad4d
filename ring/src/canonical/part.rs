//! What an algorithm remembers beyond names, weights and parameters.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A part of what an algorithm remembers. A [`Description`](crate::Description) has each kind at most once.
///
/// Nodes are told by their place in [`Description::nodes`](crate::Description::nodes).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The tokens of each node on a ring, ascending.
    Tokens(Vec<Vec<u64>>),
    /// Who owns each bucket; the last one has an owner.
    Buckets(Vec<Option<u32>>),
    /// Buckets that lost their owner, in the order in which they did.
    Removed(Vec<u32>),
    /// Who owns each slot of a table, as runs of neighbours with the same owner.
    Slots(Vec<Run>),
    /// Where each node stands in a topology, from the root down, without the node itself.
    Paths(Vec<Vec<String>>),
}

/// Slots in a row that have one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// How many, at least 1.
    pub length: u32,
    /// Whose, by the place in [`Description::nodes`](crate::Description::nodes).
    pub owner: Option<u32>,
}

impl Part {
    /// What the kind is called: `tokens`, `buckets`, `removed`, `slots` or `paths`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tokens(_) => "tokens",
            Self::Buckets(_) => "buckets",
            Self::Removed(_) => "removed",
            Self::Slots(_) => "slots",
            Self::Paths(_) => "paths",
        }
    }

    /// The number of the kind in the bytes, by which parts are in order.
    pub(super) const fn kind(&self) -> u8 {
        match self {
            Self::Tokens(_) => 1,
            Self::Buckets(_) => 2,
            Self::Removed(_) => 3,
            Self::Slots(_) => 4,
            Self::Paths(_) => 5,
        }
    }

    /// Whether it can be a part of a description of as many nodes and these buckets; what is wrong if not.
    pub(super) fn check(&self, nodes: usize, buckets: &[Option<u32>]) -> Result<(), String> {
        match self {
            Self::Tokens(of_nodes) => {
                each_node(of_nodes.len(), nodes)?;
                for tokens in of_nodes {
                    let mut rule = Ascending::default();
                    tokens.iter().try_for_each(|token| rule.next(*token))?;
                }
            }
            Self::Buckets(owners) => {
                owners.iter().flatten().try_for_each(|node| known(*node, nodes))?;
                last_owned(owners.last().copied())?;
            }
            Self::Removed(removed) => {
                let mut rule = Vacated::new(buckets);
                removed.iter().try_for_each(|bucket| rule.next(*bucket))?;
            }
            Self::Slots(runs) => {
                let mut rule = Runs::default();
                for run in runs {
                    run.owner.map_or(Ok(()), |node| known(node, nodes))?;
                    rule.next(*run)?;
                }
            }
            Self::Paths(of_nodes) => each_node(of_nodes.len(), nodes)?,
        }
        Ok(())
    }
}

fn each_node(found: usize, nodes: usize) -> Result<(), String> {
    if found == nodes { Ok(()) } else { Err(format!("{found} entries for {nodes} nodes")) }
}

/// That there is a node in this place.
pub(super) fn known(node: u32, nodes: usize) -> Result<(), String> {
    if (node as usize) < nodes { Ok(()) } else { Err(format!("node {node} of {nodes}")) }
}

/// That the last bucket has an owner.
pub(super) fn last_owned(last: Option<Option<u32>>) -> Result<(), String> {
    if last == Some(None) { Err("the last bucket has no owner".into()) } else { Ok(()) }
}

/// That each token is above the one before.
#[derive(Default)]
pub(super) struct Ascending(Option<u64>);

impl Ascending {
    pub(super) fn next(&mut self, token: u64) -> Result<(), String> {
        match self.0.replace(token) {
            Some(before) if before >= token => {
                Err(format!("token {token} after {before}: not ascending"))
            }
            _ => Ok(()),
        }
    }
}

/// That each bucket is listed once and has no owner.
pub(super) struct Vacated<'a> {
    owners: &'a [Option<u32>],
    seen: BTreeSet<u32>,
}

impl<'a> Vacated<'a> {
    pub(super) fn new(owners: &'a [Option<u32>]) -> Self {
        Self { owners, seen: BTreeSet::new() }
    }

    pub(super) fn next(&mut self, bucket: u32) -> Result<(), String> {
        if let Some(Some(owner)) = self.owners.get(bucket as usize) {
            return Err(format!("removed bucket {bucket} is owned by node {owner}"));
        }
        if !self.seen.insert(bucket) {
            return Err(format!("bucket {bucket} was removed twice"));
        }
        Ok(())
    }
}

/// That runs are as long as they can be and that their sum is a `u32`.
#[derive(Default)]
pub(super) struct Runs {
    before: Option<Option<u32>>,
    slots: u32,
}

impl Runs {
    pub(super) fn next(&mut self, run: Run) -> Result<(), String> {
        if run.length == 0 {
            return Err("a run of 0 slots".into());
        }
        if self.before.replace(run.owner) == Some(run.owner) {
            return Err("two runs in a row of one owner".into());
        }
        let slots = self.slots.checked_add(run.length);
        self.slots = slots.ok_or_else(|| format!("more than {} slots", u32::MAX))?;
        Ok(())
    }
}
