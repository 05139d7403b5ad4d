//! Fingerprints of schemas (specification, "Schema Fingerprints").

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::Schema;

/// The fingerprint of no bytes, which is also the polynomial.
const EMPTY: u64 = 0xC15D_213A_A4D7_A795;

/// By a byte, what 64 bits that end with it become when it is shifted out.
const TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut fingerprint = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            let carry = fingerprint & 1;
            fingerprint >>= 1;
            if carry == 1 {
                fingerprint ^= EMPTY;
            }
            bit += 1;
        }
        table[byte] = fingerprint;
        byte += 1;
    }
    table
};

/// The 64-bit Rabin fingerprint CRC-64-AVRO of bytes.
pub fn rabin(bytes: &[u8]) -> u64 {
    bytes.iter().fold(EMPTY, |sum, byte| (sum >> 8) ^ TABLE[usize::from(sum as u8 ^ byte)])
}

impl Schema {
    /// CRC-64-AVRO of the Parsing Canonical Form. Where it is written in bytes, as in single-object encoding, these are little-endian.
    pub fn rabin(&self) -> u64 {
        rabin(self.canonical_form().as_bytes())
    }

    /// MD5 of the Parsing Canonical Form. No protection against those who want two schemas to have one fingerprint.
    pub fn md5(&self) -> [u8; 16] {
        Md5::digest(self.canonical_form()).into()
    }

    /// SHA-256 of the Parsing Canonical Form.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_form()).into()
    }
}
