//! CRC-16/XMODEM, eight bytes at a time, and the slots that Redis Cluster makes of it.

/// `TABLES[k][byte]`: what `byte` becomes with `k` zero bytes behind it (Kounavis and Berry, "A Systematic Approach to
/// Building High Performance Software-based CRC Generators", 2005).
static TABLES: [[u16; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
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
            tables[k][byte] = before << 8 ^ tables[0][(before >> 8) as usize];
            byte += 1;
        }
        k += 1;
    }
    tables
};

/// What `N` bytes make of a sum.
#[inline]
fn step<const N: usize>(crc: u16, bytes: &[u8; N]) -> u16 {
    let mut bytes = *bytes;
    bytes[0] ^= (crc >> 8) as u8;
    bytes[1] ^= crc as u8;
    let mut crc = 0;
    for (byte, table) in bytes.iter().zip(TABLES[..N].iter().rev()) {
        crc ^= table[usize::from(*byte)];
    }
    crc
}

pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let (fours, rest) = rest.as_chunks::<4>();
    let crc = eights.iter().fold(0, step);
    let crc = fours.iter().fold(crc, step);
    rest.iter().fold(crc, |crc, byte| crc << 8 ^ TABLES[0][usize::from((crc >> 8) as u8 ^ byte)])
}

/// The slot of a key, 0 to 16,383: of what stands between the first `{` and the next `}` if that is not empty, else of the whole key
/// (Redis Cluster specification, "Hash tags").
pub(crate) fn redis_slot(key: &[u8]) -> u16 {
    // Without a branch for each byte: few keys have tags.
    let has_tag = key.iter().fold(false, |found, byte| found | (*byte == b'{'));
    crc16(if has_tag { hashed_part(key) } else { key }) & 0x3FFF
}

/// What of a key is hashed.
fn hashed_part(key: &[u8]) -> &[u8] {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}')?;
        (close > 0).then(|| &rest[..close])
    });
    tag.unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn check_value() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    proptest! {
        /// By the definition, bit by bit.
        #[test]
        fn as_defined(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            let mut crc = 0u16;
            for byte in &bytes {
                crc ^= u16::from(*byte) << 8;
                for _ in 0..8 {
                    crc = if crc >> 15 == 1 { crc << 1 ^ 0x1021 } else { crc << 1 };
                }
            }
            prop_assert_eq!(crc16(&bytes), crc);
        }
    }

    /// The examples of the specification.
    #[test]
    fn hash_tags() {
        let slot = |key: &str| redis_slot(key.as_bytes());
        assert_eq!(slot("{user1000}.following"), slot("{user1000}.followers"));
        assert_eq!(slot("{user1000}.following"), slot("user1000"));
        assert_eq!(slot("foo{}{bar}"), crc16(b"foo{}{bar}") & 0x3FFF);
        assert_eq!(slot("foo{{bar}}zap"), slot("{bar"));
        assert_eq!(slot("foo{bar}{zap}"), slot("bar"));
        assert_eq!(slot("foo{bar"), crc16(b"foo{bar") & 0x3FFF);
    }
}
