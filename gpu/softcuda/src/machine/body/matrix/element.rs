//! Elements of matrices.

use super::super::half::{Bf16, F16, Small};
use super::super::round;

/// What elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F16,
    Bf16,
    Tf32,
    F32,
    F64,
    S8,
    U8,
    S32,
}

const ELEMENTS: [Element; 8] = [
    Element::F16,
    Element::Bf16,
    Element::Tf32,
    Element::F32,
    Element::F64,
    Element::S8,
    Element::U8,
    Element::S32,
];

impl Element {
    /// By its name in opcodes.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "f16" => Self::F16,
            "bf16" => Self::Bf16,
            "tf32" => Self::Tf32,
            "f32" => Self::F32,
            "f64" => Self::F64,
            "s8" => Self::S8,
            "u8" => Self::U8,
            "s32" => Self::S32,
            _ => return None,
        })
    }

    /// Bits of an element.
    pub(crate) fn bits(self) -> usize {
        match self {
            Self::S8 | Self::U8 => 8,
            Self::F16 | Self::Bf16 => 16,
            Self::Tf32 | Self::F32 | Self::S32 => 32,
            Self::F64 => 64,
        }
    }

    pub(super) fn value(self, bits: u64) -> f64 {
        match self {
            Self::F16 => F16(bits as u16).wide().into(),
            Self::Bf16 => Bf16(bits as u16).wide().into(),
            // The low 13 bits of a tf32 are ignored.
            Self::Tf32 => f32::from_bits(bits as u32 & 0xffff_e000).into(),
            Self::F32 => f32::from_bits(bits as u32).into(),
            Self::F64 => f64::from_bits(bits),
            Self::S8 => (bits as i8).into(),
            Self::U8 => (bits as u8).into(),
            Self::S32 => (bits as i32).into(),
        }
    }

    pub(super) fn bits_of(self, value: f64, satfinite: bool) -> u64 {
        match self {
            Self::F16 => round::narrow_near(value, round::Format::F16).into(),
            Self::F64 => value.to_bits(),
            Self::S32 if satfinite => (value as i32 as u32).into(),
            // Sums of products of bytes are exact in double precision.
            Self::S32 => (value as i64 as u32).into(),
            _ => (value as f32).to_bits().into(),
        }
    }
}

pub(super) fn element(number: u64) -> Element {
    ELEMENTS.get(number as usize & 15).copied().unwrap_or(Element::F32)
}

pub(super) fn number(element: Element) -> u64 {
    ELEMENTS.iter().position(|&e| e == element).unwrap_or(0) as u64
}
