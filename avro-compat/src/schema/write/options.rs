//! How a schema is written.

use crate::json::Layout;

/// How [`Schema::to_json_with`](crate::Schema::to_json_with) writes a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// One line, or many.
    pub layout: Layout,
    /// Whether types that other texts define are only referred to, for a schema that was parsed together with others
    /// ([`Schemas`](crate::Schemas)): what is written then has the types of its own text alone.
    pub own_types_only: bool,
}

impl WriteOptions {
    /// A line for each member and element.
    pub fn indented() -> Self {
        Self { layout: Layout::Indented, ..Self::default() }
    }
}
