//! A double-entry ledger: exact money, a pure state machine, a hash-chained log, bounded memory.
//!
//! Money is whole minor units. Transfers happen once, whoever asks how often; what was answered is durable; and everything that is derived follows from one log, whose
//! hash says whether anybody changed it. One thread and one directory; no async, no sockets, no clock: `ledger_api` is the server around it.
//!
//! ```
//! use std::sync::Arc;
//! use ledger::{
//!     Node, NodeOptions,
//!     archive::LsmArchive,
//!     disk::RealDisk,
//!     model::{Account, AccountFlags, Batch, Code, Ledger, Reply, Transfer},
//!     money::{Amount, Currency},
//! };
//!
//! # let dir = std::env::temp_dir().join(format!("ledger-front-page-{}", std::process::id()));
//! # let _ = std::fs::remove_dir_all(&dir);
//! let euro = Currency::new("EUR", 2)?;
//! let disk = Arc::new(RealDisk::open(&dir)?);                                     // held by this process alone
//! let archive = Arc::new(LsmArchive::open(dir.join("archive"), LsmArchive::options())?);
//! let (mut node, recovery) = Node::open(disk, archive, NodeOptions::default())?;
//! assert_eq!(recovery.replayed, 0);
//!
//! let now = 1_700_000_000_000_000_000;                                            // the caller's clock; the log's time never goes back
//! let account = |id, flags| Account { id, ledger: 1, code: 1, flags, ..Account::default() };
//! node.commit(now, &[
//!     Batch::Ledgers(vec![Ledger { id: 1, currency: euro }]),
//!     Batch::Accounts(vec![
//!         account(1, AccountFlags::NONE),                                          // the bank
//!         account(2, AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS),                // a customer, who cannot overdraw
//!     ]),
//! ])?;
//!
//! let transfer = |id, from, to, amount: &str| Ok::<_, Box<dyn std::error::Error>>(Transfer {
//!     id, debit_account_id: from, credit_account_id: to, amount: Amount::parse(amount, &euro)?, ledger: 1, code: 1, ..Transfer::default()
//! });
//! let batch = Batch::Transfers(vec![
//!     transfer(10, 1, 2, "25.00")?,
//!     transfer(11, 2, 1, "30.00")?,                                                // more than there is
//!     transfer(10, 1, 2, "25.00")?,                                                // asked again
//! ]);
//! let committed = node.commit(now, &[batch])?;                                     // durable when this returns
//! let Reply::Transfers(outcomes) = &committed[0].reply else { unreachable!() };
//! assert_eq!(outcomes.iter().map(|outcome| outcome.code).collect::<Vec<_>>(), [Code::Ok, Code::ExceedsCredits, Code::Exists]);
//! assert_eq!(outcomes[0].credit.credits_posted.display(&euro).to_string(), "25.00");
//! node.state().check()?;                                                           // debits = credits, limits, reservations
//! node.close()?;
//! # std::fs::remove_dir_all(&dir).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rooms
//!
//! | module | what it holds |
//! |---|---|
//! | [`money`] | amounts, currencies, exact decimals, rates |
//! | [`model`] | accounts, transfers, transactions; batches and answers; every [`Code`](model::Code) with what it says |
//! | [`state`] | the state machine: a function of the batches so far |
//! | [`log`] | records in a chain of hashes; what a crash tore, told from damage; exports that prove themselves |
//! | [`snapshot`], [`archive`] | the state at a moment; entries that are too old for memory |
//! | [`Node`] | all of it in its order: commit, archiving, opening |
//! | [`query`] | pages, balances of any moment, statements, the change feed |
//! | [`codec`] | batches and answers as bytes: `RECORDS.md`; the files around them: `FORMAT.md` |
//! | [`disk`] | files behind a trait, and a disk in memory that crashes and fails on demand |
//!
//! # What is promised
//!
//! - **Conservation.** In every currency debits are credits, posted and pending; limits hold. [`State::check`](state::State::check) proves it, before every snapshot.
//! - **Idempotency.** An event's id is the key. The same content again gets the same answer, with the balances of the first time ([`Code::Exists`](model::Code::Exists)); other content
//!   is a conflict, and the code says which field differs. What was refused because of the state stays refused under its id.
//! - **Durability.** [`Node::commit`] returns when `fdatasync` has. What that is worth is the device's word. A failed sync stops the node for good.
//! - **Recovery.** Snapshot and log; a torn end of the log is cut, damage of what was durable is an error with file and offset. Snapshots and archive can be lost: the log makes them again.
//! - **Determinism.** The same log gives the same state, to the last bit: [`State::digest`](state::State::digest). Replication will rest on that.
//! - **Bounded memory.** 128 bytes and an index entry for each account, some 400 bytes for each open pending transfer, two generations of entries, and the archive's buffers; history
//!   is on disk.
//!
//! # What it is not
//!
//! It is one machine: there is no replication yet. The log and the archive grow for ever. It does not know who may move money: that is the server's, and yours.

#![forbid(unsafe_code)]

pub mod archive;
pub mod codec;
pub mod disk;
mod error;
pub mod log;
pub mod model;
pub mod money;
mod node;
mod past;
pub mod query;
pub mod snapshot;
pub mod state;

pub use error::{Error, Result};
pub use node::{Committed, MAX_BATCH_BYTES, Node, NodeOptions, Recovery};
pub use past::{NoPast, Past};
