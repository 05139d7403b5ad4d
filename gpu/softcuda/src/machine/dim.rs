//! Extents.

use std::fmt;

/// Extents of a grid or block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dim {
    /// Along x.
    pub x: u32,
    /// Along y.
    pub y: u32,
    /// Along z.
    pub z: u32,
}

impl Dim {
    /// The product; `None` past 64 bits.
    pub fn count(self) -> Option<u64> {
        (u64::from(self.x) * u64::from(self.y)).checked_mul(self.z.into())
    }

    pub(super) fn array(self) -> [u32; 3] {
        [self.x, self.y, self.z]
    }

    pub(super) fn within(self, most: Self) -> bool {
        self.array().iter().zip(most.array()).all(|(&n, most)| (1..=most).contains(&n))
    }
}

impl From<u32> for Dim {
    fn from(x: u32) -> Self {
        Self { x, y: 1, z: 1 }
    }
}

impl From<(u32, u32)> for Dim {
    fn from((x, y): (u32, u32)) -> Self {
        Self { x, y, z: 1 }
    }
}

impl From<(u32, u32, u32)> for Dim {
    fn from((x, y, z): (u32, u32, u32)) -> Self {
        Self { x, y, z }
    }
}

impl From<[u32; 3]> for Dim {
    fn from([x, y, z]: [u32; 3]) -> Self {
        Self { x, y, z }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{},{})", self.x, self.y, self.z)
    }
}
