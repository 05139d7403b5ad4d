//! What a history says about the messages: lost, doubled, reordered, invented. Pure: events in, a [`Judgement`] out.

mod judgement;

pub use judgement::{Anomaly, AnomalyKind, Counts, Judgement, Verdict};
