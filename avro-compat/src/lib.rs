//! Avro schemas, and what may be done to them.
//!
//! ```
//! use avro_compat::{Error, Kind, LogicalType, Schema, Type};
//!
//! let schema = Schema::parse(r#"
//!     {"type": "record", "name": "Tweet", "namespace": "example", "fields": [
//!         {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
//!         {"name": "text", "type": "string", "default": ""},
//!         {"name": "answers", "type": {"type": "array", "items": "Tweet"}, "default": []}
//!     ]}"#)?;
//!
//! let Type::Record(tweet) = schema[schema.root()].ty() else { panic!() };
//! assert_eq!(tweet.name().full(), "example.Tweet");
//! let at = &schema[tweet.field("at").unwrap().ty()];
//! assert_eq!((at.kind(), at.logical_type()), (Kind::Long, Some(LogicalType::TimestampMillis)));
//!
//! assert_eq!(schema, Schema::parse(&schema.to_json())?);          // nothing is lost
//! assert_eq!(schema.rabin(), 0x442A_DEFD_DC3A_DDC9);
//!
//! // What is wrong, where, and what to do about it.
//! let Err(Error::Parse(error)) = Schema::parse(r#"{"type": "array", "items": "integer"}"#) else { panic!() };
//! assert_eq!(error.to_string(), "line 1, column 28 (/items): unknown type \"integer\": did you mean \"int\"?");
//!
//! // Whether what was written with one schema can be read with another.
//! use avro_compat::check::{CheckOptions, FindingKind, check};
//!
//! let longer = Schema::parse(r#"{"type": "record", "name": "Tweet", "namespace": "example", "fields": [
//!     {"name": "text", "type": "string"},
//!     {"name": "lang", "type": "string"}
//! ]}"#)?;
//! let report = check(&longer, &schema, &CheckOptions::default());
//! let finding = report.findings().next().unwrap();
//! assert_eq!((finding.kind(), finding.reader_location().pointer.as_str()), (FindingKind::MissingField, "/fields/1"));
//! # Ok::<(), avro_compat::Error>(())
//! ```
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | [`check`] | compatibility: everything that keeps one schema from reading another's data, or changes its meaning |
//! | [`witness`] | for each finding a datum that proves it |
//! | [`fix`] | edits of a schema's text that remove what was found, and renaming that breaks no reader |
//! | [`Schema`] | a schema: types by [`TypeId`], parsed, compared, written, fingerprinted |
//! | [`Schemas`] | several texts that refer to each other's types |
//! | [`ParseOptions`] | limits, and what other programs let pass |
//! | [`matching`] | which of a reader's types and fields take which of a writer's |
//! | [`json`] | JSON with positions |
//! | [`Value`], [`ValueRef`] | values, owned, and borrowed from the input in a [`Tape`]; to and from JSON |
//! | [`Encoder`], [`Decoder`] | values to bytes and back, with one schema |
//! | [`Resolver`] | what was written with one schema as values of another: compiled once, to `Value`, `ValueRef` or types of serde |
//! | [`container`] | object container files |
//! | [`frame`] | single-object encoding, and Confluent's wire format |
//!
//! # Where the specification leaves a choice
//!
//! The specification is Avro 1.12's. By default a text is taken by its letter; [`ParseOptions::lenient`] takes all that some widely used program
//! takes.
//!
//! - **A default of a union** may be a value of any branch, and is one of the first that it fits, as the specification has it since 1.12.
//! - **Defaults are checked in full**: ranges, lengths, symbols, code points, records with what is missing filled in, which must end. A float
//!   that JSON has no number for is one of the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, as Java spells them, but not as a
//!   branch of a union, where a string is a string. Members of a record's default that are no fields count for nothing.
//! - **A name without dots** that the namespace around it does not have is looked up in the null namespace, as all implementations do: without it,
//!   nothing could refer to types of the null namespace from inside another. A dot in front (`".Name"`) names it past one that hides it.
//! - **Aliases** may be any string, and may be names or aliases of others as well: schemas that have those exist.
//! - **`{"type": "Name"}`** is a reference; attributes beside it count for nothing and are not kept, since they would be the named type's.
//! - **Unknown attributes** are kept wherever there is an object of a type or a field. A `logicalType` that is unknown or invalid is one, with
//!   the reason at hand ([`Node::ignored_logical_type`]).
//! - **Members given twice**, comments, names outside of ASCII, uses before definitions and definitions that are repeated are refused by default.
//!
//! # Where the specification leaves a choice: resolution
//!
//! - **Names of types** match without their namespaces, or if an alias of the reader's, as a full name, is the writer's full name. A record that
//!   was renamed without an alias is not read, at the root neither.
//! - **A reader's union** takes a type by the branch of the same full name or kind; else by alias; else by the name without namespace; else by promotion; of
//!   several in one of these ways, the first. The text has the first that matches in any of them; then `["double", "int"]` would read
//!   an int as a double. What is inside of the types does not count: if the branch turns out not to take the datum, no other is tried. A fixed of
//!   another size is taken by its full name or an alias, and then fails; by its name without namespace it is not taken.
//! - **Fields** are matched by name; those that are left then take the first of their aliases that names a field which nobody has taken.
//! - **Only what occurs counts**: an array of what cannot be read is read if it is empty.
//! - **Bytes of what is skipped** are not looked at further than it takes to skip them: strings may be no UTF-8, symbols may not exist.
//! - **Bytes that are read as a string** may be no UTF-8. Since the specification lets any bytes be read as a string, and has no string for these, what is no UTF-8 is
//!   replaced by U+FFFD, as in Java: read, with another meaning, which the checker calls a hazard. [`InvalidUtf8::Refuse`] makes them errors.
//! - **Strictness**: booleans are 0 or 1; what was written as a string is UTF-8; an int that is out of range is an error; announced sizes
//!   of blocks must be right. Varints may be longer than they need to be, up to 5 bytes for an int and 10 for a long.
//!
//! # Features
//!
//! None is on by default. No codec links to a library of the system; `zstandard` compiles C.
//!
//! | feature | costs |
//! |---|---|
//! | `apache-avro` | `apache-avro` without its codecs, some 30 crates: module `apache`, schemas and values from and to its own |
//! | `serde` | `serde_core`: `Resolver::decode_as` and `Encoder::encode_from`, for types that implement `Deserialize` and `Serialize` |
//! | `deflate` | `flate2` with `miniz_oxide` |
//! | `snappy` | `snap`, `crc32fast` |
//! | `zstandard` | `zstd` |
//! | `bzip2` | `bzip2` with `libbz2-rs-sys`, in Rust |
//! | `xz` | `lzma-rust2` |
//!
//! # Promises
//!
//! Whatever the input, nothing panics, recurses without a bound or takes memory for what it has not read; parsing takes time linear in the text but
//! for the names that are looked up in it. The only unsafe code is one line, which takes bytes that are ASCII for a text.
#![deny(missing_docs)]
#![deny(unsafe_code)]

#[cfg(feature = "apache-avro")]
pub mod apache;
mod binary;
pub mod check;
pub mod container;
mod encode;
mod error;
mod fingerprint;
pub mod fix;
pub mod frame;
pub mod json;
pub mod matching;
mod resolve;
mod schema;
mod value;
pub mod witness;

pub use encode::Encoder;
#[cfg(feature = "apache-avro")]
pub use error::{ApacheError, ApacheProblem};
pub use error::{
    ContainerError, DecodeError, DecodeProblem, DefaultMismatch, EncodeError, Error, FrameError,
    Location, Mismatch, ParseError, Problem, RenameError, ResolveError, Result,
};
pub use fingerprint::rabin;
pub use resolve::{Decoder, InvalidUtf8, ResolveOptions, Resolver};
pub use schema::{
    Attributes, Enum, Field, Fixed, IgnoredLogicalType, Kind, LogicalType, Name, NameRules, Node,
    Order, Origin, ParseOptions, Record, Schema, Schemas, Type, TypeId, Union, WriteOptions,
};
pub use value::{
    Decimal, Duration, Entries, Items, Tape, Value, ValueRef, format_uuid, parse_uuid,
};
