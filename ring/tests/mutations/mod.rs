//! Bytes that something happened to.

use proptest::{collection::vec, prelude::*, sample::Index};

/// One change of some bytes.
#[derive(Debug, Clone)]
pub enum Mutation {
    Flip(Index, u8),
    Set(Index, u8),
    Cut(Index),
    Copy(Index, Index, u8),
    Remove(Index),
    Insert(Index, u8),
}

pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    // The bytes at which the format branches.
    let byte =
        || prop_oneof![any::<u8>(), proptest::sample::select(vec![0, 1, 2, 3, 4, 5, 0xFF, 0x80])];
    let at = any::<Index>;
    let mutation = prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        at().prop_map(Mutation::Cut),
        (at(), at(), any::<u8>()).prop_map(|(from, to, len)| Mutation::Copy(from, to, len)),
        at().prop_map(Mutation::Remove),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
    ];
    vec(mutation, 0..4)
}

pub fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        match mutation {
            Mutation::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Mutation::Set(at, byte) => bytes[at.index(len)] = *byte,
            Mutation::Cut(at) => bytes.truncate(at.index(len)),
            Mutation::Copy(from, to, most) => {
                let (from, to) = (from.index(len), to.index(len));
                let most = usize::from(*most).min(len - from).min(len - to);
                bytes.copy_within(from..from + most, to);
            }
            Mutation::Remove(at) => drop(bytes.remove(at.index(len))),
            Mutation::Insert(at, byte) => bytes.insert(at.index(len), *byte),
        }
    }
}
