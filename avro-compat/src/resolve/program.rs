//! The flat program that two schemas are compiled to.

use std::ops::Range;

use crate::binary::Place;
use crate::error::Mismatch;
use crate::schema::TypeId;

/// One instruction: reads what the writer wrote, and makes of it what the reader wants. Details by index into the program's tables.
///
/// 8 bytes; instructions of one record stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Null,
    Boolean,
    Int,
    IntToLong,
    IntToFloat,
    IntToDouble,
    Long,
    LongToFloat,
    LongToDouble,
    Float,
    FloatToDouble,
    Double,
    /// Also of a string.
    Bytes,
    /// Also of bytes, if those that are no UTF-8 are to be refused.
    String,
    /// With U+FFFD in place of what is no UTF-8.
    BytesToString,
    /// So many bytes.
    Fixed(u32),
    Enum(u32),
    Record(u32),
    Array(u32),
    Map(u32),
    /// A writer's union.
    Union(u32),
    /// A reader's union that takes a writer's type which is none.
    Wrap(u32),
    /// Nothing can be read.
    Fail(u32),
    /// In a record: what the reader does not want. A routine.
    Skip(u32),
}

/// No field, no branch, no symbol.
pub(crate) const NONE: u32 = u32::MAX;

/// The two schemas compiled.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub entry: Option<Op>,
    pub records: Vec<RecordCode>,
    pub steps: Vec<Step>,
    pub defaults: Vec<DefaultCode>,
    /// Names of the fields of the reader's records.
    pub names: Vec<Box<str>>,
    pub blocks: Vec<BlockCode>,
    pub unions: Vec<UnionCode>,
    pub branches: Vec<Branch>,
    /// Reader's unions.
    pub wraps: Vec<Branch>,
    pub enums: Vec<EnumCode>,
    /// The reader's symbol for each of the writer's.
    pub symbols: Vec<u32>,
    pub fails: Vec<(Mismatch, Place)>,
    /// Ranges of `skips`.
    pub routines: Vec<Range<u32>>,
    pub skips: Vec<Skip>,
    /// Encoded defaults.
    pub pool: Vec<u8>,
}

/// Two types, one of each schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub reader: TypeId,
    pub writer: TypeId,
    /// Whether `writer` is one of the reader's schema, for a default.
    pub default: bool,
}

#[derive(Debug)]
pub(crate) struct RecordCode {
    pub pair: Pair,
    pub steps: Range<u32>,
    pub defaults: Range<u32>,
    /// Where the names of the reader's fields begin.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "serde alone asks for names"))]
    pub names: u32,
    /// How many fields the reader's record has.
    pub fields: u32,
    /// What it counts among values without bytes: 0 if it has some.
    pub empty: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub op: Op,
    /// The reader's field.
    pub target: u32,
    /// The writer's field; of several that are skipped together, the first.
    pub source: u32,
}

#[derive(Debug)]
pub(crate) struct DefaultCode {
    pub op: Op,
    pub target: u32,
    /// In the pool.
    pub bytes: Range<u32>,
}

/// An array, or the values of a map.
#[derive(Debug)]
pub(crate) struct BlockCode {
    pub pair: Pair,
    pub op: Op,
    /// Whether the items take no bytes.
    pub empty: bool,
}

#[derive(Debug)]
pub(crate) struct UnionCode {
    pub pair: Pair,
    pub branches: Range<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    pub op: Op,
    /// The branch of the reader's union.
    pub wrap: u32,
    /// The reader's union; which name its branch has is looked up there.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "serde alone asks for names"))]
    pub union: TypeId,
}

#[derive(Debug)]
pub(crate) struct EnumCode {
    pub pair: Pair,
    pub symbols: Range<u32>,
}

/// One instruction of skipping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skip {
    /// So many bytes.
    Bytes(u64),
    Varint,
    /// A length, and so many bytes.
    Prefixed,
    /// Blocks of what a routine skips.
    Array(u32),
    /// The same after keys.
    Map(u32),
    /// One of the routines from the first on, of which there are so many.
    Union(u32, u32),
    Routine(u32),
}
