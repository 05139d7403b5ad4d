//! Major units: decimal numbers with a point, exactly.

use ledger::money::{Amount, Currency, Sum};

/// The minor units of a decimal number of major units: `10.5` is 1050 where there are two places. Nothing is rounded.
///
/// # Errors
///
/// A sentence: no decimal number, more places than the currency has, or above the limit.
pub(super) fn parse(text: &str, currency: Currency) -> Result<Amount, String> {
    let shown = || text.chars().take(48).collect::<String>();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || text.len() > 80 {
        return Err(format!("{:?} is no decimal number: digits, and a point with digits behind it", shown()));
    }
    let places = usize::from(currency.exponent());
    // Zeros at the end say nothing.
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places {
        return Err(format!("{:?} has more decimal places than {} has: {places}", shown(), currency.code()));
    }
    let units = format!("{whole}{fraction:0<places$}");
    let units = units.trim_start_matches('0');
    let amount = if units.is_empty() { Some(0) } else { units.parse::<u128>().ok() };
    amount.and_then(Amount::new).ok_or_else(|| format!("{:?} is above 10^38 - 1 minor units", shown()))
}

/// Minor units as a decimal number of major units.
pub(super) fn format(units: &str, currency: Currency) -> String {
    let places = usize::from(currency.exponent());
    if places == 0 {
        return units.to_owned();
    }
    let padded = format!("{units:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{whole}.{fraction}")
}

/// A sum as a decimal number of major units.
pub(super) fn format_sum(sum: Sum, currency: Currency) -> String {
    format(&sum.to_string(), currency)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn euro() -> Currency {
        Currency::new("EUR", 2).unwrap()
    }

    #[test]
    fn known_texts() {
        for (text, units) in
            [("10.50", 1050), ("10.5", 1050), ("10", 1000), ("0.01", 1), ("0", 0), ("00.10", 10), ("1.500", 150)]
        {
            assert_eq!(parse(text, euro()).map(Amount::get), Ok(units), "{text}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e2", "1,5", "0x1", "1.005", " 1", "1.0.0", "NaN", "∞"] {
            assert!(parse(bad, euro()).is_err(), "{bad}");
        }
        let most = format!("{}.99", "9".repeat(36));
        assert_eq!(parse(&most, euro()), Ok(Amount::MAX));
        assert!(parse(&format!("1{}", "0".repeat(36)), euro()).unwrap_err().contains("above"));
        assert!(parse("10.85", Currency::new("JPY", 0).unwrap()).unwrap_err().contains("JPY"));
        assert_eq!(format("5", euro()), "0.05");
        assert_eq!(format("5", Currency::new("JPY", 0).unwrap()), "5");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_is_read(units in 0..=Amount::MAX.get(), exponent in 0u8..=18) {
            let currency = Currency::new("X", exponent).unwrap();
            let text = format(&units.to_string(), currency);
            prop_assert_eq!(parse(&text, currency).map(Amount::get), Ok(units));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,50}") {
            let _ = parse(&text, euro());
        }
    }
}
