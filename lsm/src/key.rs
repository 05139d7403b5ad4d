//! Comparing keys eight bytes at a time.

/// Length of the common prefix of two byte strings.
#[inline]
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let (words_a, _) = a.as_chunks::<8>();
    let (words_b, _) = b.as_chunks::<8>();
    let mut len = 0;
    for (x, y) in words_a.iter().zip(words_b) {
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return len + differ.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    len + a[len..].iter().zip(&b[len..]).take_while(|(x, y)| x == y).count()
}

/// The first 8 bytes of a key as a number that sorts as they do, zero-padded: if it differs between two keys, so does their
/// order, the same way.
#[inline]
pub(crate) fn key_prefix(key: &[u8]) -> u64 {
    match key.first_chunk::<8>() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..key.len()].copy_from_slice(key);
            u64::from_be_bytes(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prefixes(shared in "[ab]{0,20}", a in "[ab]{0,20}", b in "[ab]{0,20}") {
            let (a, b) = (format!("{shared}{a}").into_bytes(), format!("{shared}{b}").into_bytes());
            let expected = (0..=a.len().min(b.len())).rev().find(|&n| a[..n] == b[..n]).unwrap();
            prop_assert_eq!(common_prefix(&a, &b), expected);
            if key_prefix(&a) != key_prefix(&b) {
                prop_assert_eq!(key_prefix(&a).cmp(&key_prefix(&b)), a.cmp(&b));
            }
        }
    }
}
