//! Products and quotients that lose nothing.

/// A product of two numbers divided by a third: a quotient of up to 256 bits, and the remainder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quotient {
    /// The quotient's upper half.
    pub(crate) high: u128,
    /// The quotient's lower half.
    pub(crate) low: u128,
    /// What is left.
    pub(crate) remainder: u128,
}

/// `a * b / divisor` exactly: the quotient, if it fits, and the remainder. Nothing if the divisor is 0 or the quotient is 2^128 or more.
///
/// ```
/// use ledger::money::mul_div;
///
/// assert_eq!(mul_div(10, 10, 7), Some((14, 2)));
/// assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Some((u128::MAX, 0)));
/// assert_eq!(mul_div(u128::MAX, 2, 1), None);
/// ```
#[must_use]
pub fn mul_div(a: u128, b: u128, divisor: u128) -> Option<(u128, u128)> {
    let quotient = divide(a, b, divisor)?;
    if quotient.high == 0 { Some((quotient.low, quotient.remainder)) } else { None }
}

/// As [`mul_div`], with all of the quotient. Nothing if the divisor is 0.
pub(crate) fn divide(a: u128, b: u128, divisor: u128) -> Option<Quotient> {
    let (high, low) = multiply(a, b);
    if high == 0 {
        return Some(Quotient {
            high: 0,
            low: low.checked_div(divisor)?,
            remainder: low % divisor,
        });
    }
    let (quotient_high, mut remainder) = (high.checked_div(divisor)?, high % divisor);
    // By hand, bit after bit: `remainder` and the bits of `low` not yet seen are what is still to be divided.
    let mut quotient = 0;
    for bit in (0..u128::BITS).rev() {
        let carry = remainder >> 127 != 0;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        // With the carry it is 2^128 + remainder, above any divisor; the difference is below the divisor, and wraps to the right number.
        if carry || remainder >= divisor {
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1 << bit;
        }
    }
    Some(Quotient { high: quotient_high, low: quotient, remainder })
}

/// The product's upper and lower half.
const fn multiply(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & HALF, b >> 64, b & HALF);
    // Each product of two halves is at most (2^64 - 1)^2, so that two more numbers of 64 bits can be added.
    let lowest = a0 * b0;
    let middle = a1 * b0 + (lowest >> 64);
    let other = a0 * b1 + (middle & HALF);
    (a1 * b1 + (middle >> 64) + (other >> 64), (other << 64) | (lowest & HALF))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether `quotient * divisor + remainder = a * b`, in 32-bit digits, as at school.
    fn holds(a: u128, b: u128, divisor: u128, found: Quotient) -> bool {
        let digits = |number: u128| (0..4).map(move |at| (number >> (32 * at)) as u32 as u64);
        let product = |x: &[u64], y: &[u64], plus: &[u64]| {
            let mut sum = vec![0u64; 16];
            sum[..plus.len()].copy_from_slice(plus);
            for (i, x) in x.iter().enumerate() {
                let mut carry = 0;
                for (j, y) in y.iter().chain([&0; 4]).enumerate() {
                    let digit = sum[i + j] + x * y + carry;
                    sum[i + j] = digit & 0xffff_ffff;
                    carry = digit >> 32;
                }
            }
            sum
        };
        let of = |number: u128| digits(number).collect::<Vec<_>>();
        let quotient = [of(found.low), of(found.high)].concat();
        found.remainder < divisor
            && product(&of(a), &of(b), &[])
                == product(&quotient, &of(divisor), &of(found.remainder))
    }

    #[test]
    fn known_ones() {
        assert_eq!(multiply(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(mul_div(0, 5, 3), Some((0, 0)));
        assert_eq!(mul_div(5, 5, 0), None);
        assert_eq!(mul_div(u128::MAX, u128::MAX, 0), None);
        assert_eq!(mul_div(1 << 127, 6, 1 << 127), Some((6, 0)));
        assert_eq!(mul_div(1 << 127, 2, u128::MAX), Some((1, 1)));
    }

    proptest! {
        #[test]
        fn nothing_is_lost(a: u128, b: u128, divisor in 1u128.., shifts: (u8, u8, u8)) {
            let (a, b) = (a >> (shifts.0 % 128), b >> (shifts.1 % 128));
            let divisor = (divisor >> (shifts.2 % 128)).max(1);
            let found = divide(a, b, divisor).unwrap();
            prop_assert!(holds(a, b, divisor, found));
            prop_assert_eq!(mul_div(a, b, divisor).is_some(), found.high == 0);
        }
    }
}
