//! The gates of the ledger: against PostgreSQL with the same books, and against its own promises about memory and recovery.
//!
//! | module | what it holds |
//! |---|---|
//! | [`gates`] | the gates, what was measured of them, the table |
//! | [`requests`] | the transfers that are asked for, and what they come to |
//! | [`server`] | the ledger's server in a process of its own |
//! | [`load`] | clients that ask as fast as they are answered |
//! | [`http`] | one of them that speaks HTTP |
//! | [`books`] | twenty million transfers: memory, and what a kill costs |
//! | [`postgres`] | the rival: a private cluster, and pgbench |
//!
//! # What is compared with what
//!
//! Both sides are durable: an answer means that `fdatasync` has returned. Both have 10,000 accounts of one currency, amounts from 1 to 100, new books for each reading, and
//! their clients on the same machine's processors. Whoever has answered last ends the clock. Afterwards the books must balance; ours must also hold exactly the sum of
//! what was acknowledged.
//!
//! **Ours** is the server as the program `ledger_api` puts it together, with its defaults, over loopback: 128-byte records whose answers say both accounts'
//! balances, ids of 128 bits at random, each looked up in all of the past, all entries kept and indexed. Its log, its snapshots and its archive are written
//! while it is measured.
//!
//! **PostgreSQL** is tuned as in `postgres.rs`, on a Unix socket. A transfer is a function in PL/pgSQL: two updates and an insertion, prepared. It has one row a transfer, no second index and numbers of
//! 64 bits. That favours it. Where it is not installed, its ratios are not measured.
//!
//! | work | ours | PostgreSQL |
//! |---|---|---|
//! | batch | 8,190 transfers a batch, 2 connections with 4 batches under way each, the client encodes and sends them | 1,000 transfers a transaction, in order, each seeing the one before, 2 clients; made up within the server, so that nothing is sent |
//! | single | 16 connections with one transfer under way each, a thread each | 16 clients of pgbench on 2 threads, one transfer a transaction |
//! | HTTP | the same as JSON over HTTP, connections kept | as for single |
//!
//! A hot account is debited in every transfer. A batch that is netted, one update for each account, is weaker (it fails as a whole, and no transfer sees another); it is
//! in the notes and not judged.
//!
//! A reading takes [`gates::SECONDS`], less than in the anchors: in three rounds or more of all works, ours and theirs in turns, slow minutes of a shared machine fall on both
//! sides. Within a round the order of works rotates.
//!
//! # The books
//!
//! [`books`] puts twenty million transfers through the server in batches and reads the server's memory every 25 ms. What counts is `RssAnon`, memory that only the process can give back;
//! pages of files that are mapped are the system's cache, and what the kernel calls the peak (`VmHWM`, with those pages) is in the notes. It is flat if the largest reading of the second
//! ten million is no more than that of the first. Then the server is killed (SIGKILL) with batches under way, and started again: the time
//! from the start of its process until the ledger is open and both ports are bound is the recovery. Everything acknowledged must be there.

pub mod books;
pub mod gates;
pub mod http;
pub mod load;
pub mod postgres;
pub mod requests;
pub mod server;

pub use crate::Fault;

/// An error says in a sentence why something cannot be measured.
pub type Result<T> = std::result::Result<T, Fault>;
