use std::collections::BTreeSet;
use std::vec::Vec;

use proptest::prelude::*;

use super::super::scatter::Scatter;
use super::*;

/// That every slot holds what it should, and points lie as far before as they can.
fn check(circle: &Circle, model: &BTreeSet<(u64, NodeId)>) {
    assert_eq!(circle.len(), model.len());
    let mut slot = 0;
    for (point, owner) in model {
        let own = circle.home(*point).max(slot);
        for at in slot..=own {
            assert_eq!((circle.points[at], circle.owners[at]), (*point, *owner), "slot {at}");
        }
        slot = own + 1;
    }
    assert_eq!(circle.end, slot);
    assert!(circle.points[slot..].iter().all(|point| *point == u64::MAX));
    assert_eq!(circle.points.len(), circle.owners.len());
    assert!(circle.homes == 0 || circle.points.len() >= circle.homes + AHEAD - 1);
    assert!(circle.homes == 0 || circle.points.len() > circle.end);
}

/// Where searches from every point, and from both its neighbours, end.
fn check_searches(circle: &Circle, model: &BTreeSet<(u64, NodeId)>) {
    let round = |found: Option<&(u64, NodeId)>| *found.or(model.first()).unwrap();
    for (point, owner) in model {
        for hash in [point.wrapping_sub(1), *point, point.wrapping_add(1)] {
            let slot = circle.successor(hash);
            let expected = round(model.range((hash, NodeId(0))..).next());
            assert_eq!((circle.point(slot), circle.owner(slot)), expected);
        }
        let mut slot = circle.successor(*point);
        while circle.owner(slot) != *owner {
            slot = circle.next(slot);
        }
        let slot = circle.next(slot);
        let expected = round(model.range((*point, NodeId(owner.0 + 1))..).next());
        assert_eq!((circle.point(slot), circle.owner(slot)), expected);
    }
}

/// Points all over the circle, in a part of it, and of a few values only; those at the ends among them.
fn point() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => any::<u64>(),
        2 => any::<u64>().prop_map(|point| point >> 4 | 15 << 60),
        2 => any::<u64>().prop_map(|point| point >> 6),
        1 => (0..8u64).prop_map(|point| point << 61),
        1 => prop::sample::select(vec![0, 1, u64::MAX - 1, u64::MAX]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Nodes are named by their numbers.
    #[test]
    fn as_a_set(changes in prop::collection::vec((point(), 0..4u32, any::<prop::sample::Index>()), 0..150), removed in 0..100usize) {
        let mut circle = Circle::default();
        let mut model = BTreeSet::new();
        for (at, (point, owner, index)) in changes.iter().enumerate() {
            let owner = NodeId(*owner);
            if model.insert((*point, owner)) {
                circle.insert(*point, owner, |other| other > owner);
            }
            // At first few leave, later most.
            if at % 100 < removed {
                let (point, owner) = *model.iter().nth(index.index(model.len())).unwrap();
                model.remove(&(point, owner));
                circle.remove(point, owner);
            }
            check(&circle, &model);
        }
        check_searches(&circle, &model);
        let mut scattered = BTreeSet::new();
        let at_once = Circle::of(model.iter().copied().collect::<Vec<_>>().into_iter());
        check(&at_once, &model);
        let mut scatter = Scatter::new(model.len());
        for (point, owner, _) in &changes {
            if model.contains(&(*point, NodeId(*owner))) && scattered.insert((*point, *owner)) {
                scatter.add(*point, NodeId(*owner), |one, other| one < other);
            }
        }
        check(&scatter.finish(), &model);
        while let Some((point, owner)) = model.pop_first() {
            circle.remove(point, owner);
            check(&circle, &model);
        }
    }
}

/// All in the same home, at the beginning, in the middle and at the end.
#[test]
fn crowds() {
    for base in [0, 1 << 63, u64::MAX - 2000] {
        let mut circle = Circle::default();
        let mut scatter = Scatter::new(1000);
        let mut model = BTreeSet::new();
        for number in 0..1000 {
            let point = base + number * 7919 % 1000 * 2;
            model.insert((point, NodeId(1)));
            circle.insert(point, NodeId(1), |_| false);
            scatter.add(point, NodeId(1), |_, _| false);
        }
        check(&circle, &model);
        check(&scatter.finish(), &model);
        check_searches(&circle, &model);
        for number in 0..990 {
            let point = base + number * 17 % 1000 * 2;
            model.remove(&(point, NodeId(1)));
            circle.remove(point, NodeId(1));
        }
        check(&circle, &model);
    }
}

/// It takes as much as is said, one by one or at once, and gives it back.
#[test]
fn memory() {
    let mut circle = Circle::default();
    let point = |number: u64| crate::hash::mix::mix(number);
    for number in 0..10_000 {
        circle.insert(point(number), NodeId(number as u32), |_| false);
        let a_point = circle.heap_bytes() as f64 / (number + 1) as f64;
        assert!(number < 100 || (18.0..27.5).contains(&a_point), "{number}: {a_point}");
    }
    for number in 50..10_000 {
        circle.remove(point(number), NodeId(number as u32));
    }
    assert!(circle.heap_bytes() < 60 * 50, "{}", circle.heap_bytes());
    let mut reserved = Circle::default();
    reserved.reserve(1000);
    let before = reserved.heap_bytes();
    for number in 0..1000 {
        reserved.insert(point(number), NodeId(number as u32), |_| false);
    }
    assert_eq!(reserved.heap_bytes(), before);
}
