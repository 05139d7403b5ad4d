//! Descriptions that nothing described: whatever is built of them is what they say, and works; the others are refused.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

mod mutations;
mod placements;

use hash_ring::{Algorithm, Description, Part, Placement, Result, Run, Value, Weight};
use mutations::{mutate, mutations};
use placements::{change, changes, names, placement};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{collection::vec, prelude::*, sample::Index, sample::select};

/// Enough for all that is described here, and little enough to be given to each case.
const MEMORY: usize = 8 << 20;

/// One change of what is described.
#[derive(Clone, Debug)]
enum Edit {
    Number(Index, u64),
    DropParameter(Index),
    AddParameter,
    DropPart(Index),
    Rename(Index, String),
    Weigh(Index, Weight),
    DropNode(Index),
    /// A place in a part, another one, and a number.
    Part(Index, Index, Index, u32),
    OtherAlgorithm(Algorithm),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<Index>;
    let sizes = vec![0, 1, 2, 3, 5, 16, 31, 32, 251, 4096, 1 << 16, 1 << 20, 1 << 28, 1 << 32];
    let number = prop_oneof![select(sizes), 0..100_u64, any::<u64>()];
    let edit = prop_oneof![
        4 => (at(), number).prop_map(|(at, number)| Edit::Number(at, number)),
        1 => at().prop_map(Edit::DropParameter),
        1 => Just(Edit::AddParameter),
        1 => at().prop_map(Edit::DropPart),
        1 => (at(), "[a-z]{1,3}(/r0)?").prop_map(|(at, name)| Edit::Rename(at, name)),
        1 => (at(), 1..9_u32).prop_map(|(at, weight)| Edit::Weigh(at, Weight::new(weight.into()).unwrap())),
        1 => at().prop_map(Edit::DropNode),
        8 => (at(), at(), at(), 0..40_u32).prop_map(|(part, a, b, number)| Edit::Part(part, a, b, number)),
        1 => select(Algorithm::ALL.to_vec()).prop_map(Edit::OtherAlgorithm),
    ];
    vec(edit, 1..4)
}

/// What a description says, piece by piece.
struct Pieces {
    algorithm: Algorithm,
    parameters: Vec<(String, Value)>,
    nodes: Vec<(String, Weight)>,
    parts: Vec<Part>,
}

impl Pieces {
    fn edit(&mut self, edit: &Edit) {
        let place = |at: &Index, len: usize| (len > 0).then(|| at.index(len));
        match edit {
            Edit::Number(at, number) => {
                if let Some(at) = place(at, self.parameters.len()) {
                    self.parameters[at].1 = Value::Number(*number);
                }
            }
            Edit::DropParameter(at) => {
                place(at, self.parameters.len()).map(|at| self.parameters.remove(at));
            }
            Edit::AddParameter => self.parameters.push(("surplus".into(), Value::Number(1))),
            Edit::DropPart(at) => {
                place(at, self.parts.len()).map(|at| self.parts.remove(at));
            }
            Edit::Rename(at, name) => {
                if let Some(at) = place(at, self.nodes.len()) {
                    self.nodes[at].0.clone_from(name);
                }
            }
            Edit::Weigh(at, weight) => {
                if let Some(at) = place(at, self.nodes.len()) {
                    self.nodes[at].1 = *weight;
                }
            }
            Edit::DropNode(at) => {
                place(at, self.nodes.len()).map(|at| self.nodes.remove(at));
            }
            Edit::Part(at, a, b, number) => {
                if let Some(at) = place(at, self.parts.len()) {
                    edit_part(&mut self.parts[at], a, b, *number);
                }
            }
            Edit::OtherAlgorithm(algorithm) => self.algorithm = *algorithm,
        }
    }
}

/// Exchanges, repeats, removes or replaces something.
fn edit_list<T: Clone>(list: &mut Vec<T>, a: &Index, b: &Index, new: T, how: u32) {
    if list.is_empty() {
        return list.push(new);
    }
    let (a, b) = (a.index(list.len()), b.index(list.len()));
    match how % 5 {
        0 => list.swap(a, b),
        1 => list[a] = list[b].clone(),
        2 => drop(list.remove(a)),
        3 => list[a] = new,
        _ => list.insert(a, new),
    }
}

fn edit_part(part: &mut Part, a: &Index, b: &Index, number: u32) {
    let (how, number) = (number % 7, number / 2);
    match part {
        Part::Tokens(of_nodes) => {
            edit_list(of_nodes, a, b, vec![number.into(), u64::MAX], how);
        }
        Part::Buckets(owners) => {
            edit_list(owners, a, b, (number < 10).then_some(number), how);
        }
        Part::Removed(buckets) => edit_list(buckets, a, b, number, how),
        Part::Slots(runs) => {
            let owner = (number < 10).then_some(number);
            edit_list(runs, a, b, Run { length: number, owner }, how);
        }
        Part::Paths(of_nodes) => {
            let label = if number < 3 { "a/b" } else { "rack" };
            edit_list(of_nodes, a, b, vec!["eu".into(), label.into()], how);
        }
        _ => panic!("a part that is not known here"),
    }
}

fn edited(description: &Description, edits: &[Edit]) -> Result<Description> {
    let mut pieces = Pieces {
        algorithm: description.algorithm(),
        parameters: description
            .parameters()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect(),
        nodes: description
            .nodes()
            .iter()
            .map(|node| (node.name().to_owned(), node.weight()))
            .collect(),
        parts: description.parts().to_vec(),
    };
    edits.iter().for_each(|edit| pieces.edit(edit));
    let mut description = Description::new(pieces.algorithm, description.key_hash(), pieces.nodes)?;
    for (name, value) in pieces.parameters {
        description = description.with_parameter(name, value)?;
    }
    for part in pieces.parts {
        description = description.with_part(part)?;
    }
    Ok(description)
}

/// Builds it or not; what is built is what was described, and a placement in every other way. Whether it was built.
fn try_out(description: &Description, later: &[placements::Change]) -> Result<bool, TestCaseError> {
    let Ok(mut placement) = description.build_within(MEMORY) else { return Ok(false) };
    prop_assert_eq!(&placement.describe(), description);
    let whole = |placement: &dyn Placement| {
        for hash in (0..20_u64).map(|i| i.wrapping_mul(0x0FC3_92C4_3A1B_97F5)) {
            let owner = placement.locate(hash).and_then(|owner| placement.roster().get(owner));
            let order = names(placement, hash);
            prop_assert_eq!(order.first().copied(), owner.map(|node| node.name()));
            prop_assert_eq!(order.len(), placement.roster().len());
        }
        Ok(())
    };
    whole(&placement)?;
    let mut again = description.build_within(MEMORY).unwrap();
    for it in later {
        prop_assert_eq!(change(&mut placement, it), change(&mut again, it));
    }
    whole(&placement)?;
    prop_assert_eq!(placement.describe(), again.describe());
    Ok(true)
}

/// Runs a test for each algorithm; some of the cases must have been built, and some refused.
fn for_all<S: Strategy>(
    strategy: impl Fn(Algorithm) -> S,
    test: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) {
    for algorithm in Algorithm::ALL {
        let config = Config { cases: 192, failure_persistence: None, ..Config::default() };
        let (built, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let result = TestRunner::new(config).run(&strategy(algorithm), |value| {
            let count = if test(value)? { &built } else { &refused };
            count.set(count.get() + 1);
            Ok(())
        });
        if let Err(error) = result {
            panic!("{algorithm}: {error}");
        }
        assert!(built.get() > 0 && refused.get() > 0, "{algorithm}: {built:?}, {refused:?}");
    }
}

#[test]
fn edited_descriptions() {
    for_all(
        |algorithm| (placement(algorithm, 25), edits(), changes(12)),
        |(placement, edits, later)| match edited(&placement.describe(), &edits) {
            Ok(description) => try_out(&description, &later),
            Err(_) => Ok(false),
        },
    );
}

#[test]
fn mutated_bytes() {
    for_all(
        |algorithm| (placement(algorithm, 25), mutations(), changes(12)),
        |(placement, mutations, later)| {
            let mut bytes = placement.describe().encode();
            mutate(&mut bytes, &mutations);
            match Description::decode(&bytes) {
                Ok(description) => try_out(&description, &later),
                Err(_) => Ok(false),
            }
        },
    );
}
