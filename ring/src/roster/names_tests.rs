use std::format;
use std::string::ToString;

use proptest::prelude::*;

use super::*;

fn push(names: &mut Names, name: &str) -> bool {
    names.push(name, node_hash(name)).is_ok()
}

fn check(names: &Names, model: &[String]) {
    assert_eq!(names.len(), model.len());
    for (position, name) in model.iter().enumerate() {
        assert_eq!(names.get(position), Some(name.as_str()));
        assert_eq!(names.find(name), Some(position));
    }
    let mut sorted: Vec<&String> = model.iter().collect();
    sorted.sort();
    let order: Vec<&str> =
        names.order().into_iter().map(|at| names.get(at as usize).unwrap()).collect();
    assert_eq!(order, sorted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn as_a_list(sorted in any::<bool>(), changes in prop::collection::vec((0..60u32, any::<bool>()), 0..120)) {
        let mut names = if sorted { Names::sorted(["0"].into_iter()) } else { Names::default() };
        let mut model: Vec<String> = if sorted { vec!["0".to_string()] } else { vec![] };
        for (name, add) in changes {
            let name = format!("{name}");
            let known = model.iter().position(|other| *other == name);
            if add {
                prop_assert_eq!(push(&mut names, &name), known.is_none());
                if known.is_none() {
                    model.push(name);
                }
            } else if let Some(position) = known {
                names.remove(position);
                model.remove(position);
                prop_assert_eq!(names.find(&name), None);
            }
            check(&names, &model);
        }
    }
}

/// Names that somebody chose: all of them start in the first 512th of any table.
#[test]
fn collisions_do_not_make_it_slow() {
    let mut names = Names::default();
    let mut model = Vec::new();
    let chosen = (0u32..).map(|number| format!("{number}"));
    for name in chosen.filter(|name| node_hash(name) >> 55 == 0).take(1300) {
        assert!(push(&mut names, &name));
        model.push(name);
    }
    assert!(matches!(names.index, Index::Sorted(_)));
    check(&names, &model);
    assert!(!push(&mut names, &model[17]));
    names.remove(17);
    model.remove(17);
    check(&names, &model);
}

/// Chance does not do that.
#[test]
fn names_that_nobody_chose_stay_hashed() {
    let mut names = Names::default();
    for number in 0..50_000 {
        assert!(push(&mut names, &format!("node-{number}")));
    }
    assert!(matches!(names.index, Index::Hashed(_)));
    assert_eq!(names.find("node-49999"), Some(49_999));
    assert_eq!(names.find("node-50000"), None);
}

#[test]
fn room_is_made_once() {
    let mut names = Names::default();
    names.reserve(100, 190);
    let room = |names: &Names| {
        let Index::Hashed(table) = &names.index else { panic!("nobody chose these names") };
        (names.text.capacity(), names.ends.capacity(), table.slots.len())
    };
    let before = room(&names);
    assert!(before.1 < 128 && before.2 == 128);
    for number in 0..100 {
        assert!(push(&mut names, &format!("{number}")));
    }
    assert_eq!(room(&names), before);
}
