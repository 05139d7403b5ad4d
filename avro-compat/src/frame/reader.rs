//! Reading messages.

use std::collections::HashMap;

use super::{Framing, SchemaLookup};
use crate::error::FrameError;
use crate::resolve::{ResolveOptions, Resolver};
use crate::{Result, Schema, Value};

/// Reads messages of many writers as values of one schema, or each of its own. Schemas are looked up and compiled once.
pub struct MessageReader<F: Framing, L> {
    framing: F,
    lookup: L,
    reader: Option<Schema>,
    options: ResolveOptions,
    /// Also those that nothing of can be read.
    known: HashMap<F::Key, Result<Resolver>>,
}

impl<F: Framing, L: SchemaLookup<F::Key>> MessageReader<F, L> {
    /// A reader of values of a schema; without one, of those that they were written with.
    pub fn new(framing: F, lookup: L, reader: Option<&Schema>) -> Self {
        let options = ResolveOptions::default();
        Self { framing, lookup, reader: reader.cloned(), options, known: HashMap::new() }
    }

    /// The same with other limits.
    pub fn options(mut self, options: ResolveOptions) -> Self {
        self.options = options;
        self
    }

    /// The value of a message.
    ///
    /// # Errors
    ///
    /// If it is not framed so, if its schema is not known or cannot be read, or if it is damaged.
    pub fn read(&mut self, message: &[u8]) -> Result<Value> {
        let (resolver, value) = self.open(message)?;
        resolver.decode(value)
    }

    /// A message's value, still encoded, and what decodes it.
    ///
    /// # Errors
    ///
    /// If it is not framed so, or if its schema is not known or cannot be read.
    pub fn open<'a>(&mut self, message: &'a [u8]) -> Result<(&Resolver, &'a [u8])> {
        use std::collections::hash_map::Entry;
        let (key, value) = self.framing.split(message)?;
        let known = match self.known.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let (what, shown) = (F::KEY, || F::show(key));
                let writer = match self.lookup.find(key) {
                    Ok(Some(schema)) => schema,
                    Ok(None) => return Err(FrameError::Unknown { what, key: shown() }.into()),
                    Err(message) => {
                        return Err(FrameError::Lookup { what, key: shown(), message }.into());
                    }
                };
                let reader = self.reader.as_ref().unwrap_or(&writer);
                place.insert(Resolver::with_options(reader, &writer, &self.options))
            }
        };
        Ok((known.as_ref().map_err(Clone::clone)?, value))
    }
}
