//! Changes by chance.

use ledger::query::Change;
use proptest::prelude::*;

use crate::generator::history;

/// A piece of a feed, in order.
pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    (history(12), 1..u64::MAX - 12, any::<[bool; 12]>()).prop_map(|(entries, first, same)| {
        let (mut op, mut index) = (first, 0);
        let place = |(entry, same): (_, bool)| {
            (op, index) = if same { (op, index + 1) } else { (op + 1, 0) };
            Change { op, index, entry }
        };
        entries.into_iter().zip(same).map(place).collect()
    })
}
