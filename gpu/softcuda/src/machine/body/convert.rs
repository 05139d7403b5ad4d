//! Conversions (PTX ISA, `cvt`). Frequent ones have bodies of their own in the table; this one does all others.

use super::super::lane::Kind;
use super::half::{Bf16, F16, Small};
use super::round::{self, Format, Mode, flush};

/// A conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conversion {
    pub to: Kind,
    pub from: Kind,
    pub mode: Mode,
    /// The result is an integer, also where its type is a float (`.rni` and the like).
    pub integer: bool,
    pub ftz: bool,
    pub sat: bool,
    pub relu: bool,
    /// `cvt.f32` to the precision of tf32.
    pub tf32: bool,
}

const KINDS: [Kind; 12] = [
    Kind::U8,
    Kind::S8,
    Kind::U16,
    Kind::S16,
    Kind::U32,
    Kind::S32,
    Kind::U64,
    Kind::S64,
    Kind::F16,
    Kind::Bf16,
    Kind::F32,
    Kind::F64,
];

fn number(kind: Kind) -> u64 {
    KINDS.iter().position(|&k| k == kind).unwrap_or(0) as u64
}

impl Conversion {
    /// As an instruction's immediate.
    pub(crate) fn pack(self) -> u64 {
        let mode = Mode::ALL.iter().position(|&m| m == self.mode).unwrap_or(0) as u64;
        number(self.to)
            | number(self.from) << 4
            | mode << 8
            | u64::from(self.integer) << 12
            | u64::from(self.ftz) << 13
            | u64::from(self.sat) << 14
            | u64::from(self.relu) << 15
            | u64::from(self.tf32) << 16
    }

    fn unpack(bits: u64) -> Self {
        let kind = |n: u64| KINDS.get(n as usize & 15).copied().unwrap_or(Kind::U32);
        Self {
            to: kind(bits),
            from: kind(bits >> 4),
            mode: Mode::ALL.get(bits as usize >> 8 & 15).copied().unwrap_or(Mode::Near),
            integer: bits >> 12 & 1 != 0,
            ftz: bits >> 13 & 1 != 0,
            sat: bits >> 14 & 1 != 0,
            relu: bits >> 15 & 1 != 0,
            tf32: bits >> 16 & 1 != 0,
        }
    }

    /// The bits of the result.
    pub(crate) fn apply(self, bits: u64) -> u64 {
        if self.from.float() {
            let x = float(bits, self.from, self.ftz);
            if self.to.float() { self.float_to_float(x) } else { self.float_to_integer(x) }
        } else {
            let x = integer(bits, self.from);
            if self.to.float() { self.integer_to_float(x) } else { self.integer_to_integer(x) }
        }
    }

    fn integer_to_integer(self, x: i128) -> u64 {
        let (least, most) = range(self.to);
        (if self.sat { x.clamp(least, most) } else { x }) as u64
    }

    fn float_to_integer(self, x: f64) -> u64 {
        if x.is_nan() {
            let wide = self.from == Kind::F64 || matches!(self.to, Kind::U64 | Kind::S64);
            return if wide { 1 << (self.to.bits() - 1) } else { 0 };
        }
        let (least, most) = range(self.to);
        // Rust's conversion saturates.
        (round::integer(x, self.mode) as i128).clamp(least, most) as u64
    }

    fn integer_to_float(self, x: i128) -> u64 {
        let near = x as f64;
        let error = x - near as i128;
        if self.to == Kind::F64 {
            let value = match self.mode {
                Mode::Zero if (error < 0) == (x > 0) && error != 0 => toward_zero(near),
                Mode::Down if error < 0 => near.next_down(),
                Mode::Up if error > 0 => near.next_up(),
                _ => near,
            };
            return value.to_bits();
        }
        self.finish(round::odd(near, error as f64))
    }

    fn float_to_float(self, x: f64) -> u64 {
        let x = if self.integer { round::integer(x, self.mode) } else { x };
        if self.to == Kind::F64 {
            let x = if self.sat { super::float::sat64(x) } else { x };
            return x.to_bits();
        }
        self.finish(x)
    }

    /// Rounds to a format below double precision.
    fn finish(self, x: f64) -> u64 {
        let x = if self.sat { super::float::sat64(x) } else { x };
        let x = if self.relu && x < 0.0 { 0.0 } else { x };
        let format = match self.to {
            Kind::F16 => Format::F16,
            Kind::Bf16 => Format::BF16,
            _ if self.tf32 => Format::TF32,
            _ => Format::F32,
        };
        let rounded = round::round(x, format, self.mode);
        if self.to == Kind::F32 {
            let value = rounded as f32;
            let value = if self.ftz { flush(value) } else { value };
            let bits = if value.is_nan() { 0x7fff_ffff } else { value.to_bits() };
            return bits.into();
        }
        round::narrow(rounded, format).into()
    }
}

fn toward_zero(x: f64) -> f64 {
    if x > 0.0 { x.next_down() } else { x.next_up() }
}

fn float(bits: u64, kind: Kind, ftz: bool) -> f64 {
    match kind {
        Kind::F16 => F16(bits as u16).wide().into(),
        Kind::Bf16 => Bf16(bits as u16).wide().into(),
        Kind::F32 => {
            let x = f32::from_bits(bits as u32);
            f64::from(if ftz { flush(x) } else { x })
        }
        _ => f64::from_bits(bits),
    }
}

fn integer(bits: u64, kind: Kind) -> i128 {
    match kind {
        Kind::U8 => i128::from(bits as u8),
        Kind::S8 => i128::from(bits as i8),
        Kind::U16 => i128::from(bits as u16),
        Kind::S16 => i128::from(bits as i16),
        Kind::U32 => i128::from(bits as u32),
        Kind::S32 => i128::from(bits as i32),
        Kind::S64 => i128::from(bits as i64),
        _ => i128::from(bits),
    }
}

fn range(kind: Kind) -> (i128, i128) {
    let bits = kind.bits();
    if kind.signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

/// A lane's conversion, by the instruction's immediate.
#[inline(never)]
pub(crate) fn convert(bits: u64, packed: u64) -> u64 {
    Conversion::unpack(packed).apply(bits)
}
