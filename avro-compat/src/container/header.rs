//! The header: metadata, and the marker between blocks.

use std::io::Read;

use super::source::Source;
use super::{Codec, MAGIC};
use crate::error::ContainerError;
use crate::{ParseOptions, Result, Schema};

pub(super) struct Header {
    pub schema: Schema,
    pub codec: Codec,
    pub metadata: Vec<(String, Vec<u8>)>,
    pub sync: [u8; 16],
}

impl Header {
    pub(super) fn read<R: Read>(
        source: &mut Source<R>,
        limit: usize,
        options: &ParseOptions,
    ) -> Result<Self> {
        let found = source.array("the magic bytes")?;
        if found != MAGIC {
            return Err(ContainerError::Magic { found }.into());
        }
        let metadata = metadata(source, limit)?;
        let sync = source.array("the sync marker of the header")?;
        // Of properties given twice, the last counts.
        let property = |name: &str| metadata.iter().rev().find(|it| it.0 == name).map(|it| &it.1);
        let codec = match property("avro.codec") {
            None => Codec::Null,
            Some(name) => match std::str::from_utf8(name) {
                Ok(name) => Codec::parse(name)?,
                Err(_) => {
                    return Err(ContainerError::NotText { property: "avro.codec".into() }.into());
                }
            },
        };
        let schema = property("avro.schema").ok_or(ContainerError::NoSchema)?;
        let schema = Schema::parse_bytes(schema, options)?;
        Ok(Self { schema, codec, metadata, sync })
    }
}

/// How many properties there may be.
const MAX_PROPERTIES: usize = 1 << 16;

fn metadata<R: Read>(
    source: &mut Source<R>,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, ContainerError> {
    const INSIDE: &str = "the metadata";
    let begun = source.offset();
    let mut all = Vec::new();
    loop {
        let mut count = source.long("a count of the metadata")?;
        if count == 0 {
            return Ok(all);
        }
        if count < 0 {
            source.length("a length of the metadata")?;
            count = count.saturating_neg();
        }
        for _ in 0..count {
            let mut part = || {
                let len = source.length("a length of the metadata")?;
                let used = source.offset() - begun;
                // A property of two bytes takes fifty in memory.
                if len.saturating_add(used) > limit as u64 || all.len() > MAX_PROPERTIES {
                    return Err(ContainerError::TooLarge {
                        offset: begun,
                        what: "metadata",
                        limit,
                        option: "max_metadata_bytes",
                    });
                }
                let mut bytes = Vec::new();
                source.bytes(len, &mut bytes, INSIDE)?;
                Ok(bytes)
            };
            let (name, value) = (part()?, part()?);
            let name = String::from_utf8(name).map_err(|it| ContainerError::NotText {
                property: String::from_utf8_lossy(it.as_bytes()).into_owned(),
            })?;
            all.push((name, value));
        }
    }
}
