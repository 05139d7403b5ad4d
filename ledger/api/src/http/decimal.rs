//! Sums in major units. (Single amounts: [`Amount::parse`](ledger::money::Amount::parse) and its counterpart.)

use ledger::money::{Currency, Sum};

/// A sum as a decimal number of major units.
pub(super) fn format_sum(sum: Sum, currency: Currency) -> String {
    let units = sum.to_string();
    let places = usize::from(currency.exponent());
    if places == 0 {
        return units;
    }
    let padded = format!("{units:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use ledger::money::Amount;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_sum_of_one_amount_is_written_as_the_amount(units in 0..=Amount::MAX.get(), exponent in 0u8..=18) {
            let currency = Currency::new("X", exponent).unwrap();
            let amount = Amount::new(units).unwrap();
            let sum = Sum::from_parts(0, amount);
            prop_assert_eq!(format_sum(sum, currency), amount.display(&currency).to_string());
        }
    }

    #[test]
    fn above_an_amount() {
        let sum = Sum::from_parts(1, Amount::new(5).unwrap());
        assert_eq!(
            format_sum(sum, Currency::new("EUR", 2).unwrap()),
            format!("1{}.05", "0".repeat(36))
        );
        assert_eq!(format_sum(Sum::ZERO, Currency::new("EUR", 2).unwrap()), "0.00");
    }
}
