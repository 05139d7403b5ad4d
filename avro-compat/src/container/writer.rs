//! Writing files.

use std::hash::{BuildHasher as _, RandomState};
use std::io::Write;

use super::{Codec, MAGIC};
use crate::binary::output;
use crate::error::ContainerError;
use crate::{Encoder, Result, Schema, Value};

/// How a file is written.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// How blocks are compressed. By default not at all.
    pub codec: Codec,
    /// Metadata besides schema and codec. Names must not begin with `avro.`.
    pub metadata: Vec<(String, Vec<u8>)>,
    /// The marker between blocks; by default a random one.
    pub sync: Option<[u8; 16]>,
    /// How long blocks become before they are compressed, except for one object more. By default 64 KiB.
    pub block_bytes: usize,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { codec: Codec::Null, metadata: Vec::new(), sync: None, block_bytes: 64 << 10 }
    }
}

/// Writes a container file. What has been appended is in the file after [`flush`](Self::flush) or [`finish`](Self::finish); a writer that
/// is dropped loses the block that it was at.
pub struct Writer<W> {
    file: W,
    offset: u64,
    encoder: Encoder,
    codec: Codec,
    sync: [u8; 16],
    block_bytes: usize,
    block: Vec<u8>,
    objects: u64,
    /// A block as it is written.
    framed: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A writer of values of a schema. Writes the header.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn new(file: W, schema: &Schema, codec: Codec) -> Result<Self> {
        Self::with_options(file, schema, &WriterOptions { codec, ..WriterOptions::default() })
    }

    /// A writer with metadata, or other sizes.
    ///
    /// # Errors
    ///
    /// If the header cannot be written, or if the metadata have a name that is reserved.
    pub fn with_options(file: W, schema: &Schema, options: &WriterOptions) -> Result<Self> {
        if let Some((name, _)) = options.metadata.iter().find(|it| it.0.starts_with("avro.")) {
            return Err(ContainerError::Reserved { name: name.clone() }.into());
        }
        let sync = options.sync.unwrap_or_else(random);
        let mut header = MAGIC.to_vec();
        let json = schema.to_json();
        let codec = options.codec.as_str();
        let own = [("avro.schema", json.as_bytes()), ("avro.codec", codec.as_bytes())];
        output::length(&mut header, own.len() + options.metadata.len());
        let others = options.metadata.iter().map(|(name, value)| (&**name, &**value));
        for (name, value) in own.into_iter().chain(others) {
            output::prefixed(&mut header, name.as_bytes());
            output::prefixed(&mut header, value);
        }
        header.push(0);
        header.extend(sync);
        let mut writer = Self {
            file,
            offset: 0,
            encoder: Encoder::new(schema),
            codec: options.codec,
            sync,
            block_bytes: options.block_bytes,
            block: Vec::new(),
            objects: 0,
            framed: header,
        };
        writer.write()?;
        Ok(writer)
    }

    /// Appends a value.
    ///
    /// # Errors
    ///
    /// If it is no value of the schema, which changes nothing, or if a block that is full cannot be written.
    pub fn append(&mut self, value: &Value) -> Result<()> {
        self.encoder.encode_to(value, &mut self.block)?;
        self.objects += 1;
        if self.block.len() >= self.block_bytes || self.objects >= 1 << 16 {
            self.end_block()?;
        }
        Ok(())
    }

    /// Ends the block, and flushes the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.end_block()?;
        self.file.flush().map_err(|it| self.io(&it))?;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<W> {
        self.flush()?;
        Ok(self.file)
    }

    fn end_block(&mut self) -> Result<()> {
        if self.objects == 0 {
            return Ok(());
        }
        let mut compressed = Vec::new();
        let data = if self.codec == Codec::Null {
            &self.block
        } else {
            self.codec.compress(&self.block, &mut compressed).map_err(|it| self.io(&it))?;
            &compressed
        };
        self.framed.clear();
        // No block has so many objects or bytes.
        output::long(&mut self.framed, self.objects as i64);
        output::prefixed(&mut self.framed, data);
        self.framed.extend(self.sync);
        self.write()?;
        self.block.clear();
        self.objects = 0;
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        self.file.write_all(&self.framed).map_err(|it| self.io(&it))?;
        self.offset += self.framed.len() as u64;
        Ok(())
    }

    fn io(&self, error: &std::io::Error) -> ContainerError {
        let (kind, message) = (error.kind(), error.to_string());
        ContainerError::Io { offset: self.offset, kind, message }
    }
}

/// Not secret, but other than those of other files.
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    for (at, part) in bytes.chunks_exact_mut(8).enumerate() {
        // Its keys are the system's random numbers.
        part.copy_from_slice(&RandomState::new().hash_one(at).to_le_bytes());
    }
    bytes
}
