//! From when to when which fault was.

use std::collections::HashMap;

use crate::history::Outcome;
use crate::schedule::{Action, Target, UNDO_ALL};

/// No more are kept: what a page shows, and bounded memory.
const MOST: usize = 2_000;

/// How an action on a cluster went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultState {
    /// It was done.
    Done,
    /// It is certain not to have been done, and why.
    Failed(String),
    /// Nobody knows whether it was done, and why.
    Unknown(String),
}

/// Something that was done to a cluster, from when to when. Times are microseconds since the run began.
///
/// A `kill` lasts from when it was asked for until the `start` was done; an action that nothing ends, as `rolling-restart`, from when it was asked for until it
/// was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpan {
    /// The action, as plans write it.
    pub what: String,
    /// When it was asked for.
    pub begin: u64,
    /// When it was undone, or done if nothing undoes it. None if that never happened.
    pub end: Option<u64>,
    /// How it went.
    pub state: FaultState,
    /// Whether it is one of those that last until another action ends them.
    pub lasting: bool,
}

/// Something at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Microseconds since the run began.
    pub at: u64,
    /// What.
    pub text: String,
}

/// Finds beginnings and ends that belong together.
#[derive(Debug, Default)]
pub(super) struct Spans {
    pub spans: Vec<FaultSpan>,
    pub marks: Vec<Mark>,
    /// How many were not kept.
    pub omitted: u64,
    asked: HashMap<u32, (u64, String)>,
    /// Those that last: their places among the spans, with what they are.
    open: Vec<(usize, Action)>,
}

impl Spans {
    pub(super) fn mark(&mut self, at: u64, text: String) {
        if self.marks.len() < MOST {
            self.marks.push(Mark { at, text });
        } else {
            self.omitted += 1;
        }
    }

    fn push(&mut self, span: FaultSpan) -> Option<usize> {
        if self.spans.len() >= MOST {
            self.omitted += 1;
            return None;
        }
        self.spans.push(span);
        Some(self.spans.len() - 1)
    }

    pub(super) fn fault(&mut self, at: u64, what: &str, is: &Outcome, n: u32) {
        if *is == Outcome::Invoke {
            if self.asked.len() < MOST {
                self.asked.insert(n, (at, what.to_owned()));
            }
            return;
        }
        let begin = self.asked.remove(&n).map_or(at, |(begin, _)| begin);
        let state = match is {
            Outcome::Ok | Outcome::Invoke => FaultState::Done,
            Outcome::Fail(why) => FaultState::Failed(why.clone()),
            Outcome::Unknown(why) => FaultState::Unknown(why.clone()),
        };
        let happened = !matches!(state, FaultState::Failed(_));
        let action = what.parse::<Action>().ok();
        if let (Some(Action::Mark(text)), true) = (&action, happened) {
            self.mark(begin, text.clone());
            return;
        }
        if what == UNDO_ALL && happened {
            self.close(at, |_| true);
            return;
        }
        let mut span =
            FaultSpan { what: what.to_owned(), begin, end: Some(at), state, lasting: false };
        let Some(action) = action.filter(|_| happened) else {
            self.push(span);
            return;
        };
        if action.inverse().is_some() {
            span.end = None;
            span.lasting = true;
            if let Some(place) = self.push(span) {
                self.open.push((place, action));
            }
        } else if !self.end(at, &action) {
            self.push(span);
        }
    }

    /// Ends what an action ends. Whether that was anything.
    fn end(&mut self, at: u64, action: &Action) -> bool {
        let same = |begun: &Action| {
            action.ends(begun)
                && (action.target() == begun.target() || action.target() == Some(Target::All))
        };
        if self.close(at, same) {
            return true;
        }
        // Nobody has told which nodes these were: the oldest is it.
        let role = |begun: &Action| {
            action.ends(begun) && !matches!(begun.target(), Some(Target::Node(_) | Target::All))
        };
        let oldest = self.open.iter().find(|(_, begun)| role(begun)).map(|(place, _)| *place);
        let mut found = false;
        if let Some(oldest) = oldest {
            self.open.retain(|(place, _)| *place != oldest);
            self.spans[oldest].end = Some(at);
            found = true;
        }
        found
    }

    fn close(&mut self, at: u64, which: impl Fn(&Action) -> bool) -> bool {
        let before = self.open.len();
        let spans = &mut self.spans;
        self.open.retain(|(place, begun)| {
            let ends = which(begun);
            if ends {
                spans[*place].end = Some(at);
            }
            !ends
        });
        self.open.len() < before
    }

    /// What was asked for and never heard of.
    pub(super) fn finish(&mut self) {
        let mut asked: Vec<(u64, String)> = self.asked.drain().map(|(_, asked)| asked).collect();
        asked.sort();
        for (begin, what) in asked {
            let state = FaultState::Unknown("the history ends before its end".into());
            self.push(FaultSpan { what, begin, end: None, state, lasting: false });
        }
        self.spans.sort_by_key(|span| span.begin);
    }
}
