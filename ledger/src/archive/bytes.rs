//! Numbers as few bytes, read back without trust.

use super::BadEntry;

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    /// The next bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], BadEntry> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(BadEntry("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BadEntry> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BadEntry("it ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, BadEntry> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    pub(super) fn varint(&mut self) -> Result<u64, BadEntry> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BadEntry("a number of more than 64 bits"))
    }

    /// What [`put_numbers`] wrote.
    pub(super) fn numbers<const N: usize>(&mut self) -> Result<[u128; N], BadEntry> {
        let lengths = self.take(N.div_ceil(2))?;
        let mut values = [0; N];
        for (at, value) in values.iter_mut().enumerate() {
            let nibble = (lengths[at / 2] >> (at % 2 * 4)) & 0xf;
            let length = if nibble == 15 { 16 } else { usize::from(nibble) };
            if let Some(sixteen) = self.0.first_chunk::<16>() {
                // The common case reads more than it takes.
                let mask = if length == 16 { u128::MAX } else { (1 << (8 * length)) - 1 };
                *value = u128::from_le_bytes(*sixteen) & mask;
                self.0 = &self.0[length..];
            } else {
                let mut sixteen = [0; 16];
                sixteen[..length].copy_from_slice(self.take(length)?);
                *value = u128::from_le_bytes(sixteen);
            }
        }
        Ok(values)
    }

    /// Nothing is left.
    pub(super) fn end(self) -> Result<(), BadEntry> {
        if self.0.is_empty() { Ok(()) } else { Err(BadEntry("something is behind its end")) }
    }
}

pub(super) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Numbers without their leading zero bytes: first the lengths, four bits each, the even one in the low half, 15 for sixteen; then the bytes, little endian. A 0 takes half
/// a byte.
pub(super) fn put_numbers<const N: usize>(values: [u128; N], out: &mut Vec<u8>) {
    let begin = out.len();
    let most = N.div_ceil(2) + N * 16;
    out.resize(begin + most, 0);
    let (lengths, bytes) = out[begin..].split_at_mut(N.div_ceil(2));
    let mut at = 0;
    for (number, value) in values.into_iter().enumerate() {
        let mut length = 16 - value.leading_zeros() as usize / 8;
        let mut nibble = length as u8;
        if length >= 15 {
            (length, nibble) = (16, 15);
        }
        lengths[number / 2] |= nibble << (number % 2 * 4);
        // Sixteen each time: what is too much is overwritten by the next, or cut off.
        bytes[at..at + 16].copy_from_slice(&value.to_le_bytes());
        at += length;
    }
    out.truncate(begin + N.div_ceil(2) + at);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may fail in any way it likes
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

        #[test]
        fn numbers_come_back(
            values in any::<[u128; 7]>(),
            shifts in prop::array::uniform7(0_u32..128),
            varints in prop::collection::vec((any::<u64>(), 0_u32..64), 0..5),
            cut in 0_usize..100,
        ) {
            let mut values = values;
            for (value, shift) in values.iter_mut().zip(shifts) {
                *value >>= shift;
            }
            let mut out = vec![9];
            put_numbers(values, &mut out);
            for (value, shift) in &varints {
                put_varint(value >> shift, &mut out);
            }
            let mut input = Input(&out[1..]);
            prop_assert_eq!(input.numbers::<7>().unwrap(), values);
            for (value, shift) in &varints {
                prop_assert_eq!(input.varint().unwrap(), value >> shift);
            }
            prop_assert!(input.end().is_ok());
            let mut input = Input(&out[1..out.len() - cut.min(out.len() - 1)]);
            let _ = input.numbers::<7>();
        }
    }

    #[test]
    fn varints_end() {
        assert!(Input(&[0xff; 20]).varint().is_err());
        assert!(Input(&[0x80; 3]).varint().is_err());
        let mut most = vec![0xff; 9];
        most.push(1);
        assert_eq!(Input(&most).varint(), Ok(u64::MAX));
        most[9] = 2;
        assert!(Input(&most).varint().is_err());
    }
}
