//! What moves when nodes come and go, and the order of those who take over.

use super::*;

#[derive(Clone, Debug)]
enum Change {
    Add,
    Remove(Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![Just(Change::Add), any::<Index>().prop_map(Change::Remove)];
    prop::collection::vec(change, 1..60)
}

fn check_movement(placement: &mut dyn Placement, changes: &[Change]) -> Result<(), TestCaseError> {
    fill(placement, 0..8);
    // The nodes in the order of their buckets, as long as buckets have no gaps.
    let mut order: Vec<NodeId> = placement.roster().iter().map(|(id, _)| id).collect();
    for (number, change) in changes.iter().enumerate() {
        let before = owners(placement, 300);
        match change {
            Change::Add if order.len() < MOST => {
                let new = fill(placement, [1000 + number])[0];
                order.push(new);
                for (old, now) in before.into_iter().zip(owners(placement, 300)) {
                    prop_assert!(now == old || now == new);
                }
            }
            Change::Remove(index) if order.len() > 1 => {
                let at = index.index(order.len());
                let (leaver, last) = (order[at], order[order.len() - 1]);
                placement.remove(leaver).unwrap();
                order.swap_remove(at);
                for (old, now) in before.into_iter().zip(owners(placement, 300)) {
                    prop_assert!(now != leaver);
                    if !is_dense(placement) {
                        prop_assert!(now == old || old == leaver);
                    } else if old == leaver && leaver != last {
                        prop_assert_eq!(now, last);
                    } else {
                        prop_assert!(now == old || old == last);
                    }
                }
            }
            _ => {}
        }
        prop_assert_eq!(placement.roster().len(), order.len());
    }
    Ok(())
}

fn check_preference(
    placement: &mut dyn Placement,
    changes: &[Change],
) -> Result<(), TestCaseError> {
    let mut present = fill(placement, 0..5);
    for (number, change) in changes.iter().enumerate() {
        match change {
            Change::Add if present.len() < MOST => present.extend(fill(placement, [1000 + number])),
            Change::Remove(index) if !present.is_empty() => {
                placement.remove(present.swap_remove(index.index(present.len()))).unwrap();
            }
            _ => {}
        }
    }
    present.sort_unstable();
    for hash in hashes(20) {
        let mut order = placement.replicas(hash, usize::MAX);
        prop_assert_eq!(order.first().copied(), placement.locate(hash));
        prop_assert_eq!(&order[..order.len().min(3)], placement.replicas(hash, 3));
        order.sort_unstable();
        prop_assert_eq!(&order, &present);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What moves, exactly: to a new node, and from one that leaves. From the last one, too, where that takes the leaver's bucket.
    #[test]
    fn nothing_moves_but_what_must(changes in changes()) {
        for mut placement in all() {
            check_movement(&mut *placement, &changes)?;
        }
    }

    /// Also with very few nodes left.
    #[test]
    fn all_nodes_are_preferred_once(changes in changes()) {
        for mut placement in all() {
            check_preference(&mut *placement, &changes)?;
        }
    }

    /// The same history, the same owners; whatever reads came in between.
    #[test]
    fn the_same_history_gives_the_same(changes in changes()) {
        for (mut one, mut other) in all().into_iter().zip(all()) {
            check_movement(&mut *one, &changes)?;
            check_movement(&mut *other, &changes)?;
            prop_assert_eq!(owners(&*one, 300), owners(&*other, 300));
        }
    }
}

/// 2/n - 1/(n(n-1)), as documented; of 200,000 hashes among 20 nodes, within five standard deviations.
#[test]
fn dense_buckets_move_twice_the_least() {
    for mut placement in all().into_iter().take(2) {
        let present = fill(&mut *placement, 0..20);
        let before = owners(&*placement, 200_000);
        placement.remove(present[7]).unwrap();
        let after = owners(&*placement, 200_000);
        let moved = before.iter().zip(after).filter(|(old, new)| *old != new).count() as f64;
        let expected = 200_000.0 * (2.0 / 20.0 - 1.0 / (20.0 * 19.0));
        assert!((moved - expected).abs() < 5.0 * expected.sqrt(), "{moved} {expected}");
    }
}
