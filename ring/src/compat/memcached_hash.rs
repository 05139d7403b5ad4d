//! The functions that memcached's clients and twemproxy hash keys with.

use super::crc32::crc32;
use super::murmur2::murmur2_32;
use crate::hash::md5;

/// The function that turns a key into its place on a 32-bit ring: libmemcached's `MEMCACHED_BEHAVIOR_HASH`, twemproxy's `hash`.
///
/// Where those programs read keys as C's `char`, this is what they compute on x86, where `char` is signed: bytes from 128 on are
/// sign-extended in [`OneAtATime`](Self::OneAtATime), the FNV functions and the last byte of [`Hsieh`](Self::Hsieh). On ARM
/// they are not, and such keys go elsewhere; keys of ASCII are the same everywhere. spymemcached hashes UTF-16 units where libmemcached
/// hashes bytes: again the same for ASCII.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemcachedHash {
    /// The first four bytes of MD5, little-endian: ketama's own.
    #[default]
    Md5,
    /// Jenkins's one-at-a-time: libmemcached's default, where ketama is not asked for.
    OneAtATime,
    /// The upper 15 bits of CRC-32 without the topmost, as numbers below 32,768: `crc` of libmemcached and `crc32` of twemproxy. Never
    /// reaches most of a ring: nearly every key falls on the few nodes that hold its first points.
    Crc15,
    /// CRC-32: twemproxy's `crc32a`.
    Crc32,
    /// twemproxy's `crc16`: CRC-16/XMODEM in a register of 32 bits, from which nothing is cut off.
    Crc16,
    /// FNV-1, 32 bits.
    Fnv1x32,
    /// FNV-1a, 32 bits.
    Fnv1ax32,
    /// The lower half of 64-bit FNV-1.
    Fnv1x64,
    /// The lower half of 64-bit FNV-1a: what twemproxy's examples use.
    Fnv1ax64,
    /// Hsieh's SuperFastHash, starting from 0.
    Hsieh,
    /// MurmurHash2 with a seed that depends on the length.
    Murmur,
    /// Jenkins's lookup3 (`hashlittle`) with 13 as its initial value.
    Jenkins,
}

impl MemcachedHash {
    /// The hash of a key.
    #[must_use]
    pub fn hash(self, key: &[u8]) -> u32 {
        match self {
            Self::Md5 => {
                let [a, b, c, d, ..] = md5(key);
                u32::from_le_bytes([a, b, c, d])
            }
            Self::OneAtATime => one_at_a_time(key),
            Self::Crc15 => crc32(key) >> 16 & 0x7FFF,
            Self::Crc32 => crc32(key),
            Self::Crc16 => crc16_unmasked(key),
            Self::Fnv1x32 => fnv(0x811C_9DC5, 0x0100_0193, key, Order::MultiplyFirst),
            Self::Fnv1ax32 => fnv(0x811C_9DC5, 0x0100_0193, key, Order::XorFirst),
            // The lower halves of products and exclusive ors depend on nothing but lower halves.
            Self::Fnv1x64 => fnv(0x8422_2325, 0x01B3, key, Order::MultiplyFirst),
            Self::Fnv1ax64 => fnv(0x8422_2325, 0x01B3, key, Order::XorFirst),
            Self::Hsieh => hsieh(key),
            Self::Murmur => murmur2_32(key, 0xDEAD_BEEF_u32.wrapping_mul(key.len() as u32)),
            Self::Jenkins => lookup3(key, 13),
        }
    }
}

/// A byte as a signed `char`, made an unsigned number.
fn extended(byte: u8) -> u32 {
    byte as i8 as u32
}

#[derive(PartialEq)]
enum Order {
    MultiplyFirst,
    XorFirst,
}

/// Fowler, Noll and Vo's functions, cut to 32 bits.
fn fnv(offset: u32, prime: u32, key: &[u8], order: Order) -> u32 {
    key.iter().fold(offset, |hash, byte| match order {
        Order::MultiplyFirst => hash.wrapping_mul(prime) ^ extended(*byte),
        Order::XorFirst => (hash ^ extended(*byte)).wrapping_mul(prime),
    })
}

/// Jenkins, "Hash functions for hash table lookup", 1997.
fn one_at_a_time(key: &[u8]) -> u32 {
    let mut hash = key.iter().fold(0u32, |hash, byte| {
        let hash = hash.wrapping_add(extended(*byte));
        let hash = hash.wrapping_add(hash << 10);
        hash ^ hash >> 6
    });
    hash = hash.wrapping_add(hash << 3);
    hash ^= hash >> 11;
    hash.wrapping_add(hash << 15)
}

/// The lower 16 bits are CRC-16/XMODEM; above them stays what a register of 16 bits would have lost.
fn crc16_unmasked(key: &[u8]) -> u32 {
    key.iter().fold(0u32, |register, byte| {
        let index = (register >> 8) as u8 ^ byte;
        register << 8 ^ u32::from(crate::hash::crc16::crc16(&[index]))
    })
}

/// Hsieh, "SuperFastHash", 2004.
fn hsieh(key: &[u8]) -> u32 {
    let pair = |bytes: &[u8]| u32::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    let (blocks, tail) = key.as_chunks::<4>();
    let mut hash = blocks.iter().fold(0u32, |hash, block| {
        let hash = hash.wrapping_add(pair(&block[..2]));
        let mixed = pair(&block[2..]) << 11 ^ hash;
        let hash = hash << 16 ^ mixed;
        hash.wrapping_add(hash >> 11)
    });
    match *tail {
        [_, _, last] => {
            hash = hash.wrapping_add(pair(tail));
            hash ^= hash << 16;
            hash ^= extended(last) << 18;
            hash = hash.wrapping_add(hash >> 11);
        }
        [_, _] => {
            hash = hash.wrapping_add(pair(tail));
            hash ^= hash << 11;
            hash = hash.wrapping_add(hash >> 17);
        }
        [only] => {
            hash = hash.wrapping_add(u32::from(only));
            hash ^= hash << 10;
            hash = hash.wrapping_add(hash >> 1);
        }
        _ if key.is_empty() => return 0,
        _ => {}
    }
    hash ^= hash << 3;
    hash = hash.wrapping_add(hash >> 5);
    hash ^= hash << 4;
    hash = hash.wrapping_add(hash >> 17);
    hash ^= hash << 25;
    hash.wrapping_add(hash >> 6)
}

/// Jenkins, lookup3's `hashlittle`, 2006.
fn lookup3(key: &[u8], initial: u32) -> u32 {
    let start = 0xDEAD_BEEF_u32.wrapping_add(key.len() as u32).wrapping_add(initial);
    let (mut a, mut b, mut c) = (start, start, start);
    // The last block is a full one if the length is a multiple of twelve, and mixed in another way.
    let full = key.len().saturating_sub(1) / 12 * 12;
    let (blocks, last) = key.split_at(full);
    let add = |a: &mut u32, b: &mut u32, c: &mut u32, block: &[u8]| {
        let mut words = [0u8; 12];
        words[..block.len()].copy_from_slice(block);
        let word =
            |i: usize| u32::from_le_bytes([words[i], words[i + 1], words[i + 2], words[i + 3]]);
        *a = a.wrapping_add(word(0));
        *b = b.wrapping_add(word(4));
        *c = c.wrapping_add(word(8));
    };
    for block in blocks.chunks_exact(12) {
        add(&mut a, &mut b, &mut c, block);
        for [first, second, third] in [[4, 6, 8], [16, 19, 4]] {
            a = a.wrapping_sub(c) ^ c.rotate_left(first);
            c = c.wrapping_add(b);
            b = b.wrapping_sub(a) ^ a.rotate_left(second);
            a = a.wrapping_add(c);
            c = c.wrapping_sub(b) ^ b.rotate_left(third);
            b = b.wrapping_add(a);
        }
    }
    if last.is_empty() {
        return c;
    }
    add(&mut a, &mut b, &mut c, last);
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// twemproxy's expectations (twitter/twemproxy, src/test_all.c), which say that they are libmemcached's.
    #[test]
    fn twemproxys_expectations() {
        let expected = [
            (MemcachedHash::OneAtATime, 2_297_466_611),
            (MemcachedHash::Md5, 3_195_025_439),
            (MemcachedHash::Crc16, 3_662_830_516),
            (MemcachedHash::Crc15, 10_542),
            (MemcachedHash::Crc32, 2_838_417_488),
            (MemcachedHash::Fnv1x32, 67_176_023),
            (MemcachedHash::Fnv1ax32, 280_767_167),
            (MemcachedHash::Fnv1x64, 473_199_127),
            (MemcachedHash::Fnv1ax64, 1_488_911_807),
            (MemcachedHash::Hsieh, 3_738_850_110),
            (MemcachedHash::Jenkins, 1_442_444_624),
            (MemcachedHash::Murmur, 4_142_305_122),
        ];
        for (function, hash) in expected {
            assert_eq!(function.hash(b"apple"), hash, "{function:?}");
        }
    }

    /// Jenkins gives these in the comments of lookup3.c (self test, `driver5`).
    #[test]
    fn lookup3s_expectations() {
        assert_eq!(lookup3(b"", 0), 0xDEAD_BEEF);
        assert_eq!(lookup3(b"", 0xDEAD_BEEF), 0xBD5B_7DDE);
        assert_eq!(lookup3(b"Four score and seven years ago", 0), 0x1777_0551);
        assert_eq!(lookup3(b"Four score and seven years ago", 1), 0xCD62_8161);
    }
}
