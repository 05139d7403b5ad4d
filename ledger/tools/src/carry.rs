//! From a source to a target: in order, from where the target ends, nothing left out.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use ledger_json::Key;

use crate::{
    Error, Result,
    source::{Heard, Source},
    target::{Position, Target},
};

/// After so many changes they are settled.
const BATCH: u64 = 10_000;
/// After so long they are settled, if they are fewer.
const UNSETTLED: Duration = Duration::from_secs(1);
/// How long to wait for a change before it is said that nothing is new.
const WAIT: Duration = Duration::from_millis(50);
/// How long to wait before the first attempt to go on, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What was carried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// How many changes are in the target for good.
    pub changes: u64,
    /// The last one that the target has.
    pub last: Option<Key>,
}

/// Carries changes until the source ends, or `stop` is set: what was put is settled then.
///
/// `behind` is what the target had: the source must show it, the same, before anything is put. So a target is never continued with another ledger's changes, or
/// with those of a copy that is older than what was carried before.
///
/// # Errors
///
/// Those of both; the source has not what the target ends with. `carried` says what is in the target all the same.
pub fn carry(
    source: &mut dyn Source,
    target: &mut dyn Target,
    behind: Option<&Position>,
    stop: &AtomicBool,
    carried: &mut Carried,
) -> Result<()> {
    let mut load = Load { target, carried, put: 0, last: behind.map(|it| it.key), since: None };
    load.carried.last = load.last;
    // Whether the source has shown what the target ends with.
    let mut met = behind.is_none();
    while !stop.load(Ordering::Relaxed) {
        let heard = match source.hear(WAIT) {
            Ok(heard) => heard,
            Err(error) => {
                load.settle()?;
                return Err(error);
            }
        };
        match (heard, behind) {
            (Heard::Change(change), Some(position)) if Key::of(&change) <= position.key => {
                met |= Key::of(&change) == position.key;
                if met && position.change.as_ref().is_some_and(|it| *it != *change) {
                    return Err(Error::Asked(format!(
                        "the target's last change, {}, is another one than the source's: it has the changes of another ledger; name another target",
                        position.key
                    )));
                }
            }
            (Heard::Change(_) | Heard::CaughtUp | Heard::End, Some(position)) if !met => {
                return Err(Error::Asked(format!(
                    "the target ends with change {}, which the source has not: it is another ledger's, or an older copy; name another target",
                    position.key
                )));
            }
            (Heard::Change(change), _) => load.put(&change)?,
            (Heard::Nothing | Heard::CaughtUp, _) => load.settle()?,
            (Heard::End, _) => break,
        }
    }
    load.settle()
}

/// What was put into a target.
struct Load<'a> {
    target: &'a mut dyn Target,
    carried: &'a mut Carried,
    /// Changes that are not settled.
    put: u64,
    last: Option<Key>,
    /// Since when there are some.
    since: Option<Instant>,
}

impl Load<'_> {
    fn put(&mut self, change: &ledger::query::Change) -> Result<()> {
        let key = Key::of(change);
        if Some(key) <= self.last {
            return Ok(());
        }
        self.target.put(change)?;
        self.put += 1;
        self.last = Some(key);
        let since = *self.since.get_or_insert_with(Instant::now);
        // A look at the clock takes as long as a tenth of a change.
        if self.put >= BATCH || (self.put.is_multiple_of(16) && since.elapsed() >= UNSETTLED) {
            self.settle()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        if self.put != 0 {
            self.target.settle()?;
            self.carried.changes += self.put;
            (self.put, self.since) = (0, None);
        }
        self.carried.last = self.last;
        Ok(())
    }
}

/// Makes a source that shows what a target ends with, and what is behind it.
pub type Listen<'a> = dyn FnMut(Option<&Position>) -> Result<Box<dyn Source>> + 'a;

/// As [`carry`], again and again with new sources, as long as what goes wrong may pass: a server or a broker that is away. `listen` makes a source that begins
/// with what is told; `report` hears what went wrong, and how long it will be until the next attempt.
///
/// # Errors
///
/// As [`carry`], but for those that may pass.
pub fn follow(
    listen: &mut Listen<'_>,
    target: &mut dyn Target,
    stop: &AtomicBool,
    carried: &mut Carried,
    report: &mut dyn FnMut(&Error, Duration),
) -> Result<()> {
    let mut pause = PAUSE.0;
    loop {
        let before = carried.changes;
        let attempt = target.open().and_then(|behind| {
            let mut source = listen(behind.as_ref())?;
            carry(source.as_mut(), target, behind.as_ref(), stop, carried)
        });
        match attempt {
            Err(error) if error.may_pass() => {
                if carried.changes != before {
                    pause = PAUSE.0;
                }
                report(&error, pause);
                let until = Instant::now() + pause;
                while Instant::now() < until {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    thread::sleep(WAIT);
                }
                pause = (pause * 2).min(PAUSE.1);
            }
            done => return done,
        }
    }
}
