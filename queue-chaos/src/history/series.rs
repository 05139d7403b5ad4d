//! What happened to several messages of a producer at once, on one line: a message takes a tenth of the text that it takes alone.

use serde::Deserialize;

use super::format::LONGEST_LIST;
use super::{Event, Step, What};
use crate::id::{PartitionId, ProducerId};

/// A line that says several events, all of one time: the docs of [`history`](super) have an example of each kind.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Series {
    #[serde(rename = "t")]
    at: u64,
    #[serde(flatten)]
    of: Of,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "e")]
enum Of {
    #[serde(rename = "sends")]
    Sends { p: ProducerId, s: u64, to: Vec<PartitionId> },
    #[serde(rename = "acks")]
    Acks { p: ProducerId, to: PartitionId, o: Option<u64>, s: Vec<u64> },
}

/// The values of `e` of lines that say several events.
pub(super) const NAMES: [&str; 2] = ["sends", "acks"];

impl Series {
    pub(super) fn sends(at: u64, p: ProducerId, s: u64, to: Vec<PartitionId>) -> Self {
        Self { at, of: Of::Sends { p, s, to } }
    }

    pub(super) fn acks(
        at: u64,
        p: ProducerId,
        to: PartitionId,
        o: Option<u64>,
        s: Vec<u64>,
    ) -> Self {
        Self { at, of: Of::Acks { p, to, o, s } }
    }

    /// How many events it says.
    fn len(&self) -> usize {
        match &self.of {
            Of::Sends { to, .. } => to.len(),
            Of::Acks { s, .. } => s.len(),
        }
    }

    /// Whether it says any, and all its numbers are numbers.
    pub(super) fn is_sound(&self) -> bool {
        let (Of::Sends { s: first, .. } | Of::Acks { o: Some(first), .. }) = self.of else {
            return self.len() > 0;
        };
        self.len() > 0 && first.checked_add(self.len() as u64).is_some()
    }

    /// The event of this number. Of a [sound](Self::is_sound) series, so that additions do not overflow.
    pub(super) fn event(&self, number: usize) -> Option<Event> {
        let after = number as u64;
        let what = match &self.of {
            Of::Sends { p, s, to } => {
                What::Send { p: *p, s: s + after, to: *to.get(number)?, of: None }
            }
            Of::Acks { p, to, o, s } => {
                What::Ack { p: *p, s: *s.get(number)?, to: *to, o: o.map(|first| first + after) }
            }
        };
        Some(Event { at: self.at, what })
    }
}

/// How many of these steps of one producer, from the first on, can be said by one line.
pub(super) fn together(steps: &[Step]) -> usize {
    let Some(first) = steps.first() else { return 0 };
    let follows = |(after, step): &(usize, &Step)| {
        let after = *after as u64;
        match (*first, **step) {
            (
                Step::Send { at, s, of: None, .. },
                Step::Send { at: then, s: next, of: None, .. },
            ) => then == at && s.checked_add(after) == Some(next),
            (Step::Ack { at, to, o, .. }, Step::Ack { at: then, to: there, o: next, .. }) => {
                let offset = o.map(|first| first.checked_add(after));
                (then, there) == (at, to) && offset.unwrap_or_default() == next
            }
            _ => false,
        }
    };
    // The first is itself, whatever it is.
    1 + steps.iter().enumerate().take(LONGEST_LIST).skip(1).take_while(follows).count()
}
