//! Where the addresses of an access count, packed into the instruction's immediate.

/// Where the addresses of an access count, and how wide they are: the top byte of the immediate. The rest is what to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Generic = 0,
    Global = 1,
    Shared = 2,
    /// Addresses of 32 bits.
    SharedNarrow = 3,
    Local = 4,
}

impl Reach {
    /// The immediate for an offset.
    pub(crate) fn pack(self, offset: u64) -> u64 {
        offset & OFFSET | (self as u64) << OFFSET_BITS
    }

    #[inline(always)]
    pub(super) fn of(imm: u64) -> Self {
        match imm >> OFFSET_BITS {
            0 => Self::Generic,
            1 => Self::Global,
            2 => Self::Shared,
            3 => Self::SharedNarrow,
            _ => Self::Local,
        }
    }
}

const OFFSET_BITS: u32 = 56;
const OFFSET: u64 = (1 << OFFSET_BITS) - 1;

/// The offset of a packed immediate.
#[inline(always)]
pub(super) fn offset_of(imm: u64) -> u64 {
    ((imm << 8) as i64 >> 8) as u64
}
