//! A step of a plan: an action, and when.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::grammar;
use super::words::{Words, Wrong};
use super::{Action, duration};
use crate::Error;

/// When a step happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, so long after the beginning.
    At(Duration),
    /// Again and again.
    Every {
        /// From one time to the next.
        period: Duration,
        /// The first time; after one period if it is not told.
        from: Option<Duration>,
        /// No more at this time or later; until the plan ends if it is not told.
        until: Option<Duration>,
    },
}

/// An action, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub when: When,
    /// After how long it is undone by [`Action::inverse`]. Where nodes are chosen when it happens, these are undone if the cluster can tell which they
    /// were, else all.
    pub lasts: Option<Duration>,
    /// What.
    pub action: Action,
}

impl Step {
    /// Once.
    #[must_use]
    pub const fn at(at: Duration, action: Action) -> Self {
        Self { when: When::At(at), lasts: None, action }
    }

    /// Again and again, from one period on until the plan ends.
    #[must_use]
    pub const fn every(period: Duration, action: Action) -> Self {
        Self { when: When::Every { period, from: None, until: None }, lasts: None, action }
    }

    /// The first time of one that happens again and again.
    #[must_use]
    pub const fn from(mut self, first: Duration) -> Self {
        if let When::Every { from, .. } = &mut self.when {
            *from = Some(first);
        }
        self
    }

    /// The end of one that happens again and again.
    #[must_use]
    pub const fn until(mut self, end: Duration) -> Self {
        if let When::Every { until, .. } = &mut self.when {
            *until = Some(end);
        }
        self
    }

    /// Undoes it after so long.
    #[must_use]
    pub const fn lasting(mut self, lasts: Duration) -> Self {
        self.lasts = Some(lasts);
        self
    }

    /// What is wrong with it in itself.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.lasts.is_some() && self.action.inverse().is_none() {
            return Err(format!(
                "`for` undoes an action, and nothing undoes \"{}\": leave `for` away, or take one of stop, kill, pause, net, fill-disk, read-only-disk, \
                 round-trip",
                self.action
            ));
        }
        if self.lasts.is_some_and(|lasts| lasts.is_zero()) {
            return Err("`for 0s` undoes an action at once: write for how long it lasts".into());
        }
        match self.when {
            When::Every { period, .. } if period.is_zero() => {
                Err("`every 0s` never comes to an end: write a time from one to the next".into())
            }
            When::Every { period, from, until: Some(until) } if until <= from.unwrap_or(period) => {
                Err(format!(
                    "it never happens: the first time would be at {}, and `until` is {}",
                    duration::text(from.unwrap_or(period)),
                    duration::text(until)
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Takes a clause that may stand once.
fn clause(words: &mut Words<'_>, name: &str, value: &mut Option<Duration>) -> Result<bool, Wrong> {
    let at = words.clone();
    if !words.take(name) {
        return Ok(false);
    }
    if value.is_some() {
        return Err(at.wrong(format!("a second `{name}`: once is enough")));
    }
    *value = Some(words.duration("a time")?);
    Ok(true)
}

fn step(words: &mut Words<'_>) -> Result<Step, Wrong> {
    let begin = words.clone();
    let (mut lasts, mut from, mut until) = (None, None, None);
    let when = if words.take("at") {
        let at = words.duration("a time")?;
        while clause(words, "for", &mut lasts)? {}
        if matches!(words.peek(), Some("from" | "until")) {
            return Err(words.wrong("`from` and `until` are for steps with `every`".into()));
        }
        When::At(at)
    } else if words.take("every") {
        let period = words.duration("a time")?;
        while clause(words, "from", &mut from)?
            || clause(words, "until", &mut until)?
            || clause(words, "for", &mut lasts)?
        {}
        When::Every { period, from, until }
    } else if words.peek().is_some_and(|word| grammar::names().contains(&word)) {
        return Err(words.wrong(
            "a step begins with when it happens: \"at 3s kill 2\" or \"every 10s kill 2\"".into(),
        ));
    } else {
        return Err(words.none_of("a beginning of a step", &["at", "every"]));
    };
    let step = Step { when, lasts, action: grammar::action(words)? };
    step.check().map_err(|what| begin.wrong(what))?;
    Ok(step)
}

impl FromStr for Step {
    type Err = Error;

    /// Reads a step; [`Display`](fmt::Display) is its inverse.
    ///
    /// # Errors
    /// [`Error::Plan`] with the word that is wrong, and what would be right.
    fn from_str(text: &str) -> Result<Self, Error> {
        step(&mut Words::new(text)).map_err(|wrong| wrong.of(text))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, time, from, until) = match self.when {
            When::At(at) => ("at", at, None, None),
            When::Every { period, from, until } => ("every", period, from, until),
        };
        write!(f, "{word} {} ", duration::text(time))?;
        for (name, value) in [("from", from), ("until", until), ("for", self.lasts)] {
            if let Some(value) = value {
                write!(f, "{name} {} ", duration::text(value))?;
            }
        }
        self.action.fmt(f)
    }
}
