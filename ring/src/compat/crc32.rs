//! CRC-32 of IEEE 802.3 (the one of zlib), eight bytes at a time.

/// `TABLES[k][byte]`: what `byte` becomes with `k` zero bytes behind it (Kounavis and Berry, "A Systematic Approach to
/// Building High Performance Software-based CRC Generators", 2005).
static TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xEDB8_8320 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut k = 1;
    while k < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[k - 1][byte];
            tables[k][byte] = before >> 8 ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        k += 1;
    }
    tables
};

/// The register before the first byte.
pub(crate) const START: u32 = !0;

/// The register after more bytes; its complement is the CRC.
pub(crate) fn update(mut register: u32, bytes: &[u8]) -> u32 {
    let (blocks, rest) = bytes.as_chunks::<8>();
    for block in blocks {
        let [a, b, c, d] =
            (register ^ u32::from_le_bytes([block[0], block[1], block[2], block[3]])).to_le_bytes();
        let [e, f, g, h] = [block[4], block[5], block[6], block[7]];
        let mut mixed = 0;
        for (table, byte) in TABLES.iter().zip([h, g, f, e, d, c, b, a]) {
            mixed ^= table[usize::from(byte)];
        }
        register = mixed;
    }
    rest.iter().fold(register, |register, byte| {
        register >> 8 ^ TABLES[0][usize::from(register as u8 ^ byte)]
    })
}

/// The CRC of `bytes`.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !update(START, bytes)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn check_value() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    proptest! {
        #[test]
        fn bit_by_bit(bytes in vec(any::<u8>(), 0..64), split in 0..64usize) {
            let mut slow = START;
            for byte in &bytes {
                slow ^= u32::from(*byte);
                for _ in 0..8 {
                    slow = (slow >> 1) ^ ((slow & 1) * 0xEDB8_8320);
                }
            }
            let (head, tail) = bytes.split_at(split.min(bytes.len()));
            prop_assert_eq!(update(update(START, head), tail), slow);
        }
    }
}
