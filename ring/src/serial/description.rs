//! Descriptions that people read.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Bits;
use crate::{Algorithm, Description, KeyHash, Part, Run, Value, Weight};

/// What people read: nodes by names, in the state too.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Readable {
    algorithm: Algorithm,
    key_hash: KeyHash,
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    parameters: Pairs<Parameter>,
    nodes: Vec<Member>,
    #[serde(default, skip_serializing_if = "State::is_empty")]
    state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a parameter is a number from 0 on, or a word")]
enum Parameter {
    Number(u64),
    Text(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    name: String,
    #[serde(default)]
    weight: Weight,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Pairs<Vec<Bits>>>,
    /// Not everyone knows null: no owner is an empty name, which no node has.
    #[serde(skip_serializing_if = "Option::is_none")]
    buckets: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Vec<Slots>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<Pairs<Vec<String>>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    owner: String,
    count: u32,
}

impl State {
    fn is_empty(&self) -> bool {
        let Self { tokens, buckets, removed, slots, paths } = self;
        let (tokens, paths) = (tokens.is_none(), paths.is_none());
        tokens && paths && buckets.is_none() && removed.is_none() && slots.is_none()
    }
}

impl Readable {
    fn new(description: &Description) -> Self {
        let name = |node: usize| description.nodes()[node].name().to_string();
        let owner = |owner: Option<u32>| owner.map_or_else(String::new, |node| name(node as usize));
        let mut state = State::default();
        for part in description.parts() {
            match part {
                Part::Tokens(of_nodes) => {
                    let bits = |tokens: &Vec<u64>| tokens.iter().copied().map(Bits).collect();
                    let pairs = (0..).map(name).zip(of_nodes.iter().map(bits));
                    state.tokens = Some(Pairs(pairs.collect()));
                }
                Part::Buckets(owners) => {
                    state.buckets = Some(owners.iter().copied().map(owner).collect());
                }
                Part::Removed(buckets) => state.removed = Some(buckets.clone()),
                Part::Slots(runs) => {
                    let slots = |run: &Run| Slots { owner: owner(run.owner), count: run.length };
                    state.slots = Some(runs.iter().map(slots).collect());
                }
                Part::Paths(of_nodes) => {
                    let pairs = (0..).map(name).zip(of_nodes.iter().cloned());
                    state.paths = Some(Pairs(pairs.collect()));
                }
            }
        }
        let parameters = description.parameters().map(|(name, value)| {
            let value = match value {
                Value::Number(number) => Parameter::Number(*number),
                Value::Text(text) => Parameter::Text(text.clone()),
            };
            (name.to_string(), value)
        });
        let member =
            |node: &crate::Node| Member { name: node.name().to_string(), weight: node.weight() };
        Self {
            algorithm: description.algorithm(),
            key_hash: description.key_hash(),
            parameters: Pairs(parameters.collect()),
            nodes: description.nodes().iter().map(member).collect(),
            state,
        }
    }

    fn describe(self) -> Result<Description, String> {
        let refused = |error: crate::Error| error.to_string();
        let nodes = self.nodes.into_iter().map(|node| (node.name, node.weight));
        let mut description =
            Description::new(self.algorithm, self.key_hash, nodes).map_err(refused)?;
        for (name, value) in self.parameters.0 {
            let value = match value {
                Parameter::Number(number) => Value::Number(number),
                Parameter::Text(text) => Value::Text(text),
            };
            description = description.with_parameter(name, value).map_err(refused)?;
        }
        let place = |name: &str| {
            let at = description.nodes().binary_search_by(|node| node.name().cmp(name));
            at.map_err(|_| format!("no node is named {name:?}"))
        };
        let owner = |name: &str| {
            if name.is_empty() { Ok(None) } else { place(name).map(|node| Some(node as u32)) }
        };
        let mut parts = Vec::new();
        let State { tokens, buckets, removed, slots, paths } = self.state;
        if let Some(pairs) = tokens {
            let tokens = pairs.by_place(description.nodes().len(), place, "tokens")?;
            let numbers = tokens.into_iter().map(|bits| bits.into_iter().map(|bits| bits.0));
            parts.push(Part::Tokens(numbers.map(Iterator::collect).collect()));
        }
        if let Some(owners) = buckets {
            let owners = owners.iter().map(|name| owner(name));
            parts.push(Part::Buckets(owners.collect::<Result<_, _>>()?));
        }
        if let Some(buckets) = removed {
            parts.push(Part::Removed(buckets));
        }
        if let Some(slots) = slots {
            let run = |slots: &Slots| Ok(Run { length: slots.count, owner: owner(&slots.owner)? });
            parts.push(Part::Slots(slots.iter().map(run).collect::<Result<_, String>>()?));
        }
        if let Some(pairs) = paths {
            parts.push(Part::Paths(pairs.by_place(description.nodes().len(), place, "path")?));
        }
        for part in parts {
            description = description.with_part(part).map_err(refused)?;
        }
        Ok(description)
    }
}

/// A map that keeps what is given twice, so that it can be refused.
struct Pairs<T>(Vec<(String, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pairs<T> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values in the order of the nodes, one for each.
    fn by_place(
        self,
        nodes: usize,
        place: impl Fn(&str) -> Result<usize, String>,
        what: &str,
    ) -> Result<Vec<T>, String> {
        let mut by_place = BTreeMap::new();
        for (name, value) in self.0 {
            if by_place.insert(place(&name)?, value).is_some() {
                return Err(format!("{what} of {name:?} given twice"));
            }
        }
        if by_place.len() != nodes {
            return Err(format!("{what} for {} of {nodes} nodes", by_place.len()));
        }
        Ok(by_place.into_values().collect())
    }
}

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsVisitor<T> {
    type Value = Pairs<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// By names; as canonical bytes in formats that are not read by people.
impl Serialize for Description {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            Readable::new(self).serialize(serializer)
        } else {
            serializer.serialize_bytes(&self.encode())
        }
    }
}

/// By names, or from canonical bytes in formats that are not read by people.
impl<'de> Deserialize<'de> for Description {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Readable::deserialize(deserializer)?.describe().map_err(D::Error::custom)
        } else {
            deserializer.deserialize_bytes(BytesVisitor)
        }
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Description;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a description")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Description, E> {
        Description::decode(bytes).map_err(E::custom)
    }
}
