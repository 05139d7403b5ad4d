//! How a schema's text is taken.

use crate::json::Reading;
use crate::schema::default::MAX_VALUES;

/// Limits and tolerances of [`Schema::parse_with`](crate::Schema::parse_with).
///
/// The default is the letter of the specification; [`ParseOptions::lenient`] takes what other programs take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseOptions {
    /// Length and depth of the text, comments, members given twice.
    pub json: Reading,
    /// The most types, references not counted. 100,000 by default.
    pub max_types: usize,
    /// The most fields of all records, symbols of all enums and branches of all unions. 1,000,000 by default.
    pub max_fields: usize,
    /// The most values that a default consists of, those included that are filled in from other defaults. 100,000 by default.
    pub max_default_values: u64,
    /// Which names of types, fields and symbols are valid.
    pub names: NameRules,
    /// Whether defaults are checked against the types of their fields. An unchecked one may be no value of its type.
    pub check_defaults: bool,
    /// Whether a name may be used before it is defined, which the specification forbids and Java 1.12 allows.
    pub forward_references: bool,
    /// Whether a type may be defined again exactly as before, documentation and aliases aside, as Java allows.
    pub repeated_definitions: bool,
    /// Whether attributes of a wrong JSON type are passed over where the schema makes sense without them (`doc`, `namespace`, `aliases`, an
    /// enum's `default`), and an `order` may be in capitals, as Java has it.
    pub loose_attributes: bool,
    /// Whether `{"type": {...}}` and `{"type": [...]}` are the schema inside, as some programs write it.
    pub nested_types: bool,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            json: Reading::default(),
            max_types: 100_000,
            max_fields: 1_000_000,
            max_default_values: MAX_VALUES,
            names: NameRules::Specification,
            check_defaults: true,
            forward_references: false,
            repeated_definitions: false,
            loose_attributes: false,
            nested_types: false,
        }
    }
}

impl ParseOptions {
    /// Everything that some widely used program takes, with the limits of the default: for schemas that exist already.
    pub fn lenient() -> Self {
        let mut options = Self {
            names: NameRules::Unicode,
            check_defaults: false,
            forward_references: true,
            repeated_definitions: true,
            loose_attributes: true,
            nested_types: true,
            ..Self::default()
        };
        options.json.comments = true;
        options.json.repeated_members = true;
        options
    }
}

/// Which names are valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NameRules {
    /// ASCII letters, digits and `_`, no digit first; a namespace is such names with dots between them.
    #[default]
    Specification,
    /// The same with the letters and digits of Unicode, as Java has it by default.
    Unicode,
    /// Anything that is not empty.
    Any,
}
