//! Which nodes a target is, at the moment.

use super::NodeState;
use crate::id::NodeId;
use crate::schedule::{Action, Target};
use crate::{Error, Result};

/// In which state nodes are that an action makes sense for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Up,
    Paused,
    Down,
    /// Up or paused.
    Running,
    Any,
}

impl Wanted {
    fn is(self, state: NodeState) -> bool {
        match self {
            Self::Up => state == NodeState::Up,
            Self::Paused => state == NodeState::Paused,
            Self::Down => state == NodeState::Down,
            Self::Running => state != NodeState::Down,
            Self::Any => true,
        }
    }
}

/// Draws nodes (splitmix64, Steele, Lea and Flood, 2014: a state of one word, and any seed will do).
#[derive(Debug, Default)]
pub(super) struct Dice(pub u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((u128::from(z) * end as u128) >> 64) as usize
    }
}

/// The nodes that a target is. `role` finds who is leader, follower or controller.
///
/// # Errors
/// [`Error::Broker`] if there is no such node, or none to draw from. `All` may be none.
pub(super) fn resolve(
    target: Target,
    wanted: Wanted,
    nodes: &[(NodeId, NodeState)],
    dice: &mut Dice,
    role: impl FnOnce() -> Result<NodeId>,
) -> Result<Vec<NodeId>> {
    let suited =
        || nodes.iter().filter(|(_, state)| wanted.is(*state)).map(|(id, _)| *id).collect();
    Ok(match target {
        Target::All => suited(),
        Target::Random => {
            let suited: Vec<NodeId> = suited();
            if suited.is_empty() {
                return Err(Error::Broker {
                    what: "a random node".into(),
                    why: format!("none is {}", format!("{wanted:?}").to_lowercase()),
                });
            }
            vec![suited[dice.below(suited.len())]]
        }
        Target::Node(id) => {
            if !nodes.iter().any(|(known, _)| *known == id) {
                let known: Vec<String> = nodes.iter().map(|(id, _)| id.0.to_string()).collect();
                let why = format!("there is none; nodes are {}", known.join(", "));
                return Err(Error::Broker { what: id.to_string(), why });
            }
            vec![id]
        }
        Target::Leader | Target::Follower | Target::Controller => vec![role()?],
    })
}

/// That a cluster cannot do something.
pub(super) fn unsupported<T>(action: &Action, cluster: &'static str, why: &str) -> Result<T> {
    Err(Error::Unsupported { action: format!("{action:?}"), cluster, why: why.to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;
    use proptest::prelude::*;

    fn state() -> impl Strategy<Value = NodeState> {
        prop_oneof![Just(NodeState::Up), Just(NodeState::Paused), Just(NodeState::Down)]
    }

    fn wanted() -> impl Strategy<Value = Wanted> {
        prop_oneof![Just(Wanted::Up), Just(Wanted::Paused), Just(Wanted::Down), Just(Wanted::Any)]
    }

    proptest! {
        #[test]
        fn who_is_drawn_is_suited_and_the_same_again(
            states in proptest::collection::vec(state(), 0..6), wanted in wanted(), seed: u64,
        ) {
            let nodes: Vec<_> =
                states.iter().zip(1..).map(|(state, id)| (NodeId(id), *state)).collect();
            let draw = || {
                let mut dice = Dice(seed);
                let role = || unreachable!("nobody asked for a role");
                (0..8)
                    .map(|_| resolve(Target::Random, wanted, &nodes, &mut dice, role).ok())
                    .collect::<Vec<_>>()
            };
            let all = resolve(Target::All, wanted, &nodes, &mut Dice(seed), || unreachable!()).unwrap();
            for drawn in draw() {
                match drawn {
                    Some(drawn) => prop_assert!(drawn.len() == 1 && all.contains(&drawn[0])),
                    None => prop_assert!(all.is_empty()),
                }
            }
            prop_assert_eq!(draw(), draw());
        }
    }

    #[test]
    fn all_are_drawn_sooner_or_later() {
        let nodes: Vec<_> = (1..=5).map(|id| (NodeId(id), NodeState::Up)).collect();
        let mut dice = Dice(1);
        let mut drawn: Vec<NodeId> = (0..200)
            .flat_map(|_| {
                resolve(Target::Random, Wanted::Up, &nodes, &mut dice, || unreachable!()).unwrap()
            })
            .collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 5);
    }

    #[test]
    fn nobody_is_not_somebody() {
        let nodes = [(NodeId(1), NodeState::Up)];
        let ask = |target| {
            resolve(target, Wanted::Down, &nodes, &mut Dice(0), || Ok(NodeId(1)))
                .map_err(|error| error.to_string())
        };
        assert_eq!(ask(Target::Node(NodeId(2))).unwrap_err(), "node 2: there is none; nodes are 1");
        assert_eq!(ask(Target::Random).unwrap_err(), "a random node: none is down");
        assert_eq!(ask(Target::All).unwrap(), []);
        assert_eq!(ask(Target::Leader).unwrap(), [NodeId(1)]);
    }
}
