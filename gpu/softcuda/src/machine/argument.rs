//! Arguments of kernels.

/// An argument of a kernel: its bytes, as the parameter has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg(Vec<u8>);

impl Arg {
    /// From bytes, little-endian, as the C type lies in memory.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

macro_rules! args {
    ($($t:ty),*) => {$(
        impl From<$t> for Arg {
            fn from(value: $t) -> Self {
                Self(value.to_le_bytes().to_vec())
            }
        }
    )*};
}

args!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);
