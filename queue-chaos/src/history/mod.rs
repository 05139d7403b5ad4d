//! What happened in a run.
//!
//! A history is a text of JSON lines, an [`Event`] each, or several of one kind: messages that a producer sends at once, or hears of at once, share a line. The first is
//! [`What::Run`], the last [`What::End`]; a history without it was cut short. Everything that a [check](crate::check) needs is in it, so that it can be
//! judged again, later and by others.
//!
//! ```text
//! {"t":402,"e":"sends","p":0,"s":17,"to":[1,0,1]}
//! {"t":978,"e":"acks","p":0,"to":1,"o":40,"s":[17,19]}
//! ```
//! The first of these lines is three [`What::Send`]: of messages 17, 18 and 19, to partitions 1, 0 and 1. The second is two [`What::Ack`]: of messages 17 and 19, which
//! got offsets 40 and 41 of partition 1 (none, where acknowledgements tell none). A [`Reader`] gives event after event.
//!
//! **Order.** The lines of one producer, and those of one consumer, stand in the order in which they happened. Lines of different ones may stand in another
//! order than their times, by as much as the writer's queue holds; what happened before what is told by [`Event::at`] then.

mod event;
mod format;
mod parse;
mod reader;
mod series;
mod sink;
mod writer;

pub use event::{
    Acks, Commits, Delivery, Event, Isolation, Outcome, Record, Run, Sample, Topic, What,
};
pub use reader::Reader;
pub use sink::{Memory, Sink, Step};
pub use writer::Writer;

/// The version of the histories that are written ([`Run::version`]). Those of version 1 have one event a line.
pub const VERSION: u32 = 2;
