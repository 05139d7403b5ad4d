//! A ledger with some accounts, on a disk in memory.

use std::sync::Arc;

use ledger::{
    Node, NodeOptions, Recovery,
    archive::MemoryArchive,
    disk::MemoryDisk,
    model::{
        Account, AccountFlags, Batch, Code, Ledger, Reply, Transfer, TransferFlags, TransferOutcome,
    },
    money::{Amount, Currency},
};

/// A clock's time.
pub const NOW: u64 = 1_700_000_000_000_000_000;
/// A second of it.
pub const SECOND: u64 = 1_000_000_000;
/// How many accounts there are: 1 to this.
pub const ACCOUNTS: u128 = 8;

/// Everything inline, and generations of some entries.
pub fn options() -> NodeOptions {
    NodeOptions {
        segment_bytes: 64 << 10,
        generation_entries: 50,
        background: false,
        log_id: Some([7; 16]),
        ..NodeOptions::default()
    }
}

/// What a ledger is kept on.
#[derive(Clone)]
pub struct World {
    pub disk: MemoryDisk,
    pub archive: Arc<MemoryArchive>,
}

impl World {
    pub fn new() -> Self {
        Self { disk: MemoryDisk::new(), archive: Arc::new(MemoryArchive::new()) }
    }

    pub fn try_open(&self, options: NodeOptions) -> ledger::Result<(Node, Recovery)> {
        Node::open(Arc::new(self.disk.clone()), self.archive.clone(), options)
    }

    pub fn open(&self) -> (Node, Recovery) {
        self.try_open(options()).unwrap()
    }

    /// Opened for the first time, with two ledgers and the accounts, the last of which is of the second ledger and the first of which cannot be overdrawn.
    pub fn begin(options: NodeOptions) -> (Self, Node) {
        let world = Self::new();
        let (mut node, _) = world.try_open(options).unwrap();
        let ledgers = [("EUR", 2), ("JPY", 0)];
        let ledgers = ledgers.iter().zip(1..).map(|((code, exponent), id)| Ledger {
            id,
            currency: Currency::new(code, *exponent).unwrap(),
        });
        let accounts = (1..=ACCOUNTS).map(|id| Account {
            id,
            ledger: if id == ACCOUNTS { 2 } else { 1 },
            code: 1,
            flags: if id == 1 {
                AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS
            } else {
                AccountFlags::NONE
            },
            ..Account::default()
        });
        let begun = node
            .commit(NOW, &[Batch::Ledgers(ledgers.collect()), Batch::Accounts(accounts.collect())])
            .unwrap();
        let Reply::Accounts(outcomes) = &begun[1].reply else { panic!("{begun:?}") };
        assert!(outcomes.iter().all(|outcome| outcome.code == Code::Ok), "{outcomes:?}");
        (world, node)
    }
}

/// A transfer of the first ledger.
pub fn transfer(id: u128, debit: u128, credit: u128, amount: u128) -> Transfer {
    Transfer {
        id,
        debit_account_id: debit,
        credit_account_id: credit,
        amount: Amount::new(amount).unwrap(),
        ledger: 1,
        code: 1,
        ..Transfer::default()
    }
}

/// One that reserves for some seconds.
pub fn pending(id: u128, debit: u128, credit: u128, amount: u128, timeout: u32) -> Transfer {
    Transfer { timeout, flags: TransferFlags::PENDING, ..transfer(id, debit, credit, amount) }
}

/// Commits transfers as one batch.
pub fn send(
    node: &mut Node,
    clock: u64,
    transfers: &[Transfer],
) -> ledger::Result<Vec<TransferOutcome>> {
    let committed = node.commit(clock, &[Batch::Transfers(transfers.to_vec())])?;
    match committed.into_iter().next().map(|committed| committed.reply) {
        Some(Reply::Transfers(outcomes)) => Ok(outcomes),
        other => panic!("{other:?}"),
    }
}
