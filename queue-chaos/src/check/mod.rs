//! What a history says about the messages: lost, doubled, reordered, invented. Pure: events in, a [`Judgement`] out.
//!
//! # What counts as what
//!
//! **There.** What is in a partition in the end is what consumers outside of groups have read after all faults ended, from its first offset to its last
//! ([`What::ReadAll`](crate::history::What::ReadAll)), and what its watermarks say. Without them nothing is lost, but the verdict is [`Verdict::Unknown`]: what nobody saw may be there. Records
//! below the low watermark were deleted by the rules of the topic, and are not missed.
//!
//! **Known to be there.** Nobody can say that a consumer skipped an offset at which nothing is: marks of transactions, aborted messages and compacted ones leave gaps.
//! So only offsets count at which somebody has read a record, and which the last reader, if there is one, has got, too; for who reads what is committed, only those that another such reader got, or
//! that are outside of transactions.
//!
//! | kind | found when |
//! |---|---|
//! | lost-write | acknowledged, or read by anybody; its partition was read to the end without it, or ends before it. Of a transaction: if it was committed. What was read has been below the high watermark, and stays, acknowledged or not: consumers are given nothing else |
//! | duplicate | read at two offsets, and there at both |
//! | inconsistent-offsets | two messages at one offset; or acknowledged at one where it is not, and read at another |
//! | aborted-read | read by anybody, and refused; or by a read-committed consumer, and its transaction was aborted, never asked to commit, or asked only after the read |
//! | phantom | read, and never sent, or to another partition |
//! | corrupt | told by a consumer |
//! | poll-skip | a consumer went past a record, since it was given the partition, or moved there itself |
//! | non-monotonic-poll | a consumer got an offset that it was past, in the same time |
//! | non-monotonic-send | two messages of a producer, one after the other in a partition, and the second was sent first. A second copy of a message does not count |
//! | commit-regression | a group's commit is lower than one that was done before it was asked for, or less is committed in the end; unless a member moved there itself |
//! | group-skip | below the group's last commit, and from where it began (the lowest offset that a member was assigned, or got first if it was not told one): a record that no member got, nor passed on purpose |
//! | lost-work | the same, of a group that tells what it has done: one got it, and none has done it |
//! | torn-transaction | one message of a transaction is there, and another, acknowledged or read, is not |
//! | not-exactly-once | an input with two visible outputs; or without any, below the last commit of the group that reads it |
//!
//! One thing may be several anomalies: a message of a committed transaction that is not there is lost, and the transaction torn.
//!
//! **Promised.** Not every producer is promised everything. What was not is found all the same, and marked ([`Anomaly::promised`], [`AnomalyKind::promised_to`]).
//!
//! **Order of lines.** Lines of one producer must be in order, and those of one consumer, else the history is refused. Between them nothing is taken from the order of lines: a record may be
//! read any number of lines before it is sent. Two things look at times: whether a transaction was read before it was asked to commit, and which commit of a group was
//! first; commits may be late by 32 of the same group and partition, and positions that members move themselves by as many. The answer to a commit belongs to the first one that its consumer has asked for with the same offsets, and has not heard of. The lines of a transaction's offsets belong to its producer, too.

mod checker;
mod commits;
mod consumption;
mod exactly_once;
mod file;
mod findings;
mod groups;
mod judge;
mod judgement;
mod kind;
mod limits;
mod log;
mod messages;
mod messages_there;
mod offsets;
mod options;
mod order;
mod pages;
mod readers;
mod transactions;
mod truth;

pub use checker::Checker;
pub use file::check_file;
pub use judgement::{Anomaly, Counts, Judgement, Verdict};
pub use kind::AnomalyKind;
pub use options::Options;
