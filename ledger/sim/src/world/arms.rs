//! What is going to go wrong on the devices, and what did.

use std::{
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{plan::Failing, random::mix};

/// The faults that wait for their operation, and a digest of all operations. Shared by the disk and the archive of one machine.
#[derive(Debug, Default)]
pub struct Arms {
    off: bool,
    /// The observer is at work: nothing is counted, and nothing fails.
    pub(super) quiet: bool,
    power_in: Option<(u32, u64)>,
    fails: Vec<(Failing, u32)>,
    astray: Option<(u32, u64)>,
    /// What went astray, until it is repaired.
    pub(super) strays: Vec<Stray>,
    /// How many operations failed because they were told to.
    pub(super) failed: u64,
    /// The names of the files that are open, as they are now.
    open: Vec<Arc<Mutex<String>>>,
    operations: u64,
    digest: u64,
}

/// A write that arrived elsewhere, or nowhere.
#[derive(Debug, Clone)]
pub struct Stray {
    /// The file's name, wherever it is renamed to.
    pub name: String,
    /// What was written.
    pub bytes: Vec<u8>,
    /// Where it should have been.
    pub intended: u64,
    /// Where it is, and what stood there before.
    pub victim: Option<(u64, Vec<u8>)>,
    /// What was written to the file afterwards.
    pub later: Vec<Range<u64>>,
}

/// What is to become of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It happens.
    Go,
    /// The machine is off.
    Off,
    /// The machine goes off meanwhile; how much of it happens follows from the number.
    GoesOff(u64),
    /// It fails; how much of it happens follows from the number.
    Fails(u64),
    /// A write arrives elsewhere.
    Astray(u64),
}

/// Kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Open,
    Rename,
    Remove,
    Names,
    SyncNames,
    Read,
    Write,
    Sync,
    Length,
    Store,
    Recall,
}

impl Kind {
    fn failing(self) -> Option<Failing> {
        match self {
            Self::Read | Self::Recall => Some(Failing::Read),
            Self::Write => Some(Failing::Write),
            Self::Sync => Some(Failing::Sync),
            Self::SyncNames => Some(Failing::Names),
            Self::Store => Some(Failing::Archive),
            _ => None,
        }
    }
}

impl Arms {
    pub(super) fn power_in(&mut self, operations: u32, fate: u64) {
        self.power_in = Some((operations, fate));
    }

    pub(super) fn fails(&mut self, what: Failing, after: u32) {
        self.fails.push((what, after));
    }

    pub(super) fn astray(&mut self, after: u32, fate: u64) {
        self.astray = Some((after, fate));
    }

    /// Nothing waits any more.
    pub(super) fn disarm(&mut self) {
        self.power_in = None;
        self.fails.clear();
        self.astray = None;
    }

    pub(super) fn is_off(&self) -> bool {
        self.off
    }

    /// The machine comes up again.
    pub(super) fn boot(&mut self) {
        self.off = false;
        self.power_in = None;
    }

    /// A digest of all operations so far, and how many there were.
    pub(super) fn digest(&self) -> (u64, u64) {
        (self.digest, self.operations)
    }

    fn note(&mut self, number: u64) {
        self.digest = mix(self.digest ^ number);
    }

    /// Counts an operation, and decides.
    pub(super) fn decide(&mut self, kind: Kind, name: &str, offset: u64, length: u64) -> Verdict {
        if self.off {
            return Verdict::Off;
        }
        if self.quiet {
            return Verdict::Go;
        }
        self.operations += 1;
        self.note(kind as u64);
        for byte in name.bytes() {
            self.note(byte.into());
        }
        self.note(offset);
        self.note(length);
        let verdict = self.verdict(kind);
        if verdict != Verdict::Go {
            self.note(99);
        }
        verdict
    }

    fn verdict(&mut self, kind: Kind) -> Verdict {
        if let Some((left, fate)) = &mut self.power_in {
            if *left == 0 {
                self.off = true;
                return Verdict::GoesOff(mix(*fate));
            }
            *left -= 1;
        }
        let failing = kind.failing();
        let mut now = None;
        for (at, (what, left)) in self.fails.iter_mut().enumerate() {
            if Some(*what) == failing {
                if *left == 0 {
                    now = Some(at);
                    break;
                }
                *left -= 1;
            }
        }
        if let Some(at) = now {
            self.fails.remove(at);
            self.failed += 1;
            return Verdict::Fails(mix(self.operations));
        }
        if kind == Kind::Write
            && let Some((left, fate)) = &mut self.astray
        {
            if *left == 0 {
                let fate = *fate;
                self.astray = None;
                return Verdict::Astray(fate);
            }
            *left -= 1;
        }
        Verdict::Go
    }

    /// Remembers that a file was written to, for those that have a stray write.
    pub(super) fn written(&mut self, name: &str, range: Range<u64>) {
        for stray in self.strays.iter_mut().filter(|stray| stray.name == name) {
            stray.later.push(range.clone());
        }
    }

    /// A file was opened; its name follows it.
    pub(super) fn opened(&mut self, name: &str) -> Arc<Mutex<String>> {
        let name = Arc::new(Mutex::new(name.to_owned()));
        self.open.retain(|name| Arc::strong_count(name) > 1);
        self.open.push(Arc::clone(&name));
        name
    }

    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        for name in &self.open {
            let mut name = name.lock().unwrap_or_else(PoisonError::into_inner);
            if *name == from {
                to.clone_into(&mut name);
            }
        }
        self.strays.retain(|stray| stray.name != to);
        for stray in self.strays.iter_mut().filter(|stray| stray.name == from) {
            to.clone_into(&mut stray.name);
        }
    }

    pub(super) fn removed(&mut self, name: &str) {
        self.strays.retain(|stray| stray.name != name);
    }
}

/// What an operation of a machine that is off says.
pub(super) fn off() -> io::Error {
    io::Error::other("simulated: the power failed")
}

/// What an operation that was told to fail says.
pub(super) fn failed() -> io::Error {
    io::Error::other("simulated: the device failed")
}
