//! Exchanges: the legs that follow from a rate.

use crate::{
    model::{Code, Exchange, Leg, Side},
    money::{Amount, Quotient, Rounding, divide},
};

/// What an exchange moves in its second currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Converted {
    /// What the dealer pays; nothing if that is above the limit of an amount.
    paid: Option<Amount>,
    /// What the customer gets; nothing if that is above the limit.
    gotten: Option<Amount>,
    /// Whether there is a residue, of one minor unit: what is paid is rounded up, and what is gotten down.
    pub(super) has_residue: bool,
}

/// Converts an exchange's amount between currencies of these exponents (at most 18). [`Code::ExchangeIsTooSmall`] if that gives nothing.
pub(super) fn convert(
    exchange: &Exchange,
    first_exponent: u8,
    second_exponent: u8,
) -> Result<Converted, Code> {
    let power = 10u128.pow(u32::from(first_exponent.abs_diff(second_exponent)));
    let (mut numerator, mut denominator) =
        (u128::from(exchange.rate.numerator), u128::from(exchange.rate.denominator));
    // 2^64 * 10^18 < 2^124.
    if second_exponent >= first_exponent {
        numerator *= power;
    } else {
        denominator *= power;
    }
    let Some(Quotient { high, low, remainder }) =
        divide(exchange.amount.get(), numerator, denominator)
    else {
        return Err(Code::RateIsInvalid);
    };
    let up = match exchange.rounding {
        Rounding::Down => false,
        Rounding::Up => true,
        // Compared without doubling: twice the remainder could exceed what a number holds.
        Rounding::HalfEven => match remainder.cmp(&(denominator - remainder)) {
            core::cmp::Ordering::Less => false,
            core::cmp::Ordering::Equal => low % 2 == 1,
            core::cmp::Ordering::Greater => true,
        },
    };
    let inexact = remainder != 0;
    let amount = |plus: bool| {
        if high == 0 { low.checked_add(u128::from(plus)).and_then(Amount::new) } else { None }
    };
    if high == 0 && low == 0 && !(inexact && up) {
        return Err(Code::ExchangeIsTooSmall);
    }
    Ok(Converted {
        paid: amount(inexact),
        gotten: amount(inexact && up),
        has_residue: inexact && !up,
    })
}

impl Converted {
    /// The exchange's legs; [`Code::OverflowsDebits`] if one is above the limit.
    pub(super) fn legs(self, exchange: &Exchange) -> Result<Vec<Leg>, Code> {
        let (Some(paid), Some(gotten)) = (self.paid, self.gotten) else {
            return Err(Code::OverflowsDebits);
        };
        let [source, source_liquidity, target_liquidity, target, residue] = parties(exchange);
        let leg = |(account_id, side), amount| Leg { account_id, side, amount };
        let mut legs = vec![
            leg(source, exchange.amount),
            leg(source_liquidity, exchange.amount),
            leg(target_liquidity, paid),
            leg(target, gotten),
        ];
        if self.has_residue {
            legs.push(leg(residue, Amount::ONE));
        }
        Ok(legs)
    }
}

/// The accounts of an exchange, and their sides, in the order of its legs.
pub(super) fn parties(exchange: &Exchange) -> [(u128, Side); 5] {
    [
        (exchange.source, Side::Debit),
        (exchange.source_liquidity, Side::Credit),
        (exchange.target_liquidity, Side::Debit),
        (exchange.target, Side::Credit),
        (exchange.residue, Side::Credit),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Rate;

    fn exchange(amount: u128, numerator: u64, denominator: u64, rounding: Rounding) -> Exchange {
        Exchange {
            source: 1,
            source_liquidity: 2,
            target_liquidity: 3,
            target: 4,
            residue: 5,
            amount: Amount::new(amount).unwrap(),
            rate: Rate { numerator, denominator },
            rounding,
        }
    }

    fn paid_and_gotten(exchange: &Exchange, first: u8, second: u8) -> Result<(u128, u128), Code> {
        let legs = convert(exchange, first, second)?.legs(exchange)?;
        assert_eq!(legs.len(), 4 + usize::from(legs[2].amount != legs[3].amount));
        assert_eq!(
            legs[2].amount.get(),
            legs[3..].iter().map(|leg| leg.amount.get()).sum::<u128>()
        );
        Ok((legs[2].amount.get(), legs[3].amount.get()))
    }

    #[test]
    fn every_rounding() {
        use Rounding::{Down, HalfEven, Up};
        // 1.00 EUR at 163.525 yen: 163.525 yen. 10.00 at 0.25: 2.5. 14.00 at 0.25: 3.5.
        for (amount, numerator, denominator, rounding, expected) in [
            (100, 163_525, 1000, Down, (164, 163)),
            (100, 163_525, 1000, Up, (164, 164)),
            (100, 163_525, 1000, HalfEven, (164, 164)),
            (100, 163_425, 1000, HalfEven, (164, 163)),
            (1000, 1, 4, HalfEven, (3, 2)),
            (1400, 1, 4, HalfEven, (4, 4)),
            (100, 5, 1, HalfEven, (5, 5)),
            (1, 1, 3, Up, (1, 1)),
        ] {
            assert_eq!(
                paid_and_gotten(&exchange(amount, numerator, denominator, rounding), 2, 0),
                Ok(expected)
            );
        }
        assert_eq!(
            paid_and_gotten(&exchange(7, 1, 1, Down), 0, 18),
            Ok((7 * 10u128.pow(18), 7 * 10u128.pow(18)))
        );
    }

    #[test]
    fn too_small_and_too_large() {
        assert_eq!(
            paid_and_gotten(&exchange(1, 1, 3, Rounding::Down), 2, 2),
            Err(Code::ExchangeIsTooSmall)
        );
        assert_eq!(
            paid_and_gotten(&exchange(1, 1, 2, Rounding::HalfEven), 2, 2),
            Err(Code::ExchangeIsTooSmall)
        );
        let most = Amount::MAX.get();
        assert_eq!(
            paid_and_gotten(&exchange(most, u64::MAX, 1, Rounding::Down), 0, 18),
            Err(Code::OverflowsDebits)
        );
        assert_eq!(paid_and_gotten(&exchange(most, 1, 1, Rounding::Down), 3, 3), Ok((most, most)));
        assert_eq!(
            paid_and_gotten(&exchange(most, 2, 1, Rounding::Down), 3, 3),
            Err(Code::OverflowsDebits)
        );
        // Down it would fit; what is paid does not.
        let almost = exchange(most, u64::MAX, u64::MAX - 1, Rounding::Down);
        assert_eq!(paid_and_gotten(&almost, 0, 0), Err(Code::OverflowsDebits));
    }
}
