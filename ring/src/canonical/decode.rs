//! Bytes to descriptions.
//!
//! Memory is set aside for what has been seen to be there: never for more than some twenty times the bytes given.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::part::{Ascending, Runs, Vacated, known, last_owned};
use super::{Description, MAGIC, Part, Run, VACANT, VERSION, Value};
use crate::{Algorithm, Error, KeyHash, Node, Result, Roster, Weight};

impl Description {
    /// The description that has these canonical bytes.
    ///
    /// Any bytes may be given: there is no panic, and no more memory is asked for than some twenty times their length.
    ///
    /// # Errors
    /// [`Error::Decode`] if they are not, with the place and what was found there. Bytes that
    /// [`encode`](Self::encode) would not have written for the same description are refused, bytes that follow it too.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.array("magic")? != MAGIC {
            return Err(wrong(0, "not the magic number of a description"));
        }
        let version = u16::from_le_bytes(reader.array("version")?);
        if version != VERSION {
            return Err(wrong(8, format!("version {version}; this build reads {VERSION}")));
        }
        let algorithm = reader.algorithm()?;
        let key_hash = reader.key_hash()?;
        let parameters = reader.parameters()?;
        let nodes = reader.nodes()?;
        let mut description = Self { algorithm, key_hash, parameters, nodes, parts: Vec::new() };
        reader.parts(&mut description)?;
        match reader.rest() {
            0 => Ok(description),
            rest => Err(wrong(reader.at, format!("{rest} bytes after the end"))),
        }
    }
}

fn wrong(offset: usize, found: impl Into<String>) -> Error {
    Error::Decode { offset, found: found.into() }
}

/// What is left to be read.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn array<const LEN: usize>(&mut self, what: &str) -> Result<[u8; LEN]> {
        let Some(array) = self.bytes[self.at..].first_chunk() else {
            let rest = self.rest();
            return Err(wrong(self.at, format!("{rest} bytes left where {what} takes {LEN}")));
        };
        self.at += LEN;
        Ok(*array)
    }

    fn u8(&mut self, what: &str) -> Result<u8> {
        self.array(what).map(|[byte]| byte)
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    fn u64(&mut self, what: &str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// How many there are of what takes `least` bytes at least: no more than fit into what is left.
    fn count(&mut self, what: &str, least: usize) -> Result<usize> {
        let at = self.at;
        let count = self.u32(what)? as usize;
        if count > self.rest() / least {
            let rest = self.rest();
            return Err(wrong(at, format!("{what} {count}, but {rest} bytes are left")));
        }
        Ok(count)
    }

    fn string(&mut self, what: &str) -> Result<&'a str> {
        let len = self.count(what, 1)?;
        let text = &self.bytes[self.at..self.at + len];
        let text = core::str::from_utf8(text).map_err(|error| {
            wrong(self.at + error.valid_up_to(), format!("{what} is not UTF-8"))
        })?;
        self.at += len;
        Ok(text)
    }

    fn algorithm(&mut self) -> Result<Algorithm> {
        let at = self.at;
        let name = self.string("length of the algorithm's name")?;
        name.parse().map_err(|error: Error| wrong(at, error.to_string()))
    }

    fn key_hash(&mut self) -> Result<KeyHash> {
        let at = self.at;
        let name = self.string("length of the hash function's name")?;
        let (seed, key) = ("the hash function's seed", "the hash function's key");
        Ok(match name {
            "xxh3" => KeyHash::Xxh3 { seed: self.u64(seed)? },
            "xxh64" => KeyHash::Xxh64 { seed: self.u64(seed)? },
            "murmur3" => KeyHash::Murmur3 { seed: self.u32(seed)? },
            "siphash-1-3" => KeyHash::SipHash13 { key: [self.u64(key)?, self.u64(key)?] },
            "siphash-2-4" => KeyHash::SipHash24 { key: [self.u64(key)?, self.u64(key)?] },
            "md5" => KeyHash::Md5,
            "redis-slot" => KeyHash::RedisSlot,
            _ => return Err(wrong(at, format!("unknown hash function {name:?}"))),
        })
    }

    fn parameters(&mut self) -> Result<BTreeMap<String, Value>> {
        let mut parameters = BTreeMap::new();
        let mut before = "";
        for _ in 0..self.count("number of parameters", 9)? {
            let at = self.at;
            let name = self.string("length of a parameter's name")?;
            // Above "" for the first: no name is empty.
            if name <= before {
                return Err(wrong(at, format!("parameter {name:?} after {before:?}")));
            }
            before = name;
            let at = self.at;
            let value = match self.u8("the kind of a parameter")? {
                0 => Value::Number(self.u64("a parameter")?),
                1 => Value::Text(self.string("length of a parameter")?.into()),
                kind => return Err(wrong(at, format!("parameter of unknown kind {kind}"))),
            };
            parameters.insert(name.into(), value);
        }
        Ok(parameters)
    }

    fn nodes(&mut self) -> Result<Vec<Node>> {
        let at = self.at;
        let count = self.count("number of nodes", 9)?;
        if count > Roster::MAX_NODES {
            return Err(wrong(at, format!("{count} nodes, at most {}", Roster::MAX_NODES)));
        }
        let mut nodes: Vec<Node> = Vec::with_capacity(count);
        for _ in 0..count {
            let at = self.at;
            let name = self.string("length of a node's name")?;
            Roster::check_name(name).map_err(|error| wrong(at, error.to_string()))?;
            if let Some(before) = nodes.last().filter(|before| before.name() >= name) {
                return Err(wrong(at, format!("node {name:?} after {:?}", before.name())));
            }
            let at = self.at;
            let weight = NonZeroU32::new(self.u32("a node's weight")?)
                .ok_or_else(|| wrong(at, "a node of weight 0"))?;
            nodes.push(Node::new(name.into(), Weight::from_raw(weight)));
        }
        Ok(nodes)
    }

    fn parts(&mut self, description: &mut Description) -> Result<()> {
        let mut before = 0;
        for _ in 0..self.u8("number of parts")? {
            let at = self.at;
            let kind = self.u8("the kind of a part")?;
            if kind <= before {
                return Err(wrong(at, format!("part of kind {kind} after {before}")));
            }
            before = kind;
            let nodes = description.nodes.len();
            let part = match kind {
                1 => Part::Tokens(self.tokens(nodes)?),
                2 => Part::Buckets(self.buckets(nodes)?),
                3 => Part::Removed(self.removed(description.buckets())?),
                4 => Part::Slots(self.slots(nodes)?),
                5 => Part::Paths(self.paths(nodes)?),
                _ => return Err(wrong(at, format!("part of unknown kind {kind}"))),
            };
            description.parts.push(part);
        }
        Ok(())
    }

    /// An element and what a rule says to it.
    fn ruled<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T>,
        rule: impl FnOnce(&T) -> Result<(), String>,
    ) -> Result<T> {
        let at = self.at;
        let element = read(self)?;
        rule(&element).map_err(|found| wrong(at, found))?;
        Ok(element)
    }

    fn owner(&mut self, nodes: usize) -> Result<Option<u32>> {
        let read = |reader: &mut Self| {
            reader.u32("an owner").map(|owner| (owner != VACANT).then_some(owner))
        };
        self.ruled(read, |owner| owner.map_or(Ok(()), |node| known(node, nodes)))
    }

    fn tokens(&mut self, nodes: usize) -> Result<Vec<Vec<u64>>> {
        self.each_node(nodes, |reader| {
            let count = reader.count("number of tokens", 8)?;
            let mut rule = Ascending::default();
            let mut tokens = Vec::with_capacity(count);
            for _ in 0..count {
                tokens.push(reader.ruled(|it| it.u64("a token"), |token| rule.next(*token))?);
            }
            Ok(tokens)
        })
    }

    fn buckets(&mut self, nodes: usize) -> Result<Vec<Option<u32>>> {
        let count = self.count("number of buckets", 4)?;
        let mut owners = Vec::with_capacity(count);
        for _ in 0..count {
            owners.push(self.owner(nodes)?);
        }
        last_owned(owners.last().copied()).map_err(|found| wrong(self.at - 4, found))?;
        Ok(owners)
    }

    fn removed(&mut self, owners: &[Option<u32>]) -> Result<Vec<u32>> {
        let count = self.count("number of removed buckets", 4)?;
        let mut rule = Vacated::new(owners);
        let mut buckets = Vec::with_capacity(count);
        for _ in 0..count {
            buckets.push(self.ruled(|it| it.u32("a bucket"), |bucket| rule.next(*bucket))?);
        }
        Ok(buckets)
    }

    fn slots(&mut self, nodes: usize) -> Result<Vec<Run>> {
        let count = self.count("number of runs", 8)?;
        let mut rule = Runs::default();
        let mut runs = Vec::with_capacity(count);
        for _ in 0..count {
            let read = |reader: &mut Self| {
                let length = reader.u32("a run's length")?;
                Ok(Run { length, owner: reader.owner(nodes)? })
            };
            runs.push(self.ruled(read, |run| rule.next(*run))?);
        }
        Ok(runs)
    }

    fn paths(&mut self, nodes: usize) -> Result<Vec<Vec<String>>> {
        self.each_node(nodes, |reader| {
            let count = reader.count("number of labels", 4)?;
            let mut path = Vec::with_capacity(count);
            for _ in 0..count {
                path.push(reader.string("length of a label")?.into());
            }
            Ok(path)
        })
    }

    fn each_node<T>(
        &mut self,
        nodes: usize,
        mut read: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        // Grows with what is read: there may be many nodes and no such part.
        (0..nodes).map(|_| read(self)).collect()
    }
}
