//! Numbers of types.

/// Names a type of one [`Schema`](crate::Schema): a number from 0 to its [`len`](crate::Schema::len).
///
/// Types are numbered as the text has them, outer before inner, so that tables about types can be vectors. A named type has one number,
/// wherever it is referred to. In another schema the number means another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(crate) u32);

impl TypeId {
    /// The number.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl std::fmt::Display for TypeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.0)
    }
}
