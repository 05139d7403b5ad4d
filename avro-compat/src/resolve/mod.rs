//! What a writer wrote, as a reader wants it (specification, "Schema Resolution").
//!
//! # The program
//!
//! Two schemas are compiled once into tables of instructions of 8 bytes. For each pair of types that meet there is one instruction: the reader's
//! choice in unions, the order of fields, promotions, defaults and what is to be skipped are all decided then. What fails for some data only is an instruction
//! that fails.
//!
//! # What reading costs
//!
//! A record with 83 bytes in 7 fields (`benches/src/avro/case.rs`) is two lines of cache and 26 numbers, lengths and strings. Where one begins is known only
//! when the one before has been read: at 2 to 3 ns for each, 60 ns are what no program can do without. Each allocation takes
//! about 20 ns, and freeing it again 10: a [`Value`] of such a record has one for each string, array, map and record, and for the branch of each union,
//! 12 in all. [`ValueRef`]s are put into a table that is used again, and allocate nothing; types of serde
//! allocate what they consist of. A decoder written by hand for the two schemas fills the struct that borrows in 107 ns.
//!
//! Measured on a virtual machine with 2 cores: 97 ns to `ValueRef`, 190 to a struct that borrows (2 allocations), 350 to one that owns (9),
//! 275 to `Value`, 85 to skip all fields. What is left between the struct that borrows and the decoder by hand is serde's: fields are found by name, one comparison
//! each, and parts are handed over through memory. That cannot be had by number: a struct's list of names has its aliases among them.
//!
//! It was 150 and 255 ns before. UTF-8 eight bytes at a time took 26 and 44 ns off it; varints eight bytes at once, a short way for what is one byte, and items
//! without parts that are put straight into the table, the rest. What did not pay: to keep the input as a slice that becomes shorter. A slice that
//! has just been written in two parts and is copied as one makes the processor wait, 60 ns in all.

mod compile;
mod options;
mod program;
mod run;
mod skip;
mod verdict;

use std::sync::Arc;

pub use options::{InvalidUtf8, ResolveOptions};

use self::program::{Op, Program};
use self::run::Run;
use crate::Result;
use crate::binary::{Fault, Input, Place};
use crate::error::{DecodeError, DecodeProblem};
use crate::schema::Schema;
use crate::value::{MOST_DEPTH, Tape, Value, ValueRef};

/// Reads what was written with one schema as values of another. Cheap to clone.
///
/// ```
/// use avro_compat::{Resolver, Schema, Value};
///
/// let writer = Schema::parse(r#"{"type": "record", "name": "test", "fields": [
///     {"name": "a", "type": "int"}, {"name": "b", "type": "string"}]}"#)?;
/// let reader = Schema::parse(r#"{"type": "record", "name": "test", "fields": [
///     {"name": "b", "type": ["null", "string"]},
///     {"name": "c", "type": "boolean", "default": true},
///     {"name": "wide", "aliases": ["a"], "type": "long"}]}"#)?;
///
/// let resolver = Resolver::new(&reader, &writer)?;
/// assert_eq!(
///     resolver.decode(b"\x36\x06foo")?.to_json(&reader)?,
///     r#"{"b":{"string":"foo"},"c":true,"wide":27}"#,
/// );
/// # Ok::<(), avro_compat::Error>(())
/// ```
#[derive(Clone)]
pub struct Resolver {
    inner: Arc<Inner>,
}

struct Inner {
    program: Program,
    entry: Op,
    reader: Schema,
    writer: Schema,
    max_depth: u32,
    max_empty: u64,
}

impl Resolver {
    /// Compiles two schemas.
    ///
    /// # Errors
    ///
    /// If no data at all could be read, as far as that is found, and if the program would be too large.
    pub fn new(reader: &Schema, writer: &Schema) -> Result<Self> {
        Self::with_options(reader, writer, &ResolveOptions::default())
    }

    /// Compiles two schemas, with other limits.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_options(
        reader: &Schema,
        writer: &Schema,
        options: &ResolveOptions,
    ) -> Result<Self> {
        let program = compile::compile(reader, writer, options)?;
        let entry = program.entry.unwrap_or(Op::Null);
        let inner = Inner {
            program,
            entry,
            reader: reader.clone(),
            writer: writer.clone(),
            max_depth: options.max_depth.min(MOST_DEPTH),
            max_empty: options.max_empty,
        };
        if !options.hopeless
            && let Some(error) = verdict::hopeless(&inner.program, reader, writer)
        {
            return Err(error.into());
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The schema that values are of.
    pub fn reader(&self) -> &Schema {
        &self.inner.reader
    }

    /// The schema that data were written with.
    pub fn writer(&self) -> &Schema {
        &self.inner.writer
    }

    /// The value of bytes, of which none may be left.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the bytes, and where.
    pub fn decode(&self, bytes: &[u8]) -> Result<Value> {
        self.whole(bytes, |run, entry| run.value(entry))
    }

    /// The value at the beginning of bytes, which then begin after it.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the bytes, and where; they are then left as they were.
    pub fn decode_next(&self, bytes: &mut &[u8]) -> Result<Value> {
        let (value, used) = self.next(bytes, |run, entry| run.value(entry))?;
        *bytes = &bytes[used..];
        Ok(value)
    }

    /// The value of bytes, of which none may be left, borrowing strings and bytes from these and, for defaults, from the resolver. What was
    /// in the tape before is gone. Bytes that are read as a string and are no UTF-8 are copied into the tape: [`ValueRef::Replaced`].
    ///
    /// ```
    /// # use avro_compat::{Resolver, Schema, Tape};
    /// let schema = Schema::parse(r#"{"type": "array", "items": "string"}"#)?;
    /// let resolver = Resolver::new(&schema, &schema)?;
    /// let mut tape = Tape::new();
    /// for bytes in [b"\x02\x06foo\x00", b"\x02\x06bar\x00"] {
    ///     let value = resolver.decode_ref(bytes, &mut tape)?;         // allocates the first time only
    ///     let avro_compat::ValueRef::Array(items) = value else { panic!() };
    ///     assert!(matches!(items.get(0).and_then(|it| it.as_str()), Some("foo" | "bar")));
    /// }
    /// # Ok::<(), avro_compat::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the bytes, and where.
    pub fn decode_ref<'t, 'a>(
        &'a self,
        bytes: &'a [u8],
        tape: &'t mut Tape<'a>,
    ) -> Result<ValueRef<'t, 'a>> {
        tape.clear();
        let item = self.whole(bytes, |run, entry| run.item(entry, tape))?;
        Ok(tape.view(item))
    }

    /// The value at the beginning of bytes, which then begin after it; as [`decode_ref`](Self::decode_ref).
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the bytes, and where; they are then left as they were.
    pub fn decode_ref_next<'t, 'a>(
        &'a self,
        bytes: &mut &'a [u8],
        tape: &'t mut Tape<'a>,
    ) -> Result<ValueRef<'t, 'a>> {
        tape.clear();
        let (item, used) = self.next(bytes, |run, entry| run.item(entry, tape))?;
        *bytes = &bytes[used..];
        Ok(tape.view(item))
    }

    /// The value of bytes, of which none may be left, as a type of serde.
    ///
    /// Records are structs or maps, enums are enums or strings, bytes and fixed are bytes, sequences of numbers, or, with `serde_bytes`, slices that
    /// borrow. A union with null is an `Option`; other unions are untagged enums, enums whose variants are named as the branches (the name without
    /// namespace of a named type, else the kind), or simply what the branch is. Fields of the reader's schema that the struct has not
    /// are read and forgotten; leave them out of the schema, and they are skipped. What borrows a string does not take bytes that are no UTF-8.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with the bytes or that the type does not take, and where.
    #[cfg(feature = "serde")]
    pub fn decode_as<'a, T: serde_core::Deserialize<'a>>(&'a self, bytes: &'a [u8]) -> Result<T> {
        self.whole(bytes, |run, op| T::deserialize(run::serde::One { run, op }).map_err(|it| it.0))
    }

    /// The value at the beginning of bytes, which then begin after it; as [`decode_as`](Self::decode_as).
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, and where; the bytes are then left as they were.
    #[cfg(feature = "serde")]
    pub fn decode_next_as<'a, T: serde_core::Deserialize<'a>>(
        &'a self,
        bytes: &mut &'a [u8],
    ) -> Result<T> {
        let (value, used) = self.next(bytes, |run, op| {
            T::deserialize(run::serde::One { run, op }).map_err(|it| it.0)
        })?;
        *bytes = &bytes[used..];
        Ok(value)
    }

    #[inline]
    fn whole<'a, T>(
        &'a self,
        bytes: &'a [u8],
        read: impl FnOnce(&mut Run<'a>, Op) -> std::result::Result<T, Box<Fault>>,
    ) -> Result<T> {
        let mut run = self.inner.run(bytes);
        let value = read(&mut run, self.inner.entry).map_err(|it| self.error(*it))?;
        match run.input.left() {
            0 => Ok(value),
            count => Err(self.error(*run.input.fault(DecodeProblem::Trailing { count }))),
        }
    }

    /// The value, and how many bytes it has.
    #[inline]
    fn next<'a, T>(
        &'a self,
        bytes: &'a [u8],
        read: impl FnOnce(&mut Run<'a>, Op) -> std::result::Result<T, Box<Fault>>,
    ) -> Result<(T, usize)> {
        let mut run = self.inner.run(bytes);
        let value = read(&mut run, self.inner.entry).map_err(|it| self.error(*it))?;
        Ok((value, run.input.offset()))
    }

    /// A fault in words. Costs a look at the schemas' texts.
    #[cold]
    fn error(&self, fault: Fault) -> crate::Error {
        let Fault { problem, offset, place } = fault;
        // A fault of the target type's, which asked for nothing.
        let offset = if offset == usize::MAX { 0 } else { offset };
        let root = || Place {
            reader: Some(self.reader()[self.reader().root()].origin()),
            writer: Some(self.writer()[self.writer().root()].origin()),
        };
        let place = match problem {
            DecodeProblem::Trailing { .. } => None,
            _ => Some(place.unwrap_or_else(root)),
        };
        let pointer = |schema: &Schema, origin| schema.json(origin).pointer();
        let reader = place.and_then(|it| it.reader).map(|it| pointer(self.reader(), it));
        let writer = place.and_then(|it| it.writer).map(|it| pointer(self.writer(), it));
        DecodeError::new(problem, offset, reader, writer).into()
    }
}

impl Inner {
    #[inline]
    fn run<'a>(&'a self, bytes: &'a [u8]) -> Run<'a> {
        Run {
            program: &self.program,
            reader: &self.reader,
            writer: &self.writer,
            input: Input::new(bytes),
            depth: self.max_depth,
            max_depth: self.max_depth,
            empty: self.max_empty,
            max_empty: self.max_empty,
        }
    }
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resolver({:?} of {:?})", self.reader(), self.writer())
    }
}

/// Reads what was written with a schema as values of the same: a [`Resolver`] whose reader is the writer.
#[derive(Clone, Debug)]
pub struct Decoder(Resolver);

impl Decoder {
    /// Compiles a schema.
    ///
    /// # Errors
    ///
    /// If the program would be too large.
    pub fn new(schema: &Schema) -> Result<Self> {
        let options = ResolveOptions { hopeless: true, ..ResolveOptions::default() };
        Resolver::with_options(schema, schema, &options).map(Self)
    }
}

impl std::ops::Deref for Decoder {
    type Target = Resolver;

    fn deref(&self) -> &Resolver {
        &self.0
    }
}
