//! Amounts as people and other programs write them: `10.85`.
//!
//! The text has the value or it is refused: nothing is rounded, and no number is ever a binary fraction. (As one, `1.15` times 100 is
//! 114.99999999999999: there are ledgers whose balances moved by such things.)

use super::{Amount, Currency};
use core::fmt;

/// Why a text is no amount of a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// No digits where some must be, or something else than digits and one point: a sign, an exponent, a space, a separator.
    #[error("{0:?} is no amount: digits, and a point before the decimal places if there are any")]
    Text(String),
    /// Digits before the point that begin with a zero too many.
    #[error("{0:?} begins with a zero that means nothing; leave it out")]
    LeadingZero(String),
    /// More decimal places than the minor unit has, even if they are zeros: whoever writes them means another currency.
    #[error("{text:?} has {places} decimal places, {currency:?} has at most {}", currency.exponent())]
    Places {
        /// What was given.
        text: String,
        /// How many decimal places it has.
        places: usize,
        /// What it should be an amount of.
        currency: Currency,
    },
    /// Above [`Amount::MAX`].
    #[error("{0:?} is above the limit of 10^38 - 1 minor units")]
    TooLarge(String),
}

impl Amount {
    /// The amount that a text says in major units of a currency: digits, and where the currency has decimal places a point and from one to
    /// all of them.
    ///
    /// ```
    /// use ledger::money::{Amount, Currency};
    ///
    /// let euro = Currency::new("EUR", 2)?;
    /// assert_eq!(Amount::parse("10.85", &euro).unwrap().get(), 1085);
    /// assert_eq!(Amount::parse("10.8", &euro), Amount::parse("10.80", &euro));
    /// assert!(Amount::parse("10.850", &euro).is_err());
    /// # Ok::<(), ledger::money::CurrencyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Anything else: a sign, an exponent, a space, no digit before or behind the point, a leading zero, more decimal places than there are
    /// (zeros, too), more than the limit.
    pub fn parse(text: &str, currency: &Currency) -> Result<Self, AmountError> {
        let (whole, places) = match text.split_once('.') {
            Some((whole, places)) if !places.is_empty() => (whole, places),
            Some(_) => return Err(AmountError::Text(shown(text))),
            None => (text, ""),
        };
        let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !are_digits(whole) || !are_digits(places) {
            return Err(AmountError::Text(shown(text)));
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(AmountError::LeadingZero(shown(text)));
        }
        let exponent = usize::from(currency.exponent());
        if places.len() > exponent {
            return Err(AmountError::Places {
                text: shown(text),
                places: places.len(),
                currency: *currency,
            });
        }
        let missing = core::iter::repeat_n(b'0', exponent - places.len());
        let digits = whole.bytes().chain(places.bytes()).chain(missing);
        let mut units = 0u128;
        for digit in digits {
            // Below 10^38 before, so that ten times it and a digit are below 2^130: checked.
            let next =
                units.checked_mul(10).and_then(|units| units.checked_add(u128::from(digit - b'0')));
            units = match next.and_then(Self::new) {
                Some(next) => next.get(),
                None => return Err(AmountError::TooLarge(shown(text))),
            };
        }
        Self::new(units).ok_or_else(|| AmountError::TooLarge(shown(text)))
    }

    /// The amount in major units of a currency, with all its decimal places: what [`parse`](Self::parse) reads.
    ///
    /// ```
    /// use ledger::money::{Amount, Currency};
    ///
    /// let amount = Amount::new(5).unwrap();
    /// assert_eq!(amount.display(&Currency::new("EUR", 2)?).to_string(), "0.05");
    /// assert_eq!(amount.display(&Currency::new("JPY", 0)?).to_string(), "5");
    /// # Ok::<(), ledger::money::CurrencyError>(())
    /// ```
    #[must_use]
    pub const fn display(self, currency: &Currency) -> Decimal {
        Decimal { amount: self, exponent: currency.exponent() }
    }
}

/// An amount that is written in major units: see [`Amount::display`]. Pads as a text does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    amount: Amount,
    exponent: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u128.pow(u32::from(self.exponent));
        let (whole, places) = (self.amount.get() / unit, self.amount.get() % unit);
        let text = match self.exponent {
            0 => whole.to_string(),
            exponent => format!("{whole}.{places:0exponent$}", exponent = usize::from(exponent)),
        };
        f.pad(&text)
    }
}

/// As much of a text as an error message needs.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(exponent: u8) -> Currency {
        Currency::new("XXX", exponent).unwrap()
    }

    fn units(text: &str, exponent: u8) -> Result<u128, AmountError> {
        Amount::parse(text, &currency(exponent)).map(Amount::get)
    }

    #[test]
    fn known_ones() {
        for (text, exponent, expected) in [
            ("0", 0, 0),
            ("0", 2, 0),
            ("0.0", 2, 0),
            ("0.05", 2, 5),
            ("10.85", 2, 1085),
            ("10.8", 2, 1080),
            ("10", 2, 1000),
            ("1", 18, 10u128.pow(18)),
            ("0.000000000000000001", 18, 1),
            ("99999999999999999999999999999999999999", 0, Amount::MAX.get()),
            ("99999999999999999999.999999999999999999", 18, Amount::MAX.get()),
        ] {
            assert_eq!(units(text, exponent), Ok(expected), "{text} with {exponent} places");
        }
    }

    #[test]
    fn what_is_no_amount() {
        let no_amounts = [
            "", " ", ".", "1.", ".5", "-1", "+1", "1e3", "1E3", " 1", "1 ", "1,5", "1_000",
            "1.2.3", "0x10", "١", "1.٢", "NaN", "inf", "1\0", "--", "1.-2", "1. 2", "½",
        ];
        for text in no_amounts {
            assert_eq!(units(text, 2), Err(AmountError::Text(text.to_owned())), "{text:?}");
        }
        for text in ["00", "01", "00.5", "007"] {
            assert_eq!(units(text, 2), Err(AmountError::LeadingZero(text.to_owned())));
        }
        assert!(matches!(units("1.0", 0), Err(AmountError::Places { places: 1, .. })));
        for (text, exponent) in [
            ("100000000000000000000000000000000000000", 0),
            ("1000000000000000000000000000000000000.00", 2),
            ("340282366920938463463374607431768211456", 0),
            (&"9".repeat(5000), 0),
        ] {
            let error = units(text, exponent).unwrap_err();
            assert!(matches!(error, AmountError::TooLarge(_)), "{error}");
            assert!(error.to_string().len() < 200);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(units_of in 0..=Amount::MAX.get(), shift in 0u32..127, exponent in 0u8..=18) {
            let amount = Amount::new(units_of >> shift).unwrap();
            let text = amount.display(&currency(exponent)).to_string();
            prop_assert_eq!(Amount::parse(&text, &currency(exponent)), Ok(amount));
            // As integers say it: without the point these are the minor units.
            prop_assert_eq!(text.replace('.', "").parse::<u128>().unwrap(), amount.get());
            prop_assert_eq!(text.split_once('.').map_or(0, |(_, places)| places.len()), usize::from(exponent));
        }

        #[test]
        fn zeros_at_the_end_may_be_left_out(whole in 0..=u64::MAX, places in 1u64..1000) {
            let text = format!("{whole}.{places:03}");
            let short = text.trim_end_matches('0');
            prop_assert_eq!(units(short, 3), Ok(u128::from(whole) * 1000 + u128::from(places)));
            prop_assert_eq!(units(short, 18), Ok((u128::from(whole) * 1000 + u128::from(places)) * 10u128.pow(15)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,50}", exponent in 0u8..=18) {
            if let Ok(units) = units(&text, exponent) {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{} is {}", text, units);
            }
        }

        #[test]
        fn digits_and_points_are_read_or_refused(text in "[0-9.]{0,45}", exponent in 0u8..=18) {
            if let Ok(units) = units(&text, exponent) {
                let shown = Amount::new(units).unwrap().display(&currency(exponent)).to_string();
                prop_assert!(shown.starts_with(&text), "{} is {}", text, shown);
            }
        }
    }
}
