//! Transactions and exchanges.

use ledger::{
    model::{Exchange, Leg, MAX_LEGS, Metadata, Posting, Side, Transaction, Value},
    money::{Amount, Rate, Rounding},
};

use super::universe::Universe;

impl Universe {
    /// A transaction to ask for.
    pub(super) fn transaction(&mut self) -> Transaction {
        if self.random.percent(14)
            && let Some(before) = self.random.one_of(&self.transactions).cloned()
        {
            return if self.random.percent(60) { before } else { self.other_transaction(before) };
        }
        let posting = match self.random.below(10) {
            0..=5 => Posting::Legs(self.legs()),
            _ => Posting::Exchange(self.exchange()),
        };
        Transaction {
            id: self.new_id(),
            posting,
            user_data_128: self.small().into(),
            user_data_64: self.small(),
            user_data_32: self.small() as u32,
            code: self.code(),
            linked: self.random.percent(9),
            metadata: self.metadata(),
            timestamp: u64::from(self.random.below(200) == 0),
        }
    }

    fn other_transaction(&mut self, mut transaction: Transaction) -> Transaction {
        match self.random.below(5) {
            0 => transaction.linked = !transaction.linked,
            1 => transaction.user_data_64 ^= 1,
            2 => transaction.code = self.code(),
            3 => transaction.metadata = self.metadata(),
            _ => transaction.posting = Posting::Legs(self.legs()),
        }
        transaction
    }

    fn metadata(&mut self) -> Metadata {
        if self.random.percent(70) {
            return Metadata::default();
        }
        let number = self.random.below(3) as i64;
        let entries = vec![
            ("order".to_owned(), Value::Integer(number - 1)),
            ("note".to_owned(), Value::Text("x".repeat(number as usize))),
            ("at".to_owned(), Value::Time(number as u64)),
            ("good".to_owned(), Value::Bool(number == 0)),
        ];
        Metadata::new(entries).unwrap_or_default()
    }

    /// Legs: pairs of the same amount, some of them cut in two, in one or two currencies; seldom out of balance.
    fn legs(&mut self) -> Vec<Leg> {
        if self.random.below(60) == 0 {
            return self.many_legs();
        }
        let mut legs = Vec::new();
        let ledgers = if self.random.percent(25) { 2 } else { 1 };
        for _ in 0..ledgers {
            let ledger = self.ledger_id();
            for _ in 0..self.random.between(1, 3) {
                let debit = self.account_id(ledger);
                let credit = self.account_id(ledger);
                let amount = self.amount(debit);
                legs.push(Leg { account_id: debit, side: Side::Debit, amount });
                let half = Amount::new(amount.get() / 2).unwrap_or_default();
                if self.random.percent(30) && !half.is_zero() {
                    let rest = amount.saturating_sub(half);
                    let other = self.account_id(ledger);
                    legs.push(Leg { account_id: other, side: Side::Credit, amount: half });
                    legs.push(Leg { account_id: credit, side: Side::Credit, amount: rest });
                } else {
                    legs.push(Leg { account_id: credit, side: Side::Credit, amount });
                }
            }
        }
        match self.random.below(20) {
            0 => {
                legs.pop();
            }
            1 => {
                if let Some(leg) = legs.first_mut() {
                    leg.amount = leg.amount.checked_add(Amount::ONE).unwrap_or_default();
                }
            }
            2 => legs.reverse(),
            3 => {
                let middle = legs.len() / 2;
                legs.rotate_left(middle);
            }
            _ => {}
        }
        legs
    }

    /// As many legs as there may be, or one more.
    fn many_legs(&mut self) -> Vec<Leg> {
        let ledger = self.ledger_id();
        let count = MAX_LEGS + usize::from(self.random.percent(30)) * 2;
        let sides = [Side::Debit, Side::Credit];
        (0..count)
            .map(|at| Leg {
                account_id: u128::from(ledger) * 10 + (at % 5) as u128,
                side: sides[at % 2],
                amount: Amount::ONE,
            })
            .collect()
    }

    fn exchange(&mut self) -> Exchange {
        let first = self.ledger_id();
        let mut second = self.ledger_id();
        if first == second && self.random.percent(90) {
            second = first % 4 + 1;
        }
        let source = self.account_id(first);
        let small = self.random.between(1, 20);
        let part = |universe: &mut Self| match universe.random.below(20) {
            0 => 0,
            1 => u64::MAX,
            2..=8 => 1,
            _ => universe.random.between(1, 1000) * small,
        };
        let target = self.account_id(second);
        Exchange {
            source,
            source_liquidity: u128::from(first) * 10,
            target_liquidity: u128::from(second) * 10 + u128::from(self.random.below(2)),
            target,
            residue: if self.random.percent(20) { target } else { self.account_id(second) },
            amount: self.amount(source),
            rate: Rate { numerator: part(self), denominator: part(self) },
            rounding: *self
                .random
                .one_of(&[Rounding::Down, Rounding::Up, Rounding::HalfEven])
                .unwrap_or(&Rounding::Down),
        }
    }
}
