//! Keys, one by one, in two clusters.

use crate::cluster::Cluster;
use crate::keys::Keys;
use crate::progress::Progress;

/// Keys between two looks at the progress.
const STRIDE: u64 = 1 << 16;

/// Where keys were, and where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many keys were looked at.
    pub keys: u64,
    /// How many have another owner.
    pub moved: u64,
    /// How many of those moved although their old owner is still there and their new one was there before: for nothing.
    pub for_nothing: u64,
    /// Keys of each node before, by its number.
    pub before: Vec<u64>,
    /// Keys of each node after.
    pub after: Vec<u64>,
}

impl Sample {
    /// Looks at the first `count` keys. `moved` hears of each that moves: from whom, to whom.
    pub fn take(
        (before, after): (&Cluster, &Cluster),
        keys: Keys,
        count: u64,
        progress: &mut Progress,
        mut moved: impl FnMut(u32, u32),
    ) -> Self {
        let joined = before.joined().max(after.joined()) as usize;
        let mut there = [vec![false; joined], vec![false; joined]];
        for (cluster, there) in [before, after].into_iter().zip(&mut there) {
            cluster.nodes().into_iter().for_each(|node| there[node as usize] = true);
        }
        let mut sample = Self {
            keys: count,
            moved: 0,
            for_nothing: 0,
            before: vec![0; joined],
            after: vec![0; joined],
        };
        for key in 0..count {
            let hash = keys.hash(key);
            let (from, to) = (before.owner(hash), after.owner(hash));
            sample.before[from as usize] += 1;
            sample.after[to as usize] += 1;
            if from != to {
                sample.moved += 1;
                moved(from, to);
                let needless = there[1][from as usize] && there[0][to as usize];
                sample.for_nothing += u64::from(needless);
            }
            if key % STRIDE == 0 {
                progress.at(key);
            }
        }
        progress.at(count);
        sample
    }

    /// The share of keys with another owner.
    pub fn moved_share(&self) -> f64 {
        self.moved as f64 / self.keys.max(1) as f64
    }

    /// The share that moved for nothing.
    pub fn share_for_nothing(&self) -> f64 {
        self.for_nothing as f64 / self.keys.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Scheme;
    use crate::settings::Settings;

    #[test]
    fn modulo_as_theory_has_it() {
        let settings = Settings::default();
        let before = Cluster::of(3, Scheme::Modulo, &settings).unwrap();
        let after = before.resized(4).unwrap();
        let keys = Keys::new(1);
        let sample =
            Sample::take((&before, &after), keys, 100_000, &mut Progress::hidden(), |_, _| ());
        // Standard deviation: sqrt(0.75 * 0.25 / 100,000) = 0.14 points.
        assert!((sample.moved_share() - 0.75).abs() < 0.007, "{sample:?}");
        // Of 12 remainders 9 move, 3 of them to the new node.
        assert!((sample.share_for_nothing() - 0.5).abs() < 0.008, "{sample:?}");
        assert_eq!(sample.before.iter().sum::<u64>(), 100_000);
        assert_eq!((sample.before[3], sample.after.len()), (0, 4));
        let same = Sample::take((&before, &before), keys, 1000, &mut Progress::hidden(), |_, _| ());
        assert_eq!((same.moved, same.before), (0, same.after));
    }

    #[test]
    fn a_leaving_node_makes_moves_that_are_needed() {
        let before = Cluster::of(4, Scheme::Modulo, &Settings::default()).unwrap();
        let after = before.resized(3).unwrap();
        let sample = Sample::take(
            (&before, &after),
            Keys::new(1),
            10_000,
            &mut Progress::hidden(),
            |_, _| (),
        );
        assert_eq!(sample.after[3], 0);
        assert!(sample.moved - sample.for_nothing >= sample.before[3]);
    }
}
