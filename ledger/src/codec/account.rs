//! Accounts as 128 bytes, as TigerBeetle lays them out.

use super::{
    Reason,
    bytes::{Bytes, Fill},
};
use crate::model::{Account, AccountFlags};

/// The size of an account's record.
pub const ACCOUNT_BYTES: usize = 128;

/// The record of an account.
#[must_use]
pub fn account_bytes(account: &Account) -> [u8; ACCOUNT_BYTES] {
    Fill::array(|fill| {
        fill.put(account.id.to_le_bytes())
            .put_balances(&account.balances)
            .put(account.user_data_128.to_le_bytes())
            .put(account.user_data_64.to_le_bytes())
            .put(account.user_data_32.to_le_bytes())
            .put([0; 4])
            .put(account.ledger.to_le_bytes())
            .put(account.code.to_le_bytes())
            .put(account.flags.bits().to_le_bytes())
            .put(account.timestamp.to_le_bytes())
    })
}

/// The account of a record.
///
/// # Errors
///
/// Why there is none: an amount above the limit, or reserved bytes that are not 0.
pub fn account_from_bytes(bytes: &[u8; ACCOUNT_BYTES]) -> Result<Account, Reason> {
    let mut bytes = Bytes::new(bytes);
    let id = bytes.u128("id")?;
    let balances = bytes.balances()?;
    let user_data_128 = bytes.u128("user_data_128")?;
    let user_data_64 = bytes.u64("user_data_64")?;
    let user_data_32 = bytes.u32("user_data_32")?;
    bytes.reserved::<4>()?;
    Ok(Account {
        id,
        balances,
        user_data_128,
        user_data_64,
        user_data_32,
        ledger: bytes.u32("ledger")?,
        code: bytes.u16("code")?,
        flags: AccountFlags::from_bits(bytes.u16("flags")?),
        timestamp: bytes.u64("timestamp")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Balances, money::Amount};

    #[test]
    fn the_layout_is_that_of_tigerbeetle() {
        let amount = |units| Amount::new(units).unwrap();
        let account = Account {
            id: 0x01,
            balances: Balances {
                debits_pending: amount(0x02),
                debits_posted: amount(0x03),
                credits_pending: amount(0x04),
                credits_posted: amount(0x05),
            },
            user_data_128: 0x06,
            user_data_64: 0x07,
            user_data_32: 0x08,
            ledger: 0x09,
            code: 0x0a,
            flags: AccountFlags::from_bits(0x0b0c),
            timestamp: 0x0d,
        };
        let mut expected = [0; 128];
        let places = [0, 16, 32, 48, 64, 80, 96, 104, 112, 116, 119, 118, 120];
        for (place, byte) in places.into_iter().zip([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]) {
            expected[place] = byte;
        }
        assert_eq!(account_bytes(&account), expected);
        assert_eq!(account_from_bytes(&expected), Ok(account));
        expected[108] = 1;
        assert!(account_from_bytes(&expected).unwrap_err().contains("reserved"));
    }
}
