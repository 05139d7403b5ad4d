//! Exchanges, in whole numbers of any size.

use ledger::{
    model::{Exchange, Leg, Side},
    money::{Amount, Rounding},
};
use num_bigint::BigUint;

/// What an exchange comes to, in minor units of the second currency.
pub(super) struct Result {
    /// The exact result, rounded up.
    pub up: BigUint,
    /// The exact result, rounded as it was asked for.
    pub rounded: BigUint,
}

impl Result {
    /// Of an exchange whose rate is valid, between currencies of these exponents.
    pub(super) fn of(exchange: &Exchange, first: u8, second: u8) -> Self {
        let ten = |power: u8| BigUint::from(10_u8).pow(power.into());
        let numerator = BigUint::from(exchange.amount.get())
            * BigUint::from(exchange.rate.numerator)
            * ten(second);
        let denominator = BigUint::from(exchange.rate.denominator) * ten(first);
        let down = &numerator / &denominator;
        let rest = &numerator % &denominator;
        let zero = BigUint::ZERO;
        let one = BigUint::from(1_u8);
        let up = if rest == zero { down.clone() } else { &down + &one };
        let twice = &rest + &rest;
        let is_odd = &down % BigUint::from(2_u8) == one;
        let rounded = match exchange.rounding {
            Rounding::Down => down,
            Rounding::Up => up.clone(),
            Rounding::HalfEven => {
                if twice > denominator || (twice == denominator && is_odd) {
                    up.clone()
                } else {
                    down
                }
            }
        };
        Self { up, rounded }
    }

    /// Whether it can be posted.
    pub(super) fn is_too_large(&self) -> bool {
        self.up > BigUint::from(Amount::MAX.get())
    }

    /// Whether the residue account takes part.
    pub(super) fn has_residue(&self) -> bool {
        self.up != self.rounded
    }

    /// The legs; those with too large amounts have [`Amount::MAX`] instead, and must not be posted.
    pub(super) fn legs(&self, exchange: &Exchange) -> Vec<Leg> {
        let amount = |number: &BigUint| {
            u128::try_from(number).ok().and_then(Amount::new).unwrap_or(Amount::MAX)
        };
        let leg = |account_id, side, amount| Leg { account_id, side, amount };
        let mut legs = vec![
            leg(exchange.source, Side::Debit, exchange.amount),
            leg(exchange.source_liquidity, Side::Credit, exchange.amount),
            leg(exchange.target_liquidity, Side::Debit, amount(&self.up)),
            leg(exchange.target, Side::Credit, amount(&self.rounded)),
        ];
        if self.has_residue() {
            let residue = amount(&(&self.up - &self.rounded));
            legs.push(leg(exchange.residue, Side::Credit, residue));
        }
        legs
    }
}
