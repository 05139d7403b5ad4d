//! Ledgers as 16 bytes.

use super::{
    Reason,
    bytes::{Bytes, Fill},
};
use crate::{model::Ledger, money::Currency};

/// The size of a ledger's record.
pub const LEDGER_BYTES: usize = 16;

/// The record of a ledger: its id, the currency's exponent, the currency's code padded with zeros, and three reserved bytes.
#[must_use]
pub fn ledger_bytes(ledger: &Ledger) -> [u8; LEDGER_BYTES] {
    let mut code = [0; Currency::MAX_CODE];
    for (to, from) in code.iter_mut().zip(ledger.currency.code().bytes()) {
        *to = from;
    }
    Fill::array(|fill| {
        fill.put(ledger.id.to_le_bytes()).put([ledger.currency.exponent()]).put(code).put([0; 3])
    })
}

/// The ledger of a record.
///
/// # Errors
///
/// Why there is none: a code or an exponent that no currency has, or reserved bytes that are not 0.
pub fn ledger_from_bytes(bytes: &[u8; LEDGER_BYTES]) -> Result<Ledger, Reason> {
    let mut bytes = Bytes::new(bytes);
    let id = bytes.u32("id")?;
    let exponent = bytes.u8("exponent")?;
    let code = bytes.array::<{ Currency::MAX_CODE }>("code")?;
    bytes.reserved::<3>()?;
    let length = code.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    // A zero within it is none of the letters that a code may have.
    let code = String::from_utf8_lossy(code.split_at(length).0).into_owned();
    let currency = Currency::new(&code, exponent).map_err(|error| error.to_string())?;
    Ok(Ledger { id, currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout() {
        let ledger = Ledger { id: 0x0102_0304, currency: Currency::new("EUR", 2).unwrap() };
        let bytes = [4, 3, 2, 1, 2, b'E', b'U', b'R', 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(ledger_bytes(&ledger), bytes);
        assert_eq!(ledger_from_bytes(&bytes), Ok(ledger));
    }

    #[test]
    fn what_no_currency_has_is_refused() {
        let bytes = [1, 0, 0, 0, 2, b'E', b'U', b'R', 0, 0, 0, 0, 0, 0, 0, 0];
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes;
            bytes[at] = byte;
            ledger_from_bytes(&bytes)
        };
        assert!(with(4, 19).is_err());
        assert!(with(6, 0).is_err(), "a zero within the code");
        assert!(with(6, b'u').is_err());
        assert!(with(6, 0xff).is_err());
        assert!(with(15, 1).is_err());
    }
}
