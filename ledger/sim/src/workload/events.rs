//! Transfers: of every kind, new and repeated, right and wrong.

use ledger::{
    model::{Transfer, TransferFlags},
    money::Amount,
};

use super::universe::Universe;

impl Universe {
    /// A transfer to ask for.
    pub(super) fn transfer(&mut self) -> Transfer {
        if self.random.percent(14)
            && let Some(before) = self.recent_transfer()
        {
            return if self.random.percent(60) { before } else { self.other_transfer(before) };
        }
        let mut transfer = match self.random.weighted(&[50, 20, 22, 8]) {
            0 => self.simple(),
            1 => self.reserving(),
            2 => self.resolving(),
            _ => self.balancing(),
        };
        if self.random.percent(9) {
            transfer.flags = transfer.flags | TransferFlags::LINKED;
        }
        if self.random.percent(2) {
            transfer = self.spoiled(transfer);
        }
        transfer
    }

    /// One of the last that were asked for, mostly.
    fn recent_transfer(&mut self) -> Option<Transfer> {
        let from =
            if self.random.percent(80) { self.transfers.len().saturating_sub(20) } else { 0 };
        let recent = self.transfers.get(from..).unwrap_or_default();
        self.random.one_of(recent).copied()
    }

    fn simple(&mut self) -> Transfer {
        let ledger = self.ledger_id();
        let debit = self.account_id(ledger);
        let other = if self.random.percent(3) { self.ledger_id() } else { ledger };
        let mut credit = self.account_id(other);
        if credit == debit && self.random.percent(95) {
            credit = u128::from(ledger) * 10 + (debit % 5 + 1) % 5;
        }
        Transfer {
            id: self.new_id(),
            debit_account_id: debit,
            credit_account_id: credit,
            amount: self.amount(debit),
            user_data_128: self.small().into(),
            user_data_64: self.small(),
            user_data_32: self.small() as u32,
            ledger,
            code: self.code(),
            ..Transfer::default()
        }
    }

    fn reserving(&mut self) -> Transfer {
        let mut transfer = self.simple();
        transfer.flags = TransferFlags::PENDING;
        transfer.timeout = match self.random.below(10) {
            0..=3 => 0,
            4 => u32::MAX,
            _ => self.random.between(1, 6) as u32,
        };
        for flag in [TransferFlags::CLOSING_DEBIT, TransferFlags::CLOSING_CREDIT] {
            if self.random.percent(4) {
                transfer.flags = transfer.flags | flag;
                if self.random.percent(50) {
                    transfer.amount = Amount::ZERO;
                }
            }
        }
        if self.random.percent(10) {
            transfer.flags = transfer.flags | TransferFlags::BALANCING_DEBIT;
        }
        transfer
    }

    fn balancing(&mut self) -> Transfer {
        let mut transfer = self.simple();
        if self.random.percent(60) {
            transfer.flags = transfer.flags | TransferFlags::BALANCING_DEBIT;
        }
        if self.random.percent(50) {
            transfer.flags = transfer.flags | TransferFlags::BALANCING_CREDIT;
        }
        if self.random.percent(40) {
            transfer.amount = Amount::ZERO;
        }
        transfer
    }

    fn resolving(&mut self) -> Transfer {
        let pending = self.pending().unwrap_or_default();
        let posts = self.random.percent(60);
        let mut transfer = Transfer {
            id: self.new_id(),
            pending_id: pending.id,
            flags: if posts { TransferFlags::POST_PENDING } else { TransferFlags::VOID_PENDING },
            ..Transfer::default()
        };
        transfer.amount = match self.random.below(10) {
            0..=4 => Amount::ZERO,
            5 | 6 => pending.amount,
            7 => Amount::new(pending.amount.get() / 2).unwrap_or_default(),
            8 => pending.amount.checked_add(Amount::ONE).unwrap_or_default(),
            _ => self.amount(pending.debit_account_id),
        };
        if self.random.percent(20) {
            transfer.debit_account_id = pending.debit_account_id;
            transfer.ledger = pending.ledger;
        }
        if self.random.percent(20) {
            transfer.credit_account_id = pending.credit_account_id;
            transfer.code = pending.code;
        }
        if self.random.percent(20) {
            transfer.user_data_128 = self.small().into();
            transfer.user_data_64 = self.small();
            transfer.user_data_32 = self.small() as u32;
        }
        match self.random.below(60) {
            0 => transfer.debit_account_id = self.account_id(1),
            1 => transfer.credit_account_id = self.account_id(1),
            2 => transfer.ledger = self.ledger_id(),
            3 => transfer.code = self.code(),
            4 => transfer.pending_id = self.new_id(),
            5 => transfer.pending_id = transfer.id,
            6 => transfer.pending_id = u128::MAX,
            7 => transfer.pending_id = 0,
            8 => transfer.timeout = 1,
            _ => {}
        }
        transfer
    }

    /// The id of one that was asked for, with other content.
    fn other_transfer(&mut self, mut transfer: Transfer) -> Transfer {
        match self.random.below(12) {
            0 => transfer.flags = transfer.flags | TransferFlags::PENDING,
            1 => transfer.pending_id = self.new_id(),
            2 => transfer.timeout ^= 1,
            3 => transfer.debit_account_id = self.account_id(transfer.ledger),
            4 => transfer.credit_account_id = self.account_id(transfer.ledger),
            5 => transfer.amount = self.amount(transfer.debit_account_id),
            6 => transfer.user_data_128 ^= 1,
            7 => transfer.user_data_64 ^= 1,
            8 => transfer.user_data_32 ^= 1,
            9 => transfer.ledger = self.ledger_id(),
            10 => transfer.code = self.code(),
            _ => {
                let id = transfer.id;
                transfer = Transfer { id, ..self.transfer_of_any_kind() };
            }
        }
        transfer
    }

    fn transfer_of_any_kind(&mut self) -> Transfer {
        match self.random.below(3) {
            0 => self.simple(),
            1 => self.reserving(),
            _ => self.resolving(),
        }
    }

    /// What no client should send.
    fn spoiled(&mut self, mut transfer: Transfer) -> Transfer {
        let flags = |transfer: &Transfer, flag| transfer.flags | flag;
        match self.random.below(8) {
            0 => transfer.flags = flags(&transfer, TransferFlags::from_bits(1 << 12)),
            1 => transfer.timestamp = 1,
            2 => transfer.flags = flags(&transfer, TransferFlags::POST_PENDING),
            3 => transfer.flags = flags(&transfer, TransferFlags::VOID_PENDING),
            4 => transfer.flags = flags(&transfer, TransferFlags::CLOSING_CREDIT),
            5 => transfer.timeout = 3,
            6 => transfer.pending_id = 101,
            _ => transfer.flags = TransferFlags::from_bits(self.random.bits() as u16),
        }
        transfer
    }
}
