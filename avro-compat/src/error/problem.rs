//! Everything that can be wrong with the text of a schema.

use super::DefaultMismatch;
use crate::json::Position;

/// What is wrong with a text: as JSON, or as a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Nothing but blanks.
    #[error("there is nothing here: a schema is a JSON string, object or array")]
    Empty,
    /// Longer than allowed.
    #[error(
        "{found} bytes are more than the {limit} allowed: raise `max_bytes` if the text is trusted"
    )]
    TooLong {
        /// Its length.
        found: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Nested deeper than allowed.
    #[error("nested more than {limit} deep: raise `max_depth` if the text is trusted")]
    TooDeep {
        /// What is allowed.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("the bytes from here on are not UTF-8: save the text as UTF-8")]
    NotUtf8,
    /// The text ends in the middle.
    #[error("the text ends inside of {kind} that begins at line {}, column {}; expected {wanted}: is it truncated?", begun.line, begun.column)]
    Truncated {
        /// What does not end.
        kind: &'static str,
        /// Where it begins.
        begun: Position,
        /// What could come here.
        wanted: &'static str,
    },
    /// A character that cannot stand there.
    #[error("found {found:?}, expected {wanted}")]
    Unexpected {
        /// What is there.
        found: char,
        /// What could be there.
        wanted: &'static str,
    },
    /// Something behind the end.
    #[error("the JSON value has ended, and something follows: remove it")]
    Trailing,
    /// A comment, which JSON has not.
    #[error("JSON has no comments: remove it, or allow them with `comments`")]
    Comment,
    /// A comment without end.
    #[error("this comment does not end: expected `*/`")]
    OpenComment,
    /// A number as JSON does not write it.
    #[error(
        "{found:?} is not a JSON number: digits without a leading zero or `+`, then perhaps a fraction and an exponent"
    )]
    Number {
        /// What is there.
        found: String,
    },
    /// A string without end.
    #[error("this string does not end: expected `\"`")]
    OpenString,
    /// A control character in a string.
    #[error(
        "the control character {found:#04x} cannot stand in a string: write it as \\u{found:04x}"
    )]
    ControlCharacter {
        /// Its code.
        found: u8,
    },
    /// An escape that JSON does not have.
    #[error(
        "{found:?} is not an escape of JSON: \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits are"
    )]
    Escape {
        /// What is there.
        found: String,
    },
    /// Half of a surrogate pair.
    #[error(
        "\\u{found:04x} is half of a surrogate pair: write both halves, or the character itself"
    )]
    Surrogate {
        /// Its code.
        found: u32,
    },
    /// Two members of one name.
    #[error("member {name:?} is here a second time, first at line {}, column {}: remove one", first.line, first.column)]
    RepeatedMember {
        /// Its name.
        name: String,
        /// Where it is first.
        first: Position,
    },

    /// Something else than a schema.
    #[error(
        "{found} is not a schema: expected the name of a type (a string), a definition (an object) or a union (an array)"
    )]
    NotASchema {
        /// What is there.
        found: &'static str,
    },
    /// A member that must be there.
    #[error("{of} needs {member:?}: add it")]
    MissingMember {
        /// What needs it.
        of: &'static str,
        /// The member.
        member: &'static str,
    },
    /// A member that has another JSON type than it must.
    #[error("{member:?} must be {wanted}, and is {found}")]
    MemberType {
        /// The member.
        member: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A `type` that is itself a schema.
    #[error(
        "\"type\" must be the name of a type, and is {found}: put that where the object around it is"
    )]
    NestedType {
        /// What it is.
        found: &'static str,
    },
    /// A name that breaks the rules.
    #[error("{name:?} is not a valid {of}: {rule}")]
    InvalidName {
        /// The name.
        name: String,
        /// What it names.
        of: &'static str,
        /// What is broken.
        rule: &'static str,
    },
    /// A type named as a primitive type.
    #[error("{name:?} names a primitive type, in every namespace: choose another name")]
    PrimitiveName {
        /// The name.
        name: String,
    },
    /// A name that nothing defines.
    #[error("unknown type {name:?}{hint}")]
    UnknownType {
        /// The full name.
        name: String,
        /// What to do.
        hint: String,
    },
    /// A name that is defined twice.
    #[error(
        "type {name:?} is defined already, at {first}: rename one, or refer to the first by its name"
    )]
    DuplicateType {
        /// The full name.
        name: String,
        /// Where it is defined first.
        first: String,
    },
    /// A field name twice in a record.
    #[error("record {record:?} has a field {field:?} already: rename one")]
    DuplicateField {
        /// The record's full name.
        record: String,
        /// The field.
        field: String,
    },
    /// A symbol twice in an enum.
    #[error("enum {name:?} has the symbol {symbol:?} already: remove one")]
    DuplicateSymbol {
        /// The enum's full name.
        name: String,
        /// The symbol.
        symbol: String,
    },
    /// An enum's default that is none of its symbols.
    #[error(
        "the default {symbol:?} is no symbol of enum {name:?}: add it, or choose one of its symbols"
    )]
    UnknownSymbol {
        /// The enum's full name.
        name: String,
        /// The default.
        symbol: String,
    },
    /// A union directly in a union.
    #[error("a union cannot contain a union directly: put the inner one's branches here")]
    NestedUnion,
    /// Two branches that could not be told apart.
    #[error("the union has a branch {branch:?} already: {hint}")]
    DuplicateBranch {
        /// The type, or the full name of the named type.
        branch: String,
        /// Why, and what to do.
        hint: &'static str,
    },
    /// A size of a fixed that is not an integer in range.
    #[error("{found} is not a size: expected an integer from 0 to 2147483647, without quotes")]
    FixedSize {
        /// What is there.
        found: String,
    },
    /// A sort order that does not exist.
    #[error("{found:?} is not an order: \"ascending\", \"descending\" and \"ignore\" are")]
    Order {
        /// What is there.
        found: String,
    },
    /// A default that is no value of its type.
    #[error("the default of field {field:?} does not fit: {mismatch}")]
    Default {
        /// The field.
        field: String,
        /// What is wrong with it.
        mismatch: DefaultMismatch,
    },
    /// Texts that refer to each other's types in a circle.
    #[error("these texts refer to each other's types in a circle, so that none can be first: {}: put the types of the circle into one text, or allow `forward_references`", sources.join(" -> "))]
    Circle {
        /// The names of the texts; the last is the first again.
        sources: Vec<String>,
    },
    /// Two texts of one name.
    #[error("two texts are named {name:?}: rename one")]
    RepeatedSource {
        /// The name.
        name: String,
    },
    /// More types than allowed.
    #[error("more than {limit} types: raise `max_types` if the text is trusted")]
    TooManyTypes {
        /// What is allowed.
        limit: usize,
    },
    /// More fields, symbols and branches than allowed.
    #[error("more than {limit} fields: raise `max_fields` if the text is trusted")]
    TooManyFields {
        /// What is allowed.
        limit: usize,
    },
}
