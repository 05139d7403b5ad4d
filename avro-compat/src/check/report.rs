//! What a check found.

use std::collections::HashMap;

use super::pair::{Pair, Pairs, Step};
use super::{Finding, FindingKind, Severity, java};
use crate::schema::Schema;

/// Everything that a check found about a pair of schemas.
///
/// The findings form a forest: what is found inside of a branch of a union stands below a finding of kind [`FindingKind::Branch`]. They are in
/// the order of the reader's fields, and a finding comes before those below it. What is wrong with a pair of named types is
/// told once, where they meet first.
///
/// Texts, places and messages are made when they are asked for: a report about a pair without findings costs next to nothing.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) reader: Schema,
    pub(super) writer: Schema,
    pub(super) pairs: Vec<Pair>,
    pub(super) entries: Vec<Entry>,
    pub(super) java: Option<Box<java::Outcome>>,
}

/// A finding, as it is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub kind: FindingKind,
    pub severity: Severity,
    pub pair: u32,
    /// Which of the reader's fields, or of Java's incompatibilities.
    pub at: u32,
    /// Which of the writer's fields.
    pub source: Option<u32>,
    pub depth: u32,
    /// The entry that it is directly below.
    pub parent: Option<u32>,
}

impl Report {
    /// The schema that is read with.
    pub fn reader(&self) -> &Schema {
        &self.reader
    }

    /// The schema that was written with.
    pub fn writer(&self) -> &Schema {
        &self.writer
    }

    /// True if everything that the writer's schema allows to be written can be read: there is no error. Under [`Profile::Java`](super::Profile::Java)
    /// that is what Java says, right or wrong.
    pub fn is_compatible(&self) -> bool {
        self.worst() != Some(Severity::Error)
    }

    /// The severity of the worst finding.
    pub fn worst(&self) -> Option<Severity> {
        self.entries.iter().map(|it| it.severity).max()
    }

    /// How many findings there are of a severity, not counting those that only say in which branch others are.
    pub fn count(&self, severity: Severity) -> usize {
        let counts = |it: &&Entry| it.severity == severity && it.kind != FindingKind::Branch;
        self.entries.iter().filter(counts).count()
    }

    /// All findings, each before those below it; [`Finding::depth`] says how deep it is.
    pub fn findings(&self) -> impl ExactSizeIterator<Item = Finding<'_>> {
        (0..self.entries.len()).map(|at| Finding { report: self, at })
    }

    /// The findings that are not below others.
    pub fn roots(&self) -> impl Iterator<Item = Finding<'_>> {
        self.findings().filter(|it| it.depth() == 0)
    }

    /// What is the matter itself: all findings but those that only say in which branch others are.
    pub fn leaves(&self) -> impl Iterator<Item = Finding<'_>> {
        self.findings().filter(|it| it.kind() != FindingKind::Branch)
    }

    /// What Java's checker says, under [`Profile::Java`](super::Profile::Java).
    pub fn java(&self) -> Option<&java::Outcome> {
        self.java.as_deref()
    }

    pub(crate) fn pairs(&self) -> Pairs<'_> {
        Pairs { reader: &self.reader, writer: &self.writer, all: &self.pairs }
    }
}

/// Findings while they are gathered.
#[derive(Default)]
pub(super) struct Entries {
    pub all: Vec<Entry>,
    /// The entries of pairs that are branches with something inside.
    groups: HashMap<u32, u32>,
}

impl Entries {
    /// Adds a finding, below those of the branches that its pair is in. Pairs must come in the order of a depth-first walk.
    pub fn add(
        &mut self,
        pairs: &[Pair],
        pair: u32,
        kind: FindingKind,
        at: u32,
        source: Option<u32>,
    ) {
        let branch = match pairs[pair as usize].branch {
            // That a branch has no match is not inside of it.
            Some(branch) if branch == pair && kind == FindingKind::NoBranch => outer(pairs, pair),
            branch => branch,
        };
        // Only branches have no severity of their own, and they are not added here.
        let severity = kind.severity().unwrap_or(Severity::Error);
        let parent = branch.map(|it| self.group(pairs, it));
        let depth = parent.map_or(0, |it| self.all[it as usize].depth + 1);
        self.all.push(Entry { kind, severity, pair, at, source, depth, parent });
        let mut above = parent;
        while let Some(at) = above {
            let entry = &mut self.all[at as usize];
            if entry.severity >= severity {
                break;
            }
            entry.severity = severity;
            above = entry.parent;
        }
    }

    /// The entry of a branch, which is added if there is none, as are those around it.
    fn group(&mut self, pairs: &[Pair], branch: u32) -> u32 {
        let mut missing = Vec::new();
        let mut next = Some(branch);
        let mut known = None;
        while let Some(branch) = next {
            known = self.groups.get(&branch).copied();
            if known.is_some() {
                break;
            }
            missing.push(branch);
            next = outer(pairs, branch);
        }
        for branch in missing.into_iter().rev() {
            let depth = known.map_or(0, |it| self.all[it as usize].depth + 1);
            let at = self.all.len() as u32;
            self.all.push(Entry {
                kind: FindingKind::Branch,
                severity: Severity::Warning,
                pair: branch,
                at: 0,
                source: None,
                depth,
                parent: known,
            });
            self.groups.insert(branch, at);
            known = Some(at);
        }
        // There is at least the branch itself.
        known.unwrap_or(0)
    }
}

/// The branch around a branch. A branch of the reader's that was chosen for one of the writer's is one with it.
fn outer(pairs: &[Pair], branch: u32) -> Option<u32> {
    let mut at = branch as usize;
    if let Step::ReaderBranch(_) = pairs[at].step {
        let parent = pairs[at].parent as usize;
        if let Step::WriterBranch(_) = pairs[parent].step {
            at = parent;
        }
    }
    pairs[pairs[at].parent as usize].branch
}
