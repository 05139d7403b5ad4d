//! Descriptions to bytes.

use alloc::vec::Vec;

use super::{Description, MAGIC, Part, VACANT, VERSION, Value};
use crate::KeyHash;
use crate::hash::key_check;

impl Description {
    /// Its canonical bytes: each description has exactly one encoding.
    ///
    /// They hold the key of a SipHash, as they must: keep them as secret as that. There is no checksum: who stores or sends them
    /// compares [fingerprints](Self::fingerprint) on the other side, or has a checksum of his own.
    ///
    /// # Version 1
    /// Integers are little-endian and of fixed width. A *string* is a `u32` length and as many bytes of UTF-8. Each thing has exactly one
    /// encoding: what decodes encodes to the same bytes.
    ///
    /// ```text
    /// magic        8 bytes  "hashring"
    /// version      u16      1
    /// algorithm    string   as Algorithm::name
    /// key hash     string   as KeyHash::name; then what it takes:
    ///                       xxh3, xxh64: seed u64; murmur3: seed u32; siphash-1-3, siphash-2-4: key 2 x u64; md5, redis-slot: nothing
    /// parameters   u32 count, then each, names ascending:
    ///                       name string, kind u8: 0 = number u64, 1 = text string
    /// nodes        u32 count, then each, names ascending:
    ///                       name string, weight u32 in 65,536ths, not 0
    /// parts        u8 count, then each, kinds ascending:
    ///                       kind u8, body
    ///   1 tokens   for each node: u32 count, then u64 each, ascending
    ///   2 buckets  u32 count, then u32 each: a node by its place above, or FFFFFFFF for none; the last has one
    ///   3 removed  u32 count, then u32 each: buckets that have no owner, each once, in the order in which they lost it
    ///   4 slots    u32 count of runs, then each: u32 length, u32 node or FFFFFFFF; lengths are not 0, neighbours differ
    ///   5 paths    for each node: u32 count, then string each, from the root down
    /// ```
    /// Strings are compared by bytes. Nothing follows the parts.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + 24 * self.nodes.len());
        self.write(&mut bytes, key_hash);
        bytes
    }

    fn write(&self, out: &mut Vec<u8>, key_hash: fn(KeyHash, &mut Vec<u8>)) {
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        string(self.algorithm.name(), out);
        string(self.key_hash.name(), out);
        key_hash(self.key_hash, out);
        count(self.parameters.len(), out);
        for (name, value) in &self.parameters {
            string(name, out);
            match value {
                Value::Number(number) => {
                    out.push(0);
                    out.extend(number.to_le_bytes());
                }
                Value::Text(text) => {
                    out.push(1);
                    string(text, out);
                }
            }
        }
        count(self.nodes.len(), out);
        for node in &self.nodes {
            string(node.name(), out);
            out.extend(node.weight().raw().to_le_bytes());
        }
        out.push(self.parts.len() as u8);
        for each in &self.parts {
            part(each, out);
        }
    }
}

/// What a fingerprint is taken of: the canonical bytes, but in the place of the seed or key of the hash function a digest of it from which
/// it cannot be found, since fingerprints are shown around.
pub(crate) fn fingerprinted(description: &Description) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + 24 * description.nodes.len());
    description.write(&mut bytes, |key_hash, out| out.extend(key_check(key_hash).to_le_bytes()));
    bytes
}

fn key_hash(key_hash: KeyHash, out: &mut Vec<u8>) {
    match key_hash {
        KeyHash::Xxh3 { seed } | KeyHash::Xxh64 { seed } => out.extend(seed.to_le_bytes()),
        KeyHash::Murmur3 { seed } => out.extend(seed.to_le_bytes()),
        KeyHash::SipHash13 { key } | KeyHash::SipHash24 { key } => {
            key.iter().for_each(|half| out.extend(half.to_le_bytes()));
        }
        KeyHash::Md5 | KeyHash::RedisSlot => {}
    }
}

fn part(part: &Part, out: &mut Vec<u8>) {
    out.push(part.kind());
    match part {
        Part::Tokens(of_nodes) => {
            for tokens in of_nodes {
                count(tokens.len(), out);
                tokens.iter().for_each(|token| out.extend(token.to_le_bytes()));
            }
        }
        Part::Buckets(owners) => {
            count(owners.len(), out);
            owners.iter().for_each(|node| owner(*node, out));
        }
        Part::Removed(buckets) => {
            count(buckets.len(), out);
            buckets.iter().for_each(|bucket| out.extend(bucket.to_le_bytes()));
        }
        Part::Slots(runs) => {
            count(runs.len(), out);
            for run in runs {
                out.extend(run.length.to_le_bytes());
                owner(run.owner, out);
            }
        }
        Part::Paths(of_nodes) => {
            for path in of_nodes {
                count(path.len(), out);
                path.iter().for_each(|label| string(label, out));
            }
        }
    }
}

fn owner(owner: Option<u32>, out: &mut Vec<u8>) {
    out.extend(owner.unwrap_or(VACANT).to_le_bytes());
}

fn string(text: &str, out: &mut Vec<u8>) {
    count(text.len(), out);
    out.extend(text.as_bytes());
}

/// More than fit never are in one place: 2^32 bytes of text, or 2^32 of anything else in a description.
fn count(count: usize, out: &mut Vec<u8>) {
    debug_assert!(u32::try_from(count).is_ok());
    out.extend((count as u32).to_le_bytes());
}
