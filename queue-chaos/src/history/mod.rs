//! What happened in a run.
//!
//! A history is a text of JSON lines, an [`Event`] each. The first is [`What::Run`], the last [`What::End`]; a history without it was cut short.
//! Everything that a [check](crate::check) needs is in it, so that it can be judged again, later and by others.
//!
//! **Order.** The lines of one producer, and those of one consumer, stand in the order in which they happened. Lines of different ones may stand in another
//! order than their times, by as much as the writer's queue holds; what happened before what is told by [`Event::at`] then.

mod event;
mod format;
mod parse;
mod reader;
mod sink;
mod writer;

pub use event::{
    Acks, Commits, Delivery, Event, Isolation, Outcome, Record, Run, Sample, Topic, What,
};
pub use reader::Reader;
pub use sink::{Memory, Sink, Step};
pub use writer::Writer;
