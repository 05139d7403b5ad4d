//! Numbers without rounding, and formats that they are rounded to: IEEE 754, sections 4 and 5.

/// A floating-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Bits, with the sign.
    pub bits: u32,
    /// Bits of the significand, with the hidden one.
    pub precision: i32,
    /// The least exponent of a normal number.
    pub least: i32,
}

pub const F16: Format = Format { bits: 16, precision: 11, least: -14 };
pub const BF16: Format = Format { bits: 16, precision: 8, least: -126 };
pub const F32: Format = Format { bits: 32, precision: 24, least: -126 };
pub const F64: Format = Format { bits: 64, precision: 53, least: -1022 };

/// The sign and `m * 2^e`. The last bit of a long `m` may stand for all below it.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    pub negative: bool,
    pub m: u128,
    pub e: i32,
}

/// What bits of a format are.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Nan,
    Infinite(bool),
    Finite(Exact),
}

use Number::{Finite, Infinite, Nan};

impl Format {
    fn fraction(self) -> u32 {
        self.precision as u32 - 1
    }

    /// The bits of infinity.
    pub fn infinity(self) -> u64 {
        ((1 << (self.bits - 1 - self.fraction())) - 1) << self.fraction()
    }

    pub fn sign(self, negative: bool) -> u64 {
        u64::from(negative) << (self.bits - 1)
    }

    pub fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    pub fn is_subnormal(self, bits: u64) -> bool {
        let bits = bits & !self.sign(true) & self.mask();
        bits != 0 && bits < 1 << self.fraction()
    }

    pub fn flush(self, bits: u64) -> u64 {
        if self.is_subnormal(bits) { bits & self.sign(true) } else { bits }
    }

    pub fn is_nan(self, bits: u64) -> bool {
        bits & !self.sign(true) & self.mask() > self.infinity()
    }

    pub fn number(self, bits: u64) -> Number {
        let negative = bits & self.sign(true) != 0;
        let rest = bits & !self.sign(true) & self.mask();
        if rest > self.infinity() {
            return Nan;
        }
        if rest == self.infinity() {
            return Infinite(negative);
        }
        let (exponent, fraction) = (rest >> self.fraction(), rest & ((1 << self.fraction()) - 1));
        let hidden = if exponent == 0 { 0 } else { 1 << self.fraction() };
        let e = self.least - self.fraction() as i32 + (exponent as i32 - 1).max(0);
        Finite(Exact { negative, m: u128::from(fraction | hidden), e })
    }

    /// Rounds; `mode` is `rn`, `rz`, `rm` or `rp`.
    pub fn round(self, x: Exact, mode: &str) -> u64 {
        let sign = self.sign(x.negative);
        if x.m == 0 {
            return sign;
        }
        let top = 127 - x.m.leading_zeros() as i32;
        let mut quantum = (x.e + top).max(self.least) - self.fraction() as i32;
        let drop = quantum - x.e;
        let mut kept = match drop {
            ..=0 => x.m << -drop,
            1..=127 => {
                let (kept, rest) = (x.m >> drop, x.m & ((1 << drop) - 1));
                kept + self.up(kept, rest, 1 << (drop - 1), x.negative, mode)
            }
            _ => self.up(0, 1, 2, x.negative, mode),
        };
        if kept >> self.precision != 0 {
            (kept, quantum) = (kept >> 1, quantum + 1);
        }
        if kept >> self.fraction() == 0 {
            return sign | kept as u64;
        }
        let exponent = (quantum + self.fraction() as i32 - self.least + 1) as u64;
        if exponent >= self.infinity() >> self.fraction() {
            let away = match mode {
                "rn" => true,
                "rz" => false,
                "rm" => x.negative,
                _ => !x.negative,
            };
            return sign | (self.infinity() - u64::from(!away));
        }
        sign | exponent << self.fraction() | (kept as u64 & ((1 << self.fraction()) - 1))
    }

    fn up(self, kept: u128, rest: u128, half: u128, negative: bool, mode: &str) -> u128 {
        let up = match mode {
            "rn" => rest > half || rest == half && kept & 1 == 1,
            "rz" => false,
            "rm" => negative && rest != 0,
            _ => !negative && rest != 0,
        };
        up.into()
    }
}

impl Exact {
    pub fn integer(value: i128) -> Self {
        Self { negative: value < 0, m: value.unsigned_abs(), e: 0 }
    }

    fn negate(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    /// With the first bit of `m` at 120.
    fn long(self) -> Self {
        let by = self.m.leading_zeros() as i32 - 7;
        Self { m: self.m << by, e: self.e - by, ..self }
    }

    pub fn times(self, other: Self) -> Self {
        Self { negative: self.negative != other.negative, m: self.m * other.m, e: self.e + other.e }
    }

    /// The sum; of opposite numbers a zero, negative with `rm` only.
    pub fn plus(self, other: Self, mode: &str) -> Self {
        if self.m == 0 && other.m == 0 {
            let negative =
                if self.negative == other.negative { self.negative } else { mode == "rm" };
            return Self { negative, m: 0, e: 0 };
        }
        if self.m == 0 || other.m == 0 {
            return if self.m == 0 { other } else { self };
        }
        let (mut a, mut b) = (self.long(), other.long());
        if a.e < b.e {
            (a, b) = (b, a);
        }
        let by = a.e - b.e;
        let below = match by {
            0 => b.m,
            1..=120 => b.m >> by | u128::from(b.m & ((1 << by) - 1) != 0),
            _ => 1,
        };
        if a.negative == b.negative {
            return Self { m: a.m + below, ..a };
        }
        match a.m.cmp(&below) {
            std::cmp::Ordering::Equal => Self { negative: mode == "rm", m: 0, e: 0 },
            std::cmp::Ordering::Greater => Self { m: a.m - below, ..a },
            std::cmp::Ordering::Less => Self { negative: b.negative, m: below - a.m, e: a.e },
        }
    }

    fn over(self, other: Self) -> Self {
        let (a, negative) = (self.long(), self.negative != other.negative);
        let (q, rest) = (a.m / other.m, a.m % other.m);
        Self { negative, m: q << 1 | u128::from(rest != 0), e: a.e - other.e - 1 }
    }

    fn root(self) -> Self {
        let mut a = self.long();
        if a.e % 2 != 0 {
            a = Self { m: a.m << 1, e: a.e - 1, ..a };
        }
        let root = a.m.isqrt();
        Self { m: root << 1 | u128::from(root * root != a.m), e: a.e / 2 - 1, ..a }
    }
}

/// `a + b`
pub fn add(a: Number, b: Number, mode: &str) -> Number {
    match (a, b) {
        (Nan, _) | (_, Nan) => Nan,
        (Infinite(a), Infinite(b)) if a != b => Nan,
        (Infinite(sign), _) | (_, Infinite(sign)) => Infinite(sign),
        (Finite(a), Finite(b)) => Finite(a.plus(b, mode)),
    }
}

pub fn negate(a: Number) -> Number {
    match a {
        Nan => Nan,
        Infinite(sign) => Infinite(!sign),
        Finite(a) => Finite(a.negate()),
    }
}

/// `a b`
pub fn multiply(a: Number, b: Number) -> Number {
    match (a, b) {
        (Nan, _) | (_, Nan) => Nan,
        (Infinite(_), Finite(Exact { m: 0, .. })) | (Finite(Exact { m: 0, .. }), Infinite(_)) => {
            Nan
        }
        (Infinite(x), Infinite(y)) => Infinite(x != y),
        (Infinite(x), Finite(y)) | (Finite(y), Infinite(x)) => Infinite(x != y.negative),
        (Finite(a), Finite(b)) => Finite(a.times(b)),
    }
}

/// `a / b`
pub fn divide(a: Number, b: Number) -> Number {
    let zero = |negative| Finite(Exact { negative, m: 0, e: 0 });
    match (a, b) {
        (Nan, _) | (_, Nan) | (Infinite(_), Infinite(_)) => Nan,
        (Infinite(x), Finite(y)) => Infinite(x != y.negative),
        (Finite(x), Infinite(y)) => zero(x.negative != y),
        (Finite(x), Finite(y)) => match (x.m, y.m) {
            (0, 0) => Nan,
            (0, _) => zero(x.negative != y.negative),
            (_, 0) => Infinite(x.negative != y.negative),
            _ => Finite(x.over(y)),
        },
    }
}

/// The square root.
pub fn root(a: Number) -> Number {
    match a {
        Finite(x) if x.m == 0 => a,
        Finite(x) if !x.negative => Finite(x.root()),
        Infinite(false) => a,
        _ => Nan,
    }
}
