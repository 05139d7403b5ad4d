//! Whether what a group has committed went back.

use std::collections::VecDeque;

use crate::id::ConsumerId;

/// So many commits of a group and partition are compared with each other; of those before, only the one that counts.
const RECENT: usize = 32;

/// A commit of an offset that was done, or perhaps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Commit {
    /// When it was asked for.
    pub asked: u64,
    /// When it was known to be done; `u64::MAX` if nobody knows.
    pub done: u64,
    pub offset: u64,
    pub by: ConsumerId,
}

impl Commit {
    /// Whether it was done before another was asked for: only then it is certain which was first.
    fn is_before(&self, other: &Self) -> bool {
        self.done < other.asked
    }

    fn is_certain(&self) -> bool {
        self.done < u64::MAX
    }
}

/// Commits of one group in one partition.
#[derive(Debug, Default)]
pub(super) struct Commits {
    recent: VecDeque<Commit>,
    /// Of those that are not recent, the one that was not followed by another, or the highest of these.
    older: Option<Commit>,
    /// When members moved their positions by themselves: what they commit then may be less.
    resets: VecDeque<u64>,
    /// The highest offset that was certainly committed.
    pub highest: Option<u64>,
    /// Earlier and later commits that show that the offset went back, as far as is known: lines that explain it may be late.
    back: Vec<(Commit, Commit)>,
}

impl Commits {
    /// A commit.
    pub fn add(&mut self, it: Commit) {
        if it.is_certain() {
            self.back.retain(|(a, b)| !(a.is_before(&it) && it.is_before(b)));
            if let Some(found) = self.regression(&it) {
                self.back.push(found);
            }
            self.highest = self.highest.max(Some(it.offset));
        }
        self.recent.push_back(it);
        if self.recent.len() > RECENT
            && let Some(evicted) = self.recent.pop_front().filter(Commit::is_certain)
            && self.older.is_none_or(|it| it.is_before(&evicted) || it.offset < evicted.offset)
        {
            self.older = Some(evicted);
        }
    }

    /// Earlier and later commits that show that the offset went back.
    pub fn back(&self) -> &[(Commit, Commit)] {
        &self.back
    }

    fn regression(&self, it: &Commit) -> Option<(Commit, Commit)> {
        let earlier = self.known().filter(|other| other.offset > it.offset && other.is_before(it));
        let found = earlier.map(|other| (*other, *it)).find(|(a, b)| self.counts(a, b));
        if found.is_some() {
            return found;
        }
        // It may be older than its line is.
        let later = self
            .recent
            .iter()
            .filter(|other| other.is_certain() && other.offset < it.offset && it.is_before(other));
        later.map(|other| (*it, *other)).find(|(a, b)| self.counts(a, b))
    }

    fn known(&self) -> impl Iterator<Item = &Commit> {
        self.older.iter().chain(&self.recent)
    }

    /// Whether nothing explains that a later commit is lower: no member went back by itself, and no other commit was certainly between.
    fn counts(&self, earlier: &Commit, later: &Commit) -> bool {
        let told = self.resets.iter().any(|it| explains(*it, earlier, later));
        let between = |it: &&Commit| earlier.is_before(it) && it.is_before(later);
        !told && !self.known().any(|it| between(&it))
    }

    /// A member moved its position by itself.
    pub fn reset(&mut self, at: u64) {
        self.back.retain(|(a, b)| !explains(at, a, b));
        self.resets.push_back(at);
        if self.resets.len() > RECENT {
            self.resets.pop_front();
        }
    }

    /// The group's offset was asked for, after all commits. Says which commit it has forgotten.
    pub fn forgotten(&self, offset: u64) -> Option<Commit> {
        let lost = self.known().filter(|it| it.is_certain() && it.offset > offset);
        let mut lost = lost.filter(|a| {
            // Another one may have been last, or one that nobody knows of.
            let explained = |b: &Commit| b.offset == offset && b.done >= a.asked;
            let followed = |b: &Commit| b.is_certain() && a.is_before(b);
            !self.known().any(|b| explained(b) || followed(b))
                && !self.resets.iter().any(|it| *it >= a.asked)
        });
        lost.next().copied()
    }
}

/// Whether a member that moved at a time may have made a later commit lower.
fn explains(at: u64, earlier: &Commit, later: &Commit) -> bool {
    (earlier.asked..=later.done).contains(&at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(asked: u64, done: u64, offset: u64) -> Commit {
        Commit { asked, done, offset, by: ConsumerId(0) }
    }

    fn found(commits: &[Commit]) -> Vec<(u64, u64)> {
        let mut it = Commits::default();
        commits.iter().for_each(|x| it.add(*x));
        it.back().iter().map(|(a, b)| (a.offset, b.offset)).collect()
    }

    #[test]
    fn only_order_that_is_certain_counts() {
        // One after the other.
        assert_eq!(found(&[commit(0, 1, 5), commit(2, 3, 4)]), [(5, 4)]);
        // At the same time: either may have been the last.
        assert_eq!(found(&[commit(0, 2, 5), commit(1, 3, 4)]), []);
        assert_eq!(found(&[commit(0, 2, 5), commit(2, 3, 4)]), []);
        // Nobody knows whether the first one was done.
        assert_eq!(found(&[commit(0, u64::MAX, 5), commit(2, 3, 4)]), []);
        // The lines are in another order than the times.
        assert_eq!(found(&[commit(2, 3, 4), commit(0, 1, 5)]), [(5, 4)]);
    }

    #[test]
    fn going_on_after_it_went_back_is_not_going_back_again() {
        let all = [(0, 10), (10, 4), (20, 5), (30, 9), (40, 10), (50, 3)];
        let all = all.map(|(at, offset)| commit(at, at + 1, offset));
        assert_eq!(found(&all), [(10, 4), (10, 3)]);
        let mut many: Vec<_> = (0..100).map(|it| commit(it * 10, it * 10 + 5, it)).collect();
        many.push(commit(5000, 5001, 98));
        assert_eq!(found(&many), [(99, 98)]);
    }

    #[test]
    fn who_goes_back_by_itself_may_commit_less() {
        let mut it = Commits::default();
        it.add(commit(0, 1, 9));
        it.reset(5);
        it.add(commit(6, 7, 3));
        assert!(it.back().is_empty());
        it.add(commit(10, 11, 2));
        assert_eq!(it.back().len(), 1);
        // Its line was late; and so may be that of a commit between.
        it.reset(8);
        assert!(it.back().is_empty());
        it.add(commit(20, 21, 1));
        it.add(commit(15, 16, 1));
        assert_eq!(found(&[commit(0, 1, 5), commit(9, 10, 4), commit(4, 5, 3)]), [(5, 3)]);
    }

    #[test]
    fn forgotten_commits() {
        let mut it = Commits::default();
        it.add(commit(0, 1, 5));
        it.add(commit(2, 5, 8));
        assert!(it.forgotten(8).is_none());
        assert!(it.forgotten(9).is_none());
        assert_eq!(it.forgotten(5).map(|it| it.offset), Some(8));
        // Both at the same time.
        it.add(commit(4, 6, 7));
        assert!(it.forgotten(7).is_none());
        // Perhaps.
        it.add(commit(5, u64::MAX, 2));
        assert!(it.forgotten(2).is_none());
        assert!(it.forgotten(3).is_some());
    }
}
