//! Who reads: consumers, alone and in groups.

use std::collections::{HashMap, VecDeque};

use crate::history::Commits as How;
use crate::id::{ConsumerId, PartitionId, ProducerId};

use super::commits::Commits;
use super::pages::Bits;

/// What is known of a position in a partition.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Session {
    /// The offset that comes next; none if the consumer did not know when it began, and has got nothing yet.
    pub next: Option<u64>,
    /// The lowest that it was at.
    pub start: Option<u64>,
}

/// A commit that has been asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub at: u64,
    pub to: Vec<(PartitionId, u64)>,
    pub within: Option<ProducerId>,
}

#[derive(Debug)]
pub(super) struct Consumer {
    /// Its row in [`Readers::all`].
    pub reader: u32,
    /// Whether it reads only what is committed.
    pub committed: bool,
    pub sessions: HashMap<PartitionId, Session>,
    pub asked: VecDeque<Asked>,
    pub gone: bool,
}

/// What a reader has done in a partition.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Offsets of records that it got.
    pub got: Bits,
    /// Offsets of records that it has done its work on.
    pub done: Bits,
    /// The first offset that it was to read.
    pub start: Option<u64>,
    /// Ranges that a member went over by itself.
    pub passed: Vec<(u64, u64)>,
    pub commits: Commits,
    /// What it had committed in the end.
    pub committed: Option<u64>,
}

impl Reading {
    pub fn starts(&mut self, at: u64) {
        self.start = Some(self.start.map_or(at, |it| it.min(at)));
    }

    pub fn passed(&self, offset: u64) -> bool {
        self.passed.iter().any(|(from, to)| (*from..*to).contains(&offset))
    }
}

/// A group, or a consumer without one.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub group: Option<String>,
    /// Whether a member reads only what is committed.
    pub committed: bool,
    /// Whether a member commits before it does its work.
    pub early: bool,
    /// Whether a member commits in transactions.
    pub transactional: bool,
    /// Whether a member tells what it has done.
    pub does: bool,
    pub readings: HashMap<PartitionId, Box<Reading>>,
}

#[derive(Debug, Default)]
pub(super) struct Readers {
    pub all: Vec<Reader>,
    groups: HashMap<String, u32>,
    consumers: Vec<Option<Box<Consumer>>>,
}

impl Readers {
    pub fn begin(
        &mut self,
        c: usize,
        group: Option<&str>,
        committed: bool,
        how: How,
    ) -> Result<(), String> {
        if self.consumers.len() <= c {
            self.consumers.resize_with(c + 1, || None);
        }
        if self.consumers[c].is_some() {
            return Err(format!("consumer {c} begins a second time"));
        }
        let reader = match group {
            Some(group) => self.group(group),
            None => self.add(None),
        };
        let it = &mut self.all[reader as usize];
        it.committed |= committed;
        it.early |= how == How::Early;
        it.transactional |= how == How::Transactional;
        self.consumers[c] = Some(Box::new(Consumer {
            reader,
            committed,
            sessions: HashMap::new(),
            asked: VecDeque::new(),
            gone: false,
        }));
        Ok(())
    }

    fn add(&mut self, group: Option<String>) -> u32 {
        self.all.push(Reader { group, ..Reader::default() });
        self.all.len() as u32 - 1
    }

    /// The row of a group.
    pub fn group(&mut self, name: &str) -> u32 {
        match self.groups.get(name) {
            Some(found) => *found,
            None => {
                let row = self.add(Some(name.into()));
                self.groups.insert(name.into(), row);
                row
            }
        }
    }

    pub fn consumer(&mut self, c: ConsumerId) -> Result<(&mut Consumer, &mut Reader), String> {
        let found = self.consumers.get_mut(c.0 as usize).and_then(|it| it.as_deref_mut());
        let found = found.ok_or_else(|| format!("{c} does something, and has not begun"))?;
        let reader = &mut self.all[found.reader as usize];
        Ok((found, reader))
    }

    pub fn consumers(&mut self) -> impl Iterator<Item = (ConsumerId, &mut Consumer)> {
        let all = self.consumers.iter_mut().enumerate();
        all.filter_map(|(i, it)| it.as_deref_mut().map(|it| (ConsumerId(i as u32), it)))
    }
}
