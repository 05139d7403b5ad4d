//! Entries as bytes.

use ledger::{
    archive::{decode_entry, encode_entry},
    model::Entry,
};
use proptest::prelude::*;

use crate::entries::{at, entry, plain};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn entries_come_back(entry in entry(), timestamp in any::<u64>(), id in any::<u128>()) {
        let entry = at(entry, timestamp, id);
        let mut bytes = vec![1, 2, 3];
        encode_entry(&entry, &mut bytes);
        prop_assert_eq!(decode_entry(timestamp, &bytes[3..]), Ok(entry));
    }

    #[test]
    fn changed_bytes_are_another_entry_or_none(
        entry in entry(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 0..3),
    ) {
        let mut bytes = Vec::new();
        encode_entry(&entry, &mut bytes);
        let cut = cut.index(bytes.len());
        prop_assert!(decode_entry(1, &bytes[..cut]).is_err(), "no entry is the beginning of another");
        let mut longer = bytes.clone();
        longer.extend_from_slice(&more);
        prop_assert_eq!(decode_entry(1, &longer).is_err(), !more.is_empty());
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(other) = decode_entry(1, &bytes) {
            let mut again = Vec::new();
            encode_entry(&other, &mut again);
            prop_assert_eq!(decode_entry(1, &again), Ok(other));
        }
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..6_u8) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let _ = decode_entry(7, &bytes);
    }
}

/// Archives are read for ever.
#[test]
fn the_layout_never_changes() {
    let mut bytes = Vec::new();
    encode_entry(&plain(5, 3)[4], &mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "011d21010000100020000000e0c10fc26d6c747c9f601517030306881304048813");
    bytes.clear();
    let code = ledger::model::Code::ExceedsCredits;
    encode_entry(&Entry::Refusal { timestamp: 9, id: 0x1234, code, digest: [7; 16] }, &mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "041234126c07070707070707070707070707070707");
}
