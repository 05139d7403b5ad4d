//! Transfers as 128 bytes, as TigerBeetle lays them out.

use super::{
    Reason,
    bytes::{Bytes, Fill},
};
use crate::model::{Transfer, TransferFlags};

/// The size of a transfer's record.
pub const TRANSFER_BYTES: usize = 128;

/// The record of a transfer.
#[must_use]
#[inline]
pub fn transfer_bytes(transfer: &Transfer) -> [u8; TRANSFER_BYTES] {
    Fill::array(|fill| {
        fill.put(transfer.id.to_le_bytes())
            .put(transfer.debit_account_id.to_le_bytes())
            .put(transfer.credit_account_id.to_le_bytes())
            .put(transfer.amount.get().to_le_bytes())
            .put(transfer.pending_id.to_le_bytes())
            .put(transfer.user_data_128.to_le_bytes())
            .put(transfer.user_data_64.to_le_bytes())
            .put(transfer.user_data_32.to_le_bytes())
            .put(transfer.timeout.to_le_bytes())
            .put(transfer.ledger.to_le_bytes())
            .put(transfer.code.to_le_bytes())
            .put(transfer.flags.bits().to_le_bytes())
            .put(transfer.timestamp.to_le_bytes())
    })
}

/// The transfer of a record.
///
/// # Errors
///
/// Why there is none: an amount above the limit.
pub fn transfer_from_bytes(bytes: &[u8; TRANSFER_BYTES]) -> Result<Transfer, Reason> {
    let mut bytes = Bytes::new(bytes);
    Ok(Transfer {
        id: bytes.u128("id")?,
        debit_account_id: bytes.u128("debit_account_id")?,
        credit_account_id: bytes.u128("credit_account_id")?,
        amount: bytes.amount("amount")?,
        pending_id: bytes.u128("pending_id")?,
        user_data_128: bytes.u128("user_data_128")?,
        user_data_64: bytes.u64("user_data_64")?,
        user_data_32: bytes.u32("user_data_32")?,
        timeout: bytes.u32("timeout")?,
        ledger: bytes.u32("ledger")?,
        code: bytes.u16("code")?,
        flags: TransferFlags::from_bits(bytes.u16("flags")?),
        timestamp: bytes.u64("timestamp")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Amount;

    #[test]
    fn the_layout_is_that_of_tigerbeetle() {
        let transfer = Transfer {
            id: 0x01,
            debit_account_id: 0x02,
            credit_account_id: 0x03,
            amount: Amount::new(0x04).unwrap(),
            pending_id: 0x05,
            user_data_128: 0x06,
            user_data_64: 0x07,
            user_data_32: 0x08,
            timeout: 0x09,
            ledger: 0x0a,
            code: 0x0b,
            flags: TransferFlags::from_bits(0x0c0d),
            timestamp: 0x0e,
        };
        let mut expected = [0; 128];
        let places = [0, 16, 32, 48, 64, 80, 96, 104, 108, 112, 116, 119, 118, 120];
        for (place, byte) in places.into_iter().zip([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
        {
            expected[place] = byte;
        }
        assert_eq!(transfer_bytes(&transfer), expected);
        assert_eq!(transfer_from_bytes(&expected), Ok(transfer));
        expected[63] = 0xff;
        assert!(transfer_from_bytes(&expected).unwrap_err().contains("above the limit"));
    }
}
