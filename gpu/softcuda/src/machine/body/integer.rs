//! Functions on integers (PTX ISA, "Integer Arithmetic Instructions").

/// Division as the hardware does it: by zero gives all ones; the smallest number by -1 gives itself.
pub(crate) trait Divide: Copy {
    fn quotient(self, by: Self) -> Self;
    fn remainder(self, by: Self) -> Self;
}

macro_rules! divide {
    ($($t:ty),*) => {$(
        impl Divide for $t {
            #[inline(always)]
            fn quotient(self, by: Self) -> Self {
                if by == 0 { !0 } else { self.wrapping_div(by) }
            }
            #[inline(always)]
            fn remainder(self, by: Self) -> Self {
                if by == 0 { self } else { self.wrapping_rem(by) }
            }
        }
    )*};
}

divide!(u16, i16, u32, i32, u64, i64);

/// The upper half of a product.
pub(crate) trait High: Copy {
    fn high(self, by: Self) -> Self;
}

macro_rules! high {
    ($($t:ty, $wide:ty, $bits:literal;)*) => {$(
        impl High for $t {
            #[inline(always)]
            fn high(self, by: Self) -> Self {
                ((<$wide>::from(self) * <$wide>::from(by)) >> $bits) as $t
            }
        }
    )*};
}

high! {
    u16, u32, 16;
    i16, i32, 16;
    u32, u64, 32;
    i32, i64, 32;
    u64, u128, 64;
    i64, i128, 64;
}

/// The low 24 bits.
#[inline(always)]
pub(crate) fn low24(a: u32) -> u64 {
    u64::from(a & 0xff_ffff)
}

/// The low 24 bits, with their sign.
#[inline(always)]
pub(crate) fn low24s(a: i32) -> i64 {
    i64::from(a << 8 >> 8)
}

/// `dp4a`: the products of four bytes, summed. `A` and `B`: whether the bytes are signed.
#[inline(always)]
pub(crate) fn dp4a<const A: bool, const B: bool>(a: u32, b: u32, c: u32) -> u32 {
    let mut sum = c as i32;
    for i in 0..4 {
        sum = sum.wrapping_add(byte::<A>(a, i).wrapping_mul(byte::<B>(b, i)));
    }
    sum as u32
}

#[inline(always)]
fn byte<const SIGNED: bool>(a: u32, i: u32) -> i32 {
    let byte = (a >> (8 * i)) as u8;
    if SIGNED { i32::from(byte as i8) } else { i32::from(byte) }
}

/// `dp2a`: the products of two halves of `a` with two bytes of `b` (the upper two where `HIGH`), summed.
#[inline(always)]
pub(crate) fn dp2a<const A: bool, const B: bool, const HIGH: bool>(a: u32, b: u32, c: u32) -> u32 {
    let mut sum = c as i32;
    for i in 0..2 {
        let half = (a >> (16 * i)) as u16;
        let half = if A { i32::from(half as i16) } else { i32::from(half) };
        sum = sum.wrapping_add(half.wrapping_mul(byte::<B>(b, i + if HIGH { 2 } else { 0 })));
    }
    sum as u32
}
