//! Which of a reader's types and fields take which of a writer's: the one place where that is decided, for the checker, the resolver and whoever
//! wants to know.
//!
//! All of it depends on the two schemas alone, never on a value, so that it is known before anything is read; and on the heads of types alone:
//! kinds, names, aliases and the sizes of fixed. What is inside of types does not count.
//!
//! The rules are the specification's (section "Schema Resolution"); where that leaves a choice, [the front page](crate) says what is done.
//! [`check::java`](crate::check::java) has rules of its own.

mod branch;
mod fields;

pub use branch::{Match, choose, matches, names, promotes};
pub use fields::{Source, correspond};
