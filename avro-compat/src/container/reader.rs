//! Reading files.

use std::io::Read;

use super::Codec;
use super::header::Header;
use super::source::Source;
use crate::error::{ContainerError, Error};
use crate::resolve::{ResolveOptions, Resolver};
use crate::value::{Tape, Value, ValueRef};
use crate::{ParseOptions, Result, Schema};

/// Limits and tolerances.
#[derive(Clone, Debug)]
pub struct ReaderOptions {
    /// The schema that values are wanted of; by default the file's.
    pub reader: Option<Schema>,
    /// How the file's schema is parsed. By default leniently: it was written, and cannot be mended.
    pub parse: ParseOptions,
    /// Limits of decoding.
    pub resolve: ResolveOptions,
    /// How long the metadata may be, the schema included. By default 16 MiB.
    pub max_metadata_bytes: usize,
    /// How long a block may be, compressed and not. By default 256 MiB.
    pub max_block_bytes: usize,
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self {
            reader: None,
            parse: ParseOptions::lenient(),
            resolve: ResolveOptions::default(),
            max_metadata_bytes: 16 << 20,
            max_block_bytes: 256 << 20,
        }
    }
}

/// Reads a container file, block by block. Iterating gives [`Value`]s; [`next_block`](Self::next_block) is for values that borrow, and for
/// types of serde. After an error, or the end, there is nothing more.
pub struct Reader<R> {
    source: Source<R>,
    codec: Codec,
    metadata: Vec<(String, Vec<u8>)>,
    sync: [u8; 16],
    resolver: Resolver,
    max_empty: u64,
    max_block_bytes: usize,
    /// The block as it is in the file.
    raw: Vec<u8>,
    /// The same decompressed, if it was compressed.
    plain: Vec<u8>,
    state: State,
    ended: bool,
}

/// Where in the block the next object is.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Of the block, in the file.
    offset: u64,
    objects: u64,
    done: u64,
    at: usize,
}

impl<R: Read> Reader<R> {
    /// A reader of values of the schema that the file was written with. Reads the header.
    ///
    /// # Errors
    ///
    /// If this is no container file, or one that is damaged.
    pub fn new(file: R) -> Result<Self> {
        Self::with_options(file, &ReaderOptions::default())
    }

    /// A reader of values of another schema.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and if nothing that the file's schema describes can be read so.
    pub fn with_schema(file: R, reader: &Schema) -> Result<Self> {
        let reader = Some(reader.clone());
        Self::with_options(file, &ReaderOptions { reader, ..ReaderOptions::default() })
    }

    /// A reader with other limits.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new) and [`with_schema`](Self::with_schema).
    pub fn with_options(file: R, options: &ReaderOptions) -> Result<Self> {
        let mut source = Source::new(file);
        let header = Header::read(&mut source, options.max_metadata_bytes, &options.parse)?;
        let reader = options.reader.as_ref().unwrap_or(&header.schema);
        let mut resolve = options.resolve.clone();
        // A schema without values is no reason not to see that there are none in the file.
        resolve.hopeless |= options.reader.is_none();
        Ok(Self {
            source,
            codec: header.codec,
            metadata: header.metadata,
            sync: header.sync,
            resolver: Resolver::with_options(reader, &header.schema, &resolve)?,
            max_empty: options.resolve.max_empty,
            max_block_bytes: options.max_block_bytes,
            raw: Vec::new(),
            plain: Vec::new(),
            state: State::default(),
            ended: false,
        })
    }

    /// The schema that the file was written with.
    pub fn writer_schema(&self) -> &Schema {
        self.resolver.writer()
    }

    /// The schema that values are of.
    pub fn schema(&self) -> &Schema {
        self.resolver.reader()
    }

    /// How blocks are compressed. The level is not known.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// All metadata, `avro.schema` and `avro.codec` included.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.metadata.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The next block. What was left of the one before is not read.
    ///
    /// # Errors
    ///
    /// If the file is damaged or cannot be read. There is then nothing more.
    pub fn next_block(&mut self) -> Result<Option<Block<'_>>> {
        match self.advance() {
            Ok(false) => {
                self.ended = true;
                Ok(None)
            }
            Ok(true) => {
                let state = self.state;
                self.state.done = state.objects;
                self.state.at = self.bytes().len();
                Ok(Some(Block { bytes: self.bytes(), resolver: &self.resolver, state }))
            }
            Err(error) => {
                self.ended = true;
                Err(error.into())
            }
        }
    }

    /// The block's bytes.
    fn bytes(&self) -> &[u8] {
        if self.codec == Codec::Null { &self.raw } else { &self.plain }
    }

    /// Reads a block with objects.
    fn advance(&mut self) -> std::result::Result<bool, ContainerError> {
        self.state = State::default();
        self.raw.clear();
        self.plain.clear();
        if self.ended || self.source.is_at_end()? {
            return Ok(false);
        }
        let offset = self.source.offset();
        let objects = self.source.length("a block's count of objects")?;
        let size = self.source.length("a block's size")?;
        let limit = self.max_block_bytes;
        let large = || ContainerError::TooLarge {
            offset,
            what: "a block",
            limit,
            option: "max_block_bytes",
        };
        if size > limit as u64 {
            return Err(large());
        }
        self.source.bytes(size, &mut self.raw, "a block")?;
        let end = self.source.offset();
        if self.source.array("a sync marker")? != self.sync {
            return Err(ContainerError::Sync { offset: end });
        }
        if self.codec != Codec::Null {
            self.codec.decompress(&self.raw, &mut self.plain, limit).map_err(|it| {
                let (codec, message) = (self.codec.as_str(), it.to_string());
                ContainerError::Compressed { offset, codec, message }
            })?;
            if self.plain.len() > limit {
                return Err(large());
            }
        }
        // Objects without bytes are counted no further than values without bytes are.
        if objects > self.bytes().len() as u64 + self.max_empty {
            let found = i64::try_from(objects).unwrap_or(i64::MAX);
            return Err(ContainerError::Number { offset, what: "a count of objects", found });
        }
        self.state = State { offset, objects, done: 0, at: 0 };
        Ok(true)
    }

    fn value(&mut self) -> Result<Option<Value>> {
        while self.state.done == self.state.objects {
            let bytes = self.bytes();
            self.state.end(bytes)?;
            if !self.advance()? {
                return Ok(None);
            }
        }
        let mut state = self.state;
        let bytes = self.bytes();
        let mut rest = &bytes[state.at..];
        let value = self.resolver.decode_next(&mut rest).map_err(|it| state.error(it))?;
        state.advance(bytes.len() - rest.len());
        self.state = state;
        Ok(Some(value))
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Value>;

    fn next(&mut self) -> Option<Result<Value>> {
        if self.ended {
            return None;
        }
        let next = self.value().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl State {
    fn advance(&mut self, at: usize) {
        self.done += 1;
        self.at = at;
    }

    fn end(&self, bytes: &[u8]) -> Result<()> {
        let (count, objects) = (bytes.len() - self.at, self.objects);
        if count > 0 {
            return Err(ContainerError::Excess { offset: self.offset, count, objects }.into());
        }
        Ok(())
    }

    fn error(&self, error: Error) -> Error {
        match error {
            Error::Decode(error) => {
                ContainerError::Object { offset: self.offset, object: self.done, error }.into()
            }
            other => other,
        }
    }
}

/// A block of a file, decompressed.
#[derive(Debug)]
pub struct Block<'a> {
    bytes: &'a [u8],
    resolver: &'a Resolver,
    state: State,
}

impl<'a> Block<'a> {
    /// How many objects it has.
    pub fn objects(&self) -> u64 {
        self.state.objects
    }

    /// The encoded objects, one after another.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next object; none after the last. See [`Resolver::decode_ref`].
    ///
    /// # Errors
    ///
    /// If it is damaged, or if something follows the last.
    pub fn next_ref<'t>(&mut self, tape: &'t mut Tape<'a>) -> Result<Option<ValueRef<'t, 'a>>> {
        let resolver = self.resolver;
        self.next_with(|rest| resolver.decode_ref_next(rest, tape))
    }

    /// The next object as a type of serde; none after the last. See [`Resolver::decode_as`].
    ///
    /// # Errors
    ///
    /// If it is damaged or not what the type takes, or if something follows the last.
    #[cfg(feature = "serde")]
    pub fn next_as<T: serde_core::Deserialize<'a>>(&mut self) -> Result<Option<T>> {
        let resolver = self.resolver;
        self.next_with(|rest| resolver.decode_next_as(rest))
    }

    fn next_with<T>(
        &mut self,
        decode: impl FnOnce(&mut &'a [u8]) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.state.done == self.state.objects {
            self.state.end(self.bytes)?;
            return Ok(None);
        }
        let mut rest = &self.bytes[self.state.at..];
        let value = decode(&mut rest).map_err(|it| self.state.error(it))?;
        self.state.advance(self.bytes.len() - rest.len());
        Ok(Some(value))
    }
}
