//! Actions as text.

use std::fmt;
use std::str::FromStr;

use super::words::{Words, Wrong, joined, quoted, unquoted};
use super::{Action, Client, Link, Peer, Target, duration};
use crate::Error;
use crate::id::NodeId;
use crate::proxy::{Direction, Toxic};

/// An action that is told by its name and whom it is for.
type Simple = fn(Target) -> Action;

const SIMPLE: [(&str, Simple); 12] = [
    ("stop", Action::Stop),
    ("start", Action::Start),
    ("kill", Action::Kill),
    ("pause", Action::Pause),
    ("resume", Action::Resume),
    ("restart", Action::Restart),
    ("wipe", Action::Wipe),
    ("heal", Action::Heal),
    ("fill-disk", Action::FillDisk),
    ("free-disk", Action::FreeDisk),
    ("read-only-disk", Action::ReadOnlyDisk),
    ("writable-disk", Action::WritableDisk),
];

const OTHERS: [&str; 14] = [
    "rolling-restart",
    "add-node",
    "reassign",
    "begin-reassign",
    "elect-preferred",
    "net",
    "tear-tail",
    "round-trip",
    "produce-errors",
    "move-leader",
    "forget",
    "kill-client",
    "start-client",
    "mark",
];

/// A kind of client.
type Kind = fn(u32) -> Client;

const CLIENTS: [(&str, Kind); 3] =
    [("producer", Client::Producer), ("consumer", Client::Consumer), ("loop", Client::Loop)];

const TARGETS: [(&str, Target); 5] = [
    ("leader", Target::Leader),
    ("follower", Target::Follower),
    ("controller", Target::Controller),
    ("random", Target::Random),
    ("all", Target::All),
];

const LINKS: [(&str, Link); 4] = [
    ("clients", Link::Clients),
    ("replication", Link::Replication),
    ("controller", Link::Controller),
    ("all", Link::All),
];

const TOXICS: [&str; 8] = [
    "latency",
    "bandwidth",
    "slow-close",
    "reset",
    "black-hole",
    "partition",
    "slicer",
    "limit-data",
];

const DIRECTIONS: [(&str, Direction); 3] =
    [("up", Direction::Up), ("down", Direction::Down), ("both", Direction::Both)];

/// Names of all actions.
pub(super) fn names() -> Vec<&'static str> {
    SIMPLE.iter().map(|(name, _)| *name).chain(OTHERS).collect()
}

fn one_of<T: Copy>(
    words: &mut Words<'_>,
    kind: &str,
    right: &[(&'static str, T)],
) -> Result<T, Wrong> {
    let found = words.peek().and_then(|word| right.iter().find(|(name, _)| *name == word));
    match found {
        Some((name, value)) => {
            words.take(name);
            Ok(*value)
        }
        None => {
            let names: Vec<&str> = right.iter().map(|(name, _)| *name).collect();
            Err(words.none_of(kind, &names))
        }
    }
}

fn target(words: &mut Words<'_>) -> Result<Target, Wrong> {
    match words.peek().and_then(|word| word.parse().ok()) {
        Some(node) => {
            words.next();
            Ok(Target::Node(NodeId(node)))
        }
        None => one_of(words, "a node", &TARGETS).map_err(|wrong| wrong.or("the number of a node")),
    }
}

/// Reads the rest of a step as an action.
pub(super) fn action(words: &mut Words<'_>) -> Result<Action, Wrong> {
    let name = words.peek().unwrap_or("");
    if let Some((_, simple)) = SIMPLE.iter().find(|(simple, _)| *simple == name) {
        words.next();
        let action = simple(target(words)?);
        words.end()?;
        return Ok(action);
    }
    if !OTHERS.contains(&name) {
        return Err(words.none_of("an action", &names()));
    }
    words.next();
    let action = match name {
        "rolling-restart" => Action::RollingRestart,
        "add-node" => Action::AddNode,
        "reassign" => Action::Reassign,
        "begin-reassign" => Action::BeginReassign,
        "elect-preferred" => Action::ElectPreferred,
        "forget" => Action::Forget,
        "net" => net(words)?,
        "tear-tail" => Action::TearTail {
            of: target(words)?,
            bytes: words.number("how many bytes are torn off")?,
        },
        "round-trip" => Action::RoundTrip { of: target(words)?, delay: words.duration("a delay")? },
        "produce-errors" => Action::ProduceErrors { count: words.number("how many errors")? },
        "move-leader" => Action::MoveLeader {
            partition: words.number("a partition")?,
            to: NodeId(words.number("the number of a node")?),
        },
        "kill-client" => Action::KillClient(client(words)?),
        "start-client" => Action::StartClient(client(words)?),
        _ => Action::Mark(unquoted(words)?),
    };
    words.end()?;
    Ok(action)
}

fn client(words: &mut Words<'_>) -> Result<Client, Wrong> {
    let kind = one_of(words, "a kind of client", &CLIENTS)?;
    Ok(kind(words.number("which one, counted from 0")?))
}

fn net(words: &mut Words<'_>) -> Result<Action, Wrong> {
    let to = target(words)?;
    let (mut from, mut link, mut direction) = (None, None, None);
    loop {
        let before = words.clone();
        let word = before.peek().unwrap_or("");
        let twice = if let Some((name, found)) = LINKS.iter().find(|(name, _)| *name == word) {
            words.take(name);
            link.replace(*found).is_some()
        } else if let Some((name, found)) = DIRECTIONS.iter().find(|(name, _)| *name == word) {
            words.take(name);
            direction.replace(*found).is_some()
        } else if words.take("from") {
            let peer = Peer::Node(NodeId(words.number("the number of a node")?));
            from.replace(peer).is_some()
        } else {
            break;
        };
        if twice {
            return Err(before.wrong(format!("\"{word}\" says again what was said before it")));
        }
    }
    if !words.peek().is_some_and(|word| TOXICS.contains(&word)) {
        let names = LINKS.iter().map(|(name, _)| *name);
        let names = names.chain(DIRECTIONS.iter().map(|(name, _)| *name)).chain(["from"]);
        let names: Vec<&str> = TOXICS.into_iter().chain(names).collect();
        return Err(words.none_of("what can be done to connections", &names));
    }
    let at = words.clone();
    let toxic: Toxic = words.rest().parse().map_err(|e| at.wrong(toxic_error(&e)))?;
    Ok(Action::Net {
        to,
        from: from.unwrap_or(Peer::Anybody),
        link: link.unwrap_or(Link::All),
        direction: direction.unwrap_or(Direction::Both),
        toxic,
    })
}

fn toxic_error(e: &Error) -> String {
    match e {
        Error::Plan { what, .. } => what.clone(),
        other => other.to_string(),
    }
}

impl FromStr for Action {
    type Err = Error;

    /// Reads an action as plans write it; [`Display`](fmt::Display) is its inverse.
    ///
    /// # Errors
    /// [`Error::Plan`] with the word that is wrong, and what would be right.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = Words::new(text);
        action(&mut words).map_err(|wrong| wrong.of(text))
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = Words::new(text);
        let read = target(&mut words).and_then(|target| words.end().map(|()| target));
        read.map_err(|wrong| wrong.of(text))
    }
}

impl FromStr for Link {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = Words::new(text);
        let read = one_of(&mut words, "a kind of connections", &LINKS);
        read.and_then(|link| words.end().map(|()| link)).map_err(|wrong| wrong.of(text))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node(node) => return node.0.fmt(f),
            Self::Leader => "leader",
            Self::Follower => "follower",
            Self::Controller => "controller",
            Self::Random => "random",
            Self::All => "all",
        })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clients => "clients",
            Self::Replication => "replication",
            Self::Controller => "controller",
            Self::All => "all",
        })
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Producer(at) => write!(f, "producer {at}"),
            Self::Consumer(at) => write!(f, "consumer {at}"),
            Self::Loop(at) => write!(f, "loop {at}"),
        }
    }
}

impl fmt::Display for Action {
    /// Writes it as plans do. What goes without saying is not said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, to) = match self {
            Self::Stop(to) => ("stop", to),
            Self::Start(to) => ("start", to),
            Self::Kill(to) => ("kill", to),
            Self::Pause(to) => ("pause", to),
            Self::Resume(to) => ("resume", to),
            Self::Restart(to) => ("restart", to),
            Self::Wipe(to) => ("wipe", to),
            Self::Heal(to) => ("heal", to),
            Self::FillDisk(to) => ("fill-disk", to),
            Self::FreeDisk(to) => ("free-disk", to),
            Self::ReadOnlyDisk(to) => ("read-only-disk", to),
            Self::WritableDisk(to) => ("writable-disk", to),
            Self::RollingRestart => return f.write_str("rolling-restart"),
            Self::AddNode => return f.write_str("add-node"),
            Self::Reassign => return f.write_str("reassign"),
            Self::BeginReassign => return f.write_str("begin-reassign"),
            Self::ElectPreferred => return f.write_str("elect-preferred"),
            Self::Forget => return f.write_str("forget"),
            Self::Net { to, from, link, direction, toxic } => {
                let link: &dyn fmt::Display = if *link == Link::All { &"" } else { link };
                let direction: &dyn fmt::Display =
                    if *direction == Direction::Both { &"" } else { direction };
                let from = match from {
                    Peer::Anybody => String::new(),
                    Peer::Node(node) => format!("from {}", node.0),
                };
                return f.write_str(&joined(&[&"net", to, link, direction, &from, toxic]));
            }
            Self::TearTail { of, bytes } => return write!(f, "tear-tail {of} {bytes}"),
            Self::RoundTrip { of, delay } => {
                return write!(f, "round-trip {of} {}", duration::text(*delay));
            }
            Self::ProduceErrors { count } => return write!(f, "produce-errors {count}"),
            Self::MoveLeader { partition, to } => {
                return write!(f, "move-leader {partition} {}", to.0);
            }
            Self::KillClient(client) => return write!(f, "kill-client {client}"),
            Self::StartClient(client) => return write!(f, "start-client {client}"),
            Self::Mark(text) => return write!(f, "mark {}", quoted(text)),
        };
        write!(f, "{name} {to}")
    }
}
