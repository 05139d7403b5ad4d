//! Rows of registers and the types of their lanes.
//!
//! A row holds one register of all lanes of a warp: 32 words of 32 bits (one unit of 128 bytes; also for 8- and 16-bit registers,
//! whose upper bits mean nothing) or of 64 bits (two units). Predicates are single words, one bit a lane, in the first units.

use super::body::half::{Bf16, F16};

/// A word of a row.
pub(crate) trait Word: Copy + Default + PartialEq + Into<u64> + 'static {
    /// Truncates.
    fn from_u64(value: u64) -> Self;
}

impl Word for u32 {
    #[inline(always)]
    fn from_u64(value: u64) -> Self {
        value as u32
    }
}

impl Word for u64 {
    #[inline(always)]
    fn from_u64(value: u64) -> Self {
        value
    }
}

/// What an operand holds: its width in a row, and how literals become its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    U8,
    S8,
    U16,
    S16,
    U32,
    S32,
    U64,
    S64,
    F16,
    Bf16,
    F32,
    F64,
}

impl Kind {
    /// Units of the row.
    pub(crate) fn units(self) -> u16 {
        if matches!(self, Self::U64 | Self::S64 | Self::F64) { 2 } else { 1 }
    }

    /// Bits of the value.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::U8 | Self::S8 => 8,
            Self::U16 | Self::S16 | Self::F16 | Self::Bf16 => 16,
            Self::U32 | Self::S32 | Self::F32 => 32,
            Self::U64 | Self::S64 | Self::F64 => 64,
        }
    }

    /// Whether it is a signed integer.
    pub(crate) fn signed(self) -> bool {
        matches!(self, Self::S8 | Self::S16 | Self::S32 | Self::S64)
    }

    /// Whether it is a float.
    pub(crate) fn float(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64)
    }
}

/// A type that lanes of a row hold.
pub(crate) trait Lane: Copy + 'static {
    /// The row's words.
    type Row: Word;
    const KIND: Kind;
    /// From the row's word, whose upper bits may hold anything.
    fn get(word: Self::Row) -> Self;
    /// To the row's word.
    fn put(self) -> Self::Row;
}

macro_rules! lanes {
    ($($t:ty, $row:ty, $kind:ident, $get:expr, $put:expr;)*) => {$(
        impl Lane for $t {
            type Row = $row;
            const KIND: Kind = Kind::$kind;
            #[inline(always)]
            fn get(word: $row) -> Self {
                ($get)(word)
            }
            #[inline(always)]
            fn put(self) -> $row {
                ($put)(self)
            }
        }
    )*};
}

lanes! {
    u8, u32, U8, |w| w as u8, |v| v as u32;
    i8, u32, S8, |w| w as i8, |v| v as u32;
    u16, u32, U16, |w| w as u16, |v| v as u32;
    i16, u32, S16, |w| w as i16, |v| v as u32;
    u32, u32, U32, |w| w, |v| v;
    i32, u32, S32, |w| w as i32, |v| v as u32;
    u64, u64, U64, |w| w, |v| v;
    i64, u64, S64, |w| w as i64, |v| v as u64;
    f32, u32, F32, f32::from_bits, f32::to_bits;
    f64, u64, F64, f64::from_bits, f64::to_bits;
    F16, u32, F16, |w| F16(w as u16), |v: F16| u32::from(v.0);
    Bf16, u32, Bf16, |w| Bf16(w as u16), |v: Bf16| u32::from(v.0);
}
