//! Where in the text a type stands.

/// Where a type or a field stands, for the schema that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Which of the schema's texts.
    pub(crate) source: u32,
    /// Which row of its document.
    pub(crate) row: u32,
}
