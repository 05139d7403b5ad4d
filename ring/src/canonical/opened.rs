//! From a description to a placement.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::{Description, Part, Run, Value};
use crate::{Algorithm, Error, NodeId, Result, Roster};

/// A description that an algorithm takes apart: what it knows it takes, and what is left at the end is refused, since it would be a
/// placement other than the one described.
///
/// ```text
/// pub(crate) fn from_description(description: &Description, memory: usize) -> Result<Self> {
///     let mut opened = Opened::new(description, Algorithm::Anchor)?;
///     let capacity = opened.number("capacity", 1..=MAX_CAPACITY)?;
///     let owners = opened.buckets()?;
///     let removed = opened.removed()?;
///     opened.finish()?;
///     room_for(capacity, BYTES_A_BUCKET, memory)?;
///     let roster = opened.roster();
///     ...
/// ```
pub(crate) struct Opened<'a> {
    description: &'a Description,
    parameters: Vec<&'static str>,
    parts: Vec<&'static str>,
}

impl<'a> Opened<'a> {
    /// Of the algorithm that is being built.
    pub(crate) fn new(description: &'a Description, algorithm: Algorithm) -> Result<Self> {
        if description.algorithm() != algorithm {
            return Err(invalid(
                "algorithm",
                description.algorithm().name(),
                "the one that is built",
            ));
        }
        Ok(Self { description, parameters: Vec::new(), parts: Vec::new() })
    }

    /// A parameter that is a number; whatever stands in a description comes from outside, so say what can be dealt with.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        allowed: RangeInclusive<u64>,
    ) -> Result<u64> {
        match self.parameter(name) {
            Some(Value::Number(number)) if allowed.contains(number) => Ok(*number),
            Some(Value::Number(number)) => {
                Err(invalid(name, number, "within the bounds of the algorithm"))
            }
            Some(Value::Text(text)) => Err(invalid(name, format!("{text:?}"), "a number")),
            None => Err(invalid(name, "missing", "a number")),
        }
    }

    /// A parameter that is a word.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<&'a str> {
        match self.parameter(name) {
            Some(Value::Text(text)) => Ok(text),
            Some(Value::Number(number)) => Err(invalid(name, number, "a word")),
            None => Err(invalid(name, "missing", "a word")),
        }
    }

    /// A parameter that is one of these words; its place among them.
    pub(crate) fn word(&mut self, name: &'static str, words: &[&str]) -> Result<usize> {
        let word = self.text(name)?;
        let place = words.iter().position(|known| *known == word);
        place.ok_or_else(|| {
            invalid(name, format!("{word:?}"), "one of the words that the algorithm knows")
        })
    }

    /// Whether the kind of part of this name is there, for those that can be left out.
    pub(crate) fn has_part(&self, name: &str) -> bool {
        self.description.parts.iter().any(|part| part.name() == name)
    }

    /// The tokens of each node of [`Description::nodes`], ascending.
    pub(crate) fn tokens(&mut self) -> Result<&'a [Vec<u64>]> {
        self.part("tokens", |part| match part {
            Part::Tokens(tokens) => Some(&tokens[..]),
            _ => None,
        })
    }

    /// The owners of buckets.
    pub(crate) fn buckets(&mut self) -> Result<&'a [Option<u32>]> {
        self.part("buckets", |part| match part {
            Part::Buckets(owners) => Some(&owners[..]),
            _ => None,
        })
    }

    /// Buckets in the order in which they lost their owners: distinct, and vacant.
    pub(crate) fn removed(&mut self) -> Result<&'a [u32]> {
        self.part("removed", |part| match part {
            Part::Removed(buckets) => Some(&buckets[..]),
            _ => None,
        })
    }

    /// The owners of slots.
    pub(crate) fn slots(&mut self) -> Result<&'a [Run]> {
        self.part("slots", |part| match part {
            Part::Slots(runs) => Some(&runs[..]),
            _ => None,
        })
    }

    /// The path of each node of [`Description::nodes`].
    pub(crate) fn paths(&mut self) -> Result<&'a [Vec<String>]> {
        self.part("paths", |part| match part {
            Part::Paths(paths) => Some(&paths[..]),
            _ => None,
        })
    }

    /// The nodes. In the order of their names their ids are 0, 1, 2 and so on: those are the numbers by which parts tell them.
    pub(crate) fn roster(&self) -> Roster {
        Roster::of(&self.description.nodes)
    }

    /// The id, in [`roster`](Self::roster), of an owner that has to be there.
    pub(crate) fn owner(&self, what: &'static str, owner: Option<u32>) -> Result<NodeId> {
        owner.map(NodeId).ok_or_else(|| invalid(what, "vacant", "owned by a node"))
    }

    /// That each node owns one bucket, and only one.
    pub(crate) fn one_bucket_each(&self, owners: &[Option<u32>]) -> Result<()> {
        let mut found = vec![false; self.description.nodes.len()];
        let one = "owned by each node, once";
        for (bucket, owner) in owners.iter().enumerate() {
            let Some(node) = owner else { continue };
            if core::mem::replace(&mut found[*node as usize], true) {
                let name = self.description.nodes[*node as usize].name();
                return Err(invalid("bucket", format!("{bucket} of {name:?}, a second one"), one));
            }
        }
        match found.iter().position(|found| !found) {
            Some(node) => {
                let name = self.description.nodes[node].name();
                Err(invalid("bucket", format!("missing for {name:?}"), one))
            }
            None => Ok(()),
        }
    }

    /// That nothing is left that the algorithm does not know.
    pub(crate) fn finish(&self) -> Result<()> {
        let known = "one that the algorithm has";
        let mut names = self.description.parameters.keys();
        if let Some(name) = names.find(|name| !self.parameters.contains(&name.as_str())) {
            return Err(invalid("parameter of a description", name, known));
        }
        let mut parts = self.description.parts.iter().map(Part::name);
        if let Some(name) = parts.find(|name| !self.parts.contains(name)) {
            return Err(invalid("part of a description", name, known));
        }
        Ok(())
    }

    fn parameter(&mut self, name: &'static str) -> Option<&'a Value> {
        self.parameters.push(name);
        self.description.parameters.get(name)
    }

    fn part<T>(&mut self, name: &'static str, of: impl FnMut(&'a Part) -> Option<T>) -> Result<T> {
        self.parts.push(name);
        self.description.parts.iter().find_map(of).ok_or_else(|| invalid(name, "missing", "there"))
    }
}

/// That `count` of what takes up to `bytes` each while it is being built is not more than `memory`. For what a description says only the
/// number of.
pub(crate) fn room_for(count: u64, bytes: u64, memory: usize) -> Result<()> {
    let takes = count.saturating_mul(bytes);
    if takes <= memory as u64 {
        return Ok(());
    }
    let found = format!("up to {takes} bytes, of {memory} that may be used");
    Err(invalid("memory to build", found, "within what is given to Description::build_within"))
}

pub(crate) fn invalid(
    parameter: &'static str,
    found: impl ToString,
    allowed: &'static str,
) -> Error {
    Error::InvalidParameter { parameter, found: found.to_string(), allowed }
}
